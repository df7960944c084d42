"""Position conversion: a part of what is held goes on under another product, at what it cost."""

from __future__ import annotations

from decimal import Decimal

from executor.simulator.exchange.exchange import Exchange
from executor.simulator.exchange.hours import ist_day
from executor.simulator.exchange.instrument import Instrument, InstrumentKey
from executor.simulator.exchange.orders import OrderType, Side, Terms, Ticket
from executor.simulator.exchange.positions import average, money_needed, money_used, owned, positions

_ZERO = Decimal(0)
_CASH, _DERIVATIVES = ("INTRADAY", "DELIVERY", "MARGIN"), ("INTRADAY", "CARRYFORWARD")


def convert_position(exchange: Exchange, key: InstrumentKey, *, old: str, new: str, signed: int) -> bool:
    """Move `signed` units (below zero: of a short) from one product to another; False for what cannot be.

    A row is never overdrawn, shares are never short for delivery, and the new product has to be paid for. It shows in
    the positions as trades at the average that no order made; the trade book does not show it.
    """
    instrument = exchange.walk(key).instrument
    rows = positions(exchange.book.fills(exchange.at), ist_day(exchange.at))
    row = next((one for one in rows if one.instrument == instrument and one.product == old), None)
    if row is None or not _fits(instrument, old, new, signed) or row.net * signed <= 0 or abs(row.net) < abs(signed):
        return False
    quantity, value = row.total_buy if signed > 0 else row.total_sell
    price = average(value, quantity)
    if not _affords(exchange, instrument, old=old, new=new, signed=signed, price=price):
        return False
    side, other = (Side.BUY, Side.SELL) if signed > 0 else (Side.SELL, Side.BUY)
    for product, way in ((old, other), (new, side)):
        terms = Terms(OrderType.MARKET, product, "DAY", abs(signed), _ZERO, _ZERO)
        exchange.fill_without_order(Ticket(instrument, way, terms, tag=""), price=price, at=exchange.at)
        exchange.endings.expect(instrument, product)
    return True


def _fits(instrument: Instrument, old: str, new: str, signed: int) -> bool:
    known = _CASH if instrument.is_cash else _DERIVATIVES
    return old != new and old in known and new in known and (signed > 0 or new != "DELIVERY")


def _affords(exchange: Exchange, instrument: Instrument, *, old: str, new: str, signed: int, price: Decimal) -> bool:
    side = Side.BUY if signed > 0 else Side.SELL
    before, after = (
        money_needed(instrument, side, product=product, quantity=abs(signed), price=price) for product in (old, new)
    )
    rows = owned(exchange.book.fills(exchange.at), ist_day(exchange.at))
    working = [order for watched in exchange.book.watched() for order in exchange.book.working(watched)]
    return after - before <= exchange.rules.funds - money_used(rows, working)
