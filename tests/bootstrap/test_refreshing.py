"""The instrument file, taken by a process of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event as Flag

import pytest

from executor.bootstrap.master import among_others
from executor.bootstrap.refreshing import refresh_apart
from executor.clock import ManualClock
from executor.store.master import LoadInfo
from tests.bootstrap.conftest import LOCAL, Site
from tests.builders import NOW
from tests.instruments.served import Served


@pytest.fixture
def served() -> Iterator[Served]:
    with Served() as served:
        yield served


def newest(site: Site) -> LoadInfo:
    found: LoadInfo = site.look(lambda store: store.loads.history(1)[0])
    return found


def test_a_good_file_is_in_use_afterwards(site: Site, served: Served) -> None:
    site.environ |= LOCAL | {"SMARTAPI_MASTER_URL": served.url}
    site.upgrade()

    assert refresh_apart(site.settings(), Flag())

    load = newest(site)
    assert (load.failure, load.checks["segments"]) == ("", {"NSE": 2, "BSE": 1})
    assert site.look(lambda store: store.loads.current_load()) == load


def test_a_file_that_does_not_come_is_recorded(site: Site) -> None:
    site.environ |= LOCAL
    site.upgrade()

    assert not refresh_apart(site.settings(), Flag())

    assert "could not be fetched" in newest(site).failure


def test_after_a_portion_the_others_have_their_turn_for_as_long_as_is_said() -> None:
    clock = ManualClock(NOW)
    among = among_others(clock, 2.0)
    began = time.monotonic()

    with among():
        clock.advance(0.04)

    assert 0.08 <= time.monotonic() - began < 5


def test_told_to_stop_it_ends_at_once_and_the_next_takes_the_file(site: Site, served: Served) -> None:
    site.environ |= LOCAL | {"SMARTAPI_MASTER_URL": served.url}
    site.upgrade()
    served.hang = True
    stop = Flag()
    stop.set()
    began = time.monotonic()

    assert not refresh_apart(site.settings(), stop)

    assert time.monotonic() - began < 5
    served.hang = False
    assert refresh_apart(site.settings(), Flag())
