"""A signal that was read before something else made the desk decide on it is not decided on once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time

import pytest

from executor.clock import IST, ManualClock
from executor.domain.ids import Ids
from executor.domain.messages import Resolved, SignalsArrived
from executor.domain.signal import Outcome, Signal, SignalState
from executor.domain.strategy import Rails, Short
from executor.store.store import Store
from tests.builders import a_strategy
from tests.desk.test_exit import position
from tests.house import ACCOUNT, House


@pytest.fixture
def early(sqlite_store: Store, ids: Ids) -> Iterator[House]:
    """Ten seconds before the open, with a strategy that enters from its first second on."""
    clock = ManualClock(datetime(2026, 11, 25, 9, 14, 50, tzinfo=IST))
    rails = Rails(frozenset({"NSE:SBIN"}), 100, enter_from=time(9, 15), enter_until=time(15, 30))
    house = House(sqlite_store, clock, ids, strategy=a_strategy(account=ACCOUNT, rails=rails))
    house.price("800")
    house.run(9)
    yield house


def _anew(house: House) -> None:
    """A person saves the strategy: the next sweep tells it before it looks at signals."""
    house.store.people.save_strategy(replace(house.strategy, version=2), by="test", at=house.clock.now())


def test_an_entry_that_waits_for_the_open_is_entered_once_though_rails_come_with_it(early: House) -> None:
    signal = early.signal("buy", price="800")
    early.run(0.75)
    assert early.stored(signal).state is SignalState.RECEIVED
    _anew(early)

    early.run(10)

    assert (early.net(), early.stopped(), len(early.said("plan"))) == (10, 10, 1)
    assert early.ended(signal).outcome is Outcome.FILLED


def test_an_entry_that_waits_for_a_missing_alert_is_judged_once(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    signal = house.signal("buy", price="800", position=position(-10, 10))
    house.run(0.5)
    _anew(house)

    house.run(6)

    assert (house.net(), house.ended(signal).outcome) == (10, Outcome.FILLED)


def test_a_row_read_before_it_was_decided_on_changes_nothing(house: House) -> None:
    signal = house.signal("buy", price="800")
    row = house.stored(signal)
    house.run(6)

    house.inbox.put(SignalsArrived((Resolved(row, house.strategy, house.contract),)))
    house.run(6)

    assert (house.net(), house.ended(signal).outcome, len(house.said("plan"))) == (10, Outcome.FILLED, 1)


def test_a_row_of_a_signal_that_brought_nothing_about_is_not_judged_again_nor_kept(house: House) -> None:
    signal = house.signal("exit")
    row = house.stored(signal)
    house.run(1)
    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert signal not in house.book.rows.tables[Signal]

    house.inbox.put(SignalsArrived((Resolved(row, house.strategy, house.contract),)))
    house.run(1)

    assert len(house.said("outcome")) == 1


def test_a_signal_that_opened_or_closed_something_is_kept(house: House) -> None:
    entry = house.signal("buy", price="800")
    house.run(3)
    leaving = house.signal("exit")
    house.run(6)

    assert house.ended(leaving).outcome is Outcome.FILLED
    assert {entry, leaving} <= set(house.book.rows.tables[Signal])
