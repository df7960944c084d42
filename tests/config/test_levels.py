from __future__ import annotations

from decimal import Decimal

import pytest
from marshmallow import ValidationError

from executor.config.levels import read_targets, read_trail, targets_value, trail_value
from executor.domain.strategy import Level, LevelKind, Target, Trail


def percent(value):
    return Level(LevelKind.PERCENT, Decimal(value))


def points(value):
    return Level(LevelKind.POINTS, Decimal(value))


HALVES = (Target(percent(1), Decimal(50)), Target(points(20), Decimal("49.5")))


@pytest.mark.parametrize(
    ("written", "targets"),
    [
        ("2%", (Target(percent(2)),)),
        (5, (Target(points(5)),)),
        ("1%:50", (Target(percent(1), Decimal(50)),)),
        (["2%"], (Target(percent(2)),)),
        (["1%:50", "20:49.5%"], HALVES),
        ([{"at": "1%", "share": 50}, {"at": 20, "share": "49.5%"}], HALVES),
        ({"at": "1%", "share": 50}, HALVES[:1]),
        ([{"at": "2%"}], (Target(percent(2)),)),
    ],
)
def test_targets_are_written_in_short_or_as_tables(written, targets):
    assert read_targets(written) == targets


@pytest.mark.parametrize(
    ("targets", "written"),
    [
        ((), None),
        ((Target(percent("2.50")),), "2.5%"),
        ((Target(points(5)),), "5"),
        (HALVES[:1], [{"at": "1%", "share": "50%"}]),
        (HALVES, [{"at": "1%", "share": "50%"}, {"at": "20", "share": "49.5%"}]),
    ],
)
def test_one_whole_target_is_written_in_short_and_the_others_with_their_shares(targets, written):
    assert targets_value(targets) == written


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ([], "has 0 targets; give one to 10"),
        (["1%:9"] * 11, "has 11 targets; give one to 10"),
        ("@820", "is '@820'; give a distance such as 1% or 5"),
        ("1%:", "is ''; give percent above zero"),
        ("1%:0", "is '0'; give percent above zero"),
        ("1%:50:2", "is '50:2'; give percent above zero"),
        ([{"share": 50}], "is {'share': 50}; give at and, where it is meant, share"),
        ([{"at": "1%", "part": 50}], "give at and, where it is meant, share"),
        ([["1%"]], "is \"['1%']\"; give a distance"),
    ],
)
def test_what_is_no_target_is_named(written, words):
    with pytest.raises(ValidationError) as caught:
        read_targets(written)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("written", "trail", "again"),
    [
        ("1%", Trail(percent(1)), "1%"),
        (5, Trail(points(5)), "5"),
        ("1%:0.25%", Trail(percent(1), Decimal("0.25")), {"distance": "1%", "step": "0.25%"}),
        ({"distance": 5, "step": "0.50"}, Trail(points(5), Decimal("0.5")), {"distance": "5", "step": "0.5"}),
        ({"distance": "1%"}, Trail(percent(1)), "1%"),
    ],
)
def test_a_trail_is_a_distance_and_its_step_if_it_has_one(written, trail, again):
    assert read_trail(written) == trail
    assert trail_value(trail) == again


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("1%:5", "give distance and step both in percent or both in points"),
        ("1%:0%", "is '0%'; give a distance"),
        ({"step": 5}, "give distance and, where it is meant, step"),
        ({"distance": None}, "has no distance"),
        ("790 rupees", "is '790 rupees'; give a distance"),
    ],
)
def test_what_is_no_trail_is_named(written, words):
    with pytest.raises(ValidationError) as caught:
        read_trail(written)

    assert words in str(caught.value)
