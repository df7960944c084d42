from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from executor.clock import IST
from executor.simulator.exchange.hours import hours_of
from tests.simulator.harness import WEDNESDAY, Client

_OPEN_SATURDAY = datetime(2026, 11, 28, 11, tzinfo=IST)


def _prices(seed: int, waits: list[float]) -> Any:
    client = Client(seed=seed, login=False)
    for seconds in waits:
        client.clock.advance(seconds)
        client.state()
    return client.state()["prices"]


def test_same_seed_and_time_give_the_same_prices_however_often_they_are_asked_for():
    often, once, other = _prices(3, [1.0] * 60), _prices(3, [60.0]), _prices(4, [60.0])

    assert often == once
    assert often != other


def test_working_orders_do_not_change_the_prices():
    client = Client(seed=3)
    client.placed(price="780.00")
    client.clock.advance(60)

    assert client.state()["prices"] == _prices(3, [60.0])


def test_prices_move_on_the_tick_and_little():
    seen = [Decimal(_prices(3, [float(second)])["NSE:2885"]) for second in range(0, 600, 60)]

    assert len(set(seen)) > 1
    assert all(price % Decimal("0.10") == 0 for price in seen)
    assert all(abs(price - 1420) < 30 for price in seen)


def test_prices_stand_still_outside_the_hours():
    client = Client(at=_OPEN_SATURDAY, login=False)
    before = client.state()["prices"]
    client.clock.advance(3600)

    assert client.state()["prices"] == before


def test_a_set_price_is_held():
    client = Client(login=False)
    client.price("777.00")
    client.clock.advance(3600)

    assert client.state()["prices"]["NSE:3045"] == "777.00"


def test_order_trades_at_the_moment_its_price_was_reached_not_when_somebody_looks():
    looked, slept = Client(seed=8), Client(seed=8)
    ids = [client.placed(price="819.00", ordertag="t") for client in (looked, slept)]
    for _ in range(400):
        looked.clock.advance(5)
        looked.book()
    slept.clock.advance(2000)

    fills = [client.state()["fills"] for client in (looked, slept)]

    assert ids[0] == ids[1]
    assert fills[0] == fills[1]
    assert len(fills[0]) == 1


def test_step_numbers_and_times_agree_across_days_and_weekends():
    hours = hours_of("NSE")

    for step in range(hours.step_at(WEDNESDAY), hours.step_at(WEDNESDAY) + 500_000, 997):
        at = hours.step_time(step)
        assert hours.step_at(at) == step
        assert at.astimezone(IST).weekday() < 5


def test_same_seed_and_requests_give_the_same_ids():
    first, second = (Client(seed=9).place()["data"] for _ in range(2))

    assert first == second
