"""A corporate action overnight: one share becomes several."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal

from executor.simulator.exchange.exchange import Exchange
from executor.simulator.exchange.hours import ist_day, moment
from executor.simulator.exchange.instrument import InstrumentKey
from executor.simulator.exchange.orders import OrderType, Side, Terms, Ticket
from executor.simulator.exchange.positions import owned

_ZERO = Decimal(0)


def split(exchange: Exchange, key: InstrumentKey, factor: Decimal) -> None:
    """Divide the prices of an instrument by `factor`, above 1, and multiply what is held of it.

    What is added costs nothing, so that its average is divided too. Raises ValueError while the market is open;
    KeyError for an unknown instrument.
    """
    walk = exchange.walk(key)
    if exchange.hours[key[0]].is_open(exchange.at):
        raise ValueError("shares are split overnight; set the clock to a time at which the market is closed")
    walk.split(factor)
    for row in owned(exchange.book.fills(exchange.at), ist_day(exchange.at)):
        if row.instrument.key == key and row.net:
            side = Side.BUY if row.net > 0 else Side.SELL
            terms = Terms(OrderType.MARKET, row.product, "DAY", int(abs(row.net) * (factor - 1)), _ZERO, _ZERO)
            added = Ticket(row.instrument, side, terms, tag="")
            exchange.fill_without_order(added, price=_ZERO, at=_before_the_open(exchange, key))


def _before_the_open(exchange: Exchange, key: InstrumentKey) -> datetime:
    """Return the last moment of yesterday in the morning, so that what is added is carried into the day; else now."""
    if exchange.at >= exchange.hours[key[0]].opening(exchange.at):
        return exchange.at
    return moment(ist_day(exchange.at), time(0)) - timedelta(microseconds=1)
