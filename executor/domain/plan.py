"""From what an alert asks and what its strategy allows to what will be ordered: quantity, limit, levels, in words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from executor.domain.instrument import Instrument, Kind
from executor.domain.levels import stop_trigger, target_price
from executor.domain.order import Side
from executor.domain.price import entry_limit
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask
from executor.domain.size import Units, units_of
from executor.domain.strategy import Level, Product, Protection, Short, Strategy


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """An entry with its protection; `stop` and `target` are the levels that counted, `words` the arithmetic."""

    side: Side
    product: Product
    protection: Protection
    quantity: int
    limit: Decimal
    stop: Level | None
    target: Level | None
    trigger: Decimal | None
    target_price: Decimal | None
    words: str


def plan_entry(*, ask: Ask, strategy: Strategy, contract: Instrument, side: Side, last: Decimal) -> EntryPlan | Refusal:
    """Compose an entry at the `last` price. The alert narrows the strategy; whatever would widen it loses."""
    refused = _not_possible(ask, strategy, contract, side)
    if refused:
        return refused
    units = units_of(ask.size or strategy.size, lot=contract.lot, cap=strategy.rails.max_quantity)
    if isinstance(units, Refusal):
        return units
    stop = nearer_stop(ask.stop_loss, strategy.stop_loss, last, side)
    target = ask.take_profit[0] if ask.take_profit else strategy.take_profit
    trigger = stop_trigger(stop, last, side, tick=contract.tick) if stop else None
    goal = target_price(target, last, side, tick=contract.tick) if target else None
    wrong = _levels_refused(last, side, trigger, goal)
    if wrong:
        return wrong
    limit = entry_limit(last, ask.price or last, side, tick=contract.tick)
    return EntryPlan(
        side=side,
        product=strategy.product,
        protection=protection_of(strategy, contract),
        quantity=units.quantity,
        limit=limit,
        stop=stop,
        target=target,
        trigger=trigger,
        target_price=goal,
        words=_words(units, side, last, limit, trigger, goal),
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


def _not_possible(ask: Ask, strategy: Strategy, contract: Instrument, side: Side) -> Refusal | None:
    if ask.product and ask.product is not strategy.product:
        return Refusal(
            RefusalCode.OUTSIDE_BOUNDS,
            f"the strategy's product is {strategy.product}, the alert asked {ask.product}",
        )
    if len(ask.take_profit) > 1:
        return Refusal(RefusalCode.UNSUPPORTED, f"{len(ask.take_profit)} targets; one is possible")
    if side is Side.SELL and not _may_short(strategy, contract):
        return Refusal(RefusalCode.SHORT_NOT_ALLOWED, f"short: {strategy.short}, product {strategy.product}")
    if strategy.protection is not Protection.NONE and not (ask.stop_loss or strategy.stop_loss):
        return Refusal(RefusalCode.NO_STOP, f"strategy {strategy.name}")
    return None


def _may_short(strategy: Strategy, contract: Instrument) -> bool:
    """DELIVERY never opens short; a cash short lives one day."""
    cash = contract.kind is Kind.CASH and strategy.product is Product.INTRADAY
    return cash and strategy.short is Short.INTRADAY_CASH


def _levels_refused(last: Decimal, side: Side, trigger: Decimal | None, goal: Decimal | None) -> Refusal | None:
    if trigger is not None and ((last - trigger) * side.sign <= 0 or trigger <= 0):
        return Refusal(RefusalCode.STOP_WRONG_SIDE, f"stop {trigger}, last price {last}")
    if goal is not None and ((goal - last) * side.sign <= 0 or goal <= 0):
        return Refusal(RefusalCode.TARGET_WRONG_SIDE, f"target {goal}, last price {last}")
    return None


def _words(
    units: Units, side: Side, last: Decimal, limit: Decimal, trigger: Decimal | None, goal: Decimal | None
) -> str:
    parts = [units.words, f"{side} {units.quantity} at last {last}, limit {limit}"]
    parts.append(f"stop {trigger}" if trigger is not None else "no stop")
    if goal is not None:
        parts.append(f"target {goal}")
    return "; ".join(parts)
