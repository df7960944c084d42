from __future__ import annotations

import pytest

from executor.simulator import ConnectionCut
from tests.simulator.harness import SECURE, Client, stop

_PLACE = f"{SECURE}/order/v1/placeOrder"


def test_cut_before_leaves_nothing(client):
    client.fault("placeOrder", "cut_before")

    with pytest.raises(ConnectionCut):
        client.place()

    assert client.book() is None
    seen = next(entry for entry in client.state()["requests"] if entry["route"] == "placeOrder")
    assert (seen["answer_kind"], seen["fault"], seen["status"]) == ("cut", "cut_before", None)


def test_cut_after_leaves_the_order(client):
    client.fault("placeOrder", "cut_after")

    with pytest.raises(ConnectionCut):
        client.place(ordertag="x1")

    assert [entry["ordertag"] for entry in client.book()] == ["x1"]


def test_late_order_appears_when_its_time_has_come(client):
    client.fault("placeOrder", "late", seconds=20)
    with pytest.raises(ConnectionCut):
        client.place(ordertag="x1")
    client.clock.advance(19.9)
    before = client.book()
    client.clock.advance(0.1)

    (entry,) = client.book()

    assert before is None
    assert (entry["ordertag"], entry["updatetime"]) == ("x1", "25-Nov-2026 09:20:20")


def test_late_cancel_works_late(client):
    order_id = client.placed()
    client.fault("cancelOrder", "late", seconds=5)
    with pytest.raises(ConnectionCut):
        client.cancel(order_id)
    before = client.order(order_id)["orderstatus"]
    client.clock.advance(5)

    assert (before, client.order(order_id)["orderstatus"]) == ("open", "cancelled")


def test_refuse_uses_the_envelope_of_its_code(client):
    client.fault("placeOrder", "refuse", code="AB2001", message="Internal Error")
    client.fault("placeOrder", "refuse", code="AG8001", message="Invalid Token")

    answers = [client.place(), client.place()]

    assert answers == [
        {"status": False, "message": "Internal Error", "errorcode": "AB2001", "data": None},
        {"success": False, "message": "Invalid Token", "errorCode": "AG8001", "data": ""},
    ]
    assert client.book() is None


def test_dropped_order_has_an_id_and_does_not_exist(client):
    client.fault("placeOrder", "drop")

    answer = client.place()

    assert answer["status"] is True
    assert len(answer["data"]["orderid"]) == 15
    assert client.book() is None
    assert client.state()["orders"] == []


def test_dropped_modify_and_cancel_change_nothing(client):
    order_id = client.placed(**stop())
    client.fault("modifyOrder", "drop")
    client.fault("cancelOrder", "drop")

    answers = [client.modify(order_id, **stop(triggerprice="795.00")), client.cancel(order_id)]

    assert [answer["data"]["orderid"] for answer in answers] == [order_id] * 2
    order = client.order(order_id)
    assert (order["orderstatus"], order["triggerprice"]) == ("trigger pending", 790.0)


@pytest.mark.parametrize(
    ("kind", "detail", "status", "text"),
    [
        ("rate", {}, 403, "Access denied because of exceeding access rate"),
        ("html", {}, 200, "Request Rejected"),
        ("empty", {"status": 400}, 400, ""),
        ("empty", {}, 200, ""),
        ("status", {"status": 502, "body": "<h1>Bad Gateway</h1>"}, 502, "Bad Gateway"),
        ("status", {"status": 200, "body": {"status": "false", "data": "null"}}, 200, '"status": "false"'),
    ],
)
def test_answers_that_are_no_answers(client, kind, detail, status, text):
    client.fault("placeOrder", kind, **detail)

    answer = client.http.post(_PLACE, json={})

    assert answer.status_code == status
    assert text in answer.text
    assert bool(answer.text) is bool(text)
    assert client.book() is None


def test_delay_processes_and_answers_later(client):
    client.fault("placeOrder", "delay", seconds=0.01)

    assert client.place()["status"] is True
    assert len(client.book()) == 1


def test_reject_takes_the_order_and_rejects_it(client):
    client.fault("placeOrder", "reject", text="Adapter is Logged Off")

    order = client.order(client.placed())

    assert (order["orderstatus"], order["text"]) == ("rejected", "Adapter is Logged Off")


def test_null_book_hides_orders(client):
    client.placed()
    client.fault("getOrderBook", "null_book")

    assert client.book() is None
    assert len(client.book()) == 1


def test_a_truncated_book_ends_after_its_first_half(client):
    first, second, _ = (client.placed() for _ in range(3))
    client.placed()
    client.fault("getOrderBook", "truncated")

    cut, whole = client.book(), client.book()

    assert [entry["orderid"] for entry in cut] == [first, second]
    assert len(whole) == 4


def test_a_truncated_book_of_one_order_is_empty_and_an_answer_without_a_list_stays(client):
    client.placed()
    client.fault("getOrderBook", "truncated")
    client.fault("placeOrder", "truncated")

    assert client.book() is None
    assert client.place()["status"] is True


def test_lag_shows_the_book_of_some_seconds_ago(client):
    order_id = client.placed()
    client.clock.advance(10)
    client.price("795.00")
    client.placed(ordertag="new")
    client.clock.advance(1)
    client.fault("getOrderBook", "lag", seconds=5)

    lagging, present = client.book(), client.book()

    assert [(entry["orderid"], entry["orderstatus"]) for entry in lagging] == [(order_id, "open")]
    assert [entry["orderstatus"] for entry in present] == ["complete", "complete"]


def test_fault_waits_for_its_match_lets_some_pass_and_ends(client):
    client.fault("*", "refuse", code="AB2000", message="x", times=2, after=1, match={"transactiontype": "SELL"})

    answers = [client.place(transactiontype=side)["status"] for side in ("SELL", "BUY", "SELL", "SELL", "SELL")]

    assert answers == [True, True, False, False, True]
    assert client.state()["faults"] == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"route": "placeOrder", "kind": "explode"}, "explode"),
        ({"route": "nowhere", "kind": "rate"}, "nowhere"),
        ({"route": "placeOrder", "kind": "late"}, "seconds"),
        ({"route": "getOrderBook", "kind": "drop"}, "cancelOrder"),
        ({"route": "*", "kind": "reject", "text": "x"}, "placeOrder"),
        ({"route": "placeOrder", "kind": "rate", "times": 0}, "times"),
        ({"route": "placeOrder", "kind": "rate", "second": 1}, "second"),
    ],
)
def test_fault_that_could_not_strike_is_refused_by_name(client: Client, body, word):
    answer = client.control("fault", body)

    assert answer.status_code == 422
    assert word in answer.json()["error"]
