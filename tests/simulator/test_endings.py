"""The broker's square-off of intraday positions, and settlement at expiry."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from executor.simulator import Rules
from tests.simulator.harness import Client, stop

#: The weekly NIFTY call that expires on Tuesday, 1 December 2026.
_CALL = "44000"


def a_client(**rules: Any) -> Client:
    """A client in a market in which no price moves by itself; SBIN stands at 810."""
    client = Client(rules=Rules(volatility=0.0, **rules))
    client.price("810.00")
    return client


@pytest.fixture
def client() -> Client:
    return a_client()


def our(client: Client, **where: Any) -> list[Any]:
    return [row for row in client.state()["orders"] if all(row[name] == value for name, value in where.items())]


@pytest.mark.parametrize(
    ("exchange", "token", "minute"),
    [("NSE", "3045", "15:15"), ("NFO", "53001", "15:20"), ("MCX", "467001", "23:15")],
)
def test_the_broker_squares_off_an_intraday_position_by_an_order_without_tag(exchange, token, minute):
    client = a_client()
    client.price("810.00", token=token, exchange=exchange)
    bought = client.contract(token, exchange, producttype="INTRADAY", price="812.00", ordertag="x1")
    client.placed(**bought)
    client.clock.advance(60)
    client.price("800.00", token=token, exchange=exchange)
    client.go(f"2026-11-25 {minute}")

    (closing,) = our(client, tag="")

    assert (closing["side"], closing["type"], closing["product"]) == ("SELL", "MARKET", "INTRADAY")
    assert (closing["status"], closing["average"], str(closing["filled"])) == ("complete", "800.00", bought["quantity"])
    assert [row["netqty"] for row in client.positions()] == ["0"]


def test_it_happens_at_its_time_not_when_somebody_looks_and_cancels_first_what_rests(client):
    client.placed(price="815.00", ordertag="entry")
    stop_id = client.placed(**stop(ordertag="stop"))
    target_id = client.placed(transactiontype="SELL", price="850.00", ordertag="target")
    client.go("2026-11-25 16:00")

    (closing,) = our(client, tag="")
    rested = [client.order(order_id) for order_id in (stop_id, target_id)]

    assert closing["updated_at"] == "2026-11-25T09:45:00.000000+00:00"
    assert [(order["orderstatus"], order["updatetime"]) for order in rested] == [
        ("cancelled", "25-Nov-2026 15:15:00")
    ] * 2


def test_a_short_is_bought_back_and_delivery_is_left_alone(client):
    client.placed(transactiontype="SELL", price="805.00", quantity="7")
    client.placed(price="815.00", producttype="DELIVERY")
    resting = client.placed(price="790.00", producttype="DELIVERY")
    client.go("2026-11-25 15:16")

    nets = {row["producttype"]: row["netqty"] for row in client.positions()}

    assert nets == {"INTRADAY": "0", "DELIVERY": "10"}
    assert client.order(resting)["orderstatus"] == "open"


def test_intraday_orders_after_the_square_off_are_rejected_until_the_close(client):
    client.go("2026-11-25 15:16")
    late = client.order(client.placed(price="815.00"))
    client.go("2026-11-25 18:00")

    parked = client.order(client.placed(price="815.00"))

    assert (late["orderstatus"], late["text"]) == (
        "rejected",
        "Intraday orders are not allowed after the square off time.",
    )
    assert parked["orderstatus"] == "after market order req received"


@pytest.mark.parametrize(("times", "net"), [({}, "10"), ({"NSE": time(15, 25)}, "10"), ({"NSE": time(14)}, "0")])
def test_square_off_times_are_settings(times, net):
    client = a_client(square_off=times)
    client.placed(price="815.00")
    client.go("2026-11-25 15:20")

    assert client.positions()[0]["netqty"] == net


def test_each_day_has_its_square_off(client):
    for day in ("2026-11-25", "2026-11-26"):
        client.go(f"{day} 10:00")
        client.placed(price="815.00")
        client.go(f"{day} 15:16")

        assert [row["netqty"] for row in client.positions()] == ["0"]


def with_calls() -> Client:
    """130 calls that expire today; they closed at 3.50."""
    client = a_client()
    client.price("60.00", token=_CALL, exchange="NFO")
    client.placed(**client.contract(_CALL, price="61.00", quantity="130"))
    client.go("2026-12-01 15:39")
    client.price("3.50", token=_CALL, exchange="NFO")
    return client


def test_at_the_close_of_its_last_day_a_position_is_settled_at_the_closing_price():
    client = with_calls()
    resting = client.placed(**client.contract(_CALL, transactiontype="SELL", price="90.00"))
    client.go("2026-12-01 15:41")
    (evening,) = client.positions()
    settled = client.state()["fills"][-1]
    orders, trades = len(client.book()), client.get("/order/v1/getTradeBook")["data"]
    client.go("2026-12-02 09:20")

    assert (evening["netqty"], evening["cfbuyqty"], evening["sellqty"]) == ("0", "130", "130")
    assert {"price": "3.50", "quantity": 130, "side": "SELL", "tag": "", "orderid": ""}.items() <= settled.items()
    assert settled["at"] == "2026-12-01T10:10:00.000000+00:00"
    assert (orders, trades) == (1, None)
    assert client.state()["orders"][-1] | {"orderid": resting, "status": "cancelled"} == client.state()["orders"][-1]
    assert client.positions() == []


def test_a_position_lives_on_until_its_contract_expires():
    client = with_calls()

    assert client.positions()[0]["netqty"] == "130"


def test_an_expired_contract_takes_no_order_and_leaves_the_master():
    client = with_calls()
    ticket = client.contract(_CALL, price="3.55")
    before = client.order(client.placed(**ticket))
    client.go("2026-12-01 15:40")

    after = client.order(client.placed(**ticket))

    assert before["orderstatus"] == "complete"
    assert (after["orderstatus"], after["text"]) == ("rejected", "The contract has expired.")
    assert _CALL not in {row["token"] for row in client.master() if row["exch_seg"] == "NFO"}
