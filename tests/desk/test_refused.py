"""Sends that are refused with proof, taken and then rejected, or answered and never done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from executor.domain.bracket import BracketState
from executor.domain.signal import Outcome
from tests.house import House

STOP = {"match": {"ordertype": "STOPLOSS_LIMIT"}}


def test_a_session_lost_at_the_send_is_opened_anew_and_the_entry_sent_once_more(house: House) -> None:
    house.run(40)  # past the TOTP step of the first login
    house.fault("placeOrder", "refuse", code="AG8001", message="Invalid Token")
    signal = house.signal("buy", price="800")

    house.run(10)

    assert house.ended(signal).outcome is Outcome.FILLED
    assert len(house.orders(side="BUY")) == 1
    assert (house.net(), house.stopped()) == (10, 10)


def test_a_session_refused_twice_ends_the_entry_with_the_brokers_words(house: House) -> None:
    house.run(40)
    house.fault("placeOrder", "refuse", times=2, code="AG8001", message="Invalid Token")
    signal = house.signal("buy", price="800")

    house.run(50)

    assert house.orders() == []
    assert house.ended(signal).outcome is Outcome.REJECTED
    assert "Invalid Token" in (house.ended(signal).reason or "")


def test_an_entry_whose_session_comes_back_too_late_expires(house: House) -> None:
    house.run(40)
    house.fault("placeOrder", "refuse", code="AG8001", message="Invalid Token")
    house.sessions_allowed = False
    signal = house.signal("buy", price="800")

    house.run(65)

    assert house.ended(signal).outcome is Outcome.EXPIRED
    house.sessions_allowed = True
    house.run(40)
    assert house.orders() == []


def test_a_stop_refused_with_the_session_is_placed_in_the_next(house: House) -> None:
    house.run(40)
    house.fault("placeOrder", "refuse", code="AG8002", message="Token Expired", **STOP)
    house.long()

    house.run(5)

    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)


def test_a_rate_refusal_is_tried_once_more_after_a_book_without_the_tag(house: House) -> None:
    house.fault("placeOrder", "rate")
    signal = house.signal("buy", price="800")

    house.run(8)

    sends = house.requests("placeOrder")
    reads = [row for row in house.requests("getOrderBook") if sends[0]["at"] < row["at"] < sends[1]["at"]]
    assert house.ended(signal).outcome is Outcome.FILLED
    assert len(house.orders(side="BUY")) == 1
    assert reads


def test_a_second_rate_refusal_ends_the_entry(house: House) -> None:
    house.fault("placeOrder", "rate", times=5)
    signal = house.signal("buy", price="800")

    house.run(30)

    assert house.orders() == []
    assert len(house.requests("placeOrder")) == 2
    assert house.ended(signal).outcome is Outcome.REJECTED


@pytest.mark.parametrize("kind", ["refuse", "reject"])
def test_an_entry_without_funds_ends_with_the_brokers_text(house: House, kind: str) -> None:
    text = "Your order has been rejected due to Insufficient Funds. Available funds - Rs. 1.00 ."
    more = {"code": "AB1007", "message": text} if kind == "refuse" else {"text": text}
    house.fault("placeOrder", kind, **more)
    signal = house.signal("buy", price="800")

    house.run(10)

    assert house.ended(signal).outcome is Outcome.REJECTED
    assert house.ended(signal).reason == (f"{text} (AB1007)" if kind == "refuse" else text)
    assert len(house.requests("placeOrder")) == 1
    assert [bracket.state for bracket in house.brackets()] == [BracketState.CLOSED]


@pytest.mark.parametrize("kind", ["refuse", "reject"])
def test_a_stop_refused_twice_forces_the_exit(house: House, kind: str) -> None:
    more = {"code": "AB1007", "message": "Invalid trigger"} if kind == "refuse" else {"text": "16283: no"}
    house.fault("placeOrder", kind, times=2, **STOP, **more)
    house.signal("buy", price="800")

    house.run(20)

    assert (house.net(), house.working()) == (0, [])
    assert len(house.said("forced_exit")) == 1
    assert [bracket.state for bracket in house.brackets()] == [BracketState.CLOSED]


def test_a_stop_refused_once_is_placed_again(house: House) -> None:
    house.fault("placeOrder", "reject", text="16283: no", **STOP)
    house.long()

    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)


@pytest.mark.parametrize("kind", ["refuse", "reject"])
def test_a_target_refused_twice_is_given_up(house: House, kind: str) -> None:
    more = {"code": "AB1007", "message": "Invalid price"} if kind == "refuse" else {"text": "margin"}
    target = {"match": {"ordertype": "LIMIT", "transactiontype": "SELL"}}
    house.fault("placeOrder", kind, times=9, **target, **more)
    house.signal("buy", price="800")

    house.run(60)

    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 0)
    assert len([row for row in house.requests("placeOrder") if row["body"]["transactiontype"] == "SELL"]) == 3
    assert len(house.said("target_dropped")) == 1


def test_an_entry_accepted_and_never_seen_is_not_placed(house: House) -> None:
    house.fault("placeOrder", "drop")
    signal = house.signal("buy", price="800")

    house.run(40)

    assert house.orders() == []
    assert len(house.requests("placeOrder")) == 1
    assert house.ended(signal).outcome is Outcome.NOT_PLACED


def test_a_stop_accepted_and_never_seen_is_not_sent_again_before_half_a_minute_of_clean_reads(house: House) -> None:
    house.fault("placeOrder", "drop", **STOP)
    house.long()

    house.run(20)
    assert len(stops_sent(house)) == 1  # a lagging book shows it yet: a second one could sell twice

    house.run(25)
    assert house.net() == house.stopped()


def stops_sent(house: House) -> list[Any]:
    return [row for row in house.requests("placeOrder") if row["body"]["ordertype"] == "STOPLOSS_LIMIT"]


def test_a_stop_that_never_appears_forces_the_exit_after_30_s(house: House) -> None:
    house.fault("placeOrder", "drop", times=99, **STOP)
    house.signal("buy", price="800")

    house.run(50)

    assert (house.net(), house.working()) == (0, [])
    assert len(house.said("unprotected")) == 1
    assert len(house.said("forced_exit")) == 1


def test_an_address_that_is_not_registered_ends_the_entry(house: House) -> None:
    house.fault("placeOrder", "refuse", times=3, code="AG7002", message="Access denied: Unregistered IP address.")
    signal = house.signal("buy", price="800")

    house.run(10)

    assert house.ended(signal).outcome is Outcome.REJECTED
    assert "Unregistered IP" in (house.ended(signal).reason or "")
    assert len(house.requests("placeOrder")) == 1


def test_a_refused_cancel_is_tried_again(house: House) -> None:
    house.long()
    house.fault("cancelOrder", "refuse", times=2, code="AB1007", message="Invalid something")

    house.price("816.05")
    house.run(12)

    assert (house.net(), house.working()) == (0, [])


def test_a_single_protection_runs_without_a_target(house: House) -> None:
    house.strategy = replace(house.strategy, take_profit=())
    house.long()

    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 0)


def test_a_chart_whose_prices_became_late_still_leaves(house: House) -> None:
    house.long()

    left = house.signal("exit", exchange="NSE_DLY")
    house.run(6)

    assert house.ended(left).outcome is Outcome.FILLED
    assert (house.net(), house.working()) == (0, [])


def test_a_chart_whose_prices_are_late_neither_adds_nor_moves_a_stop(house: House) -> None:
    house.long()

    asked = [
        house.signal("buy", exchange="NSE_DL", price="800"),
        house.signal("modify", exchange="NSE_DLY", stop_loss={"price": "795"}),
    ]
    house.run(6)

    ended = [house.ended(one) for one in asked]
    assert [one.outcome for one in ended] == [Outcome.REFUSED] * 2
    assert "NSE_DL is a delayed feed" in (ended[0].reason or "")
    assert (house.net(), house.stopped()) == (10, 10)


def test_a_reverse_by_late_prices_leaves_and_enters_nothing(house: House) -> None:
    house.long()

    house.signal("reverse", exchange="NSE_DLY", price="800")
    house.run(8)

    assert (house.net(), len(house.orders(side="BUY"))) == (0, 1)


def test_an_exit_is_not_priced_by_a_chart_whose_prices_are_late(house: House) -> None:
    house.long()
    for route in ("quote", "getLtpData"):
        house.control("fault", {"route": route, "kind": "cut_before", "times": 60})

    house.signal("exit", exchange="NSE_DLY", price="840")
    house.run(6)

    assert (house.net(), house.working()) == (0, [])
