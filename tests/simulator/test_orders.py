"""Matching and the life of an order, seen through the wire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from executor.clock import IST
from executor.simulator import Rules
from executor.simulator.wire.http import MASTER_PATH
from tests.simulator.harness import Client, stop


def _at(hour: int, minute: int = 0, day: int = 25) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=IST)


def test_marketable_limit_trades_at_the_last_price(client):
    order = client.order(client.placed(price="815.00"))

    assert (order["orderstatus"], order["filledshares"], order["averageprice"]) == ("complete", "10", 810.0)


def test_limit_waits_until_the_price_comes(client):
    order_id = client.placed(price="800.00")
    before = client.order(order_id)["orderstatus"]
    client.price("799.95")

    order = client.order(order_id)

    assert before == "open"
    assert (order["orderstatus"], order["averageprice"]) == ("complete", 799.95)


def test_stop_triggers_and_becomes_a_limit(client):
    order_id = client.placed(**stop())
    before = client.order(order_id)
    client.price("789.00")

    after = client.order(order_id)

    assert (before["orderstatus"], before["variety"]) == ("trigger pending", "STOPLOSS")
    assert (after["orderstatus"], after["averageprice"]) == ("complete", 789.0)


def test_stop_that_is_jumped_over_rests_as_an_open_limit(client):
    order_id = client.placed(**stop())
    client.price("780.00")
    jumped = client.order(order_id)["orderstatus"]
    client.price("786.00")

    assert jumped == "open"
    assert client.order(order_id)["orderstatus"] == "complete"


def test_buy_stop_triggers_from_below(client):
    order_id = client.placed(**stop(transactiontype="BUY", triggerprice="820.00", price="825.00"))
    client.price("819.95")
    before = client.order(order_id)["orderstatus"]
    client.price("820.00")

    assert before == "trigger pending"
    assert client.order(order_id)["averageprice"] == 820.0


def test_market_becomes_a_protected_limit(client):
    client.price("2400.00", token="2885")
    order = client.order(client.placed(ordertype="MARKET", tradingsymbol="RELIANCE-EQ", symboltoken="2885", price="0"))

    assert (order["ordertype"], order["price"], order["averageprice"]) == ("MARKET", 2412.0, 2400.0)


def test_market_can_be_forbidden():
    client = Client(rules=Rules(market_orders="reject"))

    assert client.order(client.placed(ordertype="MARKET"))["orderstatus"] == "rejected"


def test_ioc_leaves_nothing_behind(client):
    order = client.order(client.placed(duration="IOC"))

    assert (order["orderstatus"], order["cancelsize"], order["unfilledshares"]) == ("cancelled", "10", "10")


def test_hand_fills_a_part_and_cancels_the_rest(client):
    order_id = client.placed()
    client.control(f"order/{order_id}/fill", {"quantity": 3})
    part = client.order(order_id)
    client.control(f"order/{order_id}/cancel")

    rest = client.order(order_id)

    assert (part["orderstatus"], part["filledshares"], part["unfilledshares"]) == ("open", "3", "7")
    assert part["averageprice"] == 800.0
    assert (rest["orderstatus"], rest["filledshares"], rest["cancelsize"]) == ("cancelled", "3", "7")


def test_chance_splits_fills_and_all_is_filled_in_the_end():
    client = Client(rules=Rules(partial_fills=1.0))
    client.price("810.00")
    order_id = client.placed(price="815.00", quantity="1000")
    first = client.order(order_id)
    client.clock.advance(60)

    order = client.order(order_id)

    assert first["orderstatus"] == "open"
    assert 0 < int(first["filledshares"]) < 1000
    assert (order["orderstatus"], order["filledshares"]) == ("complete", "1000")
    assert sum(fill["quantity"] for fill in client.state()["fills"]) == 1000


def test_latency_holds_a_fill_back():
    client = Client(rules=Rules(fill_latency_s=2.0))
    client.price("810.00")
    order_id = client.placed(price="815.00")
    client.clock.advance(1.9)
    before = client.order(order_id)["orderstatus"]
    client.clock.advance(0.2)

    after = client.order(order_id)

    assert before == "open"
    assert after["orderstatus"] == "complete"
    assert client.state()["fills"][0]["at"] == "2026-11-25T03:50:02.000000+00:00"


def test_cancel_ends_an_order_and_says_success_for_one_that_is_over(client):
    order_id = client.placed()

    answers = [client.cancel(order_id), client.cancel(order_id)]

    assert [answer["status"] for answer in answers] == [True, True]
    assert client.order(order_id)["orderstatus"] == "cancelled"
    assert client.cancel("261125000000001")["errorcode"] == "AB1013"


def test_modify_moves_price_and_whole_quantity(client):
    order_id = client.placed()
    client.control(f"order/{order_id}/fill", {"quantity": 4})

    answer = client.modify(order_id, quantity="6", price="801.00")

    order = client.order(order_id)
    assert answer["data"]["orderid"] == order_id
    assert (order["quantity"], order["unfilledshares"], order["price"]) == ("6", "2", 801.0)
    assert (order["status"], order["orderstatus"]) == ("open", "open")
    assert client.modify(order_id, quantity="4")["status"] is False


def test_modified_stop_shows_event_and_state(client):
    order_id = client.placed(**stop())

    client.modify(order_id, **stop(triggerprice="795.00", price="790.00"))

    order = client.order(order_id)
    assert (order["status"], order["orderstatus"]) == ("modified", "trigger pending")
    assert order["triggerprice"] == 795.0


def test_stop_modified_without_its_trigger_is_answered_success_and_left_alone(client):
    order_id = client.placed(**stop())
    body = {name: value for name, value in stop(price="780.00").items() if name != "triggerprice"}

    answer = client.modify(order_id, **body)

    assert answer["status"] is True
    assert client.order(order_id)["price"] == 785.0


def test_stop_can_be_turned_into_a_limit_and_back(client):
    order_id = client.placed(**stop())
    client.modify(order_id, transactiontype="SELL", price="820.00")
    turned = client.order(order_id)
    client.modify(order_id, **stop())

    back = client.order(order_id)

    assert (turned["orderstatus"], turned["variety"]) == ("open", "NORMAL")
    assert (back["orderstatus"], back["variety"]) == ("trigger pending", "STOPLOSS")


def test_an_order_that_is_over_cannot_be_modified(client):
    order_id = client.placed(price="815.00")

    assert client.modify(order_id, price="816.00")["errorcode"] == "AB1007"


def test_day_orders_end_at_the_close(client):
    order_id = client.placed(producttype="DELIVERY")
    client.clock.set(_at(15, 29))
    before = client.order(order_id)["orderstatus"]
    client.clock.set(_at(15, 31))

    after = client.order(order_id)

    assert before == "open"
    assert (after["orderstatus"], after["updatetime"]) == ("cancelled", "25-Nov-2026 15:30:00")


def test_order_after_hours_is_parked_released_and_traded_at_the_open():
    client = Client(at=_at(20))
    client.price("810.00")
    order_id = client.placed(price="815.00")
    parked = client.order(order_id)
    client.clock.set(_at(9, 5, day=26))
    client.http.headers["Authorization"] = f"Bearer {client.login().json()['data']['jwtToken']}"
    released = client.order(order_id)
    locked = client.cancel(order_id)
    client.clock.set(_at(9, 16, day=26))

    traded = client.order(order_id)

    assert (parked["orderstatus"], parked["variety"]) == ("after market order req received", "AMO")
    assert parked["exchtime"] == ""
    assert released["orderstatus"] == "open"
    assert locked["message"] == "Cancel Order Response : Bad Input"
    assert locked["data"] == {"orderid": order_id, "uniqueorderid": order_id}
    assert (traded["orderstatus"], traded["updatetime"]) == ("complete", "26-Nov-2026 09:15:00")


def test_parked_order_can_be_cancelled_in_the_evening():
    client = Client(at=_at(20))
    order_id = client.placed()

    client.cancel(order_id)

    assert client.order(order_id)["orderstatus"] == "cancelled after market order"


def test_books_show_today_only(client):
    client.placed(price="815.00", producttype="DELIVERY")
    client.clock.set(_at(10, day=26))
    client.http.headers["Authorization"] = f"Bearer {client.login().json()['data']['jwtToken']}"

    (holding,) = client.get("/portfolio/v1/getHolding")["data"]

    assert client.book() is None
    assert client.get("/order/v1/getTradeBook")["data"] is None
    assert client.get("/order/v1/getPosition")["data"] is None
    assert (holding["quantity"], holding["averageprice"], holding["symboltoken"]) == (10, 810.0, "3045")


def test_carried_position_is_shown_as_carried(client):
    row = next(r for r in client.http.get(MASTER_PATH).json() if r["token"] == "53001")
    client.price("25000.00", token="53001", exchange="NFO")
    client.placed(
        tradingsymbol=row["symbol"],
        symboltoken="53001",
        exchange="NFO",
        producttype="CARRYFORWARD",
        quantity="65",
        price="25000.00",
    )
    client.clock.set(_at(10, day=26))
    client.http.headers["Authorization"] = f"Bearer {client.login().json()['data']['jwtToken']}"

    (position,) = client.get("/order/v1/getPosition")["data"]

    assert (position["netqty"], position["cfbuyqty"], position["buyqty"]) == ("65", "65", "0")
    assert (position["cfbuyavgprice"], position["totalbuyavgprice"]) == ("25000.00", "25000.00")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"price": "1200.00"}, "exceeds the circuit limit"),
        ({"quantity": "400000"}, "Insufficient Funds. Available funds - Rs. 10000000.00 . You require"),
        (
            {"tradingsymbol": "KIRANVAS-BE", "symboltoken": "18921", "price": "41.00"},
            "trade to trade",
        ),
        (stop(price="795.00"), "must not lie before its trigger"),
        (
            {
                "variety": "STOPLOSS",
                "ordertype": "STOPLOSS_MARKET",
                "triggerprice": "790.00",
                "transactiontype": "SELL",
                "exchange": "BSE",
                "tradingsymbol": "SBIN",
                "symboltoken": "500112",
            },
            "16052: Function not available",
        ),
    ],
)
def test_rejection_comes_after_success(client, changes, text):
    order = client.order(client.placed(**changes))

    assert (order["orderstatus"], order["exchtime"]) == ("rejected", "")
    assert text in order["text"]


def test_closing_needs_no_funds():
    client = Client(rules=Rules(funds=Decimal(2000)))
    client.price("810.00")
    client.placed(price="815.00")

    closing = client.order(client.placed(transactiontype="SELL", price="805.00"))
    adding = client.placed(price="815.00", quantity="20")

    assert closing["orderstatus"] == "complete"
    assert client.order(adding)["orderstatus"] == "rejected"


def test_stop_market_triggers_into_a_protected_limit_on_nse_cash(client):
    order_id = client.placed(**stop(ordertype="STOPLOSS_MARKET", price="0"))
    client.price("788.00")

    order = client.order(order_id)

    assert (order["orderstatus"], order["averageprice"]) == ("complete", 788.0)
