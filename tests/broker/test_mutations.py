"""Any answer with a key dropped, renamed or of another type: read as an outcome, never an exception past the boundary.

The shapes are those of smartapi.md 2; a write is never taken for accepted without the order id that it names.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.domain.conversion import Conversion, Taken
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import Accepted, IntentKind, Refused, Unknown
from executor.domain.order import Side
from executor.domain.reading import Query, QueryKind, Reading, Sketch
from executor.domain.strategy import Product
from executor.errors import BrokerUnavailable, LoginNotYet, LoginRefused, SessionLost
from tests.broker.fakes import FEED, JWT, LOGIN, ORDER, REFRESH, Host, a_client, an_entry, an_intent, an_open_client

SBIN = InstrumentKey(Segment.NSE, "3045")
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", " ", "null", "true", "false", "0", "-1", "1e999", "NaN", "- 2235.80", "31-Feb-2026", "x" * 300]
    ),
    st.builds(list),
    st.builds(dict),
    st.builds(lambda: [{"orderid": ORDER}]),
)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def envelope(data: Any) -> dict[str, Any]:
    return {"status": True, "message": "SUCCESS", "errorcode": "", "data": data}


def a_trade() -> dict[str, Any]:
    return {
        "exchange": "NSE",
        "producttype": "INTRADAY",
        "tradingsymbol": "SBIN-EQ",
        "transactiontype": "BUY",
        "fillprice": "820.00",
        "fillsize": "10",
        "orderid": ORDER,
        "fillid": "50005750",
        "filltime": "09:16:01",
    }


def a_position() -> dict[str, Any]:
    return {
        "exchange": "NSE",
        "symboltoken": "3045",
        "producttype": "INTRADAY",
        "tradingsymbol": "SBIN-EQ",
        "netqty": "10",
        "netvalue": "- 8200.00",
    }


def a_holding() -> dict[str, Any]:
    return {
        "tradingsymbol": "SBIN-EQ",
        "exchange": "NSE",
        "symboltoken": "3045",
        "t1quantity": 0,
        "realisedquantity": 2,
        "quantity": 2,
    }


def a_full_quote() -> dict[str, Any]:
    depth = [{"price": 820.0, "quantity": 5, "orders": 1}] * 5
    row = {"exchange": "NSE", "tradingSymbol": "SBIN-EQ", "symbolToken": "3045", "ltp": 820.05}
    return {"fetched": [row | {"depth": {"buy": depth, "sell": depth}}], "unfetched": []}


def a_margin() -> dict[str, Any]:
    parts = {"netPremium": 0, "spanMargin": 0, "marginBenefit": 0, "deliveryMargin": 0, "nonNFOMargin": 1640.1}
    return {"totalMarginRequired": 1640.1, "marginComponents": parts}


def a_charge() -> dict[str, Any]:
    part = {"name": "External Charges", "amount": 1.48, "msg": "", "breakup": [{"name": "Stamp Duty", "amount": 1.23}]}
    return {"summary": {"total_charges": 1.4838, "trade_value": 8200.5, "breakup": [part]}, "charges": []}


BOOKS: dict[QueryKind, tuple[str, Callable[[], Any]]] = {
    QueryKind.ORDER_BOOK: ("getOrderBook", lambda: [an_entry()]),
    QueryKind.TRADES: ("getTradeBook", lambda: [a_trade()]),
    QueryKind.POSITIONS: ("getPosition", lambda: [a_position()]),
    QueryKind.HOLDINGS: ("getHolding", lambda: [a_holding()]),
    QueryKind.LTP: ("getLtpData", lambda: {"exchange": "NSE", "symboltoken": "3045", "ltp": 820.0, "close": 815.0}),
    QueryKind.QUOTES: ("quote", a_full_quote),
    QueryKind.ORDER: ("5a1c", an_entry),
    QueryKind.MARGIN: ("batch", a_margin),
    QueryKind.CHARGES: ("estimateCharges", a_charge),
    QueryKind.FUNDS: ("getRMS", lambda: {"net": "19948.7700", "availablecash": "19948.7700", "utilisedspan": None}),
}
SKETCH = Sketch("SBIN-EQ", Side.BUY, Product.INTRADAY, 10, Decimal("820.05"))
QUERIES = {
    QueryKind.ORDER: Query(QueryKind.ORDER, unique_id="5a1c"),
    QueryKind.MARGIN: Query(QueryKind.MARGIN, SBIN, sketch=SKETCH),
    QueryKind.CHARGES: Query(QueryKind.CHARGES, SBIN, sketch=SKETCH),
    QueryKind.LTP: Query(QueryKind.LTP, SBIN, "SBIN-EQ"),
    QueryKind.QUOTES: Query(QueryKind.QUOTES, instruments=(SBIN,)),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of every key and element below a value."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [found for key, below in inner for found in [(*path, key), *places(below, (*path, key))]]


@st.composite
def mutated(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """One to three changes: a key dropped, renamed, or its value of another type."""
    made = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(made) or [()]))
        if not path:
            return made
        holder = made
        for step in path[:-1]:
            holder = holder[step]
        key = path[-1]
        way = draw(st.sampled_from(["drop", "rename", "retype"]))
        if way == "retype" or isinstance(holder, list):
            holder[key] = draw(ODD)
        elif way == "drop":
            del holder[key]
        else:
            holder[f"{key}_"] = holder.pop(key)
    return made


def with_answer(route: str, body: Any, status: int = 200) -> Host:
    host = Host()
    host.answers[route] = httpx.Response(status, content=json.dumps(body).encode())
    return host


WRITES = {IntentKind.PLACE: "placeOrder", IntentKind.MODIFY: "modifyOrder", IntentKind.CANCEL: "cancelOrder"}
ACCEPTED = envelope({"script": "SBIN-EQ", "orderid": ORDER, "uniqueorderid": "5a1c"})
REFUSED = {"success": False, "message": "Invalid Token", "errorCode": "AG8001", "data": ""}


@pytest.mark.parametrize("kind", list(IntentKind))
@FEW
@given(body=st.one_of(mutated(ACCEPTED), mutated(REFUSED)), status=st.sampled_from([200, 200, 200, 400, 403, 502]))
def test_a_changed_answer_to_a_write_is_one_of_three_and_accepted_only_with_its_id(
    kind: IntentKind, body: Any, status: int
) -> None:
    answer = an_open_client(with_answer(WRITES[kind], body, status)).send(an_intent(kind)).answer

    assert isinstance(answer, Accepted | Refused | Unknown)
    if isinstance(answer, Accepted):
        assert str(body["data"]["orderid"]).strip() == answer.order_id
        assert not body.get("errorcode") and not body.get("errorCode")


@pytest.mark.parametrize("kind", list(QueryKind))
@FEW
@given(data=st.data())
def test_a_changed_book_is_read_or_unavailable_and_never_something_else(kind: QueryKind, data: st.DataObject) -> None:
    route, shape = BOOKS[kind]
    body = data.draw(mutated(envelope(shape())))
    client = an_open_client(with_answer(route, body))

    try:
        reading = client.read(QUERIES.get(kind, Query(kind)))
    except (BrokerUnavailable, SessionLost):
        return
    assert isinstance(reading, Reading)
    if kind is QueryKind.ORDER_BOOK and not reading.reports:
        assert body["data"] in (None, "", "null", []) or is_not_ours(body["data"])


@FEW
@given(body=mutated(envelope(None)), status=st.sampled_from([200, 200, 200, 400, 403, 502]))
def test_a_changed_answer_to_a_conversion_is_one_of_three_and_done_only_when_it_says_so(body: Any, status: int) -> None:
    host = with_answer("convertPosition", body, status)
    host.answers["getPosition"] = httpx.Response(200, json=envelope([a_position()]))
    wanted = Conversion(Segment.NSE, "SBIN-EQ", Product.INTRADAY, Product.DELIVERY, 4)

    answer = an_open_client(host).convert(wanted).answer

    assert isinstance(answer, Taken | Refused | Unknown)
    if isinstance(answer, Taken):
        assert (status, str(body["status"]).strip().lower()) == (200, "true")
        assert not body.get("errorcode") and not body.get("errorCode")


def is_not_ours(rows: Any) -> bool:
    """Rows that a read may leave out: of another segment, or with a tag that is not of our form."""
    return isinstance(rows, list) and all(
        row.get("exchange") != "NSE" or row.get("ordertag") != an_entry()["ordertag"] for row in rows
    )


@pytest.mark.parametrize("route", ["loginByPassword", "getProfile"])
@FEW
@given(data=st.data())
def test_a_changed_answer_to_a_login_opens_a_session_or_is_an_error_of_ours(route: str, data: st.DataObject) -> None:
    tokens = {"jwtToken": JWT, "refreshToken": REFRESH, "feedToken": FEED, "state": None}
    profile = {"clientcode": LOGIN.client_code, "exchanges": ["nse_cm"]}
    body = data.draw(mutated(envelope(tokens if route == "loginByPassword" else profile)))

    try:
        session = a_client(with_answer(route, body)).open_session(None)
    except (BrokerUnavailable, LoginRefused):
        return
    assert all((session.jwt, session.refresh, session.feed))


@FEW
@given(data=st.data())
def test_a_changed_answer_to_a_renewal_ends_in_a_session_all_the_same(data: st.DataObject) -> None:
    tokens = {"jwtToken": JWT, "refreshToken": REFRESH, "feedToken": FEED, "state": None}
    client = an_open_client(with_answer("generateTokens", data.draw(mutated(envelope(tokens)))))
    known = client.session
    assert known is not None
    ran_out = replace(known, ends_at=known.opened_at)

    try:
        session = client.open_session(ran_out)
    except LoginNotYet:
        return  # its code of this half minute is used up: the next one opens it
    assert all((session.jwt, session.refresh, session.feed))


@FEW
@given(body=st.one_of(mutated(envelope("Logout Successfully")), mutated(REFUSED)))
def test_a_changed_answer_to_a_logout_raises_nothing(body: Any) -> None:
    client = an_open_client(with_answer("logout", body))

    assert [call.route for call in client.close_session()] == ["logout"]
    assert client.session is None
