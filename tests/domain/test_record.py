"""What a row of a person's or a rail's word says of a moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from executor.domain.record import Halt, HaltKind
from tests.builders import NOW

_MOMENT = timedelta(microseconds=1)
HALT = Halt("ALL", HaltKind.HALT, NOW, "test", "trader")


def test_a_halt_holds_from_its_first_moment_until_it_ends() -> None:
    """An alert of the moment in which it ends is behind it: an exit that came with a resume would stay undone."""
    ended = replace(HALT, ended_at=NOW + 2 * _MOMENT)

    assert [ended.held_at(NOW + n * _MOMENT) for n in range(-1, 4)] == [False, True, True, False, False]


def test_one_in_force_holds_on() -> None:
    assert HALT.held_at(NOW + timedelta(days=1))
