from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from executor.broker.smartapi import books
from executor.broker.smartapi.fields import read_report
from executor.clock import ManualClock
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.reading import Funds, Query, QueryKind
from executor.errors import BrokerUnavailable, SessionLost
from tests.broker.fakes import (
    LOGIN,
    START,
    a_client,
    an_entry,
    an_open_client,
    business_error,
    gateway_error,
    ok,
    raising,
)

BOOKS = {
    QueryKind.ORDER_BOOK: "getOrderBook",
    QueryKind.TRADES: "getTradeBook",
    QueryKind.POSITIONS: "getPosition",
    QueryKind.HOLDINGS: "getHolding",
}
LTP = Query(QueryKind.LTP, InstrumentKey(Segment.NSE, "3045"), "SBIN-EQ")


def read(host, kind, response):
    host.answers[BOOKS[kind]] = response
    return an_open_client(host).read(Query(kind))


@pytest.mark.parametrize("kind", list(BOOKS))
@pytest.mark.parametrize("data", [None, []])
def test_a_null_book_is_an_empty_one(host, kind, data):
    reading = read(host, kind, ok(data))

    assert (reading.reports, reading.fills, reading.positions, reading.holdings) == ((), (), (), ())


@pytest.mark.parametrize("kind", list(BOOKS))
@pytest.mark.parametrize(
    "response",
    [
        ok(""),
        ok("null"),
        ok({}),
        ok([1]),
        ok([None]),
        ok([{}]),
        httpx.Response(200, json={"status": True, "message": "SUCCESS", "errorcode": ""}),
        httpx.Response(200, json={"status": True, "errorcode": "AB2001", "data": None}),
        httpx.Response(200, json={"data": None}),
        httpx.Response(502, json={"status": True, "message": "SUCCESS", "errorcode": "", "data": None}),
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b'{"status":true,"data":[{"orderid":"1"'),
        httpx.Response(403, content=b"Access denied because of exceeding access rate"),
        httpx.Response(200, content=b"<html>Request Rejected</html>"),
        business_error("AB2001", "Internal Error"),
        business_error("AB9999", "?"),
        gateway_error("AG7002", "Unregistered IP"),
        raising(httpx.ConnectError("x")),
        raising(httpx.ReadTimeout("x")),
        raising(ConnectionError("cut")),
    ],
)
def test_nothing_but_a_good_answer_is_a_reading(host, kind, response):
    with pytest.raises(BrokerUnavailable) as caught:
        read(host, kind, response)

    assert caught.value.call is not None
    assert caught.value.call.route == BOOKS[kind]


@pytest.mark.parametrize("code", ["AG8001", "AG8002", "AG8003", "AB1010", "AB1011", "AB8050"])
def test_a_refused_token_is_a_lost_session(host, code):
    with pytest.raises(SessionLost):
        read(host, QueryKind.ORDER_BOOK, gateway_error(code, "Invalid Token"))


@pytest.mark.parametrize(
    ("kind", "code", "is_empty"),
    [
        (QueryKind.TRADES, "AB1014", True),
        (QueryKind.POSITIONS, "AB1016", True),
        (QueryKind.HOLDINGS, "AB1015", True),
        (QueryKind.HOLDINGS, "AB1016", False),
        (QueryKind.ORDER_BOOK, "AB1013", False),
        (QueryKind.POSITIONS, "AB1014", False),
    ],
)
def test_only_the_books_own_code_for_nothing_means_empty(host, kind, code, is_empty):
    response = business_error(code, "not found")

    if is_empty:
        assert read(host, kind, response).positions == ()
    else:
        with pytest.raises(BrokerUnavailable):
            read(host, kind, response)


def test_the_order_book_is_read_with_its_times_and_its_call(host):
    clock = ManualClock(START)

    def slow(_request: httpx.Request) -> httpx.Response:
        clock.advance(0.25)
        return ok([an_entry(), an_entry(orderid="261125000000018")])

    host.answers["getOrderBook"] = slow
    reading = an_open_client(host, clock=clock).read(Query(QueryKind.ORDER_BOOK))

    assert len(reading.reports) == 2
    assert reading.began_at == START
    assert reading.ended_at == START + timedelta(seconds=0.25)
    assert (reading.call.status, reading.call.ms, reading.call.at) == (200, 250, START)


@pytest.mark.parametrize(
    "row",
    [
        {name: value for name, value in an_entry(exchange="CDS").items() if name != "ordertag"},
        an_entry(ordertag="", producttype="NEW"),
        an_entry(ordertag="otherTool", quantity="?"),
    ],
)
def test_an_unreadable_row_that_cannot_be_ours_is_left_out(host, row):
    reading = read(host, QueryKind.ORDER_BOOK, ok([row, an_entry()]))

    assert len(reading.reports) == 1


@pytest.mark.parametrize(
    "row", [an_entry(quantity="?"), {k: v for k, v in an_entry(quantity="?").items() if k != "ordertag"}]
)
def test_an_unreadable_row_that_may_be_ours_fails_the_read(host, row):
    with pytest.raises(BrokerUnavailable, match="quantity"):
        read(host, QueryKind.ORDER_BOOK, ok([an_entry(orderid="1"), row]))


def test_foreign_orders_are_read_like_ours(host):
    reading = read(host, QueryKind.ORDER_BOOK, ok([an_entry(ordertag="")]))

    assert reading.reports[0].tag is None


def test_positions_of_other_segments_are_left_out(host):
    row = {"symboltoken": "1", "tradingsymbol": "X", "producttype": "INTRADAY", "netqty": "5"}

    reading = read(host, QueryKind.POSITIONS, ok([{**row, "exchange": "CDS"}, {**row, "exchange": "NSE"}]))

    assert [position.quantity for position in reading.positions] == [5]


@pytest.mark.parametrize(
    ("delivered", "coming", "total", "read_as"),
    [(8, 0, 8, 8), (8, 10, 8, 18), (8, 10, 18, 18), (0, 10, 10, 10), (0, 10, 0, 10), (None, None, 8, 8)],
)
def test_shares_that_are_not_delivered_yet_are_owned_however_the_total_counts_them(
    host, delivered, coming, total, read_as
):
    row = {"exchange": "NSE", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045", "averageprice": 573.1, "isin": "X"}
    units = {"realisedquantity": delivered, "t1quantity": coming, "quantity": total}

    reading = read(host, QueryKind.HOLDINGS, ok([{**row, **units}]))

    assert [(one.instrument, one.quantity) for one in reading.holdings] == [(LTP.instrument, read_as)]


def test_a_holding_without_symbol_and_token_is_left_out(host):
    named = {"exchange": "NSE", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045", "quantity": 8}
    nameless = {"exchange": "NSE", "tradingsymbol": None, "symboltoken": None, "quantity": 3}

    reading = read(host, QueryKind.HOLDINGS, ok([nameless, named]))

    assert [one.quantity for one in reading.holdings] == [8]


def test_a_holding_that_cannot_be_read_fails_the_read(host):
    row = {"exchange": "NSE", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045"}

    with pytest.raises(BrokerUnavailable, match="SBIN-EQ: quantity: missing"):
        read(host, QueryKind.HOLDINGS, ok([row]))


@pytest.mark.parametrize(("close", "told"), [(818.1, Decimal("818.1")), ("818.10", Decimal("818.1")), (0, None)])
def test_the_previous_close_comes_with_the_price(host, close, told):
    host.answers["getLtpData"] = ok({"symboltoken": "3045", "ltp": 820, "close": close})

    assert an_open_client(host).read(LTP).previous_close == told


@pytest.mark.parametrize("ltp", [820.5, "820.50"])
def test_the_last_price_is_exact_and_as_old_as_the_question(host, ltp):
    clock = ManualClock(START)

    def slow(_request: httpx.Request) -> httpx.Response:
        clock.advance(3)
        return ok({"exchange": "NSE", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045", "ltp": ltp})

    host.answers["getLtpData"] = slow
    reading = an_open_client(host, clock=clock).read(LTP)

    assert reading.price is not None
    assert (reading.price.value, reading.price.at) == (Decimal("820.5"), START)
    assert host.bodies("getLtpData") == [{"exchange": "NSE", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045"}]


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"ltp": 0}, {"ltp": -1}, {"ltp": None}, {"ltp": "-"}, {"ltp": 5, "symboltoken": "9"}],
)
def test_what_is_no_price_of_the_contract_is_no_price(host, data):
    host.answers["getLtpData"] = ok(data)

    with pytest.raises(BrokerUnavailable):
        an_open_client(host).read(LTP)


def test_without_a_session_there_is_nothing_to_read(host):
    with pytest.raises(BrokerUnavailable):
        a_client(host).read(LTP)

    assert host.requests == []


def test_a_book_is_kept_whole_and_a_page_only_to_four_kilobytes(host):
    entries = [an_entry(orderid=str(number)) for number in range(200)]
    reading = read(host, QueryKind.ORDER_BOOK, ok(entries))
    with pytest.raises(BrokerUnavailable) as caught:
        read(host, QueryKind.ORDER_BOOK, httpx.Response(200, content=("<html>" + "é" * 9000).encode()))

    assert len(reading.call.answer) > 90_000
    assert caught.value.call is not None
    assert 4000 < len(caught.value.call.answer.encode()) <= 4096


def test_a_book_over_256_kilobytes_is_read_whole_but_kept_in_part(host):
    entries = [an_entry(orderid=str(number)) for number in range(700)]

    reading = read(host, QueryKind.ORDER_BOOK, ok(entries))

    assert len(reading.reports) == 700
    assert len(reading.call.answer.encode()) <= 256 * 1024


def test_a_page_that_shows_the_pin_or_key_is_masked(host):
    page = f"<html>X-PrivateKey: {LOGIN.api_key} password={LOGIN.pin}</html>"

    with pytest.raises(BrokerUnavailable) as caught:
        read(host, QueryKind.ORDER_BOOK, httpx.Response(200, content=page.encode()))

    assert caught.value.call is not None
    for text in (caught.value.call.answer, str(caught.value)):
        assert LOGIN.api_key not in text
        assert LOGIN.pin not in text


def test_a_row_that_has_not_changed_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(books, "read_report", lambda row: read.append(row["orderid"]) or read_report(row))
    last, row = books.LastBook(), an_entry()
    changed = {**row, "filledshares": "4"}

    reports = [last.report_of(dict(row)), last.report_of(dict(row)), last.report_of(changed), last.report_of(row)]

    assert len(read) == 3
    assert [report.filled for report in reports] == [0, 0, 4, 0]


def test_funds_are_rupees_and_null_is_nothing(host):
    row = {"net": "19948.7700", "availablecash": "19950.0000", "collateral": None, "utiliseddebits": "29.0700"}

    host.answers["getRMS"] = ok(row)
    funds = an_open_client(host).read(Query(QueryKind.FUNDS)).funds

    assert funds == Funds(Decimal("19948.77"), Decimal(19950), Decimal(0), Decimal("29.07"))


@pytest.mark.parametrize("data", [None, [], {}, {"net": "1"}, {"net": None, "availablecash": "1"}, {"net": "x"}])
def test_funds_without_the_sum_that_is_left_are_not_taken_for_none_left(host, data):
    host.answers["getRMS"] = ok(data)

    with pytest.raises(BrokerUnavailable, match="getRMS"):
        an_open_client(host).read(Query(QueryKind.FUNDS))


def test_a_position_tells_what_was_traded_today_where_the_broker_says_so(host):
    row = {"exchange": "NSE", "symboltoken": "1", "tradingsymbol": "X", "producttype": "INTRADAY", "netqty": "18"}

    reading = read(host, QueryKind.POSITIONS, ok([{**row, "buyqty": "30", "sellqty": 12}, row]))

    assert [(position.bought, position.sold) for position in reading.positions] == [(30, 12), (0, 0)]
