"""The last seconds of a session: what reaches the broker after its close is an order of the next day."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal
from random import Random

import pytest

from executor.broker.port import Broker, Session
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.intent import Intent, Sent
from executor.domain.order import Report
from executor.domain.reading import Query, QueryKind, Reading
from executor.domain.refusal import RefusalCode
from executor.domain.size import Size, SizeKind
from executor.domain.strategy import Product, Rails
from executor.store.store import Store
from tests.builders import a_strategy
from tests.desk.nights import RELIANCE_FUTURE, THURSDAY, WEDNESDAY, Nights, ist, listed
from tests.house import ACCOUNT

SOLD_BY_HAND = {
    "variety": "NORMAL",
    "tradingsymbol": "RELIANCE29DEC26FUT",
    "transactiontype": "SELL",
    "exchange": "NFO",
    "ordertype": "LIMIT",
    "producttype": "CARRYFORWARD",
    "duration": "DAY",
    "price": "1420",
    "quantity": "500",
}


@pytest.fixture
def futures(sqlite_store: Store) -> Nights:
    """A lot of RELIANCE's future at 1426, carried, with its stop; Wednesday 15:29, its market closes at 15:40."""
    clock = ManualClock(ist(WEDNESDAY, "15:29"))
    Nights.contracts = listed({})
    strategy = a_strategy(
        account=ACCOUNT,
        rails=Rails(frozenset({"NFO:RELIANCE1!"}), 1000, enter_until=time(15, 40)),
        product=Product.CARRYFORWARD,
        size=Size(SizeKind.LOTS, Decimal(1)),
        take_profit=(),
    )
    house = Nights(sqlite_store, clock, Ids(clock.now, Random(7)), strategy=strategy)
    house.control("price", {"exchange": "NFO", "token": RELIANCE_FUTURE.token, "ltp": "1426"})
    house.run(3)
    house.signal("buy", exchange="NFO", ticker="RELIANCE1!", price="1426")
    house.run(8)
    assert stopped(house) == [500]
    return house


def test_no_stop_is_placed_in_the_last_seconds_by_a_clock_that_may_be_behind(futures: Nights) -> None:
    futures.go(WEDNESDAY, "15:39:56")
    futures.cancel(futures.orders(type="STOPLOSS_LIMIT")[0])
    futures.run(10)

    assert futures.writes(ist(WEDNESDAY, "15:39:56")) == []
    futures.night(THURSDAY)
    futures.run(5)
    assert stopped(futures) == [500]


@pytest.mark.parametrize("restart", [False, True])
def test_a_stop_that_arrived_after_the_close_is_that_of_the_next_day(futures: Nights, restart: bool) -> None:
    restored_too_late(futures)

    futures.night(THURSDAY, restart=restart)
    futures.run(10)

    assert stopped(futures) == [500]
    assert len(futures.writes(ist(WEDNESDAY, "15:39:50"))) == 1
    assert futures.said("foreign") == []


@pytest.mark.parametrize("restart", [False, True])
def test_a_stop_that_arrived_after_the_close_can_be_turned_into_the_exit(futures: Nights, restart: bool) -> None:
    restored_too_late(futures)
    futures.night(THURSDAY, restart=restart)
    futures.run(10)

    futures.signal("exit", exchange="NFO", ticker="RELIANCE1!", price="1426")
    futures.run(20)

    assert (stopped(futures), futures.working()) == ([], [])
    assert [row["side"] for row in futures.orders() if row["filled"]] == ["BUY", "SELL"]


def test_no_entry_is_sent_so_late_that_it_could_arrive_after_the_close(futures: Nights) -> None:
    futures.go(WEDNESDAY, "15:39:31")

    signal = futures.signal("buy", exchange="NFO", ticker="RELIANCE1!", price="1426", trade="late")
    futures.run(3)

    assert futures.ended(signal).code is RefusalCode.CLOSED
    assert "closes within 30 s" in (futures.ended(signal).reason or "")


@pytest.mark.parametrize("restart", [False, True])
def test_a_stop_that_comes_late_for_what_a_hand_has_sold_opens_nothing(futures: Nights, restart: bool) -> None:
    futures.go(WEDNESDAY, "15:39:50")
    futures.fault("placeOrder", "late", seconds=15)
    futures.cancel(futures.orders(type="STOPLOSS_LIMIT")[0])
    futures.run(2)
    futures.control("order", {**SOLD_BY_HAND, "symboltoken": RELIANCE_FUTURE.token})
    futures.run(30)

    futures.night(THURSDAY, restart=restart)
    futures.run(10)
    futures.control("price", {"exchange": "NFO", "token": RELIANCE_FUTURE.token, "ltp": "1400"})
    futures.run(15)

    assert [row["side"] for row in futures.orders() if row["filled"]] == ["BUY", "SELL"]
    assert futures.working() == []


@pytest.mark.parametrize("restart", [False, True])
def test_an_entry_that_comes_a_day_late_is_wound_up(futures: Nights, restart: bool) -> None:
    futures.go(WEDNESDAY, "15:39:25")
    futures.fault("placeOrder", "late", seconds=50)
    futures.signal("buy", exchange="NFO", ticker="RELIANCE1!", price="1426", trade="late")
    futures.run(50)

    futures.night(THURSDAY, restart=restart)
    futures.run(60)

    assert sum(row["filled"] * {"BUY": 1, "SELL": -1}[row["side"]] for row in futures.orders()) == 500
    assert stopped(futures) == [500]


class Repeats:
    """A broker whose order book of the new day still has yesterday's filled rows, their time blank."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.kept: dict[str, Report] = {}

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        return self.broker.open_session(saved, may_log_in=may_log_in)

    def send(self, intent: Intent) -> Sent:
        return self.broker.send(intent)

    def read(self, query: Query) -> Reading:
        reading = self.broker.read(query)
        shown = {one.broker_id for one in reading.reports}
        old = [replace(one, updated_at=None) for broker_id, one in self.kept.items() if broker_id not in shown]
        self.kept |= {one.broker_id: one for one in reading.reports if one.filled}
        return replace(reading, reports=(*reading.reports, *old)) if query.kind is QueryKind.ORDER_BOOK else reading


def test_what_filled_yesterday_is_not_counted_again_when_its_row_comes_without_a_time(carried: Nights) -> None:
    carried.workers.broker = Repeats(carried.workers.broker)
    carried.go(WEDNESDAY, "09:30")
    carried.run(5)

    carried.night(THURSDAY)
    carried.run(20)

    assert (carried.net(), sum(stopped(carried))) == (10, 10)
    assert carried.said("parked") == []


def restored_too_late(house: Nights) -> None:
    """A hand cancels the stop in the last seconds; the one that is placed again arrives after the close."""
    house.go(WEDNESDAY, "15:39:50")
    house.cancel(house.orders(type="STOPLOSS_LIMIT")[0])
    house.fault("placeOrder", "late", seconds=20)
    house.run(5)


def stopped(house: Nights) -> list[int]:
    """The quantity of each stop that rests, or waits for the next day, at the exchange."""
    resting = {"trigger pending", "AMO req received"}
    return [row["quantity"] for row in house.orders(type="STOPLOSS_LIMIT") if row["status"] in resting]
