"""Days with both feeds are without a violation, whatever becomes of the frames; and an hour leaves nothing behind."""

from __future__ import annotations

from random import Random

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.store.store import Store
from tests.campaigns.days import line_of
from tests.campaigns.fed import FAULTS_OF_FEEDS, FRAME_FAULTS, FedDay, FedWeek
from tests.campaigns.hour import Hour, play
from tests.campaigns.mix import HELL, Trouble
from tests.campaigns.plan import plan_of
from tests.campaigns.week import play_week
from tests.campaigns.week_plan import week_plan
from tests.fed import FedHouse

#: 1, 10 and 12 once closed a session that had just opened, for a read that was asked for before.
SEEDS = (0, 1, 10, 12)
_MINUTES = 10


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_with_both_feeds_is_without_a_violation(sqlite_store: Store, seed: int) -> None:
    plan = plan_of(seed)
    day = FedDay(plan, sqlite_store, Trouble(seed, factor=HELL if plan.is_hell else 1.0))

    day.play()

    line = line_of(day)
    assert line["violations"] == {}
    assert set(FAULTS_OF_FEEDS) & set(line["faults"])


def test_a_week_with_both_feeds_is_without_a_violation(sqlite_store: Store) -> None:
    week = play_week(1, sqlite_store, plan=week_plan(1), kind=FedWeek)

    assert line_of(week, week.truth())["violations"] == {}


def test_whatever_becomes_of_the_frames_all_that_filled_is_protected(
    sqlite_store: Store, clock: ManualClock, ids: Ids
) -> None:
    house, chance = FedHouse(sqlite_store, clock, ids), Random(5)
    house.price("803")
    house.run(4)
    house.signal("buy", price="803", order={"type": "limit", "limit": "800"})
    house.run(2)
    entry = house.orders()[0]

    for _ in range(_MINUTES):
        kind = chance.choice(FRAME_FAULTS)
        house.fault("order_feed", kind, **({"seconds": 20} if kind in ("silence", "hold") else {}))
        house.fill(entry, 1)
        house.until(lambda: house.stopped() == house.net(), within=10)
        house.run(50)

    feed = house.book.evidence.feed
    assert (house.net(), house.stopped()) == (_MINUTES, _MINUTES)
    assert (len(feed.untold), len(feed.unbooked), len(feed.dated)) <= (0, 0, 12)


def test_minutes_of_an_hour_in_which_both_feeds_fail_miss_no_fill_and_leave_nothing_behind(
    sqlite_store: Store, clock: ManualClock, ids: Ids
) -> None:
    found = play(2.5, Hour(sqlite_store, clock, ids, seed=4))

    assert found["failures"] == []
    assert found["connections_of_the_order_feed"] >= 2
    assert {name.partition(": ")[2] for name in found["faults"]} >= {"disconnect", "duplicate"}
