"""Prices that an exchange accepts: on the tick, inside the protection band; Decimal rupees throughout."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from executor.domain.order import Side

#: Market price protection for cash (smartapi.md 4.2). Derivatives come with their contracts.
CASH_BAND = Decimal("0.005")
#: Furthest an entry may lie from the alert's price before it is sent (DESIGN: cash 0.3 %).
CASH_SLIPPAGE = Decimal("0.003")


def on_tick(price: Decimal, tick: Decimal, *, up: bool) -> Decimal:
    """The nearest price on the tick that is not below (`up`) or not above the given one."""
    steps = (price / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
    return steps * tick


def marketable(last: Decimal, side: Side, *, tick: Decimal, band: Decimal = CASH_BAND) -> Decimal:
    """A LIMIT that trades like a market order but never beyond the band: MARKET is prohibited to algos (4.3)."""
    edge = last * (1 + side.sign * band)
    return on_tick(edge, tick, up=side is Side.SELL)


def entry_limit(last: Decimal, reference: Decimal, side: Side, *, tick: Decimal) -> Decimal:
    """The marketable limit of an entry: the nearer of protection band and allowed slippage."""
    by_band = marketable(last, side, tick=tick)
    by_slippage = marketable(reference, side, tick=tick, band=CASH_SLIPPAGE)
    return min(by_band, by_slippage) if side is Side.BUY else max(by_band, by_slippage)


def stop_limit(trigger: Decimal, side: Side, *, tick: Decimal, band: Decimal = CASH_BAND) -> Decimal:
    """The limit behind a stop's trigger: twice the band away, so that it fills through a gap of that size."""
    return marketable(trigger, side, tick=tick, band=2 * band)
