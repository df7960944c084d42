"""What a row of a person's or a rail's word says of a moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from executor.domain.record import Halt, HaltKind
from tests.builders import NOW

_MOMENT = timedelta(microseconds=1)
HALT = Halt("ALL", HaltKind.HALT, NOW, "test", "trader")


def test_a_halt_holds_from_its_first_to_its_last_moment() -> None:
    ended = replace(HALT, ended_at=NOW + 2 * _MOMENT)

    assert [ended.held_at(NOW + n * _MOMENT) for n in range(-1, 4)] == [False, True, True, True, False]


def test_one_that_ended_in_the_moment_it_began_held_then() -> None:
    """On a clock of milliseconds a halt, an alert and the resume are of one moment; in doubt nothing is entered."""
    assert replace(HALT, ended_at=NOW).held_at(NOW)


def test_one_in_force_holds_on() -> None:
    assert HALT.held_at(NOW + timedelta(days=1))
