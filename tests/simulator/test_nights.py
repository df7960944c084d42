"""What stands in the books on the days after: positions, holdings, and the money in them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from executor.clock import IST
from executor.simulator import Rules
from executor.simulator.holidays import evenings, published
from tests.simulator.harness import Client, stop

_NIFTY = "53001"


def with_holding(**rules: Any) -> Client:
    """Wednesday's 10 SBIN at 810 have become a holding; it is Thursday and they stand at 820."""
    client = Client(rules=Rules(**rules))
    client.price("810.00")
    client.placed(price="815.00", producttype="DELIVERY")
    client.go("2026-11-26 09:20")
    client.price("820.00")
    return client


def test_a_resting_stop_is_gone_in_the_morning_and_the_position_is_not(client):
    client.price("25000.00", token=_NIFTY, exchange="NFO")
    client.placed(**client.contract(_NIFTY, price="25000.00"))
    order_id = client.placed(**stop(**client.contract(_NIFTY), triggerprice="24800.00", price="24700.00"))
    client.go("2026-11-25 15:45")
    evening = client.order(order_id)
    client.go("2026-11-26 09:20")

    (position,) = client.positions()

    assert (evening["orderstatus"], evening["cancelsize"]) == ("cancelled", "65")
    assert (client.book(), client.get("/order/v1/getTradeBook")["data"]) == (None, None)
    assert {"netqty": "65", "cfbuyqty": "65", "cfbuyavgprice": "25000.00", "buyqty": "0"}.items() <= position.items()


def test_margin_is_carried_and_what_is_sold_of_it_is_today_s(client):
    client.placed(price="815.00", producttype="MARGIN")
    client.go("2026-11-27 09:20")
    client.placed(transactiontype="SELL", price="805.00", quantity="4", producttype="MARGIN")

    (position,) = client.positions()

    assert [position[name] for name in ("netqty", "cfbuyqty", "sellqty", "producttype")] == ["6", "10", "4", "MARGIN"]


def test_delivery_is_a_position_on_its_day_and_a_holding_from_the_next(client):
    client.placed(price="815.00", producttype="DELIVERY")
    first_day = client.positions(), client.holdings()
    client.go("2026-11-26 09:20")
    client.price("820.00")

    (holding,) = client.holdings()

    assert (first_day[0][0]["netqty"], first_day[1]) == ("10", [])
    assert client.positions() == []
    assert {"quantity": 10, "averageprice": 810.0, "ltp": 820.0, "profitandloss": 100.0}.items() <= holding.items()


def test_all_holdings_come_with_their_sums_and_are_null_without_any():
    empty = Client().get("/portfolio/v1/getAllHolding")["data"]

    data = with_holding().get("/portfolio/v1/getAllHolding")["data"]

    assert empty == {"holdings": None, "totalholding": None}
    assert [row["tradingsymbol"] for row in data["holdings"]] == ["SBIN-EQ"]
    assert data["totalholding"] == {
        "totalholdingvalue": 8200.0,
        "totalinvvalue": 8100.0,
        "totalprofitandloss": 100.0,
        "totalpnlpercentage": 1.23,
    }


def test_what_is_sold_of_a_holding_leaves_it_and_is_a_position_that_day():
    client = with_holding()
    client.placed(transactiontype="SELL", price="815.00", quantity="4", producttype="DELIVERY")
    same_day = client.holdings()[0]["quantity"], client.positions()[0]["netqty"]
    client.go("2026-11-27 09:20")

    (holding,) = client.holdings()

    assert same_day == (6, "-4")
    assert (holding["quantity"], holding["averageprice"], client.positions()) == (6, 810.0, [])


def test_a_sold_holding_may_be_shown_until_the_night():
    client = with_holding(sold_holdings_stay=True)
    client.placed(transactiontype="SELL", price="815.00", producttype="DELIVERY")
    same_day = client.holdings()[0]["quantity"]
    client.go("2026-11-27 09:20")

    assert (same_day, client.holdings()) == (10, [])


def test_selling_a_holding_needs_no_funds_and_what_was_paid_for_it_stays_paid():
    client = with_holding(funds=Decimal(9000))
    in_hand = client.get("/user/v1/getRMS")["data"]["availablecash"]

    sold = client.order(client.placed(transactiontype="SELL", price="815.00", producttype="DELIVERY"))

    assert in_hand == "900.0000"
    assert sold["orderstatus"] == "complete"
    assert client.get("/user/v1/getRMS")["data"]["availablecash"] == "9100.0000"


def test_an_order_of_friday_evening_trades_on_monday(client):
    client.go("2026-11-27 20:00")
    order_id = client.placed(price="815.00", producttype="DELIVERY")
    client.go("2026-11-30 09:16")

    assert client.order(order_id)["updatetime"] == "30-Nov-2026 09:15:00"


def test_on_a_holiday_of_the_stocks_commodities_are_traded_in_the_evening() -> None:
    rules = Rules(holidays=published(), evenings=evenings())
    client = Client(at=datetime(2026, 11, 24, 11, tzinfo=IST), rules=rules)
    crude = client.contract("467001", "MCX", price="5700.00")
    share, future = client.placed(price="900.00"), client.placed(**crude)
    assert {client.order(one)["variety"] for one in (share, future)} == {"AMO"}

    client.go("2026-11-24 17:01")

    assert client.order(future)["status"] == "complete"
    assert client.order(share)["filledshares"] == "0"
