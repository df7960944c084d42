"""A person leaves while something else is under way: what is said is true, and nothing is entered behind his back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.domain.command import CommandState
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Short
from tests.desk.test_exit import position
from tests.house import House


@pytest.mark.parametrize("restart", [False, True])
def test_a_person_who_leaves_between_the_halves_of_a_reverse_stays_flat(house: House, restart: bool) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    house.long()
    house.fault("modifyOrder", "late", seconds=3)
    signal = house.signal("sell", price="800", position=position(10, -10))
    house.run(1)
    assert house.net() == 10
    if restart:
        house.start()

    command = house.command("exit")
    house.run(15)

    answer = "0 positions leave, 1 were leaving already; 1 of these reverse no more"
    assert (command.state, command.answer) == (CommandState.DONE, answer)
    assert (house.net(), house.working()) == (0, [])
    assert (house.ended(signal).outcome, house.ended(signal).code) == (Outcome.SUPERSEDED, RefusalCode.SUPERSEDED)


def test_a_person_who_leaves_what_leaves_already_is_not_told_that_nothing_is_held(house: House) -> None:
    house.long()
    house.fault("modifyOrder", "late", seconds=3)
    signal = house.signal("exit")
    house.run(1)

    command = house.command("exit")
    house.run(15)

    assert (command.state, command.answer) == (CommandState.DONE, "0 positions leave, 1 were leaving already")
    assert (house.net(), house.ended(signal).outcome) == (0, Outcome.FILLED)


@pytest.mark.parametrize("kind", ["exit", "flatten"])
def test_who_leaves_under_a_kill_is_told_that_nothing_leaves_before_it_ends(house: House, kind: str) -> None:
    house.long()
    house.command("kill")

    command = house.command(kind)
    house.run(8)
    assert (command.answer or "").endswith(
        "leave; for 1 of them no order goes out until the kill in force is ended (resume)"
    )
    assert (house.net(), house.stopped()) == (10, 10)

    house.command("resume")
    house.run(8)
    assert (house.net(), house.working()) == (0, [])
