"""One order by its unique id, margin, charges, conversion: what is asked and how the answers are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from executor.domain.conversion import Conversion, Taken
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import RefusalReason, Refused, Unknown
from executor.domain.order import OrderState, Side
from executor.domain.reading import Query, QueryKind, Sketch
from executor.domain.strategy import Product
from executor.errors import BrokerUnavailable, SessionLost
from tests.broker.fakes import Host, an_entry, an_open_client, business_error, gateway_error, ok
from tests.broker.test_mutations import a_charge, a_margin, a_position

SBIN = InstrumentKey(Segment.NSE, "3045")
BUY_TEN = Sketch("SBIN-EQ", Side.BUY, Product.INTRADAY, 10, Decimal("820.05"))
KEEP_FOUR = Conversion(Segment.NSE, "SBIN-EQ", Product.INTRADAY, Product.DELIVERY, 4)


@pytest.fixture
def host() -> Host:
    made = Host()
    made.answers["batch"], made.answers["estimateCharges"] = ok(a_margin()), ok(a_charge())
    made.answers["getPosition"] = ok([a_position() | {"symbolname": "SBIN", "buyqty": "10", "buyamount": "8200.00"}])
    made.answers["convertPosition"] = ok(None)
    return made


def asked(host: Host, name: str) -> Any:
    return an_open_client(host).read(Query(QueryKind[name], SBIN, sketch=BUY_TEN))


def test_one_order_is_read_by_its_unique_id_whatever_signs_are_in_it(host: Host) -> None:
    name = "T100200/261125 7"  # the broker has put the client code and slashes into them
    paths: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path)
        return ok(an_entry(uniqueorderid=name, orderstatus="complete", filledshares="10"))

    host.answers[name.rpartition("/")[2]] = answer

    (report,) = an_open_client(host).read(Query(QueryKind.ORDER, unique_id=name)).reports

    assert (report.state, report.filled) == (OrderState.FILLED, 10)
    assert paths == [b"/rest/secure/angelbroking/order/v1/details/T100200%2F261125%207"]


@pytest.mark.parametrize("data", [None, [], [an_entry()], an_entry(uniqueorderid="another"), {"orderid": "1"}])
def test_what_is_not_the_order_that_was_asked_for_is_an_error(host: Host, data: Any) -> None:
    host.answers["5a1c"] = ok(data)

    with pytest.raises(BrokerUnavailable):
        an_open_client(host).read(Query(QueryKind.ORDER, unique_id="5a1c"))


def test_the_margin_is_asked_in_the_spelling_of_its_call_and_read_exactly(host: Host) -> None:
    margin = asked(host, "MARGIN").margin

    assert margin.total == Decimal("1640.1")
    (position,) = host.bodies("batch")[0]["positions"]
    assert position == {
        "exchange": "NSE",
        "qty": 10,
        "price": 820.05,
        "productType": "INTRADAY",
        "token": "3045",
        "tradeType": "BUY",
        "orderType": "LIMIT",
    }


def test_the_charges_are_asked_with_the_bare_name_of_a_share(host: Host) -> None:
    charges = asked(host, "CHARGES").charges

    assert (charges.total, charges.value) == (Decimal("1.4838"), Decimal("8200.5"))
    assert charges.parts == (("External Charges", Decimal("1.48")),)
    (order,) = host.bodies("estimateCharges")[0]["orders"]
    assert (order["symbol_name"], order["quantity"], order["price"]) == ("SBIN", "10", "820.05")


@pytest.mark.parametrize("name", ["MARGIN", "CHARGES"])
@pytest.mark.parametrize("data", [None, {}, [], {"summary": None}, {"summary": {}}, {"totalMarginRequired": None}])
def test_an_estimate_that_says_nothing_is_an_error_and_never_nothing_to_pay(host: Host, name: str, data: Any) -> None:
    host.answers["batch"] = host.answers["estimateCharges"] = ok(data)

    with pytest.raises(BrokerUnavailable):
        asked(host, name)


def test_a_conversion_names_the_position_in_the_brokers_own_values(host: Host) -> None:
    converted = an_open_client(host).convert(KEEP_FOUR)

    assert converted.answer == Taken()
    assert [call.route for call in converted.calls] == ["getPosition", "convertPosition"]
    (body,) = host.bodies("convertPosition")
    told = {name: body[name] for name in ("oldproducttype", "newproducttype", "transactiontype", "quantity", "type")}
    assert list(told.values()) == ["INTRADAY", "DELIVERY", "BUY", 4, "DAY"]
    assert (body["symboltoken"], body["symbolname"], body["buyamount"]) == ("3045", "SBIN", "8200.00")


@pytest.mark.parametrize(
    "changes", [{"netqty": "3"}, {"netqty": "0"}, {"producttype": "DELIVERY"}, {"tradingsymbol": "TCS-EQ"}]
)
def test_more_than_the_account_nets_is_never_asked_for(host: Host, changes: dict[str, str]) -> None:
    host.answers["getPosition"] = ok([a_position() | changes])

    answer = an_open_client(host).convert(KEEP_FOUR).answer

    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.INVALID
    assert "convertPosition" not in host.names()


def test_a_refused_conversion_carries_the_brokers_words(host: Host) -> None:
    host.answers["convertPosition"] = business_error("AB1017", "Position conversion failed")

    answer = an_open_client(host).convert(KEEP_FOUR).answer

    assert isinstance(answer, Refused)
    assert "Position conversion failed (AB1017)" in answer.text


@pytest.mark.parametrize("answer", [httpx.Response(502), httpx.Response(200), business_error("AB2001", "Internal")])
def test_a_conversion_that_may_have_been_done_is_unknown(host: Host, answer: httpx.Response) -> None:
    host.answers["convertPosition"] = answer

    assert isinstance(an_open_client(host).convert(KEEP_FOUR).answer, Unknown)


def test_without_its_positions_nothing_is_converted(host: Host) -> None:
    host.answers["getPosition"] = gateway_error("AG8001", "Invalid Token")

    with pytest.raises(SessionLost):
        an_open_client(host).convert(KEEP_FOUR)
    assert "convertPosition" not in host.names()
