"""Profit of brackets from what was filled: what left on a day against the average of what came in.

Average cost, because that is what a bracket's holding has (`domain/position.py: holding_of`): on a day, what was
carried into it and what came in during it cost one average, whatever the order of its fills; an add of today never
changes yesterday's profit. Units that left beyond those held (reversed) are carried the same way, at what they were
left for. Units that others closed left at a price nobody told us: they are counted as unknown and never guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Protocol

from executor.domain.bracket import Bracket, Leg
from executor.domain.charges import PAISA, Chargeable, Tariff, estimate
from executor.domain.ids import OrderId
from executor.domain.order import Order, Side
from executor.domain.record import Fill

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Trade:
    """Units that an order bought or sold on a trading day, at rupees each."""

    day: date
    order: OrderId
    side: Side
    quantity: int
    price: Decimal


class Held(Protocol):
    """Units and what each cost: a `Holding`, or the `Profit` of a bracket."""

    @property
    def held(self) -> int: ...

    @property
    def average(self) -> Decimal | None: ...


@dataclass(frozen=True, slots=True)
class Profit:
    """`realised` in rupees before charges by the day on which units left; `held` units (negative: reversed) at an
    `average`. `unknown` units were closed by others.
    """

    realised: Mapping[date, Decimal]
    held: int
    average: Decimal | None
    unknown: int


@dataclass(frozen=True, slots=True)
class Traded:
    """A bracket with all that was ever filled for it."""

    bracket: Bracket
    trades: Sequence[Trade]


@dataclass(frozen=True, slots=True)
class Figures:
    """Rupees to the paisa. `trades`: positions for which something filled; `charges` are estimated; `unknown`: units
    that others closed, of which `gross` knows nothing.
    """

    trades: int = 0
    gross: Decimal = _NOTHING
    charges: Decimal = _NOTHING
    unknown: int = 0

    @property
    def net(self) -> Decimal:
        return self.gross - self.charges

    def __add__(self, other: Figures) -> Figures:
        trades, unknown = self.trades + other.trades, self.unknown + other.unknown
        return Figures(trades, self.gross + other.gross, self.charges + other.charges, unknown)


@dataclass(frozen=True, slots=True)
class DayLine:
    """What a strategy made on a trading day in an account."""

    day: date
    strategy: str
    account: str
    figures: Figures


def trades_of(order: Order, fills: Iterable[Fill] = ()) -> list[Trade]:
    """What an order filled: its fills, and at the price that its average leaves for them the units without a fill."""
    found = [Trade(order.day, order.id, order.side, fill.quantity, fill.price) for fill in fills]
    missing = order.filled - sum(trade.quantity for trade in found)
    if missing <= 0:
        return found
    average = order.average or order.sent_price
    left = order.filled * average - sum(trade.quantity * trade.price for trade in found)
    price = left / missing if found and left > 0 else average
    return [*found, Trade(order.day, order.id, order.side, missing, price)]


def profit_of(side: Side, trades: Iterable[Trade], *, outside: int = 0) -> Profit:
    """The profit of one bracket of this side, day by day; `outside` units were closed by others."""
    realised: dict[date, Decimal] = {}
    came, left = _Pile(), _Pile()
    for day, of_day in groupby(sorted(trades, key=lambda trade: trade.day), lambda trade: trade.day):
        for trade in of_day:
            pile = _Pile(trade.quantity, trade.quantity * trade.price)
            came, left = (came + pile, left) if trade.side is side else (came, left + pile)
        met = min(came.quantity, left.quantity)
        realised[day] = side.sign * (left.part(met).value - came.part(met).value)
        came, left = came.part(came.quantity - met), left.part(left.quantity - met)
    rest = came if came.quantity else left
    held = came.quantity - left.quantity - outside
    average = rest.value / rest.quantity if held and rest.quantity else None
    return Profit(realised, held, average, outside)


def open_profit(holding: Held, side: Side, last: Decimal) -> Decimal:
    """What is held would make at the last price, in rupees before charges; a carried position's since it was opened."""
    return _NOTHING if holding.average is None else side.sign * holding.held * (last - holding.average)


def day_profit(
    bracket: Bracket, orders: Iterable[tuple[Leg, Order]], *, day: date, last: Decimal | None
) -> Decimal | None:
    """What a bracket makes on a day: what left on it, and what is still held at the last price; rupees before charges.

    By the orders' filled quantity and average. None: something is held and its price is not known.
    """
    trades = [trade for _, order in orders for trade in trades_of(order)]
    found = profit_of(bracket.side, trades, outside=bracket.outside)
    realised = found.realised.get(day, _NOTHING)
    if found.held == 0:
        return realised
    return None if last is None else realised + open_profit(found, bracket.side, last)


def lines_of(traded: Iterable[Traded], tariff: Tariff, *, first: date, last: date) -> list[DayLine]:
    """A line for each day (from first to last), strategy and account with something filled, oldest first."""
    found: dict[tuple[date, str, str], Figures] = defaultdict(Figures)
    for one in traded:
        for day, figures in _figures(one, tariff):
            if first <= day <= last:
                found[day, one.bracket.strategy, one.bracket.account] += figures
    return [
        DayLine(*key, replace(figures, gross=figures.gross.quantize(PAISA, ROUND_HALF_UP) + _NOTHING))
        for key, figures in sorted(found.items())
    ]


def total(lines: Iterable[DayLine]) -> Figures:
    return sum((line.figures for line in lines), Figures())


@dataclass(frozen=True, slots=True)
class _Pile:
    """Units and what they cost together."""

    quantity: int = 0
    value: Decimal = _NOTHING

    def __add__(self, other: _Pile) -> _Pile:
        return _Pile(self.quantity + other.quantity, self.value + other.value)

    def part(self, quantity: int) -> _Pile:
        """So many of them at their average; all of them at exactly what they cost."""
        if quantity == self.quantity:
            return self
        return _Pile(quantity, self.value * quantity / self.quantity)


def _figures(traded: Traded, tariff: Tariff) -> Iterable[tuple[date, Figures]]:
    """The days of one bracket; what others closed stands on the last of them."""
    bracket = traded.bracket
    profit = profit_of(bracket.side, traded.trades, outside=bracket.outside)
    charges = _charges(traded, tariff)
    for day, gross in profit.realised.items():
        unknown = profit.unknown if day == max(profit.realised) else 0
        yield day, Figures(1, gross, charges[day], unknown)


def _charges(traded: Traded, tariff: Tariff) -> Mapping[date, Decimal]:
    bracket = traded.bracket
    kind = Chargeable(bracket.instrument.segment, bracket.kind, bracket.product)
    values: dict[tuple[date, OrderId, Side], Decimal] = defaultdict(Decimal)
    for trade in traded.trades:
        values[trade.day, trade.order, trade.side] += trade.quantity * trade.price
    found: dict[date, Decimal] = defaultdict(Decimal)
    for (day, _, side), value in values.items():
        found[day] += estimate(tariff, kind, side=side, value=value, day=day)
    return found
