"""`protect --stop` for a position that runs without a stop: the answer is true, the stop rests."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from executor.domain.command import CommandState
from executor.domain.strategy import Level, LevelKind, Protection, Trail
from tests.house import House


def protect(house: House, stop: str) -> None:
    """Have a person set the stop of the only position."""
    (bracket,) = house.brackets()
    command = house.command("protect", bracket=bracket.id, stop=stop)
    assert (command.state, command.answer) == (CommandState.DONE, f"SBIN-EQ: stop to {stop}")
    house.run(8)


def after_hand(house: House) -> None:
    house.long()
    for _ in range(2):
        house.cancel(house.working(type="STOPLOSS_LIMIT")[0])
        house.run(8)


def after_kill(house: House) -> None:
    house.long()
    house.command("kill", everything=True)
    house.run(8)
    house.command("resume")


def without(house: House) -> None:
    house.strategy = replace(house.strategy, protection=Protection.NONE, stop_loss=None)
    house.long()


@pytest.mark.parametrize("bare", [after_hand, after_kill, without])
def test_a_person_gives_a_stop_to_what_has_none(house: House, bare: object) -> None:
    assert callable(bare)
    bare(house)
    assert (house.net(), house.stopped()) == (10, 0)

    protect(house, "790")

    (stop,) = house.working(type="STOPLOSS_LIMIT")
    assert (float(stop["trigger"]), house.stopped()) == (790, 10)


def test_the_given_stop_lives_over_a_restart_and_moves_once_more(house: House) -> None:
    after_hand(house)
    protect(house, "790")

    house.start()
    house.run(6)
    protect(house, "795")

    (stop,) = house.working(type="STOPLOSS_LIMIT")
    assert (float(stop["trigger"]), house.stopped()) == (795, 10)


def test_the_given_stop_sells_what_is_held_and_nothing_is_left(house: House) -> None:
    after_hand(house)
    protect(house, "790")

    house.price("789.5")
    house.run(10)

    assert (house.net(), house.working()) == (0, [])


def test_an_exit_leaves_by_the_given_stop(house: House) -> None:
    after_kill(house)
    protect(house, "790")

    house.signal("exit")
    house.run(10)

    assert (house.net(), house.working()) == (0, [])


@pytest.mark.parametrize(
    ("follows", "ended"),
    [
        ({"trail": Trail(Level(LevelKind.POINTS, Decimal(4)))}, True),
        ({"breakeven_after": Level(LevelKind.POINTS, Decimal(3))}, True),
        ({"trail": Trail(Level(LevelKind.POINTS, Decimal(40)))}, False),
    ],
)
def test_a_stop_that_a_person_sets_stays_where_he_sets_it(house: House, follows: dict[str, Any], ended: bool) -> None:
    house.strategy = replace(house.strategy, **follows)
    house.long()
    house.price("805")
    house.run(4)
    (bracket,) = house.brackets()

    command = house.command("protect", bracket=bracket.id, stop="780")
    house.run(8)

    words = ", which follows the price no more" if ended else ""
    assert (command.state, command.answer) == (CommandState.DONE, f"SBIN-EQ: stop to 780{words}")
    assert [float(stop["trigger"]) for stop in house.working(type="STOPLOSS_LIMIT")] == [780]


@pytest.mark.parametrize("everything_ends", [True, False])
def test_a_given_stop_never_rests_beside_one_that_is_not_gone_yet(house: House, *, everything_ends: bool) -> None:
    """Under a kill too: both would sell, and turn the position over."""
    house.long()
    refusal = {"kind": "refuse", "times": 30, "code": "AB1007", "message": "Invalid something"}
    house.control("fault", {"route": "cancelOrder", **refusal})
    house.command("kill", everything=True)
    if everything_ends:
        house.command("resume")
    (bracket,) = house.brackets()
    house.command("protect", bracket=bracket.id, stop="790")
    for _ in range(12):
        house.run(0.5)
        assert house.stopped() <= house.net() == 10

    house.run(180)
    (stop,) = house.working(type="STOPLOSS_LIMIT")
    assert (float(stop["trigger"]), house.stopped()) == (790, 10)


def test_a_stop_that_comes_late_does_not_take_the_given_one_along(house: House) -> None:
    """The one that nobody wants goes; what is held is not without one meanwhile."""
    house.fault("placeOrder", "late", seconds=14, match={"ordertype": "STOPLOSS_LIMIT"})
    house.signal("buy", price="800")
    house.run(2)
    house.command("kill", everything=True)
    house.run(5)
    house.command("resume")
    protect(house, "790")
    assert house.stopped() == 10

    for _ in range(40):
        house.run(0.25)
        assert house.stopped() >= 10

    (stop,) = house.working(type="STOPLOSS_LIMIT")
    assert (float(stop["trigger"]), len(house.orders(type="STOPLOSS_LIMIT"))) == (790, 2)
