"""When an order triggers, and at what price it trades: at touch against the last traded price."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from executor.simulator.exchange.instrument import Instrument
from executor.simulator.exchange.orders import Order, Side, State

#: More ticks than any price has.
_HIGHEST = 10**12


def is_triggered(order: Order, ltp: Decimal) -> bool:
    """Tell whether the last price has reached the trigger: from below for a buy, from above for a sell."""
    return ltp >= order.terms.trigger if order.side is Side.BUY else ltp <= order.terms.trigger


def is_marketable(order: Order, price: Decimal) -> bool:
    """Tell whether the limit allows a trade at a price."""
    return price <= order.terms.price if order.side is Side.BUY else price >= order.terms.price


def quiet_range(orders: Iterable[Order]) -> tuple[int, int]:
    """Return the lowest and highest price, in ticks, at which none of the working orders triggers or trades."""
    low, high = 1, _HIGHEST
    for order in orders:
        waits = order.state is State.TRIGGER_PENDING
        edge = order.instrument.ticks(order.terms.trigger if waits else order.terms.price)
        if waits is (order.side is Side.BUY):
            high = min(high, edge - 1)
        else:
            low = max(low, edge + 1)
    return low, high


def protected_price(instrument: Instrument, side: Side, *, ltp: Decimal) -> Decimal:
    """Return the limit that stands for MARKET: the last price and its band, on the tick (smartapi.md 4.2)."""
    band = ltp * _band_percent(instrument, ltp) / 100
    if side is Side.BUY:
        return instrument.ceil(ltp + band)
    return max(instrument.floor(ltp - band), instrument.step)


def _band_percent(instrument: Instrument, ltp: Decimal) -> Decimal:
    if instrument.is_option:
        doubled = 2 if instrument.is_stock else 1
        return _option_percent(ltp) * doubled
    if instrument.is_commodity or instrument.is_stock:
        return Decimal(1)
    return Decimal("0.5")


def _option_percent(ltp: Decimal) -> Decimal:
    for limit, percent in ((10, "20"), (20, "10"), (50, "5")):
        if ltp < limit:
            return Decimal(percent)
    return Decimal("2.5")
