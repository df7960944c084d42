from __future__ import annotations

import pytest

from tests.simulator.harness import Client, ticket


def test_state_tells_orders_fills_positions_and_requests(client):
    order_id = client.placed(ordertag="x1")
    client.clock.advance(1.5)
    client.price("799.00")

    state = client.state()

    (order,), (fill,), (position,) = state["orders"], state["fills"], state["positions"]
    assert state["now"] == "2026-11-25T03:50:01.500000+00:00"
    assert {
        "orderid": order_id,
        "tag": "x1",
        "symbol": "SBIN-EQ",
        "token": "3045",
        "exchange": "NSE",
        "side": "BUY",
        "type": "LIMIT",
        "product": "INTRADAY",
        "quantity": 10,
        "price": "800.00",
        "filled": 10,
        "average": "799.00",
        "status": "complete",
        "placed_at": "2026-11-25T03:50:00.000000+00:00",
        "updated_at": "2026-11-25T03:50:01.500000+00:00",
    }.items() <= order.items()
    assert [(version["status"], version["filled"]) for version in order["history"]] == [
        ("open", 0),
        ("complete", 10),
    ]
    assert {"orderid": order_id, "tag": "x1", "price": "799.00", "quantity": 10, "side": "BUY"}.items() <= (
        fill.items()
    )
    assert (position["net"], position["symbol"]) == (10, "SBIN-EQ")
    assert [(entry["route"], entry["answer_kind"], entry["status"]) for entry in state["requests"]] == [
        ("loginByPassword", "success", 200),
        ("placeOrder", "success", 200),
    ]


def test_foreign_order_has_no_tag(client):
    answer = client.control("order", ticket(price="815.00")).json()

    assert (answer["tag"], answer["status"]) == ("", "complete")
    assert client.book()[0]["ordertag"] == ""
    assert client.control("order", ticket(quantity="0")).status_code == 422


def test_hand_can_fill_a_resting_stop_at_a_price_of_its_own(client):
    body = ticket(
        variety="STOPLOSS", ordertype="STOPLOSS_LIMIT", transactiontype="SELL", triggerprice="790", price="785"
    )
    order_id = client.control("order", body).json()["orderid"]

    answer = client.control(f"order/{order_id}/fill", {"quantity": 4, "price": "788.50"}).json()

    assert (answer["status"], answer["filled"], answer["average"]) == ("open", 4, "788.50")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("order/1/cancel", {}, 404),
        ("order/1/fill", {}, 404),
        ("price", {"exchange": "NSE", "token": "1", "ltp": 5}, 404),
        ("price", {"exchange": "NSE", "token": "3045", "ltp": "-1"}, 422),
        ("clock", {"to": "tomorrow"}, 422),
        ("clock", {"to": "2026-11-25 09:19"}, 409),
    ],
)
def test_control_refuses_what_it_cannot_do(client, path, body, status):
    answer = client.control(path, body)

    assert answer.status_code == status
    assert answer.json()["error"]


def test_hand_cannot_touch_an_order_that_is_over_or_overfill(client):
    over, working = client.placed(price="815.00"), client.placed()

    statuses = [
        client.control(path, body).status_code
        for path, body in (
            (f"order/{over}/cancel", {}),
            (f"order/{over}/fill", {}),
            (f"order/{working}/fill", {"quantity": 11}),
        )
    ]

    assert statuses == [409, 409, 422]


@pytest.mark.parametrize("to", ["2026-11-25 11:00", "2026-11-25T05:30:00+00:00", "2026-11-25T11:00:00+05:30"])
def test_clock_goes_forward_and_time_without_offset_is_indian(client, to):
    answer = client.control("clock", {"to": to})

    assert answer.json()["now"] == "2026-11-25T05:30:00.000000+00:00"
    assert client.clock.now().isoformat() == "2026-11-25T05:30:00+00:00"


def test_reset_begins_anew(client):
    client.place()

    client.control("reset")

    state = client.state()
    assert (state["orders"], state["requests"]) == ([], [])
    assert client.get("/user/v1/getProfile")["errorCode"] == "AG8001"


def test_a_spread_that_is_set_is_what_quotes_tell_until_it_is_lifted(client: Client) -> None:
    sbin = {"exchange": "NSE", "token": "3045"}

    def best() -> tuple[float, float]:
        asked = {"mode": "FULL", "exchangeTokens": {"NSE": ["3045"]}}
        depth = client.post("/market/v1/quote/", asked)["data"]["fetched"][0]["depth"]
        return depth["buy"][0]["price"], depth["sell"][0]["price"]

    around = best()
    assert client.control("spread", {**sbin, "bid": 800, "ask": 819.96}).json()["ask"] == "820.00"
    assert best() == (800.0, 820.0)

    client.control("spread", sbin)

    assert best() == around == (809.95, 810.05)


def test_a_bid_above_the_ask_is_no_spread(client: Client) -> None:
    answer = client.control("spread", {"exchange": "NSE", "token": "3045", "bid": 820, "ask": 800})

    assert (answer.status_code, "above ask" in answer.json()["error"]) == (422, True)
