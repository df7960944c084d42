"""Cursors, outages, restarts: each address for itself."""

from __future__ import annotations

import time

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.errors import NotRecorded
from executor.store.engine import open_database
from executor.store.notices import Notices, Turn
from tests.house import House
from tests.notify.conftest import Town


def refuse(house: House, count: int) -> None:
    for _ in range(count):
        house.signal("buy", price="800", ticker="NOBODY")
    house.run(1)


def test_a_burst_of_fifty_is_one_message_at_each_address(house: House, town: Town):
    for _ in range(5):
        refuse(house, 10)
        town.hear(1)
    town.hear(4)

    (text,) = town.told("REFUSED")
    assert text.startswith("[SIMULATOR default] 50 REFUSED, 25 Nov 09:20:")


def test_a_burst_without_end_is_told_every_ten_seconds(house: House, town: Town):
    for _ in range(12):
        refuse(house, 1)
        town.hear(1)

    assert [text.split("] ")[1][:9] for text in town.told("REFUSED")] == ["6 REFUSED", "6 REFUSED"]


def test_a_new_address_hears_nothing_of_what_was_before(store: object, clock: ManualClock, ids: Ids, town: Town):
    house = House(town.store, clock, ids)
    house.price("800")
    house.run(3)
    refuse(house, 3)

    town.hear(20)

    assert town.told("REFUSED") == []


def test_one_dead_address_does_not_stop_the_others_and_is_seen(house: House, town: Town):
    town.telegram.status = 500
    refuse(house, 1)
    town.hear(5)
    refuse(house, 1)
    town.hear(5)

    assert [len(one.bodies) for one in town.all] == [0, 2, 2]
    found = town.progress()
    telegram, hook = found["telegram chat -100200300"], found["webhook 127.0.0.1"]
    assert telegram.failures == 2 and telegram.failure.startswith("telegram answered 500")
    assert telegram.failing_since and not telegram.told_at
    assert hook.failures == 0 and hook.told_at and hook.seq > telegram.seq


def test_pauses_grow_and_after_the_outage_there_is_one_summary(house: House, town: Town):
    town.mail.status = 503
    tried = []
    for _ in range(40):
        refuse(house, 1)
        house.command("halt")
        house.command("resume")
        town.hear(30, every=5)
        tried.append(town.progress()["mail to trader@example.com by 127.0.0.1"].failures)
    town.mail.status = 200
    town.hear(605, every=5)

    assert tried[-1] <= 9
    (text,) = town.mail.texts
    assert text.startswith("[SIMULATOR default] 120 notices that could not be told one by one, 25 Nov 09:")
    assert "40 refused" in text and "40 halted" in text and "40 resumed" in text
    assert town.progress()["mail to trader@example.com by 127.0.0.1"].failures == 0


def test_an_address_that_asks_for_a_pause_gets_it(house: House, town: Town):
    town.telegram.status, town.telegram.retry_after = 429, 60
    refuse(house, 1)
    town.hear(5)
    town.telegram.status = 200

    town.hear(50)
    before = len(town.telegram.bodies)
    town.hear(20)

    assert (before, len(town.telegram.bodies)) == (0, 1)


def test_nobody_is_buried_under_what_others_can_cause_but_what_is_urgent_gets_through(house: House, town: Town):
    for _ in range(40):
        refuse(house, 1)
        town.hear(10, every=2)
    before = len(town.hook.bodies)
    house.command("kill")
    town.hear(10)

    assert before == 20
    assert [message["kind"] for message in town.hook.bodies[20:]] == ["refused", "killed"]
    told = [notice["audit"] for message in town.hook.bodies for notice in message["notices"]]
    assert len(told) == len(set(told)) == 42  # forty, that the account is not ready, and the kill


def test_a_restart_tells_nothing_twice_and_nothing_less(house: House, town: Town):
    refuse(house, 1)
    town.hear()
    refuse(house, 1)
    town.again()
    town.hear(20)
    town.again()
    town.hear(20)

    assert len(town.told("REFUSED")) == 2


def test_what_an_address_took_before_it_failed_is_not_told_to_it_again(house: House, town: Town):
    house.command("halt")
    refuse(house, 1)
    town.hook.status = 200
    calls = iter([200, 500])
    original = town.follower.channels[2].notifier.tell

    def tell(message: object) -> None:
        town.hook.status = next(calls, 200)
        original(message)  # type: ignore[arg-type]

    town.follower.channels[2].notifier.tell = tell  # type: ignore[method-assign]
    town.hear(30)

    assert [text.split("] ")[1].split(":")[0] for text in town.hook.texts] == ["HALTED", "REFUSED"]


def test_an_address_that_is_no_longer_set_leaves_no_cursor(house: House, town: Town):
    assert len(town.progress()) == 3

    town.telegram, town.mail = town.hook, town.hook
    town.again()
    town.hear(1)

    assert set(town.progress()) == {"webhook 127.0.0.1", "webhook 127.0.0.1 (2)", "webhook 127.0.0.1 (3)"}


def test_a_database_that_takes_no_cursor_stops_no_notice(house: House, town: Town, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise NotRecorded("the disk is full")

    monkeypatch.setattr(Notices, "remember", full)
    refuse(house, 1)
    town.hear(20)

    assert len(town.told("REFUSED")) == 1


@pytest.mark.postgres
def test_of_two_processes_on_one_postgres_one_tells_and_the_other_takes_over(
    postgres_url: str, clock: ManualClock, ids: Ids
):
    first, second = open_database(postgres_url), open_database(postgres_url)
    one, other = Turn(first), Turn(second)

    assert [one.is_ours(), other.is_ours(), one.is_ours()] == [True, False, True]
    one.close()
    taken = any(other.is_ours() or time.sleep(0.05) for _ in range(200))  # Postgres ends the session in its own time
    assert [taken, one.is_ours()] == [True, False]
    other.close()
    first.close()
    second.close()
