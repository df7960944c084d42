"""Reads of prices: the last price of one contract, or quotes with both sides of up to fifty (smartapi.md 2.12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from executor.broker.smartapi import calls
from executor.broker.smartapi.calls import Caller, Exchange
from executor.broker.smartapi.classify import read_data
from executor.broker.smartapi.values import Row, Unreadable, amount, required, text
from executor.domain.instrument import InstrumentKey, Price, Segment
from executor.domain.reading import Query, Quote, Reading
from executor.errors import BrokerUnavailable


def read_price(query: Query, *, caller: Caller, jwt: str) -> Reading:
    """The last price, stamped with the time before the call left: it may be that old."""
    assert query.instrument is not None
    assert query.symbol is not None
    segment, token = query.instrument
    body = {"exchange": segment.value, "tradingsymbol": query.symbol, "symboltoken": token}
    exchange = caller.call(calls.LTP, body=body, jwt=jwt)
    data = read_data(exchange)
    try:
        if not isinstance(data, dict) or text(data, "symboltoken") not in ("", token):
            raise Unreadable(f"data: not the price of {query.symbol}")
        last = _price(data)
        close = amount(data, "close")
    except Unreadable as error:
        raise BrokerUnavailable(f"{exchange.call.route}: {error}", exchange.call) from error
    return Reading(
        query,
        began_at=exchange.call.at,
        ended_at=exchange.ended_at,
        call=exchange.call,
        price=Price(last, exchange.call.at),
        previous_close=close if close > 0 else None,
    )


def read_quotes(query: Query, *, caller: Caller, jwt: str) -> Reading:
    """Quotes of those contracts that have one; a contract without is left out, as the broker does."""
    body = {"mode": "FULL", "exchangeTokens": _tokens(query.instruments)}
    exchange = caller.call(calls.QUOTE, body=body, jwt=jwt)
    try:
        quotes = tuple(_quotes(exchange, read_data(exchange), frozenset(query.instruments)))
    except Unreadable as error:
        raise BrokerUnavailable(f"{exchange.call.route}: {error}", exchange.call) from error
    return Reading(query, began_at=exchange.call.at, ended_at=exchange.ended_at, call=exchange.call, quotes=quotes)


def _tokens(instruments: Sequence[InstrumentKey]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for segment, token in instruments:
        found.setdefault(segment.value, []).append(token)
    return found


def _quotes(exchange: Exchange, data: Any, wanted: frozenset[InstrumentKey]) -> Iterator[Quote]:
    rows = data.get("fetched") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable("data.fetched: not a list of rows")
    for row in rows:
        if required(row, "exchange") in frozenset(Segment) and amount(row, "ltp") > 0:
            quote = _quote(row, exchange)
            if quote.instrument not in wanted:
                raise Unreadable(f"symbolToken: {quote.instrument.text} was not asked for")
            yield quote


def _quote(row: Row, exchange: Exchange) -> Quote:
    depth = row.get("depth")
    sides = depth if isinstance(depth, dict) else {}
    return Quote(
        instrument=InstrumentKey(Segment(required(row, "exchange")), required(row, "symbolToken")),
        price=Price(_price(row), exchange.call.at),
        bid=_best(sides.get("buy")),
        ask=_best(sides.get("sell")),
    )


def _best(levels: Any) -> Decimal | None:
    """The first level; depth is padded with zeros where nobody offers."""
    first = levels[0] if isinstance(levels, list) and levels else None
    price = amount(first, "price") if isinstance(first, dict) else Decimal(0)
    return price if price > 0 else None


def _price(row: Row) -> Decimal:
    last = amount(row, "ltp")
    if last <= 0:
        raise Unreadable(f"ltp: {row.get('ltp')!r} is no price")
    return last
