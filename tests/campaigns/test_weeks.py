"""A few simulated weeks, each without a violation; and what a run of weeks fails for."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from executor.desk import carried, hours
from executor.store.store import Store
from tests.campaigns.days import line_of
from tests.campaigns.week import play_week
from tests.campaigns.week_plan import week_plan
from tests.campaigns.weeks import ENOUGH_WEEKS, nights, verdict

WEEKS = 6
#: Weeks beyond these that once showed a fault, of the executor or of a checker.
KEPT: tuple[int, ...] = ()


def the_line(seed: int, store: Store) -> dict[str, Any]:
    week = play_week(seed, store, plan=week_plan(seed))
    truth = week.truth()
    return line_of(week, truth) | {"features": dict(nights(truth))}


@pytest.mark.parametrize("seed", [*range(WEEKS), *KEPT])
def test_a_week_is_without_a_violation(sqlite_store: Store, seed: int) -> None:
    line = the_line(seed, sqlite_store)

    assert line["violations"] == {}
    assert line["features"]["carried overnight"] >= 1


@pytest.mark.parametrize(
    ("room", "rule", "seed", "checker"),
    [
        (carried, "come_first", 0, "protected first"),
        (hours, "is_squared_off", 1, "squared off"),
        (hours, "entry_too_late", 0, "not entered late"),
    ],
)
def test_a_desk_without_a_rule_of_the_night_is_caught(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, room: ModuleType, rule: str, seed: int, checker: str
) -> None:
    monkeypatch.setattr(room, rule, lambda *_words, **_more: None)

    assert checker in the_line(seed, sqlite_store)["violations"]


@pytest.mark.postgres
def test_the_same_week_gives_the_same_audit_on_both_stores(sqlite_store: Store, postgres_store: Store) -> None:
    assert the_line(1, sqlite_store)["head"] == the_line(1, postgres_store)["head"]


def a_line(**changes: Any) -> dict[str, Any]:
    line = {"seed": 1, "violations": {}, "faults": {"crash": 1}, "features": {"carried overnight": 6}}
    return line | changes


def test_a_run_fails_when_a_checker_speaks() -> None:
    assert verdict([a_line(violations={"lost": ["lost: x"]})]) == ["seed 1: lost: lost: x"]


def test_a_run_fails_when_too_little_was_carried() -> None:
    assert "too few" in verdict([a_line(features={"carried overnight": 1})])[0]


def test_a_run_of_many_weeks_fails_when_something_never_came_up() -> None:
    said = verdict([a_line()] * ENOUGH_WEEKS)

    assert any(sentence.startswith("settled at expiry: never came up") for sentence in said)
    assert not any(sentence.startswith(("crash", "carried overnight")) for sentence in said)
