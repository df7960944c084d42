"""From what the audit says to what a person is told: final states only, each in one line that says LIVE or PAPER."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from executor.domain.bracket import Role
from executor.domain.order import DONE, Order, OrderState
from executor.domain.refusal import Refusal
from executor.domain.signal import Outcome, Signal, lane_of
from executor.domain.strategy import Account
from executor.notify.message import Notice, NoticeKind
from executor.store.notices import Heard
from executor.store.pages import LogLine, Pages
from executor.store.positions import OpenPosition

_OUTCOMES: Mapping[str, NoticeKind] = {
    Outcome.FILLED: NoticeKind.FILLED,
    Outcome.PARTLY_FILLED: NoticeKind.FILLED,
    Outcome.NOT_FILLED: NoticeKind.NOT_FILLED,
    Outcome.NOT_PLACED: NoticeKind.NOT_FILLED,
    Outcome.EXPIRED: NoticeKind.NOT_FILLED,
    Outcome.REFUSED: NoticeKind.REFUSED,
    Outcome.REJECTED: NoticeKind.REJECTED,
}
#: How the audit says that a halt is in force (store/commands.py, store/ledger.py); with anything else it ends.
_HALTS = {"HALT": NoticeKind.HALTED, "KILL": NoticeKind.KILLED, "LOSS": NoticeKind.LOSS_LIMIT}
_ALARMS = {"missed": NoticeKind.MISSED, "unprotected": NoticeKind.UNPROTECTED}
#: Alarms that another entry of the same transaction tells.
_TOLD_ELSEWHERE = frozenset({"halted"})
_LOGIN_REFUSED = "login refused"


@dataclass(frozen=True, slots=True)
class Names:
    """How accounts are shown."""

    accounts: Mapping[str, Account]

    def who(self, account: str | None) -> str:
        """Kind and name; those of all accounts where it concerns all."""
        if account is not None:
            known = self.accounts.get(account)
            return f"{known.kind} {account}" if known else account
        return ", ".join(f"{one.kind} {one.name}" for one in self.accounts.values()) or "no account yet"


@dataclass(frozen=True, slots=True)
class Hearing:
    """Makes notices of entries; `pages` is asked only for what becomes one. `link` is where stories are read."""

    pages: Pages
    names: Names
    link: str

    def notices(self, heard: Iterable[Heard]) -> list[Notice]:
        return [notice for one in heard if (notice := self._notice(one)) is not None]

    def _notice(self, heard: Heard) -> Notice | None:
        match heard.kind:
            case "outcome" if heard.signal is not None:
                return self._outcome(heard, heard.signal)
            case "halt":
                return self._halt(heard)
            case "delivery" if heard.delivery is not None:
                return self._delivery(heard)
            case "calls":
                refused = heard.say.startswith(_LOGIN_REFUSED)
                return self._made(heard, NoticeKind.LOGIN, heard.say) if refused else None
            case kind if heard.alarm and kind not in _TOLD_ELSEWHERE:
                return self._alarm(heard)
            case _:
                return None

    def _outcome(self, heard: Heard, signal: Signal) -> Notice | None:
        said = heard.say.partition(":")[0]
        kind = _OUTCOMES.get(said)
        if kind is None or signal.outcome != said:  # corrected since: the entry that says so is told
            return None
        asked = f"{signal.strategy} {signal.action} {lane_of(signal).ticker}"
        more = f"{self.link}/signals/{signal.id}"
        text = f"{asked}: {signal.reason or said}"
        if kind in {NoticeKind.FILLED, NoticeKind.REJECTED}:
            line = self.pages.line(signal.id)
            words = _stop_words(line, self.pages.positions()) if kind is NoticeKind.FILLED else _broker_words(line)
            text = f"{asked}: {words}" if kind is NoticeKind.REJECTED and words else f"{text}{words}"
        return self._made(heard, kind, text, more=more)

    def _halt(self, heard: Heard) -> Notice:
        kind = _HALTS.get(heard.say.partition(":")[0])
        scope = "everything" if heard.subject == "ALL" else heard.subject.replace(":", " ", 1)
        words = heard.say.partition(": ")[2] if kind else heard.say
        if kind is None and not heard.say.startswith(("ended", "the first halt ended")):
            kind = NoticeKind.HALTED
        return self._made(heard, kind or NoticeKind.RESUMED, f"{scope}: {words}")

    def _delivery(self, heard: Heard) -> Notice | None:
        """An arrival at a strategy's address that was no valid alert."""
        delivery = heard.delivery
        if delivery is None or delivery.strategy is None or delivery.code is None:
            return None
        sentence = Refusal(delivery.code, delivery.detail).sentence
        more = f"{self.link}/signals/{delivery.id}"
        return self._made(heard, NoticeKind.REFUSED, f"alert for {delivery.strategy}: {sentence}", more=more)

    def _alarm(self, heard: Heard) -> Notice:
        kind = _ALARMS.get(heard.kind, NoticeKind.ALARM)
        strategy = f"{heard.signal.strategy} " if heard.signal else ""
        word = f"{heard.kind.replace('_', ' ')}, " if kind is NoticeKind.ALARM else ""
        return self._made(heard, kind, f"{word}{strategy}{heard.say}")

    def _made(self, heard: Heard, kind: NoticeKind, text: str, *, more: str = "") -> Notice:
        return Notice(kind, self.names.who(heard.account), one_line(text), heard.at, heard.seq, more)


def one_line(text: str) -> str:
    """Words from anywhere without what could break a line or a header."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def stop_words(position: OpenPosition) -> str:
    """What protects a position."""
    stop = position.stop
    if position.never_had_a_stop:
        return "NO STOP, as its strategy says"
    if stop is None or stop.state in DONE or not position.is_protected:
        return "its stop is NOT yet confirmed at the broker"
    return f"stop {stop.broker_id} at {_trigger(stop)} for {position.stopped}"


def _trigger(stop: Order) -> str:
    price = stop.working_trigger if stop.working_trigger is not None else stop.sent_trigger
    return "no price" if price is None else f"{price:f}"


def _stop_words(line: LogLine | None, positions: Iterable[OpenPosition]) -> str:
    entered = {leg.bracket for leg, _ in line.orders if leg.role is Role.ENTRY} if line else set()
    found = [stop_words(one) for one in positions if one.bracket.id in entered and one.holding.held]
    return f"; {found[0]}" if found else ""


def _broker_words(line: LogLine | None) -> str:
    """The broker's own text, unchanged."""
    orders = [order for _, order in line.orders if order.state is OrderState.REJECTED] if line else []
    return orders[-1].text if orders else ""
