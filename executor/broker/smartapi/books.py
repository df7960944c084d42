"""Reads of the books. A good answer or an error, never an error taken for "empty".

A row that cannot be read fails the whole read, for it may be ours; but for the rows that cannot be: an order with a
tag that is not of our form, segments that are never traded here, holdings without a name. The recorded answer keeps
those too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, assert_never

from executor.broker.smartapi import calls
from executor.broker.smartapi.calls import Caller, Exchange
from executor.broker.smartapi.classify import read_data
from executor.broker.smartapi.estimates import read_charges, read_margin
from executor.broker.smartapi.fields import (
    is_elsewhere,
    is_nameless,
    read_fill,
    read_funds,
    read_position,
    read_report,
    read_shares,
)
from executor.broker.smartapi.quotes import read_price, read_quotes
from executor.broker.smartapi.values import Row, Unreadable
from executor.domain.ids import is_tag
from executor.domain.order import Report
from executor.domain.reading import Funds, Query, QueryKind, Reading
from executor.errors import BrokerUnavailable

_NO_TRADES, _NO_HOLDINGS, _NO_POSITIONS = "AB1014", "AB1015", "AB1016"

#: What is asked of contracts, not of the account.
_OF_CONTRACTS = {
    QueryKind.LTP: read_price,
    QueryKind.QUOTES: read_quotes,
    QueryKind.MARGIN: read_margin,
    QueryKind.CHARGES: read_charges,
}

ValueT = TypeVar("ValueT")


class LastBook:
    """The reports of the last order book: a row that has not changed, as most, is not read again."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[int, Report]] = {}

    def report_of(self, row: Row) -> Report:
        """The report of a row. Raises Unreadable."""
        kept, seen = self._rows.get(str(row.get("orderid"))), _print_of(row)
        if kept is not None and kept[0] == seen:
            return kept[1]
        report = read_report(row)
        self._rows[report.broker_id] = (seen, report)
        return report


def _print_of(row: Row) -> int:
    """Tells one version of a row from another; a row itself takes 4 KB, and a busy day has a thousand.

    Of the values as texts: -1 and -2 have the same hash.
    """
    return hash((*row, *map(str, row.values())))


def read(query: Query, *, caller: Caller, jwt: str, last: LastBook) -> Reading:
    """Read what the query asks for. Raises BrokerUnavailable, SessionLost."""
    match query.kind:
        case QueryKind.ORDER_BOOK:
            exchange = caller.call(calls.ORDER_BOOK, jwt=jwt)
            rows = _rows(exchange)
            return _reading(query, exchange, reports=_read_each(exchange, rows, last.report_of, _is_foreign))
        case QueryKind.TRADES:
            exchange = caller.call(calls.TRADE_BOOK, jwt=jwt)
            rows = _rows(exchange, nothing=_NO_TRADES)
            return _reading(query, exchange, fills=_read_each(exchange, rows, _fill_reader(exchange.ended_at)))
        case QueryKind.POSITIONS:
            exchange = caller.call(calls.POSITIONS, jwt=jwt)
            rows = position_rows(exchange)
            return _reading(query, exchange, positions=_read_each(exchange, rows, read_position, is_elsewhere))
        case QueryKind.HOLDINGS:
            exchange = caller.call(calls.HOLDINGS, jwt=jwt)
            rows = _rows(exchange, nothing=_NO_HOLDINGS)
            return _reading(query, exchange, holdings=_read_each(exchange, rows, read_shares, _is_other_share))
        case QueryKind.FUNDS:
            exchange = caller.call(calls.FUNDS, jwt=jwt)
            return _reading(query, exchange, funds=_funds(exchange))
        case QueryKind.ORDER:
            exchange = caller.call(calls.DETAILS, tail=query.unique_id, jwt=jwt)
            return _reading(query, exchange, reports=(_one(exchange, query),))
        case QueryKind.LTP | QueryKind.QUOTES | QueryKind.MARGIN | QueryKind.CHARGES:
            return _OF_CONTRACTS[query.kind](query, caller=caller, jwt=jwt)
        case _:
            assert_never(query.kind)


def position_rows(exchange: Exchange) -> list[Row]:
    """The rows of the positions. Raises BrokerUnavailable, SessionLost."""
    return _rows(exchange, nothing=_NO_POSITIONS)


def _one(exchange: Exchange, query: Query) -> Report:
    """The order of a details call: one object, like an entry of the book (2.6)."""
    data = read_data(exchange)
    try:
        report = read_report(data if isinstance(data, dict) else {})
        if report.unique_id not in (None, query.unique_id):
            raise Unreadable(f"uniqueorderid: {report.unique_id} was not asked for")
    except Unreadable as error:
        raise BrokerUnavailable(f"{exchange.call.route}: {error}", exchange.call) from error
    return report


def _funds(exchange: Exchange) -> Funds:
    data = read_data(exchange)
    try:
        return read_funds(data if isinstance(data, dict) else {})
    except Unreadable as error:
        raise BrokerUnavailable(f"{exchange.call.route}: {error}", exchange.call) from error


def _reading(query: Query, exchange: Exchange, **found: Any) -> Reading:
    return Reading(query, began_at=exchange.call.at, ended_at=exchange.ended_at, call=exchange.call, **found)


def _rows(exchange: Exchange, *, nothing: str | None = None) -> list[Row]:
    """The rows of a book. Null is an empty one (9, no. 2), and so is the code that says so (6.2)."""
    if nothing and exchange.envelope and exchange.envelope.ok is False and exchange.envelope.code == nothing:
        return []
    data = read_data(exchange)
    if data is None:
        return []
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise BrokerUnavailable(f"{exchange.call.route}: data: not a list of rows", exchange.call)
    return data


def _read_each(
    exchange: Exchange,
    rows: list[Row],
    reader: Callable[[Row], ValueT],
    is_other: Callable[[Row], bool] = lambda _row: False,
) -> tuple[ValueT, ...]:
    values = []
    for row in rows:
        try:
            values.append(reader(row))
        except Unreadable as error:
            if not is_other(row):
                name = row.get("orderid") or row.get("tradingsymbol")
                raise BrokerUnavailable(f"{exchange.call.route}: row {name}: {error}", exchange.call) from error
    return tuple(values)


def _fill_reader(now: datetime) -> Callable[[Row], Any]:
    return lambda row: read_fill(row, now)


def _is_other_share(row: Row) -> bool:
    return is_elsewhere(row) or is_nameless(row)


def _is_foreign(row: Row) -> bool:
    """Proof that an order is not ours: its tag is there and not of our form, or its segment is another."""
    tag = row.get("ordertag")
    return is_elsewhere(row) or (isinstance(tag, str) and not is_tag(tag.strip()))
