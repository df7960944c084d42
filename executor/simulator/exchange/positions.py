"""Positions, holdings and the money in use, all derived from fills and never kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from executor.simulator.exchange.hours import ist_day
from executor.simulator.exchange.instrument import Instrument, InstrumentKey
from executor.simulator.exchange.orders import Fill, Order, Side

_ZERO = Decimal(0)


@dataclass(slots=True)
class Position:
    """One row a day, instrument and product: quantities and values of today, and what was carried into it."""

    instrument: Instrument
    product: str
    buy_quantity: int = 0
    buy_value: Decimal = _ZERO
    sell_quantity: int = 0
    sell_value: Decimal = _ZERO
    carried_quantity: int = 0  #: signed
    carried_value: Decimal = _ZERO  #: never negative

    @property
    def net(self) -> int:
        return self.carried_quantity + self.buy_quantity - self.sell_quantity

    @property
    def total_buy(self) -> tuple[int, Decimal]:
        """Quantity and value bought, with what was carried in long."""
        carried = self.carried_quantity > 0
        return (
            self.buy_quantity + (self.carried_quantity if carried else 0),
            self.buy_value + (self.carried_value if carried else _ZERO),
        )

    @property
    def total_sell(self) -> tuple[int, Decimal]:
        """Quantity and value sold, with what was carried in short."""
        carried = self.carried_quantity < 0
        return (
            self.sell_quantity + (-self.carried_quantity if carried else 0),
            self.sell_value + (self.carried_value if carried else _ZERO),
        )

    @property
    def realised(self) -> Decimal:
        (bought, paid), (sold, received) = self.total_buy, self.total_sell
        return min(bought, sold) * (average(received, sold) - average(paid, bought))

    def unrealised(self, ltp: Decimal) -> Decimal:
        quantity, value = self.total_buy if self.net > 0 else self.total_sell
        return self.net * (ltp - average(value, quantity))

    def take(self, fill: Fill, *, today: bool) -> None:
        value = fill.price * fill.quantity
        if not today:
            self._carry(fill.quantity if fill.side is Side.BUY else -fill.quantity, fill.price)
        elif fill.side is Side.BUY:
            self.buy_quantity += fill.quantity
            self.buy_value += value
        else:
            self.sell_quantity += fill.quantity
            self.sell_value += value

    def _carry(self, signed: int, price: Decimal) -> None:
        before, after = self.carried_quantity, self.carried_quantity + signed
        grows = before * signed >= 0
        if grows:
            self.carried_value += abs(signed) * price
        elif before * after > 0:
            self.carried_value = self.carried_value * abs(after) / abs(before)
        else:
            self.carried_value = abs(after) * price
        self.carried_quantity = after


def average(value: Decimal, quantity: int) -> Decimal:
    return value / quantity if quantity else _ZERO


def positions(fills: Iterable[Fill], today: date) -> list[Position]:
    """Return today's rows. Intraday ones end with their day; delivery becomes a holding on the next (`holdings`)."""
    return _rows(fills, today, carried=("CARRYFORWARD", "MARGIN"))


def owned(fills: Iterable[Fill], today: date) -> list[Position]:
    """Return today's rows with the holdings among them: what the client could sell, and what its money is in."""
    return _rows(fills, today, carried=("CARRYFORWARD", "MARGIN", "DELIVERY"))


def _rows(fills: Iterable[Fill], today: date, *, carried: tuple[str, ...]) -> list[Position]:
    rows: dict[tuple[InstrumentKey, str], Position] = {}
    for fill in fills:
        is_today = ist_day(fill.at) == today
        if is_today or fill.product in carried:
            row = rows.setdefault((fill.instrument.key, fill.product), Position(fill.instrument, fill.product))
            row.take(fill, today=is_today)
    return [row for row in rows.values() if row.net or row.buy_quantity or row.sell_quantity]


def holdings(fills: Iterable[Fill], today: date, *, sold_stay: bool = False) -> list[Position]:
    """Return what was bought for delivery before today and not sold since; sold today only with `sold_stay`."""
    rows = [row for row in owned(fills, today) if row.product == "DELIVERY" and row.carried_quantity > 0]
    left = [(row, row.carried_quantity if sold_stay else min(row.carried_quantity, row.net)) for row in rows]
    return [_holding(row, quantity) for row, quantity in left if quantity > 0]


def _holding(row: Position, quantity: int) -> Position:
    value = row.carried_value * quantity / row.carried_quantity
    return Position(row.instrument, row.product, carried_quantity=quantity, carried_value=value)


def money_needed(instrument: Instrument, side: Side, *, product: str, quantity: int, price: Decimal) -> Decimal:
    """Return what opening needs: the whole value for delivery and bought options, a fifth for all else."""
    whole = product == "DELIVERY" or (instrument.is_option and side is Side.BUY)
    value = quantity * price
    return (value if whole else value / 5).quantize(Decimal("0.01"))


def money_used(rows: Iterable[Position], working: Iterable[Order]) -> Decimal:
    """Return what open positions and working orders tie up, less what was realised."""
    used, nets = _ZERO, {}
    for row in rows:
        side, (quantity, value) = (Side.BUY, row.total_buy) if row.net > 0 else (Side.SELL, row.total_sell)
        used += money_needed(
            row.instrument, side, product=row.product, quantity=abs(row.net), price=average(value, quantity)
        )
        used -= row.realised
        nets[(row.instrument.key, row.product)] = row.net
    for order in working:
        net = nets.get((order.instrument.key, order.terms.product), 0)
        opening = opening_quantity(order.side, order.open_quantity, net=net)
        used += money_needed(
            order.instrument, order.side, product=order.terms.product, quantity=opening, price=order.terms.price
        )
    return used


def opening_quantity(side: Side, quantity: int, *, net: int) -> int:
    """Return how much of an order opens or adds, the rest closing a position of `net`."""
    against = -net if side is Side.BUY else net
    return max(0, quantity - max(0, against))
