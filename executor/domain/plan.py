"""From what an alert asks and what its strategy allows to what will be ordered: quantity, limit, levels, in words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from executor.domain.entry import Entry, plan_price
from executor.domain.instrument import Instrument, Kind
from executor.domain.levels import distance, lag, share_out, stop_trigger, target_price
from executor.domain.order import Side
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask
from executor.domain.size import Units, units_of
from executor.domain.strategy import Level, LevelKind, Product, Protection, Short, Strategy, Target, Trail


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """An entry with its protection; `stop`, `targets` and `trail` are those that counted, `words` the arithmetic."""

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
    words: str


def plan_entry(
    *, ask: Ask, strategy: Strategy, contract: Instrument, side: Side, last: Decimal, cap: int
) -> EntryPlan | Refusal:
    """Compose an entry of at most `cap` units at the `last` price. The alert narrows the strategy; what would widen it
    loses.
    """
    entry = _not_possible(ask, strategy, contract, side) or plan_price(ask, strategy, contract, side, last=last)
    if isinstance(entry, Refusal):
        return entry
    stop = _stop(ask, strategy, entry, side)
    trigger = stop_trigger(stop, entry.expected, side, tick=contract.tick) if stop else None
    targets = _targets(ask.take_profit or strategy.take_profit, contract, side, entry.expected)
    wrong = _levels_refused(entry.expected, side, trigger, targets)
    if wrong:
        return wrong
    risk = _risk(stop, entry, side)
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
        stop=stop,
        trigger=trigger,
        targets=targets,
        trail=nearer_trail(ask.trail, strategy.trail, entry.expected),
        breakeven_after=_sooner(ask.breakeven_after, strategy.breakeven_after, entry.expected),
        words=_words(units, side, entry, trigger, targets, lot=contract.lot),
    )


def protection_of(strategy: Strategy, contract: Instrument) -> Protection:
    """AUTO spelled out: `pair` for INTRADAY cash, `single` where a second sell is margined as a short, or is one."""
    if strategy.protection is not Protection.AUTO:
        return strategy.protection
    intraday_cash = strategy.product is Product.INTRADAY and contract.kind is Kind.CASH
    return Protection.PAIR if intraday_cash else Protection.SINGLE


def nearer_stop(asked: Level | None, allowed: Level | None, last: Decimal, side: Side) -> Level | None:
    """The stop with the smaller loss of the alert's and the strategy's."""
    if asked is None or allowed is None:
        return asked or allowed
    fine = Decimal("0.0001")
    asked_at, allowed_at = (stop_trigger(level, last, side, tick=fine) for level in (asked, allowed))
    return asked if (asked_at - allowed_at) * side.sign >= 0 else allowed


def stop_with_add(added: Level | None, stands: Level | None, last: Decimal, side: Side) -> Level | None:
    """The stop of a position that is added to. One that was moved to a price stays there: a distance from an average
    that is still to come could lie further away.
    """
    if stands is not None and stands.kind is LevelKind.PRICE and (added is None or added.kind is not LevelKind.PRICE):
        return stands
    return nearer_stop(added, stands, last, side)


def nearer_trail(asked: Trail | None, allowed: Trail | None, last: Decimal) -> Trail | None:
    """The trail that follows more closely; a trail narrows what may be lost, so either alone counts."""
    if asked is None or allowed is None:
        return asked or allowed
    return asked if lag(asked, last) <= lag(allowed, last) else allowed


def _stop(ask: Ask, strategy: Strategy, entry: Entry, side: Side) -> Level | None:
    """The stop that will rest; without protection none does, so an alert's is neither promised nor sized by."""
    if strategy.protection is Protection.NONE:
        return None
    return nearer_stop(ask.stop_loss, strategy.stop_loss, entry.expected, side)


def _sooner(asked: Level | None, allowed: Level | None, expected: Decimal) -> Level | None:
    """The break-even that comes first; it narrows what may be lost, so either alone counts."""
    if asked is None or allowed is None:
        return asked or allowed
    return min(asked, allowed, key=lambda level: distance(level, expected, Side.BUY))


def _risk(stop: Level | None, entry: Entry, side: Side) -> Decimal | None:
    """Rupees a unit loses at most between its entry and its stop, wherever in between the average lies."""
    return max(distance(stop, at, side) for at in (entry.limit, entry.expected)) if stop else None


def _not_possible(ask: Ask, strategy: Strategy, contract: Instrument, side: Side) -> Refusal | None:
    if ask.product and ask.product is not strategy.product:
        return Refusal(
            RefusalCode.OUTSIDE_BOUNDS,
            f"the strategy's product is {strategy.product}, the alert asked {ask.product}",
        )
    if side is Side.SELL and not _may_short(strategy, contract):
        return Refusal(RefusalCode.SHORT_NOT_ALLOWED, f"short: {strategy.short}, product {strategy.product}")
    if strategy.protection is not Protection.NONE and not (ask.stop_loss or strategy.stop_loss):
        return Refusal(RefusalCode.NO_STOP, f"strategy {strategy.name}")
    return None


def _may_short(strategy: Strategy, contract: Instrument) -> bool:
    """DELIVERY never opens short; a cash short lives one day; options are written only where it is said."""
    needed = {
        Kind.CASH: strategy.product is Product.INTRADAY and strategy.short is Short.INTRADAY_CASH,
        Kind.FUTURE: strategy.short in {Short.FUTURES, Short.WRITE_OPTIONS},
        Kind.OPTION: strategy.short is Short.WRITE_OPTIONS,
    }
    return strategy.product is not Product.DELIVERY and needed.get(contract.kind, False)


def _targets(
    asked: tuple[Target, ...], contract: Instrument, side: Side, expected: Decimal
) -> tuple[tuple[Target, Decimal], ...]:
    """Each target with its price, the nearest first."""
    found = [(target, target_price(target.level, expected, side, tick=contract.tick)) for target in asked]
    return tuple(sorted(found, key=lambda pair: pair[1] * side.sign))


def _levels_refused(
    expected: Decimal, side: Side, trigger: Decimal | None, targets: tuple[tuple[Target, Decimal], ...]
) -> Refusal | None:
    if trigger is not None and ((expected - trigger) * side.sign <= 0 or trigger <= 0):
        return Refusal(RefusalCode.STOP_WRONG_SIDE, f"stop {trigger}, price {expected}")
    for _, price in targets:
        if (price - expected) * side.sign <= 0 or price <= 0:
            return Refusal(RefusalCode.TARGET_WRONG_SIDE, f"target {price}, price {expected}")
    total = sum(target.share for target, _ in targets)
    if total > 100:
        return Refusal(RefusalCode.TARGET_SHARES, f"{total:f} percent")
    return None


def _words(
    units: Units,
    side: Side,
    entry: Entry,
    trigger: Decimal | None,
    targets: tuple[tuple[Target, Decimal], ...],
    *,
    lot: int,
) -> str:
    parts = [units.words, f"{side} {units.quantity} {entry.words}"]
    parts.append(f"stop {trigger}" if trigger is not None else "no stop")
    parts_of = share_out(units.quantity, [target.share for target, _ in targets], lot=lot)
    for (target, price), part in zip(targets, parts_of, strict=True):
        if target.share == 100:
            parts.append(f"target {price}")
        else:
            none = ", less than a lot: left out" if part == 0 else ""
            parts.append(f"target {price} for {part} ({target.share.normalize():f} %{none})")
    return "; ".join(parts)
