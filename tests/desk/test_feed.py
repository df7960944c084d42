"""The order feed beside the books: it makes things faster, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from executor.broker.smartapi.order_feed import OrderFrames
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.messages import FeedFailed, FeedTold
from executor.domain.order import Order, Report
from executor.domain.strategy import Product, Rails
from executor.simulator.simulation import Simulation
from executor.simulator.wire.frames import order_frame
from executor.store import schema
from executor.store.hints import Hints
from executor.store.store import Store
from tests.builders import a_strategy
from tests.desk.nights import THURSDAY, WEDNESDAY, Nights, listed
from tests.fed import FedHouse
from tests.house import ACCOUNT, SBIN


@pytest.fixture
def house(sqlite_store: Store, clock: ManualClock, ids: Ids) -> FedHouse:
    """A reconciled trader at 09:20 with SBIN at 800 and both feeds up."""
    house = FedHouse(sqlite_store, clock, ids)
    house.price("800")
    house.run(4)
    assert house.book.evidence.feed.is_trusted
    return house


def told(house: FedHouse, order: Any, **changes: Any) -> Report:
    """What the feed would say of an order of the exchange now."""
    simulation: Simulation = house.app.extensions["simulation"]
    found = simulation.exchange.book.get(order["orderid"])
    assert found is not None
    frame = json.loads(order_frame(found, "S1"))
    frame["orderData"] |= changes
    report = OrderFrames().read(json.dumps(frame))
    assert report is not None
    return report


def test_with_the_feed_a_fill_has_its_stop_at_once_and_books_are_read_every_five_seconds(house: FedHouse) -> None:
    house.long()
    read = house.books()

    house.run(20)

    assert house.stopped() == 10
    assert house.books() - read <= 5


def test_a_fill_that_the_feed_tells_is_protected_before_a_book_is_read(house: FedHouse) -> None:
    house.resting_long()
    house.run(5)
    house.fault("getOrderBook", "html", times=100)

    house.fill(house.orders()[0], 10)
    house.run(1.5)

    assert house.stopped() == 10


def test_without_the_feed_books_are_read_every_second(house: FedHouse) -> None:
    house.long()
    house.fault("order_feed", "disconnect")
    house.fault("order_feed", "status", status=429, body="too many", times=100)
    house.cancel(house.working(type="STOPLOSS_LIMIT")[0])
    house.run(4)
    read = house.books()

    house.run(10)

    assert not house.is_up
    assert house.books() - read >= 7
    assert house.stopped() == 10


def test_a_silent_feed_that_answers_pings_costs_seconds_not_the_stop(house: FedHouse) -> None:
    house.resting_long()
    house.run(5)
    house.fault("order_feed", "silence", seconds=600)

    house.fill(house.orders()[0], 10)
    house.until(lambda: house.stopped() == 10, within=10)
    house.run(5)

    assert house.book.evidence.feed.doubted
    assert house.net() == 10


def test_a_stop_cancelled_while_the_feed_is_silent_is_restored_once(house: FedHouse) -> None:
    house.long()
    house.fault("order_feed", "silence", seconds=600)

    house.cancel(house.working(type="STOPLOSS_LIMIT")[0])
    house.until(lambda: house.stopped() == 10, within=15)
    house.run(30)

    assert house.stopped() == 10
    assert len(house.orders(type="STOPLOSS_LIMIT")) == 2


def test_a_feed_in_doubt_is_connected_anew_and_trusted_when_it_is_first_again(house: FedHouse) -> None:
    house.long()
    house.run(60)
    house.fault("order_feed", "lose")
    house.cancel(house.working(type="LIMIT")[0])
    house.until(lambda: house.book.evidence.feed.doubted, within=15)

    house.run(10)
    assert not house.book.evidence.feed.is_trusted

    house.cancel(house.working(type="STOPLOSS_LIMIT")[0])
    house.run(1)

    assert house.book.evidence.feed.is_trusted
    assert house.stopped() == 10


@pytest.mark.parametrize("kind", ["duplicate", "reorder", "lose"])
def test_frames_doubled_out_of_order_or_lost_count_nothing_twice(house: FedHouse, kind: str) -> None:
    house.fault("order_feed", kind, times=50)
    house.resting_long()
    entry = house.orders()[0]
    for _ in range(5):
        house.fill(entry, 2)
        house.run(2)
    house.run(10)

    bracket = house.brackets()[0]
    assert house.book.rows.holdings[bracket.id].held == house.net() == house.stopped() == 10


def test_a_falling_cumulative_quantity_is_no_loss_of_units(house: FedHouse) -> None:
    house.resting_long()
    entry = house.orders()[0]
    before = told(house, entry)
    house.fill(entry, 6)
    house.run(2)

    house.inbox.put(FeedTold(replace(before, filled=2, hash="falling")))
    house.run(1)

    assert house.book.rows.holdings[house.brackets()[0].id].held == 6
    assert house.stopped() == 6


def test_what_happened_while_the_feed_was_down_is_read_when_it_is_back(house: FedHouse) -> None:
    house.resting_long()
    house.run(5)
    house.fault("order_feed", "disconnect")

    house.fill(house.orders()[0], 10)
    house.until(lambda: house.stopped() == 10, within=5)

    house.run(5)

    assert "down" in house.said("feed")[-2]
    assert house.is_up
    assert not house.book.evidence.feed.doubted


def test_a_book_behind_the_feed_is_no_failure_and_doubles_no_stop(house: FedHouse) -> None:
    house.fault("getOrderBook", "lag", seconds=8, times=12)

    house.long()
    house.run(20)

    assert house.said("reads_failing") == []
    assert len(house.orders(type="STOPLOSS_LIMIT")) == 1
    assert house.stopped() == house.net() == 10


def test_a_late_frame_does_not_bring_old_terms_back(house: FedHouse) -> None:
    house.long()
    stop = house.working(type="STOPLOSS_LIMIT")[0]
    old = told(house, stop)
    house.run(3)
    house.command("protect", bracket=house.brackets()[0].id, stop="795")
    house.run(3)

    house.inbox.put(FeedTold(old))
    house.run(0.25)

    order = next(one for one in house.book.rows.tables[Order].values() if one.broker_id == stop["orderid"])
    assert order.working_trigger == Decimal("795")
    assert len(house.requests("modifyOrder")) == 1


def test_a_hint_has_the_book_read_at_once(house: FedHouse) -> None:
    house.long()
    house.run(6)
    Hints(house.store.database).give(ACCOUNT, at=house.clock.now())
    before = house.books()

    house.run(0.5)

    assert house.books() == before + 1


def test_prices_come_from_the_feed_without_a_quote(house: FedHouse) -> None:
    house.long()
    asked = len(house.requests("getLtpData"))

    house.price("803")
    house.run(1)

    seen = house.book.evidence.prices[SBIN]
    assert seen.value == Decimal(803)
    assert (house.clock.now() - seen.at).total_seconds() <= 1.5
    assert len(house.requests("getLtpData")) == asked


def test_prices_alone_write_nothing(house: FedHouse) -> None:
    house.long()
    house.run(30)
    audit = house.store.database
    before = _entries(audit)

    for step in range(20):
        house.price(str(800 + step % 3))
        house.run(0.5)

    assert _entries(audit) - before <= 2  # an order book now and then


def _entries(database: Any) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.audit)).scalar_one())


class FedNights(FedHouse, Nights):
    """Several days with both feeds."""


def test_a_feeds_first_price_hides_no_split(sqlite_store: Store, clock: ManualClock, ids: Ids) -> None:
    FedNights.contracts = listed({})
    rails = Rails(frozenset({"NSE:SBIN"}), 100, enter_from=time(9, 15), enter_until=time(15, 30))
    strategy = a_strategy(account=ACCOUNT, rails=rails, product=Product.DELIVERY)
    house = FedNights(sqlite_store, clock, ids, strategy=strategy)
    house.price("800")
    house.run(3)
    house.long()
    house.go(WEDNESDAY, "15:40")
    house.run(35)
    house.control("split", {"exchange": "NSE", "token": "3045", "factor": "1.26"})
    house.night(THURSDAY)
    house.run(20)

    assert house.stopped() == 0
    assert len(house.said("changed")) == 1
    assert "previous close" in house.said("changed")[0]


@pytest.mark.parametrize("restarts", [False, True])
def test_an_end_that_the_feed_alone_told_is_none_while_books_go_on_showing_the_order(
    house: FedHouse, *, restarts: bool
) -> None:
    house.long()
    (stop,) = house.working(type="STOPLOSS_LIMIT")

    house.inbox.put(FeedTold(told(house, stop, status="cancelled", orderstatus="cancelled")))
    house.run(3)
    if restarts:
        house.start()
    house.run(90)

    assert house.stopped() == 10
    assert any("books go on showing it" in said for said in house.said("feed"))


def test_a_fault_that_ended_a_feed_is_an_alarm(house: FedHouse) -> None:
    house.inbox.put(FeedFailed("orders"))

    house.run(1)

    rows = schema.audit.c
    with house.store.database.read() as connection:
        found = connection.execute(select(rows.text).where(rows.kind == "feed", rows.text.contains('"alarm":true')))
        assert ["begun again" in text for text in found.scalars()] == [True]
