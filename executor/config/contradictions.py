"""Settings that cannot be meant together: refused when they are set, not when the first signal arrives.

Each is a sentence that names the fields, what was found and what to do. What a product and a `short` allow is that of
domain/plan; MARGIN is the broker's margin delivery of shares (smartapi.md 2.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from decimal import Decimal

from executor.config.amounts import plain
from executor.domain.option import OptionType
from executor.domain.strategy import (
    Gap,
    Level,
    LevelKind,
    LevelOf,
    Product,
    Protection,
    RollKind,
    Short,
    SizeKind,
    Strategy,
)

#: A bool is "contradicts", the text the way out.
_Found = Iterator[tuple[bool, str]]

_SHARES_ONLY = frozenset({Product.DELIVERY, Product.MARGIN})


def contradiction(strategy: Strategy) -> str | None:
    """The first of what cannot be meant together."""
    for found_in in (_in_protection, _in_targets, _in_product, _in_contract, _in_options, _in_size, _in_limits):
        for found, words in found_in(strategy):
            if found:
                return words
    return None


def _in_protection(strategy: Strategy) -> _Found:
    stop, trail, unprotected = strategy.stop_loss, strategy.trail, strategy.protection is Protection.NONE
    yield (
        stop is None and not unprotected,
        'stop_loss is missing; give one such as 1% or 5 (points), or protection = "none" if you mean it',
    )
    yield stop is not None and unprotected, 'stop_loss is given, and protection is "none"; remove one of them'
    yield stop is None and trail is not None, "trail moves a stop, and there is no stop_loss; give one or remove trail"
    yield (
        stop is None and strategy.breakeven_after is not None,
        "breakeven_after moves a stop, and there is no stop_loss; give one or remove breakeven_after",
    )
    yield _unreachable(stop), "stop_loss is 100 percent or more, so it could never be reached; give less"
    yield (
        trail is not None and _unreachable(trail.distance),
        "trail is 100 percent or more, so the stop would never move; give less",
    )


def _in_targets(strategy: Strategy) -> _Found:
    shares = sum((target.share for target in strategy.take_profit), Decimal(0))
    yield shares > 100, f"the shares of take_profit add up to {plain(shares)} percent; give no more than 100"


def _in_product(strategy: Strategy) -> _Found:
    product, short = strategy.product, strategy.short
    word = product.value.lower()
    second_sell = "is a short" if product is Product.DELIVERY else "is margined as a short"
    yield (
        strategy.protection is Protection.PAIR and product is not Product.INTRADAY,
        f"protection is pair, but a second sell of {word} {second_sell}; use auto or single",
    )
    yield (
        short is not Short.NONE and product is Product.DELIVERY,
        f"short is {short}, but delivery never opens short; remove it or trade intraday",
    )
    yield (
        short is Short.INTRADAY_CASH and product is not Product.INTRADAY,
        f"short is {short}, but product is {word}; remove it or trade intraday",
    )
    yield (
        short is not Short.NONE and product is Product.MARGIN,
        f"short is {short}, but margin holds shares only; remove it, or trade carryforward or intraday",
    )
    yield (
        strategy.expiry_day and product in _SHARES_ONLY,
        f"expiry_day is about options, and {word} holds shares only; remove it",
    )
    yield (
        strategy.gap is Gap.STOP_AGAIN and product is Product.INTRADAY,
        "gap is about positions carried over night, and intraday carries none; remove it",
    )


def _in_size(strategy: Strategy) -> _Found:
    size, rails, capital = strategy.size, strategy.rails, strategy.capital
    said = f"{size.kind} {plain(size.value)}"
    largest = _largest_order(strategy)
    yield (
        size.kind in {SizeKind.QUANTITY, SizeKind.LOTS} and size.value > largest[1],
        f"{said} is above {largest[0]} {largest[1]}; every entry would be refused",
    )
    yield (
        size.kind is SizeKind.PERCENT_OF_CAPITAL and capital is None,
        f"{said} needs capital; give the rupees that the strategy may use, such as capital = 100000",
    )
    yield (
        size.kind is SizeKind.RISK and strategy.stop_loss is None,
        f"{said} needs a stop_loss: it divides by its distance; give one, or another size",
    )
    notional = _notional(strategy)
    if notional is not None and rails.max_notional is not None:
        yield (
            notional > rails.max_notional,
            f"{said} is {plain(notional)} rupees, above max_notional {plain(rails.max_notional)}; "
            "every entry would be refused",
        )
    if size.kind is SizeKind.RISK and rails.max_daily_loss is not None:
        yield (
            size.value > rails.max_daily_loss,
            f"{said} is above max_daily_loss {plain(rails.max_daily_loss)}: the first stop would pass it; give less",
        )


def _in_contract(strategy: Strategy) -> _Found:
    roll, word = strategy.roll.kind, strategy.product.value.lower()
    continuous = sorted(ticker for ticker in strategy.rails.tickers if ticker.endswith("!"))
    named = ", ".join(continuous)
    yield (
        roll is RollKind.REFUSE and bool(continuous),
        f"roll is refuse, and {named} is a continuous future; name dated ones such as NIFTYX2026, or let it roll",
    )
    yield (
        bool(continuous) and strategy.product in _SHARES_ONLY,
        f"{named} is a future, and {word} holds shares only; trade carryforward or intraday",
    )


def _in_options(strategy: Strategy) -> _Found:
    rule, short, word = strategy.option, strategy.short, strategy.product.value.lower()
    yield (
        rule is not None and strategy.product in _SHARES_ONLY,
        f"option is given, and {word} holds shares only; trade carryforward or intraday",
    )
    yield (
        rule is not None and rule.type is OptionType.AUTO and short is Short.WRITE_OPTIONS,
        "option is auto, which only buys, and short is write-options; give CE or PE as its type, or remove short",
    )
    yield (
        rule is not None and short in {Short.FUTURES, Short.INTRADAY_CASH},
        f"option is given, and short is {short}, but options are traded; remove short, or use write-options",
    )
    bought = short is not Short.WRITE_OPTIONS
    stop, spread = strategy.disaster_stop, strategy.max_spread
    yield (
        stop is not None and rule is None and strategy.levels_of is LevelOf.CONTRACT,
        "disaster_stop stands behind stops on an underlying, and there is no option rule; give one or remove it",
    )
    yield (
        stop is not None and stop >= 100 and bought,
        "disaster_stop is 100 percent or more, so it could never be reached; give less, such as 35%",
    )
    yield spread is not None and spread >= 100, "max_spread is 100 percent or more; give less, such as 3%"
    yield (
        spread is not None and strategy.product in _SHARES_ONLY,
        f"max_spread is about options, and {word} holds shares only; remove it",
    )


def _in_limits(strategy: Strategy) -> _Found:
    rails, slippage = strategy.rails, strategy.max_slippage
    yield (
        rails.max_order_quantity is not None and rails.max_order_quantity > rails.max_quantity,
        f"max_order_quantity {rails.max_order_quantity} is above max_quantity {rails.max_quantity}; give less",
    )
    begins, ends = rails.enter_from or time.min, rails.enter_until or time.max
    yield begins >= ends, "enter_from is not before enter_until; put the earlier time first"
    yield slippage is not None and slippage >= 100, "max_slippage is 100 percent or more; give less, such as 0.3%"


def _unreachable(level: Level | None) -> bool:
    return level is not None and level.kind is LevelKind.PERCENT and level.value >= 100


def _largest_order(strategy: Strategy) -> tuple[str, int]:
    """The rail that holds an entry first, in units; a lot has one unit at least."""
    rails = strategy.rails
    if rails.max_order_quantity is not None and rails.max_order_quantity < rails.max_quantity:
        return "max_order_quantity", rails.max_order_quantity
    return "max_quantity", rails.max_quantity


def _notional(strategy: Strategy) -> Decimal | None:
    """Rupees of an entry, where its size says them."""
    size = strategy.size
    if size.kind is SizeKind.NOTIONAL:
        return size.value
    if size.kind is SizeKind.PERCENT_OF_CAPITAL and strategy.capital is not None:
        return strategy.capital * size.value / 100
    return None
