"""The loss limit of a day: what has left so far and what is held, at its last price, of a strategy and of the account.

When it is reached, a LOSS halt comes into force that only a person's `resume` ends, and while it stands nothing stays
open under it: entries are withdrawn, positions leave by the orders that rest (`want/flat`). After `resume` the limit
counts on from the loss at which it was reached: another full `max_daily_loss` must be lost to reach it again. The
halt's row keeps that loss, so that a restart neither forgets it nor flattens anew. A price that is missing for ten
seconds means that the profit is unknown: entries are halted until it is known, nothing is flattened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from executor.desk import hours, prices, rails
from executor.desk.aim.leave import close
from executor.desk.book import Draft
from executor.domain.bracket import Bracket, Goal
from executor.domain.calendar import trading_day
from executor.domain.ids import BracketId
from executor.domain.instrument import Price
from executor.domain.profit import day_profit
from executor.domain.reading import Query, QueryKind
from executor.domain.record import Halt, HaltKind

#: A price older than this tells nothing of what is held.
_UNKNOWN = timedelta(seconds=10)
#: A position that has not left so long after its limit was reached needs a person.
_LATE = timedelta(seconds=30)
_PAISA = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class _Limit:
    """Rupees that a day may cost; `strategy` None: the whole account."""

    scope: str
    strategy: str | None
    rupees: Decimal

    def covers(self, bracket: Bracket) -> bool:
        return self.strategy in (None, bracket.strategy)


def limit_loss(draft: Draft) -> None:
    limits = _limits(draft)
    _look_at_prices(draft, limits)
    made = {one.id: _made(draft, one) for one in draft.live_brackets() if any(limit.covers(one) for limit in limits)}
    unknown = [limit for limit in limits if not _judge(draft, limit, made)]
    _tell_unknown(draft, frozenset(limit.scope for limit in unknown))
    _leave_what_is_halted(draft)


def _limits(draft: Draft) -> list[_Limit]:
    found = [
        _Limit(f"strategy:{name}", name, one.max_daily_loss)
        for name, one in draft.evidence.strategy_rails.items()
        if one.max_daily_loss is not None
    ]
    account = draft.evidence.account_rails.max_daily_loss
    return found if account is None else [*found, _Limit(f"account:{draft.account}", None, account)]


def _look_at_prices(draft: Draft, limits: list[_Limit]) -> None:
    """Keep the prices of what is held under a limit no older than two seconds, and mark since when one is missing."""
    entered: dict[BracketId, tuple[int, datetime]] = {}
    unpriced: dict[BracketId, datetime] = {}
    for bracket in draft.live_brackets() if limits else ():
        if not any(limit.covers(bracket) for limit in limits):
            continue
        if not _is_open(draft, bracket):
            if _counts_on(draft, bracket) and bracket.instrument not in draft.evidence.prices:
                _ask(draft, bracket)
            continue
        units = draft.holding(bracket).entered
        known = draft.evidence.entered.get(bracket.id)
        entered[bracket.id] = known if known is not None and known[0] == units else (units, draft.now)
        last = _price(draft, bracket, since=entered[bracket.id][1])
        if last is None or draft.now - last.at > prices.SEEN_FRESH:
            unpriced[bracket.id] = draft.evidence.unpriced.get(bracket.id, draft.now if last is None else last.at)
            _ask(draft, bracket)
    if (entered, unpriced) != (draft.evidence.entered, draft.evidence.unpriced):
        draft.learn(entered=entered, unpriced=unpriced)


def _price(draft: Draft, bracket: Bracket, *, since: datetime) -> Price | None:
    """The last price, if it is not too old and none from before what is held came in."""
    last = draft.evidence.prices.get(bracket.instrument)
    return last if last is not None and last.at >= since and draft.now - last.at <= _UNKNOWN else None


def _is_open(draft: Draft, bracket: Bracket) -> bool:
    """Whether something is held that has a price now."""
    return draft.holding(bracket).held != 0 and draft.calendar.is_open(bracket.instrument.segment, draft.now)


def _counts_on(draft: Draft, bracket: Bracket) -> bool:
    """Whether something is held whose market has closed for the day: while others trade on, its last price counts."""
    is_over = draft.holding(bracket).held != 0 and hours.has_closed(draft, bracket.instrument.segment)
    return is_over and any(_is_open(draft, other) for other in draft.live_brackets())


def _ask(draft: Draft, bracket: Bracket) -> None:
    asked = draft.evidence.asked_at.get(Query(QueryKind.LTP, bracket.instrument, bracket.symbol))
    if draft.evidence.session_open and (asked is None or draft.now - asked >= prices.SEEN_FRESH):
        prices.ask_price(draft, bracket.instrument, bracket.symbol)


def _judge(draft: Draft, limit: _Limit, made: Mapping[BracketId, Decimal]) -> bool:
    """Halt what has lost as much as it may; False when nobody can tell. A kill comes first: nothing may leave then."""
    if any((halt.scope, halt.kind) == (limit.scope, HaltKind.LOSS) for halt in draft.halts):
        return True
    if rails.killed(draft, strategy=limit.strategy or "", lane=""):
        return True
    brackets = [bracket for bracket in draft.live_brackets() if limit.covers(bracket)]
    if any(draft.now - draft.evidence.unpriced.get(bracket.id, draft.now) >= _UNKNOWN for bracket in brackets):
        return False
    loss = -sum((made[bracket.id] for bracket in brackets), draft.made_today(limit.strategy))
    allowed = limit.rupees + _counted(draft, limit)
    if loss >= allowed:
        loss = loss.quantize(_PAISA, ROUND_HALF_UP)
        why = f"lost {loss} rupees today, allowed {allowed:f}"
        draft.halt(Halt(limit.scope, HaltKind.LOSS, draft.now, why, "loss limit", loss))
    return True


def _counted(draft: Draft, limit: _Limit) -> Decimal:
    """The day's loss from which the limit counts: that at which it was reached last."""
    reached = [one.loss for one in draft.losses if one.scope == limit.scope and trading_day(one.since) == draft.day]
    return max((loss for loss in reached if loss is not None), default=Decimal(0))


def _made(draft: Draft, bracket: Bracket) -> Decimal:
    """What a live bracket made today; what is held without a price counts as even."""
    known = draft.evidence.entered.get(bracket.id)
    last = _price(draft, bracket, since=known[1]) if known else None
    if _counts_on(draft, bracket):
        last = draft.evidence.prices.get(bracket.instrument)
    value = last.value if last is not None else draft.holding(bracket).average
    return day_profit(bracket, draft.orders_of_bracket(bracket.id), day=draft.day, last=value) or Decimal(0)


def _tell_unknown(draft: Draft, scopes: frozenset[str]) -> None:
    before = draft.evidence.unknown_profit
    if scopes == before:
        return
    for scope in sorted(scopes - before):
        text = f"{scope}: a price is missing for {_UNKNOWN.seconds} s, so its loss is unknown; its entries are halted"
        draft.note("profit_unknown", scope, text, alarm=True)
    for scope in sorted(before - scopes):
        draft.note("profit_known", scope, f"{scope}: its prices are known again; entries go on")
    draft.learn(unknown_profit=scopes)


def _leave_what_is_halted(draft: Draft) -> None:
    """Nothing stays open under a LOSS halt, however it came there; a kill allows no order, this one neither."""
    stuck: set[BracketId] = set()
    for bracket in draft.live_brackets() if any(one.kind is HaltKind.LOSS for one in draft.halts) else ():
        halts = rails.halts_over(draft, strategy=bracket.strategy, lane=bracket.lane)
        losses = [halt for halt in halts if halt.kind is HaltKind.LOSS]
        if not losses or any(halt.kind is HaltKind.KILL for halt in halts):
            continue
        if bracket.goal is Goal.OPEN:
            close(draft, bracket, closer=bracket.closer, reason=f"loss limit of {losses[0].scope}: {losses[0].why}")
        elif _is_open(draft, bracket) and draft.now - losses[0].since > _LATE:
            stuck.add(bracket.id)
            _tell_stuck(draft, bracket)
    if stuck != draft.evidence.stuck:
        draft.learn(stuck=frozenset(stuck))


def _tell_stuck(draft: Draft, bracket: Bracket) -> None:
    if bracket.id not in draft.evidence.stuck:
        held = draft.holding(bracket).held
        text = f"{bracket.symbol}: {held} still held {_LATE.seconds} s after its loss limit was reached"
        draft.note("not_flat", bracket.id, f"{text}; its exit rests at the broker", alarm=True)
