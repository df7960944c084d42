"""A trader that starts again at any stage: one order, its stop, one outcome; and nothing before the books were read."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from executor.broker.port import Broker, Session
from executor.domain.intent import Intent, Sent
from executor.domain.reading import Query, Reading
from executor.domain.signal import Outcome
from tests.house import House


class Killed(Exception):
    """The process ends here."""


@dataclass
class Killer:
    """A broker whose process is killed at a send: before the first byte left, or after the broker took it."""

    broker: Broker
    when: str
    armed: int = 1
    passing: int = 0

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        return self.broker.open_session(saved, may_log_in=may_log_in)

    def read(self, query: Query) -> Reading:
        return self.broker.read(query)

    def send(self, intent: Intent) -> Sent:
        if self.passing or not self.armed:
            self.passing = max(0, self.passing - 1)
            return self.broker.send(intent)
        self.armed -= 1
        if self.when == "after":
            self.broker.send(intent)
        raise Killed


def kill(house: House, when: str, *, sends_before: int = 0) -> None:
    """Arm the killer for the next start."""
    house.wrap_broker = lambda broker: Killer(broker, when, passing=sends_before)
    house.start()
    house.wrap_broker = lambda broker: broker
    house.run(4)


def live_until_killed(house: House, seconds: float) -> None:
    with pytest.raises(Killed):
        house.run(seconds)


def test_killed_before_the_first_byte_it_is_not_placed_and_never_sent(house: House) -> None:
    kill(house, "before")
    signal = house.signal("buy", price="800")
    live_until_killed(house, 5)

    house.start()
    house.run(30)

    assert house.orders() == []
    assert house.requests("placeOrder") == []
    assert house.ended(signal).outcome is Outcome.NOT_PLACED


def test_killed_after_the_broker_took_it_the_order_is_adopted_with_its_stop(house: House) -> None:
    kill(house, "after")
    signal = house.signal("buy", price="800")
    live_until_killed(house, 5)

    house.start()
    house.run(8)

    assert len(house.orders(side="BUY")) == 1
    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)
    assert house.ended(signal).outcome is Outcome.FILLED


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("sends", [1, 2, 3, 4])
def test_killed_at_any_later_send_it_ends_right(house: House, when: str, sends: int) -> None:
    """Sends: entry, stop, target, the exit's modify, the stop's cancel."""
    kill(house, when, sends_before=sends)
    signal = house.signal("buy", price="800")
    killed = False
    try:
        house.run(8)
        house.signal("exit")
        house.run(10)
    except Killed:
        killed = True
    house.start()
    house.run(15)
    if house.net():
        house.signal("exit")
        house.run(12)

    assert killed
    assert (house.net(), house.working()) == (0, [])
    assert len(house.orders(side="BUY")) == 1
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_ready_entry_that_is_fresh_is_sent_once_after_a_start(house: House) -> None:
    signal = house.ready_entry()

    house.start()
    house.run(8)

    assert len(house.requests("placeOrder")) == 3
    assert house.ended(signal).outcome is Outcome.FILLED
    assert (house.net(), house.stopped()) == (10, 10)


def test_a_ready_entry_that_is_old_expires_at_the_start(house: House) -> None:
    signal = house.ready_entry()
    house.clock.advance(61)

    house.start()
    house.run(8)

    assert house.requests("placeOrder") == []
    assert house.ended(signal).outcome is Outcome.EXPIRED


def test_a_ready_entry_expires_also_without_a_session(house: House) -> None:
    signal = house.ready_entry()
    house.sessions_allowed = False

    house.start()
    house.run(65)

    assert house.ended(signal).outcome is Outcome.EXPIRED


def test_a_signal_that_nobody_had_aimed_at_runs_after_the_start(house: House) -> None:
    signal = house.signal("buy", price="800")

    house.start()
    house.run(8)

    assert house.ended(signal).outcome is Outcome.FILLED
    assert house.stopped() == 10


def test_nothing_is_written_before_all_three_books_were_read(house: House) -> None:
    house.long()
    house.cancel(house.working(type="STOPLOSS_LIMIT")[0])
    house.fault("getPosition", "status", times=5, status=500, body="no")
    began = len(house.state()["requests"])

    house.start()
    house.run(14)

    seen = [row for row in house.state()["requests"][began:] if row["status"] == 200]
    first_write = next(place for place, row in enumerate(seen) if row["route"] in {"placeOrder", "modifyOrder"})
    assert {"getOrderBook", "getTradeBook", "getPosition"} <= {row["route"] for row in seen[:first_write]}
    assert (house.net(), house.stopped()) == (10, 10)


@pytest.mark.parametrize("seconds", [0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4])
def test_a_start_at_any_moment_of_an_entry_changes_nothing_of_its_end(house: House, seconds: float) -> None:
    signal = house.signal("buy", price="800")
    house.run(seconds)

    house.start()
    house.run(10)

    assert len(house.orders()) == 3
    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)
    assert house.ended(signal).outcome is Outcome.FILLED


def test_fills_of_the_time_it_was_down_are_protected_at_the_start(house: House) -> None:
    house.resting_long()
    house.fill(house.orders()[0], 6)
    house.clock.advance(300)

    house.start()
    house.run(8)

    assert (house.net(), house.stopped(), house.targeted()) == (6, 6, 6)
    assert house.working(side="BUY") == []


def test_a_target_filled_while_it_was_down_takes_the_stop_at_the_start(house: House) -> None:
    house.long()
    house.fill(house.working(type="LIMIT")[0], 10)
    house.clock.advance(300)

    house.start()
    house.run(6)

    assert (house.net(), house.working()) == (0, [])
