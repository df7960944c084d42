"""From what an alert asks and what its strategy allows to what will be ordered: quantity, limit, levels, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from executor.domain.aims import Aims, Shown, aims_of, nearer_stop, unclear
from executor.domain.bracket import Bracket
from executor.domain.entry import Entry, plan_price
from executor.domain.instrument import Instrument, Kind
from executor.domain.levels import distance, lag, share_out, stop_trigger
from executor.domain.order import Side
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask, EntryType
from executor.domain.size import Units, units_of
from executor.domain.strategy import Level, LevelKind, LevelOf, Product, Protection, Short, Strategy, Target, Trail
from executor.domain.underlying import Underlying


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """An entry with its protection; `stop`, `targets` and `trail` are those that counted, `words` the arithmetic.

    `underlying`: what the chart shows, where that is not the contract, with the stop that is watched on it.
    """

    side: Side
    product: Product
    protection: Protection
    quantity: int
    entry: Entry
    stop: Level | None
    trigger: Decimal | None
    targets: tuple[tuple[Target, Decimal], ...]
    trail: Trail | None
    breakeven_after: Level | None
    underlying: Underlying | None
    words: str


def plan_entry(
    *,
    ask: Ask,
    strategy: Strategy,
    contract: Instrument,
    side: Side,
    last: Decimal,
    cap: int,
    shown: Shown | None = None,
    adds: Bracket | None = None,
) -> EntryPlan | Refusal:
    """Compose an entry of at most `cap` units at the `last` price. The alert narrows the strategy; what would widen it
    loses. With something else `shown` by the chart the alert's price is not the contract's. What `adds` to a bracket
    leaves its targets as they are, and has its stop.
    """
    if shown is not None:
        ask = replace(ask, price=None)
    refusal = _not_possible(ask, strategy, contract, side, shown=shown)
    entry = refusal or plan_price(ask, strategy, contract, side, last=last)
    if isinstance(entry, Refusal):
        return entry
    aims = aims_of(ask=ask, strategy=strategy, contract=contract, side=side, expected=entry.expected, shown=shown)
    if adds is not None and not isinstance(aims, Refusal):
        aims = _with_stop_of(adds, aims, last=last, expected=entry.expected)
    if isinstance(aims, Refusal):
        return aims
    risk = _risk(aims.stop, entry, side)
    size = ask.size or strategy.size
    units = units_of(size, strategy=strategy, lot=contract.lot, price=entry.dearest, risk=risk, cap=cap)
    if isinstance(units, Refusal):
        return units
    return EntryPlan(
        side=side,
        product=strategy.product,
        protection=protection_of(strategy, contract),
        quantity=units.quantity,
        entry=entry,
        stop=aims.stop,
        trigger=aims.trigger,
        targets=aims.targets,
        trail=nearer_trail(ask.trail, strategy.trail, entry.expected),
        breakeven_after=_sooner(ask.breakeven_after, strategy.breakeven_after, entry.expected),
        underlying=aims.underlying,
        words=_words(units, side, entry, aims, lot=contract.lot, adds=adds is not None),
    )


def protection_of(strategy: Strategy, contract: Instrument) -> Protection:
    """AUTO spelled out: `pair` for INTRADAY cash, `single` where a second sell is margined as a short, or is one."""
    if strategy.protection is not Protection.AUTO:
        return strategy.protection
    intraday_cash = strategy.product is Product.INTRADAY and contract.kind is Kind.CASH
    return Protection.PAIR if intraday_cash else Protection.SINGLE


def _with_stop_of(bracket: Bracket, aims: Aims, *, last: Decimal, expected: Decimal) -> Aims | Refusal:
    """The aims of an add: one stop is for all that is held. One that was moved to a price stays there: a distance from
    an average that is still to come could lie further away.
    """
    stop, stands, side = aims.stop, bracket.stop_loss, bracket.side
    if stands is not None and stands.kind is LevelKind.PRICE and (stop is None or stop.kind is not LevelKind.PRICE):
        stop = stands
    stop = nearer_stop(stop, stands, last, side)
    trigger = stop_trigger(stop, expected, side, tick=bracket.tick) if stop else None
    if trigger is not None and (expected - trigger) * side.sign <= 0:
        return Refusal(RefusalCode.STOP_WRONG_SIDE, f"that of what is held, {trigger}, price {expected}")
    return replace(aims, stop=stop, trigger=trigger)


def nearer_trail(asked: Trail | None, allowed: Trail | None, last: Decimal) -> Trail | None:
    """The trail that follows more closely; a trail narrows what may be lost, so either alone counts."""
    if asked is None or allowed is None:
        return asked or allowed
    return asked if lag(asked, last) <= lag(allowed, last) else allowed


def _sooner(asked: Level | None, allowed: Level | None, expected: Decimal) -> Level | None:
    """The break-even that comes first; it narrows what may be lost, so either alone counts."""
    if asked is None or allowed is None:
        return asked or allowed
    return min(asked, allowed, key=lambda level: distance(level, expected, Side.BUY))


def _risk(stop: Level | None, entry: Entry, side: Side) -> Decimal | None:
    """Rupees a unit loses at most between its entry and its stop, wherever in between the average lies."""
    return max(distance(stop, at, side) for at in (entry.limit, entry.expected)) if stop else None


def _not_possible(
    ask: Ask, strategy: Strategy, contract: Instrument, side: Side, *, shown: Shown | None
) -> Refusal | None:
    if ask.product and ask.product is not strategy.product:
        return Refusal(
            RefusalCode.OUTSIDE_BOUNDS,
            f"the strategy's product is {strategy.product}, the alert asked {ask.product}",
        )
    if side is Side.SELL and not _may_short(strategy, contract):
        return Refusal(RefusalCode.SHORT_NOT_ALLOWED, f"short: {strategy.short}, product {strategy.product}")
    if strategy.protection is not Protection.NONE and not (ask.stop_loss or strategy.stop_loss):
        return Refusal(RefusalCode.NO_STOP, f"strategy {strategy.name}")
    if shown is not None and ask.type is not EntryType.MARKET:
        return Refusal(RefusalCode.CHART_NOT_TRADED, f"order.type {ask.type}, the chart shows {shown.what.symbol}")
    return unclear(ask, strategy, shown.what if shown else None)


def _may_short(strategy: Strategy, contract: Instrument) -> bool:
    """DELIVERY never opens short; a cash short lives one day; options are written only where it is said."""
    needed = {
        Kind.CASH: strategy.product is Product.INTRADAY and strategy.short is Short.INTRADAY_CASH,
        Kind.FUTURE: strategy.short in {Short.FUTURES, Short.WRITE_OPTIONS},
        Kind.OPTION: strategy.short is Short.WRITE_OPTIONS,
    }
    return strategy.product is not Product.DELIVERY and needed.get(contract.kind, False)


def _words(units: Units, side: Side, entry: Entry, aims: Aims, *, lot: int, adds: bool) -> str:
    parts = [units.words, f"{side} {units.quantity} {entry.words}", _stop_words(aims, adds=adds)]
    if adds:
        return "; ".join([*parts, "it adds to a position, whose targets stay"])
    parts_of = share_out(units.quantity, [target.share for target, _ in aims.targets], lot=lot)
    for (target, price), part in zip(aims.targets, parts_of, strict=True):
        whose = f" of {aims.underlying.symbol}" if aims.underlying and target.of is LevelOf.UNDERLYING else ""
        if target.share == 100:
            parts.append(f"target {price}{whose}")
        else:
            none = ", less than a lot: left out" if part == 0 else ""
            parts.append(f"target {price}{whose} for {part} ({target.share.normalize():f} %{none})")
    return "; ".join(parts)


def _stop_words(aims: Aims, *, adds: bool) -> str:
    what = aims.underlying
    if what is not None and what.stop is not None:
        return f"it leaves when {what.symbol} trades at {what.stop}, a disaster stop rests at {aims.trigger}"
    if adds and aims.stop is not None and aims.stop.kind is not LevelKind.PRICE:
        far = f"{aims.stop.value.normalize():f} {'%' if aims.stop.kind is LevelKind.PERCENT else 'points'}"
        return f"stop {far} from the new average"
    return f"stop {aims.trigger}" if aims.trigger is not None else "no stop"
