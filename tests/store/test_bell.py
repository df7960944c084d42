"""The doorbell on Postgres: ringing never fails and never waits, a lost connection is made anew."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from threading import Timer

import pytest
from sqlalchemy import create_engine, text

from executor.doorbell import EVERYBODY
from executor.store.bell import NotifyBell, NotifyListener
from executor.store.engine import Database, open_database
from executor.store.notices import Turn

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    found = open_database(postgres_url)
    yield found
    found.close()


def a_listener(database: Database) -> NotifyListener:
    """One that listens already."""
    listener = NotifyListener(database)
    listener.wait(5)
    return listener


def waited(listener: NotifyListener, at_most_s: float) -> float:
    began = time.monotonic()
    listener.wait(at_most_s)
    return time.monotonic() - began


def cut_all(database: Database) -> None:
    """End every connection but the one that asks."""
    killer = create_engine(database.engine.url, isolation_level="AUTOCOMMIT")
    with killer.connect() as connection:
        others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        for (pid,) in connection.execute(text(others)).all():
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    killer.dispose()


def test_a_ring_wakes_everybody_who_waits(database: Database) -> None:
    with ExitStack() as house:
        one, other = (house.enter_context(closing(a_listener(database))) for _ in range(2))
        bell = house.enter_context(closing(NotifyBell(database)))
        Timer(0.1, bell.ring).start()

        assert 0.05 < waited(one, 5) < 2
        assert waited(other, 5) < 2


def test_a_ring_before_the_wait_is_not_lost_and_many_are_few(database: Database) -> None:
    with closing(a_listener(database)) as listener, closing(NotifyBell(database)) as bell:
        for _ in range(2_000):
            bell.ring()

        assert waited(listener, 5) < 2
        wakes = 0
        while waited(listener, 0.2) < 0.2:
            wakes += 1
        assert wakes < 200


def test_who_waits_hears_for_whom_it_was_rung(database: Database) -> None:
    with closing(a_listener(database)) as listener, closing(NotifyBell(database)) as bell:
        bell.ring("day's account")
        named = listener.wait(5)
        bell.ring()

        assert (named, listener.wait(5), listener.wait(0.1)) == ({"day's account"}, {EVERYBODY}, set())


def test_without_a_ring_the_wait_ends_with_its_time(database: Database) -> None:
    with closing(a_listener(database)) as listener:
        assert 0.2 <= waited(listener, 0.2) < 2


def test_a_lost_connection_is_made_anew_on_both_sides(database: Database) -> None:
    with closing(a_listener(database)) as listener, closing(NotifyBell(database)) as bell:
        bell.ring()
        listener.wait(5)

        cut_all(database)
        bell.ring()
        listener.wait(0.1)  # finds it cut
        listener.wait(5)  # listens again

        until = time.monotonic() + 10
        heard = False
        while not heard and time.monotonic() < until:
            bell.ring()
            heard = waited(listener, 0.5) < 0.5
        assert heard


def test_a_database_that_is_away_neither_fails_nor_holds_up_the_ringer(database: Database) -> None:
    gone = Database(create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    with closing(NotifyBell(gone)) as bell, closing(NotifyListener(gone)) as listener:
        began = time.monotonic()
        for _ in range(100):
            bell.ring()
        rung = time.monotonic() - began

        assert rung < 0.5
        assert 0.2 <= waited(listener, 0.2) < 5


@pytest.fixture
def crowded(postgres_url: str) -> Iterator[Database]:
    """A pool whose only connection is lent."""
    found = Database(create_engine(postgres_url, pool_size=1, max_overflow=0, pool_timeout=0.1))
    with found.engine.connect():
        yield found
    found.close()


def test_a_pool_that_has_nothing_to_lend_ends_neither_side(crowded: Database) -> None:
    with closing(NotifyBell(crowded)) as bell, closing(NotifyListener(crowded)) as listener:
        bell.ring()

        assert 0.2 <= waited(listener, 0.2) < 5
        assert bell._thread.is_alive()


def test_who_gets_no_connection_does_not_tell(crowded: Database) -> None:
    assert not Turn(crowded).is_ours()


def test_listening_takes_nothing_from_the_pool(database: Database) -> None:
    with closing(a_listener(database)):
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
