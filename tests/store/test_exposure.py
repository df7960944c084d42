"""How long a position had no working stop, from what the audit says of its rows at each moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from executor.domain.bracket import BracketState
from executor.domain.delivery import Flood
from executor.domain.messages import Change
from executor.domain.order import Order, OrderState
from executor.domain.strategy import Protection
from executor.store import exposure
from executor.store.exposure import Exposures, Watched
from executor.store.store import Store
from tests.builders import ACCOUNT, BRACKET, NOW, a_bracket, a_delivery, a_lane, a_leg, a_signal, an_order
from tests.store.test_positions import a_stop
from tests.store.trading import decision_of, made, take_lease

OPEN = a_bracket(state=BracketState.OPEN, opened_at=NOW)
ENTRY = an_order(created_at=NOW)
DAY = Watched(NOW - timedelta(minutes=5), NOW + timedelta(minutes=5))


class Life:
    """A bracket whose orders change second by second."""

    def __init__(self, store: Store, **bracket: Any) -> None:
        self.store = store
        leg, stop = a_stop(state=OrderState.SUBMITTED, working_quantity=None, working_type=None, created_at=NOW)
        self.now = {"entry": ENTRY, "stop": stop}
        store.intake.record_delivery(a_delivery(), a_signal())
        take_lease(store)
        self._commit(made(a_lane(), replace(OPEN, **bracket), a_leg(), ENTRY, leg, stop), 0)

    def at(self, second: float, which: str, **changes: Any) -> None:
        before: Order = self.now[which]
        self.now[which] = replace(before, **changes)
        self._commit((Change(self.now[which], before=before),), second)

    def exposed(self, watched: Watched = DAY) -> float:
        found = Exposures(self.store.database).of(self.store.pages.positions(), {BRACKET: watched})
        return found[BRACKET].total_seconds()

    def _commit(self, changes: Any, second: float) -> None:
        at = NOW + timedelta(seconds=second)
        self.store.ledger.commit(ACCOUNT, 1, decision_of(*changes), permits=(), known=(), at=at)


@pytest.fixture
def life(store: Store) -> Life:
    return Life(store)


def test_from_the_fill_until_the_stop_is_shown_it_has_none(life: Life) -> None:
    life.at(2, "entry", state=OrderState.FILLED, filled=10)
    life.at(3.5, "stop", state=OrderState.ACCEPTED, working_quantity=10, working_type=a_stop()[1].type)

    assert life.exposed() == 1.5


def test_a_stop_for_a_part_leaves_the_rest_without(life: Life) -> None:
    accepted = {"state": OrderState.ACCEPTED, "working_type": a_stop()[1].type}
    life.at(2, "entry", state=OrderState.PARTIALLY_FILLED, filled=5)
    life.at(3, "stop", **accepted, working_quantity=5)
    life.at(10, "entry", state=OrderState.FILLED, filled=10)
    life.at(12, "stop", working_quantity=10)

    assert life.exposed() == 1 + 2


def test_a_flood_that_is_told_of_meanwhile_hides_nothing(life: Life) -> None:
    life.at(12, "entry", state=OrderState.FILLED, filled=10)
    life.at(13, "stop", state=OrderState.ACCEPTED, working_quantity=10, working_type=a_stop()[1].type)
    minute, told = NOW - timedelta(seconds=60), NOW + timedelta(seconds=14)
    for number in range(40):
        life.store.intake.record_flood([Flood(minute, f"192.0.2.{number}", "web:1", 700, "rubbish")], told)

    assert life.exposed() == 1


def test_what_left_by_its_stop_needs_none(life: Life) -> None:
    life.at(2, "entry", state=OrderState.FILLED, filled=10)
    life.at(3, "stop", state=OrderState.ACCEPTED, working_quantity=10, working_type=a_stop()[1].type)
    life.at(60, "stop", state=OrderState.FILLED, filled=10)

    assert life.exposed() == 1


def test_what_is_exposed_now_counts_up_to_now_and_within_the_hours_only(life: Life) -> None:
    life.at(2, "entry", state=OrderState.FILLED, filled=10)

    def until(begins: datetime, seconds: int) -> float:
        return life.exposed(Watched(begins, NOW + timedelta(seconds=seconds)))

    assert until(DAY.begins, 9) == 7
    assert until(NOW + timedelta(seconds=5), 9) == 4
    assert until(NOW + timedelta(seconds=20), 9) == 0


def test_who_asks_again_is_told_the_same_as_who_reads_it_all(life: Life) -> None:
    """Whatever happens between two questions, and from whichever moment on is asked."""
    chance, kept = Random(5), Exposures(life.store.database)
    states = [OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED, OrderState.FILLED, OrderState.CANCELLED]
    told = []

    for second in range(2, 62, 2):
        stop = {"working_quantity": chance.randrange(11), "working_type": a_stop()[1].type}
        which = chance.choice(["entry", "stop"])
        more = {} if which == "entry" else stop
        life.at(second, which, state=chance.choice(states), filled=chance.randrange(11), **more)
        begins = NOW + timedelta(seconds=chance.choice([-300, 0, 20, 40]))
        watched: dict[str, Watched] = {BRACKET: Watched(begins, NOW + timedelta(seconds=second + 1))}
        positions = life.store.pages.positions()
        told.append(kept.of(positions, watched))

        assert told[-1] == Exposures(life.store.database).of(positions, watched)

    assert len({found[BRACKET] for found in told}) > 10


def test_who_asks_again_reads_only_what_is_new(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, read = Exposures(life.store.database), list[int]()

    life.at(2, "entry", state=OrderState.FILLED, filled=10)
    positions = life.store.pages.positions()
    kept.of(positions, {BRACKET: DAY})
    with monkeypatch.context() as watching:
        changes = exposure._changes
        watching.setattr(exposure, "_changes", lambda *said: _counted(read, changes(*said)))
        kept.of(positions, {BRACKET: DAY})
        life.at(3.5, "stop", state=OrderState.ACCEPTED, working_quantity=10, working_type=a_stop()[1].type)
        found = kept.of(life.store.pages.positions(), {BRACKET: DAY})

    assert read == [0, 1]
    assert found[BRACKET] == timedelta(seconds=1.5)


def _counted(read: list[int], changes: Iterator[Any]) -> list[Any]:
    found = list(changes)
    read.append(len(found))
    return found


def test_what_is_meant_to_have_no_stop_is_not_told_of(store: Store) -> None:
    Life(store, protection=Protection.NONE)

    assert Exposures(store.database).of(store.pages.positions(), {BRACKET: DAY}) == {}
