"""What ends a position without its client: the broker's square-off of intraday ones, settlement at expiry.

Neither bears a tag of the client. A square-off is an order of the broker, which trades as any other does; a
settlement is a fill of the exchange alone, at the closing price, and belongs to no order.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from executor.simulator.exchange.hours import ist_day, moment
from executor.simulator.exchange.instrument import Instrument
from executor.simulator.exchange.orders import OrderType, Side, Terms, Ticket
from executor.simulator.exchange.positions import Position, positions

if TYPE_CHECKING:
    from executor.simulator.exchange.exchange import Exchange

_ZERO = Decimal(0)


class Endings:
    """Awaits the square-offs and expiries of one exchange's positions."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._awaited: set[tuple[str, str, datetime]] = set()

    def expect(self, instrument: Instrument, product: str) -> None:
        """Have what is or may be held of an instrument end in time."""
        if product == "INTRADAY" and (at := self._square_off_at(instrument.exchange)) is not None:
            self._await("square off", instrument.exchange, at)
        if (at := self._ends_at(instrument)) is not None:
            self._await("settle", ":".join(instrument.key), at, instrument=instrument)

    def refusal(self, instrument: Instrument, product: str) -> str | None:
        """Return why a new order comes too late, or None."""
        if self.has_expired(instrument):
            return "The contract has expired."
        if product != "INTRADAY" or not self._exchange.hours[instrument.exchange].is_open(self._exchange.at):
            return None
        squared_off_at = self._square_off_at(instrument.exchange)
        if squared_off_at is not None and self._exchange.at >= squared_off_at:
            return "Intraday orders are not allowed after the square off time."
        return None

    def has_expired(self, instrument: Instrument) -> bool:
        ends_at = self._ends_at(instrument)
        return ends_at is not None and self._exchange.at >= ends_at

    def _square_off_at(self, market: str) -> datetime | None:
        at = self._exchange.rules.square_off.get(market)
        return None if at is None else moment(ist_day(self._exchange.at), at)

    def _ends_at(self, instrument: Instrument) -> datetime | None:
        day = instrument.expires
        return None if day is None else moment(day, self._exchange.hours[instrument.exchange].closes)

    def _await(self, what: str, name: str, at: datetime, *, instrument: Instrument | None = None) -> None:
        if at <= self._exchange.at or (what, name, at) in self._awaited:
            return
        self._awaited.add((what, name, at))
        if instrument is None:
            self._exchange.later(at, lambda: self._square_off(name))
        else:
            self._exchange.later(at, lambda: self._settle(instrument))

    def _square_off(self, market: str) -> None:
        """Cancel the resting intraday orders of a market, then have the broker close its intraday positions."""
        book = self._exchange.book
        for key in book.watched():
            for order in book.working(key):
                if key[0] == market and order.terms.product == "INTRADAY":
                    self._exchange.cancel(order)
        for row in self._held():
            if row.instrument.exchange == market and row.product == "INTRADAY":
                self._exchange.place_for_broker(_closing(row))

    def _settle(self, instrument: Instrument) -> None:
        """Cancel what rests in a contract and close it at its last price, or at its underlying's."""
        exchange = self._exchange
        for order in exchange.book.working(instrument.key):
            exchange.cancel(order)
        price = exchange.walk(instrument.key).settlement
        for row in self._held():
            if row.instrument == instrument:
                exchange.fill_without_order(_closing(row), price=price, at=exchange.at)

    def _held(self) -> list[Position]:
        exchange = self._exchange
        return [row for row in positions(exchange.book.fills(exchange.at), ist_day(exchange.at)) if row.net]


def _closing(row: Position) -> Ticket:
    side = Side.SELL if row.net > 0 else Side.BUY
    terms = Terms(OrderType.MARKET, row.product, "DAY", abs(row.net), _ZERO, _ZERO)
    return Ticket(row.instrument, side, terms, tag="")
