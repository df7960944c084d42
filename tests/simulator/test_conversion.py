"""Position conversion, margin and charges, one order by its unique id (smartapi.md 2.6, 2.11, 2.15)."""

from __future__ import annotations

from typing import Any

import pytest

from executor.simulator.exchange.rules import Rules
from tests.simulator.harness import Client

CONVERT = "/order/v1/convertPosition"


@pytest.fixture
def client() -> Client:
    """Ten shares are held for the day, bought at 800."""
    return a_client()


def a_client(**options: Any) -> Client:
    made = Client(**options)
    made.price("800")
    made.placed()
    made.clock.advance(2)
    return made


def convert(client: Client, **changes: Any) -> Any:
    body = {"exchange": "NSE", "symboltoken": "3045", "oldproducttype": "INTRADAY", "newproducttype": "DELIVERY"}
    return client.post(CONVERT, {**body, "transactiontype": "BUY", "quantity": 4, "type": "DAY", **changes})


def held(client: Client) -> dict[str, str]:
    return {row["producttype"]: row["netqty"] for row in client.positions()}


def test_a_part_goes_on_under_the_other_product_at_what_it_cost(client: Client) -> None:
    answer = convert(client)

    assert answer == {"status": True, "message": "SUCCESS", "errorcode": "", "data": None}
    assert held(client) == {"INTRADAY": "6", "DELIVERY": "4"}
    assert {row["producttype"]: row["realised"] for row in client.positions()} == {
        "INTRADAY": "0.00",
        "DELIVERY": "0.00",
    }
    assert len(client.get("/order/v1/getTradeBook")["data"]) == 1  # no order traded


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": 11}, "AB1017"),
        ({"transactiontype": "SELL"}, "AB1017"),
        ({"newproducttype": "INTRADAY"}, "AB1017"),
        ({"newproducttype": "CARRYFORWARD"}, "AB1017"),
        ({"oldproducttype": "MARGIN"}, "AB1017"),
        ({"quantity": "all"}, "AB1007"),
        ({"symboltoken": "1"}, "AB1007"),
    ],
)
def test_what_cannot_be_converted_stays(client: Client, changes: dict[str, Any], code: str) -> None:
    answer = convert(client, **changes)

    assert (answer["status"], answer["errorcode"]) == (False, code)
    assert held(client) == {"INTRADAY": "10"}


def test_shares_that_were_not_bought_are_not_kept() -> None:
    client = Client()
    client.price("800")
    client.placed(transactiontype="SELL", price="799.00")
    client.clock.advance(2)

    assert convert(client, transactiontype="SELL")["errorcode"] == "AB1017"


def test_what_is_kept_has_to_be_paid_for() -> None:
    client = a_client(rules=Rules(funds=2000))  # ten for the day tie up 1600, delivered ones 8000

    assert convert(client, quantity=10)["errorcode"] == "AB1017"


def test_what_was_kept_is_a_holding_on_the_next_day(client: Client) -> None:
    convert(client)

    client.go("2026-11-26 09:20")

    assert [(row["tradingsymbol"], row["quantity"]) for row in client.holdings()] == [("SBIN-EQ", 4)]


def test_margin_is_a_fifth_for_the_day_and_all_of_it_for_delivery(client: Client) -> None:
    row = {"exchange": "NSE", "qty": 10, "price": 800, "token": "3045", "tradeType": "BUY", "orderType": "LIMIT"}
    both = [{**row, "productType": product} for product in ("INTRADAY", "DELIVERY")]

    data = client.post("/margin/v1/batch", {"positions": both})["data"]

    assert data["totalMarginRequired"] == 9600
    assert data["marginComponents"]["deliveryMargin"] == 8000


@pytest.mark.parametrize("rows", [[], "x", [{}], [{"exchange": "NSE", "token": "1"}], [{}] * 51])
def test_a_margin_of_nothing_is_refused(client: Client, rows: Any) -> None:
    assert client.post("/margin/v1/batch", {"positions": rows})["status"] is False


def test_charges_are_summed_part_by_part(client: Client) -> None:
    row = {"product_type": "INTRADAY", "transaction_type": "BUY", "quantity": "10", "price": "800", "exchange": "NSE"}
    row |= {"symbol_name": "SBIN", "token": "3045"}

    data = client.post("/brokerage/v1/estimateCharges", {"orders": [row, row]})["data"]

    summary = data["summary"]
    assert summary["trade_value"] == 16000
    assert summary["total_charges"] == pytest.approx(sum(part["amount"] for part in summary["breakup"]), abs=0.001)
    assert len(data["charges"]) == 2


def test_one_order_is_found_by_its_unique_id_only(client: Client) -> None:
    (entry,) = client.book()

    found = client.get(f"/order/v1/details/{entry['uniqueorderid']}")["data"]

    assert found == {name: value for name, value in entry.items() if name != "exchangeorderid"}
    assert client.get(f"/order/v1/details/{entry['orderid']}")["errorcode"] == "AB1013"
