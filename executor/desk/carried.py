"""Positions carried into a new day: does the account still have them, and is their contract still the same?

Judged until the first order of the day for a bracket has left; from then on `outside.py` looks. Good reads alone tell:
one that failed or is missing is no evidence, and after a moment of patience the stop goes first (F-42, F-74). What is
found missing, or priced like another thing (F-76), halts the lane: nothing is sent for it until a person has decided.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from executor.desk import hours, prices, rails
from executor.desk.book import Draft
from executor.desk.settle import is_refused
from executor.desk.slices import slices_of
from executor.desk.targets import leaving_quantity
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.calendar import trading_day
from executor.domain.instrument import ContractClass
from executor.domain.levels import stop_trigger
from executor.domain.order import WORKING, Side
from executor.domain.reading import Query, QueryKind
from executor.domain.strategy import Product, Protection

#: So long before the opening the broker's books are those of the new day (DESIGN: Overnight).
_BOOKS_FROM = timedelta(minutes=15)
#: Units that good reads do not find for so long are missing.
_MISSING = timedelta(seconds=10)
#: After the opening a book or price that was asked for in vain is waited for no longer.
_PATIENCE = timedelta(seconds=3)
#: A previous close this far from yesterday's last price is that of another thing: a split, a bonus.
_UNLIKE = Decimal("0.20")
_SHARES = frozenset({Product.DELIVERY, Product.MARGIN})
_ADJUSTED = frozenset({ContractClass.CASH, ContractClass.STOCK_FUTURE})
_SETTLED = timedelta(seconds=1)


def is_carried(draft: Draft, bracket: Bracket) -> bool:
    return trading_day(bracket.opened_at) < draft.day and draft.holding(bracket).held > 0


def in_question(draft: Draft, bracket: Bracket) -> bool:
    """Whether nothing is sent for a bracket until a person has decided."""
    lane = draft.lanes.get(bracket.lane)
    return lane is not None and lane.halted and not bracket.recovered


def to_be_matched(draft: Draft, bracket: Bracket) -> bool:
    """Whether a bracket was carried into the day and no order of the day has left to protect or leave it."""
    if not is_carried(draft, bracket) or bracket.id in draft.evidence.morning.decided:
        return False
    pairs = draft.orders_of_bracket(bracket.id, Role.STOP, Role.TARGET, Role.EXIT)
    return not any(order.day == draft.day and draft.was_sent(order.id) for _, order in pairs)


def waits(draft: Draft, bracket: Bracket) -> bool:
    """Whether nothing may be sent for a carried bracket yet: its books or its first price are still to come."""
    if not to_be_matched(draft, bracket):
        return False
    if _is_doubted(draft, bracket) or not _books_came(draft, bracket):
        return True
    return bracket.goal is Goal.OPEN and bracket.stop_loss is not None and not _price_came(draft, bracket)


def come_first(draft: Draft) -> bool:
    """Whether a carried position still waits for a stop, or for its exit to leave: entries wait as well (F-73)."""
    return any(_comes_first(draft, bracket) for bracket in draft.live_brackets() if is_carried(draft, bracket))


def to_read(draft: Draft) -> frozenset[QueryKind]:
    """The books that are needed now to find carried positions."""
    kinds: set[QueryKind] = set()
    for bracket in draft.live_brackets():
        if (
            to_be_matched(draft, bracket)
            and not in_question(draft, bracket)
            and _books_from(draft, bracket) is not None
        ):
            doubted = bracket.id in draft.evidence.morning.missing
            kinds |= {kind for kind in _kinds(bracket) if doubted or not _has_come(draft, bracket, kind)}
    return frozenset(kinds)


def missing(draft: Draft, bracket: Bracket) -> int:
    """Units of a bracket that the account does not show; 0 while its books have not come. The newest miss first."""
    if not all(_has_come(draft, bracket, kind) for kind in _kinds(bracket)):
        return 0
    like = (bracket.instrument, bracket.product, bracket.side)
    left = _shown(draft, bracket)
    for other in sorted(draft.live_brackets(), key=lambda row: row.id):
        held = draft.holding(other).held
        if held > 0 and (other.instrument, other.product, other.side) == like:
            if other.id == bracket.id:
                return max(0, held - left)
            left = max(0, left - held)
    return 0


def is_proved(draft: Draft, bracket: Bracket) -> bool:
    """Whether what is missing was missing for long enough, in reads that were begun after it."""
    since, read = draft.evidence.morning.missing.get(bracket.id), _read_at(draft, bracket)
    return since is not None and read is not None and read >= since + _MISSING


def unlike(draft: Draft, bracket: Bracket) -> str:
    """Say why a contract's price is that of another thing than yesterday's; empty when it is not."""
    if bracket.kind not in _ADJUSTED:
        return ""
    morning = draft.evidence.morning
    before, close = morning.prices.get(bracket.instrument), morning.closes.get(bracket.instrument)
    if before is not None and close is not None:
        off = abs(close - before.value) > before.value * _UNLIKE
        return f"the exchange tells a previous close of {close}, the last price was {before.value}" if off else ""
    trigger, last = trigger_of(draft, bracket), prices.seen_price(draft, bracket.instrument)
    if trigger is None or last is None or (trigger - last) * bracket.side.sign <= trigger * _UNLIKE:
        return ""
    return f"the price {last} lies more than {_UNLIKE:.0%} beyond the stop {trigger}"


def trigger_of(draft: Draft, bracket: Bracket) -> Decimal | None:
    average = draft.holding(bracket).average
    if bracket.stop_loss is None or average is None:
        return None
    return stop_trigger(bracket.stop_loss, average, bracket.side, tick=bracket.tick)


def decide(draft: Draft, bracket: Bracket, by: str) -> None:
    """A person has said how a bracket in question goes on: what is not there is no longer counted as held."""
    if not in_question(draft, bracket):
        return
    lost, morning = missing(draft, bracket), draft.evidence.morning
    draft.put(replace(draft.lanes[bracket.lane], halted=False))
    draft.learn(morning=replace(morning, decided=morning.decided | {bracket.id}))
    if lost:
        draft.put(replace(draft.brackets[bracket.id], outside=bracket.outside + lost))
    left = draft.holding(bracket).held
    draft.note("decided", bracket.id, f"{bracket.symbol}: {by}; {lost} are gone, {left} are held")


def _comes_first(draft: Draft, bracket: Bracket) -> bool:
    if not hours.takes_stops(draft, bracket.instrument.segment) or in_question(draft, bracket):
        return False
    if rails.killed(draft, strategy=bracket.strategy, lane=bracket.lane) is not None:
        return False
    if bracket.goal is Goal.FLAT:
        return bracket.id not in draft.evidence.morning.decided and not _leaves(draft, bracket)
    stops = [order for _, order in draft.orders_of_bracket(bracket.id, Role.STOP) if order.state in WORKING]
    needed = slices_of(bracket, draft.holding(bracket).held - leaving_quantity(draft, bracket))
    return bracket.protection is not Protection.NONE and len(stops) < needed


def _leaves(draft: Draft, bracket: Bracket) -> bool:
    """Whether the broker knows today's newest order that leaves a position, or has looked at it and refused."""
    pairs = draft.orders_of_bracket(bracket.id, Role.STOP, Role.TARGET, Role.EXIT)
    newest = max((order for _, order in pairs if order.day == draft.day), key=lambda order: order.id, default=None)
    return newest is not None and (newest.broker_id is not None or is_refused(draft, newest))


def _books_came(draft: Draft, bracket: Bracket) -> bool:
    """Whether the books that show a bracket came, or were asked for in vain for long enough."""
    for kind in _kinds(bracket):
        asked = draft.evidence.asked_at.get(Query(kind))
        in_vain = asked is not None and trading_day(asked) == draft.day and _patience_ended(draft, bracket)
        if not (_has_come(draft, bracket, kind) or in_vain):
            return False
    return True


def _price_came(draft: Draft, bracket: Bracket) -> bool:
    """Whether a price of this session was seen, or asked for in vain for long enough."""
    if first_price(draft, bracket) is not None:
        return True
    asked = draft.evidence.asked_at.get(Query(QueryKind.LTP, bracket.instrument, bracket.symbol))
    opened = hours.opened_at(draft, bracket.instrument.segment)
    return asked is not None and opened is not None and asked >= opened and _patience_ended(draft, bracket)


def first_price(draft: Draft, bracket: Bracket) -> Decimal | None:
    """The last price, when it is one of this session. A feed is quicker than the quote that tells the previous close
    beside it, which shows a split: that is waited for.
    """
    seen, opened = draft.evidence.prices.get(bracket.instrument), hours.opened_at(draft, bracket.instrument.segment)
    if seen is None or opened is None or seen.at < opened:
        return None
    if bracket.instrument not in draft.evidence.morning.closes and not _patience_ended(draft, bracket):
        return None
    return prices.seen_price(draft, bracket.instrument)


def _is_doubted(draft: Draft, bracket: Bracket) -> bool:
    """Whether units are missing and reads may still prove it; where these fail, the stop goes first."""
    since = draft.evidence.morning.missing.get(bracket.id)
    in_vain = since is not None and draft.now >= since + _MISSING + _PATIENCE and _patience_ended(draft, bracket)
    return since is not None and not in_vain


def _patience_ended(draft: Draft, bracket: Bracket) -> bool:
    opened = hours.opened_at(draft, bracket.instrument.segment)
    return opened is not None and draft.now >= opened + _PATIENCE


def _kinds(bracket: Bracket) -> tuple[QueryKind, ...]:
    shares = bracket.kind is ContractClass.CASH and bracket.product in _SHARES
    return (QueryKind.POSITIONS, QueryKind.HOLDINGS) if shares else (QueryKind.POSITIONS,)


def _books_from(draft: Draft, bracket: Bracket) -> datetime | None:
    """Since when today's books count; None while they do not."""
    session = draft.calendar.session(bracket.instrument.segment, draft.day)
    since = session.opens_at - _BOOKS_FROM if session is not None else None
    return since if since is not None and since <= draft.now else None


def _has_come(draft: Draft, bracket: Bracket, kind: QueryKind) -> bool:
    read, since = _begun_at(draft, kind), _books_from(draft, bracket)
    filled = draft.evidence.filled_at
    return since is not None and read is not None and read >= since and (filled is None or read >= filled + _SETTLED)


def _begun_at(draft: Draft, kind: QueryKind) -> datetime | None:
    return draft.evidence.morning.owned_at if kind is QueryKind.HOLDINGS else draft.evidence.positions_at


def _read_at(draft: Draft, bracket: Bracket) -> datetime | None:
    """When the older of the books that show a bracket was begun."""
    return min(filter(None, (_begun_at(draft, kind) for kind in _kinds(bracket))), default=None)


def _shown(draft: Draft, bracket: Bracket) -> int:
    """Units that the account shows in a bracket's direction, the most that its books can mean."""
    netted = sum(
        position.quantity * bracket.side.sign
        for position in draft.evidence.positions
        if (position.instrument, position.product) == (bracket.instrument, bracket.product)
    )
    netted += sum(
        draft.holding(other).held
        for other in draft.live_brackets()
        if (other.instrument, other.product, other.side) == (bracket.instrument, bracket.product, bracket.side.opposite)
    )
    if bracket.side is not Side.BUY or QueryKind.HOLDINGS not in _kinds(bracket):
        return max(0, netted)
    owned = draft.evidence.morning.owned.get(bracket.instrument, 0)
    return max(owned, netted, owned + netted if bracket.product is Product.DELIVERY else 0)
