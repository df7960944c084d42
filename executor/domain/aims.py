"""Where an entry's stop and targets lie: on the contract, or on what the chart shows where that is something else.

The nearest stop counts, whoever asked for it. With one of the underlying a disaster stop rests on the contract. A
price or points of which nobody said whose they are could be either's, and are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from executor.domain.instrument import Instrument
from executor.domain.levels import stop_trigger, target_price
from executor.domain.order import Side
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask
from executor.domain.strategy import Level, LevelKind, LevelOf, Protection, Strategy, Target
from executor.domain.underlying import Underlying, disaster_stop, nearest_of, stop_at, target_at, whose


@dataclass(frozen=True, slots=True)
class Shown:
    """What the chart shows, where that is not the contract, and its price now; None where no level needs it."""

    what: Underlying
    spot: Decimal | None


@dataclass(frozen=True, slots=True)
class Aims:
    """`stop` rests on the contract, with its `trigger`. `targets` with their prices, the nearest first, each with
    whose price it is; `underlying` with the stop that is watched.
    """

    stop: Level | None
    trigger: Decimal | None
    targets: tuple[tuple[Target, Decimal], ...]
    underlying: Underlying | None


def aims_of(
    *, ask: Ask, strategy: Strategy, contract: Instrument, side: Side, expected: Decimal, shown: Shown | None
) -> Aims | Refusal:
    """Lay stop and targets of an entry that should fill at `expected`."""
    what, spot = (shown.what, shown.spot) if shown else (None, None)
    stops = list(_stops(ask, strategy, what))
    resting = [level for level, of in stops if not _is_watched(of)]
    if what is not None and spot is not None and len(resting) < len(stops):
        what = nearest_of([stop_at(level, spot, what.side) for level, of in stops if _is_watched(of)], what)
        resting.append(disaster_stop(strategy, contract, side))
    stop: Level | None = None
    for level in resting:
        stop = nearer_stop(stop, level, expected, side)
    trigger = stop_trigger(stop, expected, side, tick=contract.tick) if stop else None
    targets = _targets(ask, strategy, contract, side, expected=expected, shown=shown)
    aims = Aims(stop, trigger, targets, what)
    return _refused(aims, expected, side, spot) or aims


def needs_spot(ask: Ask, strategy: Strategy, what: Underlying | None) -> bool:
    """Whether a level is one of the underlying, so that its price must be known."""
    stops = [of for _, of in _stops(ask, strategy, what)]
    targets = [whose(one.of, strategy, what) for one in ask.take_profit or strategy.take_profit]
    return any(_is_watched(of) for of in (*stops, *targets))


def unclear(ask: Ask, strategy: Strategy, what: Underlying | None) -> Refusal | None:
    """Levels of which nobody can tell whose they are, and what is not done for those of an underlying."""
    if what is None:
        return None
    narrows = [ask.trail.distance if ask.trail else None, ask.breakeven_after]
    asked = [(level, ask.stop_of, "stop_loss") for level in (ask.stop_loss, *narrows) if level]
    asked += [(target.level, target.of, "take_profit") for target in ask.take_profit]
    for level, of, name in asked:
        if of is None and level.kind is not LevelKind.PERCENT and strategy.levels_of is LevelOf.CONTRACT:
            detail = f"{name}.{level.kind} {level.value:f}, the chart shows {what.symbol}"
            return Refusal(RefusalCode.CHART_NOT_TRADED, detail)
    own = strategy.levels_of is LevelOf.UNDERLYING and (strategy.trail or strategy.breakeven_after)
    if own or (any(narrows) and _is_watched(whose(ask.stop_of, strategy, what))):
        return Refusal(RefusalCode.UNSUPPORTED, f"a trail or break-even on the price of {what.symbol}")
    return None


def nearer_stop(asked: Level | None, allowed: Level | None, last: Decimal, side: Side) -> Level | None:
    """The stop with the smaller loss of the alert's and the strategy's."""
    if asked is None or allowed is None:
        return asked or allowed
    fine = Decimal("0.0001")
    asked_at, allowed_at = (stop_trigger(level, last, side, tick=fine) for level in (asked, allowed))
    return asked if (asked_at - allowed_at) * side.sign >= 0 else allowed


def _is_watched(of: LevelOf) -> bool:
    return of is LevelOf.UNDERLYING


def _stops(ask: Ask, strategy: Strategy, what: Underlying | None) -> Iterator[tuple[Level, LevelOf]]:
    """The stops that count; without protection none does, so an alert's is neither promised nor sized by."""
    if strategy.protection is Protection.NONE:
        return
    if ask.stop_loss:
        yield ask.stop_loss, whose(ask.stop_of, strategy, what)
    if strategy.stop_loss:
        yield strategy.stop_loss, whose(None, strategy, what)


def _targets(
    ask: Ask, strategy: Strategy, contract: Instrument, side: Side, *, expected: Decimal, shown: Shown | None
) -> tuple[tuple[Target, Decimal], ...]:
    """Each target with its price, the nearest first; one of the underlying is fixed at that price."""
    found: list[tuple[bool, int, Target, Decimal]] = []
    for target in ask.take_profit or strategy.take_profit:
        if shown and shown.spot and _is_watched(whose(target.of, strategy, shown.what)):
            price = target_at(target.level, shown.spot, shown.what.side)
            fixed = replace(target, level=Level(LevelKind.PRICE, price), of=LevelOf.UNDERLYING)
            found.append((True, shown.what.side.sign, fixed, price))
        else:
            price = target_price(target.level, expected, side, tick=contract.tick)
            found.append((False, side.sign, replace(target, of=None), price))
    ordered = sorted(found, key=lambda one: (one[0], one[3] * one[1]))
    return tuple((target, price) for _, _, target, price in ordered)


def _refused(aims: Aims, expected: Decimal, side: Side, spot: Decimal | None) -> Refusal | None:
    """Levels on the wrong side of the price that they are compared with, or shares of more than all."""
    what = aims.underlying
    if aims.trigger is not None and ((expected - aims.trigger) * side.sign <= 0 or aims.trigger <= 0):
        return Refusal(RefusalCode.STOP_WRONG_SIDE, f"stop {aims.trigger}, price {expected}")
    if what is not None and spot is not None and what.stop is not None and (what.stopped(spot) or what.stop <= 0):
        return Refusal(RefusalCode.STOP_WRONG_SIDE, f"stop {what.stop} of {what.symbol}, which is at {spot}")
    for target, price in aims.targets:
        if what is not None and spot is not None and target.of is LevelOf.UNDERLYING:
            if what.reaches(price, spot) or price <= 0:
                return Refusal(RefusalCode.TARGET_WRONG_SIDE, f"target {price} of {what.symbol}, which is at {spot}")
        elif (price - expected) * side.sign <= 0 or price <= 0:
            return Refusal(RefusalCode.TARGET_WRONG_SIDE, f"target {price}, price {expected}")
    total = sum(target.share for target, _ in aims.targets)
    return Refusal(RefusalCode.TARGET_SHARES, f"{total:f} percent") if total > 100 else None
