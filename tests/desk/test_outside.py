"""What others do in the account, told by the exchange."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from executor.broker.port import Broker, Session
from executor.domain.bracket import BracketState
from executor.domain.intent import Intent, Sent
from executor.domain.reading import Query, Reading
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Product, Short
from tests.desk.nights import THURSDAY, Make, Nights
from tests.house import House


def open_long(house: House) -> None:
    house.signal("buy", price="800")
    house.run(8)
    assert [row["status"] for row in house.orders()] == ["complete", "trigger pending", "open"]


def by_hand(house: House, side: str, quantity: int, *, product: str = "INTRADAY") -> None:
    """An order from the broker's app: no tag of ours."""
    order: dict[str, Any] = {
        "variety": "NORMAL",
        "tradingsymbol": "SBIN-EQ",
        "symboltoken": "3045",
        "transactiontype": side,
        "exchange": "NSE",
        "ordertype": "LIMIT",
        "producttype": product,
        "duration": "DAY",
        "price": "790" if side == "SELL" else "810",
        "quantity": str(quantity),
    }
    house.control("order", order)


def ours(house: House) -> list[Any]:
    return [row for row in house.orders() if row["tag"]]


def test_a_position_closed_by_hand_takes_its_legs_along_and_an_exit_finds_nothing(house: House) -> None:
    open_long(house)

    by_hand(house, "SELL", 10)
    house.run(10)
    leaving = house.signal("exit")
    house.run(5)

    assert [row["status"] for row in ours(house)] == ["complete", "cancelled", "cancelled"]
    assert house.net() == 0
    signal = house.ended(leaving)
    assert (signal.outcome, signal.code) == (Outcome.NOTHING_TO_DO, RefusalCode.NOTHING_HELD)


def test_an_exit_right_behind_a_hand_waits_until_the_positions_tell_what_is_left(make: Make) -> None:
    """Week seed 86: the resting stop was turned into the exit, and the account was short by what the hand had sold."""
    house = make(product=Product.DELIVERY)
    house.long()
    by_hand(house, "SELL", 10, product="DELIVERY")
    house.until(lambda: house.said("foreign"), within=3)

    leaving = house.signal("exit")
    house.run(20)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(leaving).outcome is not None
    assert [row["side"] for row in ours(house) if row["status"] == "complete"] == ["BUY"]


def test_positions_that_lag_behind_a_hand_are_not_taken_for_what_is_left(make: Make) -> None:
    """Week seed 86 again: they were asked for late enough, and told of the time before."""
    house = make(product=Product.DELIVERY)
    house.long()
    house.fault("getPosition", "lag", seconds=4, times=20)
    by_hand(house, "SELL", 10, product="DELIVERY")
    house.until(lambda: house.said("foreign"), within=3)
    house.run(2)

    house.signal("exit")
    house.run(20)

    assert (house.net(), house.working()) == (0, [])
    assert house.brackets()[0].state is BracketState.CLOSED


def test_after_a_restart_positions_that_lag_are_no_proof_either(make: Make) -> None:
    house = make()
    house.long()
    house.run(12)
    house.fault("getPosition", "lag", seconds=8, times=20)
    by_hand(house, "SELL", 10)
    house.until(lambda: house.said("foreign"), within=3)

    house.start()
    house.signal("exit")
    house.run(25)

    assert (house.net(), house.working()) == (0, [])


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("product", [Product.CARRYFORWARD, Product.DELIVERY])
def test_what_a_hand_sold_yesterday_hides_nothing_of_today(make: Make, product: Product, *, restart: bool) -> None:
    house = make(product=product)
    house.long()
    by_hand(house, "SELL", 4, product=product.value)
    house.run(30)
    house.night(THURSDAY, restart=restart)
    house.run(20)
    left_at_night = (house.net(), house.stopped())

    by_hand(house, "SELL", 6, product=product.value)
    house.run(60)

    assert left_at_night == (6, 6)
    assert (house.net(), house.stopped()) == (0, 0)


class Forgets:
    """Positions whose sold units fell when a person converted a short of their own to another product."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        return self.broker.open_session(saved, may_log_in=may_log_in)

    def send(self, intent: Intent) -> Sent:
        return self.broker.send(intent)

    def read(self, query: Query) -> Reading:
        reading = self.broker.read(query)
        rows = tuple(replace(one, sold=0, quantity=one.bought) for one in reading.positions)
        return replace(reading, positions=rows)


def test_an_exit_does_not_wait_longer_because_others_trade_something_else(make: Make) -> None:
    house = make()
    house.long()
    house.workers.broker = Forgets(house.workers.broker)
    by_hand(house, "SELL", 10)
    house.run(3)

    house.signal("exit")
    for n in range(4):
        by_hand(house, "BUY" if n % 2 else "SELL", 1, product="DELIVERY")
        house.run(15)

    assert [row["filled"] for row in ours(house) if row["side"] == "SELL" and row["filled"]] == [10]


def test_a_part_closed_by_hand_shrinks_stop_and_target(house: House) -> None:
    open_long(house)

    by_hand(house, "SELL", 4)
    house.run(10)

    _, stop, target = ours(house)
    assert (stop["quantity"], target["quantity"]) == (6, 6)
    assert house.net() == 6


def test_what_a_person_holds_besides_is_not_ours(house: House) -> None:
    by_hand(house, "BUY", 20)
    open_long_beside(house)

    by_hand(house, "SELL", 20)
    house.run(10)

    stop = ours(house)[1]
    assert (stop["quantity"], stop["status"]) == (10, "trigger pending")
    assert house.net() == 10


def test_what_was_sold_before_we_bought_closed_nothing_of_ours(house: House) -> None:
    by_hand(house, "SELL", 10)
    open_long_beside(house)

    house.run(40)

    assert house.net() == 0  # the person's short beside our long
    assert [row["status"] for row in ours(house)] == ["complete", "trigger pending", "open"]
    assert house.said("outside") == []


def open_long_beside(house: House) -> None:
    house.run(3)
    house.signal("buy", price="800")
    house.run(8)
    assert [row["status"] for row in ours(house)] == ["complete", "trigger pending", "open"]


def test_empty_positions_alone_close_nothing(house: House) -> None:
    open_long(house)

    house.fault("getPosition", "null_book", times=50)
    house.run(40)

    assert [row["status"] for row in ours(house)] == ["complete", "trigger pending", "open"]


def test_empty_positions_beside_a_foreign_sale_of_another_product_close_nothing(house: House) -> None:
    open_long(house)
    house.fault("getPosition", "null_book", times=50)

    order = {"variety": "NORMAL", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045", "transactiontype": "SELL"}
    more = {"exchange": "NSE", "ordertype": "LIMIT", "producttype": "DELIVERY", "duration": "DAY"}
    house.control("order", {**order, **more, "price": "790", "quantity": "10"})
    house.run(20)

    assert [row["status"] for row in ours(house)] == ["complete", "trigger pending", "open"]


def test_a_stop_cancelled_by_hand_is_restored_once_and_the_second_cancel_is_respected(house: House) -> None:
    open_long(house)
    stop = ours(house)[1]

    house.cancel(stop)
    house.until(lambda: house.stopped() == 10, within=5)  # 15 s are promised
    restored = ours(house)[3]
    taken_away = house.said("taken_away")
    house.run(3)
    house.cancel(restored)
    house.run(45)

    assert (restored["type"], restored["status"]) == ("STOPLOSS_LIMIT", "trigger pending")
    assert (len(taken_away), len(house.said("stop_respected"))) == (1, 1)
    assert len(ours(house)) == 4
    assert house.net() == 10
    assert any(row["status"] == "open" for row in ours(house))  # its target still rests


@pytest.mark.parametrize("restart", [False, True])
def test_shares_that_a_person_owned_before_are_not_ours_also_after_a_restart(carried: Nights, *, restart: bool) -> None:
    row = {"exchange": "NSE", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045", "quantity": 110}
    body = json.dumps({"status": True, "message": "SUCCESS", "errorcode": "", "data": [row]})
    carried.fault("getHolding", "status", status=200, body=body, times=500)
    carried.night(THURSDAY)
    carried.run(8)
    if restart:
        carried.start()
        carried.run(5)

    by_hand(carried, "SELL", 5, product="DELIVERY")
    carried.run(10)

    assert (carried.stopped(), carried.said("outside")) == (10, [])


def test_holdings_that_cannot_be_read_charge_nobody(carried: Nights) -> None:
    carried.fault("getHolding", "status", status=502, body="Bad Gateway", times=500)
    carried.night(THURSDAY)
    carried.run(8)

    by_hand(carried, "SELL", 5, product="DELIVERY")
    carried.run(10)

    assert (carried.stopped(), carried.said("outside")) == (10, [])


def test_two_of_ours_against_each_other_net_nothing_and_both_are_held(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    for action, trade in (("buy", "a"), ("sell", "b")):
        house.signal(action, price="800", trade=trade)
        house.run(8)

    by_hand(house, "BUY", 5)
    by_hand(house, "SELL", 5)
    house.run(10)

    assert (house.net(), house.stopped(), house.said("outside")) == (0, 20, [])


def test_a_hand_that_closes_one_of_two_against_each_other_is_charged_to_that_one(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    for action, trade in (("buy", "a"), ("sell", "b")):
        house.signal(action, price="800", trade=trade)
        house.run(8)

    by_hand(house, "SELL", 4)
    house.run(10)

    assert sorted(row["quantity"] for row in house.working(type="STOPLOSS_LIMIT")) == [6, 10]
