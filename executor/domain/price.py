"""Prices that an exchange accepts: on the tick, inside the protection band; Decimal rupees throughout."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from executor.domain.instrument import ContractClass
from executor.domain.order import Side

#: Market price protection, as a part of the last price (smartapi.md 4.2); options below.
_BANDS = {
    ContractClass.CASH: Decimal("0.005"),
    ContractClass.INDEX_FUTURE: Decimal("0.005"),
    ContractClass.STOCK_FUTURE: Decimal("0.01"),
    ContractClass.COMMODITY_FUTURE: Decimal("0.01"),
}
#: For options by the last price: below 10, 20, 50 rupees, and above (smartapi.md 4.2).
_OPTION_STEPS = (Decimal(10), Decimal(20), Decimal(50))
_OPTION_BANDS = {
    ContractClass.INDEX_OPTION: tuple(Decimal(part) for part in ("0.20", "0.10", "0.05", "0.025")),
    ContractClass.STOCK_OPTION: tuple(Decimal(part) for part in ("0.40", "0.20", "0.10", "0.05")),
    ContractClass.COMMODITY_OPTION: tuple(Decimal(part) for part in ("0.20", "0.10", "0.05", "0.025")),
}
#: Furthest an entry may lie from the price it was decided at (DESIGN: Entry life).
_CASH_SLIPPAGE = Decimal("0.003")
_FUTURE_SLIPPAGE = Decimal("0.0015")
_OPTION_SLIPPAGE, _OPTION_SLIPPAGE_RUPEES = Decimal("0.03"), Decimal(1)


def band_of(kind: ContractClass, last: Decimal) -> Decimal:
    """The protection band of a contract at a price, as a part of it."""
    if kind in _BANDS:
        return _BANDS[kind]
    step = sum(last >= edge for edge in _OPTION_STEPS)
    return _OPTION_BANDS[kind][step]


def slippage_of(kind: ContractClass, reference: Decimal) -> Decimal:
    """Rupees that an entry may lie from the reference; options: 3 % or one rupee, whatever is more."""
    if kind in _OPTION_BANDS:
        return max(_OPTION_SLIPPAGE * reference, _OPTION_SLIPPAGE_RUPEES)
    return reference * (_CASH_SLIPPAGE if kind is ContractClass.CASH else _FUTURE_SLIPPAGE)


def on_tick(price: Decimal, tick: Decimal, *, up: bool) -> Decimal:
    """The nearest price on the tick that is not below (`up`) or not above the given one."""
    steps = (price / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
    return (steps * tick).quantize(tick)


def within(last: Decimal, side: Side, away: Decimal, *, tick: Decimal) -> Decimal:
    """The worst price on the tick that lies at most `away` rupees beyond `last`."""
    return on_tick(last + side.sign * away, tick, up=side is Side.SELL)


def marketable(last: Decimal, side: Side, *, tick: Decimal, kind: ContractClass) -> Decimal:
    """A LIMIT that trades like a market order but never beyond the band: MARKET is prohibited to algos (4.3)."""
    return within(last, side, last * band_of(kind, last), tick=tick)


def entry_limit(
    last: Decimal, reference: Decimal, side: Side, *, tick: Decimal, kind: ContractClass, slippage: Decimal | None
) -> Decimal:
    """The marketable limit of an entry: the nearer of protection band and allowed slippage (a part of `reference`)."""
    by_band = marketable(last, side, tick=tick, kind=kind)
    away = slippage_of(kind, reference) if slippage is None else reference * slippage
    return nearer(by_band, within(reference, side, away, tick=tick), side)


def nearer(one: Decimal, other: Decimal, side: Side) -> Decimal:
    """The limit that pays less, or asks more."""
    return min(one, other) if side is Side.BUY else max(one, other)


def stop_limit(trigger: Decimal, side: Side, *, tick: Decimal, kind: ContractClass) -> Decimal:
    """The limit behind a stop's trigger: twice the band away, so that it fills through a gap of that size."""
    return within(trigger, side, 2 * trigger * band_of(kind, trigger), tick=tick)
