"""What outlives an exchange: its instruments with their prices, orders and fills, as data for JSON.

An exchange that is made from it goes on at the moment of the snapshot, so that what was due meanwhile is played.
Left behind is what nobody can ask for any more: older versions of orders, orders that were over before today, fills
of what was flat before today. Sessions, planted faults and the journal end with their process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_type_hints

from executor.simulator.exchange.exchange import Exchange
from executor.simulator.exchange.hours import ist_day
from executor.simulator.exchange.instrument import Instrument
from executor.simulator.exchange.orders import Fill, Order, Side
from executor.simulator.exchange.priced import Priced


def take(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange as plain data."""
    today = ist_day(exchange.at)
    orders = [order for order in exchange.book.orders(exchange.at) if not order.state.is_over or _is_of(today, order)]
    fills = _still_counting(exchange.book.fills(exchange.at), today)
    return {
        "at": exchange.at.isoformat(),
        "listed": [_priced(walk) for walk in exchange.walks.values()],
        "orders": [_plain(order) for order in orders],
        "fills": [_plain(fill) for fill in fills],
    }


def restore(exchange: Exchange, saved: Mapping[str, Any], *, seed: int) -> None:
    """Have a new exchange go on where another was; `seed` must be another than that one's."""
    exchange.at = datetime.fromisoformat(saved["at"])
    exchange.walks.clear()
    for row in saved["listed"]:
        instrument = _made(Instrument, row["instrument"], {})
        price = Decimal(row["price"])
        list_instrument(exchange, instrument, Decimal(row["close"]), seed=seed)
        exchange.walks[instrument.key].remark = row["remark"]
        if row["held"]:
            exchange.set_price(instrument.key, price)
        else:
            exchange.move_price(instrument.key, price)
    known = {_named(walk.instrument): walk.instrument for walk in exchange.walks.values()}
    exchange.take_back(
        [_made(Order, row, known) for row in saved["orders"]], [_made(Fill, row, known) for row in saved["fills"]]
    )


def list_instrument(exchange: Exchange, instrument: Instrument, price: Decimal, *, seed: int) -> None:
    """Have an instrument traded that was not; its price walks on from `price` (rupees), which is its close as well."""
    walk = exchange.a_walk(instrument, seed=seed, start=exchange.at)
    walk.go_on_from(price, exchange.at, band=Decimal(0))
    exchange.walks[instrument.key] = walk


def _priced(walk: Priced) -> dict[str, Any]:
    return {
        "instrument": {one.name: _plain(getattr(walk.instrument, one.name)) for one in fields(Instrument)},
        "price": str(walk.ltp),
        "close": str(walk.previous_close),
        "held": walk.held,
        "remark": walk.remark,
    }


def _is_of(today: date, order: Order) -> bool:
    return today in (ist_day(order.placed_at), ist_day(order.updated_at))


def _still_counting(fills: Iterable[Fill], today: date) -> list[Fill]:
    """Those of today, and those before of what was still held then."""
    held: dict[tuple[str, str, str], int] = {}
    kept = list(fills)
    for fill in kept:
        if ist_day(fill.at) < today and fill.product != "INTRADAY":
            signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
            held[_position(fill)] = held.get(_position(fill), 0) + signed
    return [fill for fill in kept if ist_day(fill.at) == today or held.get(_position(fill))]


def _position(fill: Fill) -> tuple[str, str, str]:
    return (*fill.instrument.key, fill.product)


# -- values and plain data


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; an instrument by its name alone."""
    match value:
        case Instrument():
            return _named(value)
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case StrEnum():
            return value.value
        case _ if is_dataclass(value):
            return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
        case _:
            return value


def _named(instrument: Instrument) -> str:
    return f"{instrument.exchange}:{instrument.token}"


def _made(kind: Any, plain: Any, known: Mapping[str, Instrument]) -> Any:
    """Return the value of a type that `_plain` made plain."""
    if isinstance(kind, UnionType):  # X | None
        return None if plain is None else _made(get_args(kind)[0], plain, known)
    if kind is Instrument and isinstance(plain, str):
        return known[plain]
    if kind is datetime:
        return datetime.fromisoformat(plain)
    if isinstance(kind, type) and is_dataclass(kind):
        types = _types(kind)
        return kind(**{name: _made(types[name], value, known) for name, value in plain.items()})
    return kind(plain)


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
