"""What is told once a day because it is so, not because an entry says it: ready, not ready, the report of the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from executor.clock import IST, Clock
from executor.domain.calendar import Calendar, clock_time, trading_day
from executor.domain.charges import Tariff
from executor.domain.instrument import Segment
from executor.domain.profit import lines_of
from executor.domain.record import HaltKind
from executor.domain.strategy import Account
from executor.notify.hear import Names, stop_words
from executor.notify.message import Notice, NoticeKind
from executor.store.health import counted, is_reconciled
from executor.store.notices import Notices, Readiness
from executor.store.pages import Beat, Pages
from executor.store.profit import Days

#: When an account should be ready, and how long it may then be without.
_READY_FROM = time(9, 5)
_WITHOUT_S = 120.0
#: How long after the last close the day is told: late fills and the last reads are in.
_AFTER_CLOSE = timedelta(minutes=15)
_REPORT = "report"


@dataclass
class States:
    """Looks at how things stand; `is_ready` is what the last look found. `meanings` tells what the continuous tickers
    of an account's strategies stand for at this moment; `expected` tells the accounts to be traded: one whose trader
    is silent is told as well.
    """

    notices: Notices
    pages: Pages
    calendar: Calendar
    tariff: Tariff
    clock: Clock
    meanings: Callable[[str], Sequence[str]]
    expected: Callable[[], Collection[str]] = tuple
    is_ready: bool = False
    _without_since: dict[str, float] = field(default_factory=dict)
    _made: dict[tuple[str, str], Notice] = field(default_factory=dict)

    def look(self, names: Names) -> list[Notice]:
        """What may be told now; each with the thing of its day, for whoever knows whether it was."""
        now = self.clock.now()
        those = counted(self.pages.standing(), now, self.expected())
        self.is_ready = those.is_ready
        found = [self._readiness(account, beat, names, now) for account, beat in those.accounts]
        told = [notice for notice in (*found, self._day_report(names, now)) if notice is not None]
        return [*told, *self._unrecorded([beat for _, beat in those.accounts if beat is not None], names, now)]

    def _unrecorded(self, beats: Iterable[Beat], names: Names, now: datetime) -> list[Notice]:
        """Halts that no row stands for: the file KILL, a full disk. Each trader says them, once is enough."""
        halts = {(one["kind"], one["since"]): one for beat in beats for one in beat.status.get("halts", ())}
        return [
            Notice(
                NoticeKind.KILLED if kind == HaltKind.KILL else NoticeKind.HALTED,
                names.who(None),
                f"everything: {one['why']} (by {one['by']})",
                now,
                day=(f"unrecorded {kind} by {one['by']}", since),
            )
            for (kind, since), one in halts.items()
        ]

    def _readiness(self, account: Account, beat: Beat | None, names: Names, now: datetime) -> Notice | None:
        who = names.who(account.name)
        yes, no = ((f"ready {account.name}", f"{trading_day(now)} {word}") for word in ("yes", "no"))
        if is_reconciled(beat):
            self._without_since.pop(account.name, None)
            if yes not in self._made:
                words = ready_words(self.notices.readiness(account.name), self.meanings(account.name))
                self._made[yes] = Notice(NoticeKind.READY, who, words, now, day=yes)
            return self._made[yes]
        self._made.pop(yes, None)
        since = self._without_since.setdefault(account.name, self.clock.monotonic())
        if self.clock.monotonic() - since < _WITHOUT_S or not self._should_be_ready(now):
            return None
        why = "its books are not read" if beat and beat.status.get("session") else "no session with the broker"
        why = why if beat else "no trader has it: look at the log"
        return Notice(NoticeKind.NOT_READY, who, f"{why}; entries wait", now, day=no)

    def _should_be_ready(self, now: datetime) -> bool:
        if not self.calendar.is_trading_day(trading_day(now)) or clock_time(now) < _READY_FROM:
            return False
        closes = self._closes(trading_day(now), {Segment.NSE})
        return closes is None or now < closes

    # the report

    def _day_report(self, names: Names, now: datetime) -> Notice | None:
        day = trading_day(now)
        key = (_REPORT, str(day))
        if key in self._made:
            return self._made[key]
        closes = self._closes(day, {Segment.NSE})
        if closes is None or now < closes + _AFTER_CLOSE:
            return None
        later = self._closes(day, self._segments(day))
        if later is not None and now < later + _AFTER_CLOSE:
            return None
        self._made[key] = self._report_of(day, names, now)
        return self._made[key]

    def _closes(self, day: date, segments: set[Segment]) -> datetime | None:
        """The last close of a day among segments; None on a holiday of all of them."""
        sessions = [self.calendar.session(segment, day) for segment in segments]
        return max((one.closes_at for one in sessions if one is not None), default=None)

    def _segments(self, day: date) -> set[Segment]:
        """Where something of ours traded on a day, or is held."""
        traded = [one.bracket for one in self.pages.traded(Days(day, day))]
        return {one.instrument.segment for one in (*traded, *(held.bracket for held in self.pages.positions()))}

    def _report_of(self, day: date, names: Names, now: datetime) -> Notice:
        lines = [*self._signals(day, names), *self._profit(day, names), *self._held(names), *self._halts()]
        head = self.pages.head()
        lines.append(f"audit head {head.seq}:{head.hash}")
        lines.append("keep it: executor audit verify --head proves that nothing before it was changed")
        text = f"{day:%A} {day.day} {day:%B %Y}"
        return Notice(NoticeKind.REPORT, names.who(None), text, now, more="\n".join(lines), day=(_REPORT, str(day)))

    def _signals(self, day: date, names: Names) -> list[str]:
        start = datetime.combine(day, time(), IST)
        by_account: dict[str, list[str]] = defaultdict(list)
        for account, outcome, count in self.notices.outcomes(start, start + timedelta(days=1)):
            by_account[account].append(f"{count} {outcome.lower().replace('_', ' ')}")
        said = [f"[{names.who(account)}] signals: {', '.join(words)}" for account, words in by_account.items()]
        return said or ["no signal"]

    def _profit(self, day: date, names: Names) -> list[str]:
        found = lines_of(self.pages.traded(Days(day, day)), self.tariff, first=day, last=day)
        return [
            f"[{names.who(one.account)}] {one.strategy}: gross {one.figures.gross:+,.2f}, estimated charges "
            f"{one.figures.charges:,.2f}, net {one.figures.net:+,.2f}"
            for one in found
        ]

    def _held(self, names: Names) -> list[str]:
        return [
            f"[{names.who(one.bracket.account)}] held: {one.holding.held} {one.bracket.symbol} "
            f"({one.bracket.strategy}, {one.bracket.side}); "
            + ("its stop is placed again at the next open" if one.stop_ended_with_its_day else stop_words(one))
            for one in self.pages.positions()
            if one.holding.held
        ]

    def _halts(self) -> list[str]:
        return [f"{halt.kind} on {halt.scope}: {halt.why}" for halt in self.pages.standing().halts]


def ready_words(known: Readiness, meanings: Sequence[str]) -> str:
    """Login, funds and instruments, as far as they are known."""
    words = ["session open, books read"]
    if known.login_at is not None:
        words.append(f"login {known.login_at.astimezone(IST):%d %b %H:%M}")
    if (available := known.funds.get("available")) is not None:
        words.append(f"₹{available} available")
    if known.master_at is None:
        words.append("NO instruments: executor instruments refresh")
    else:
        words.append(f"instruments of {known.master_at.astimezone(IST):%d %b %H:%M}{_rows(known.master)}")
    return ", ".join([*words, *meanings])


def _rows(checks: Mapping[str, Any]) -> str:
    rows = checks.get("rows")
    return f" ({rows:,} rows)" if isinstance(rows, int) else ""
