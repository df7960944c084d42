"""A part of the crash sweep with every build: a seeded sample of single and paired crashes on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest

from tests.campaigns.fed import FedRig
from tests.campaigns.rig import Rig
from tests.campaigns.scenarios import SCENARIOS, Scenario
from tests.campaigns.story import SEAMS, At, Story
from tests.campaigns.sweep import Line, Run, databases, pairs, sampled, singles
from tests.campaigns.theatre import Theatre


@contextmanager
def a_theatre(store: str, kind: type[Rig] = Rig) -> Iterator[Theatre]:
    with databases(store, 1) as (url,):
        theatre = Theatre(url, kind)
        yield theatre
        theatre.close()


@pytest.fixture(scope="module")
def passages() -> dict[str, dict[str, int]]:
    """How often each story passes each seam when nothing dies."""
    with a_theatre("sqlite") as theatre:
        return {name: theatre.tell(scenario)["passed"] for name, scenario in SCENARIOS.items()}


def failures(
    store: str, passages: dict[str, dict[str, int]], count: int, *, seed: int, kind: type[Rig] = Rig
) -> dict[str, Any]:
    """What is violated by so many crashes and pairs of a seed, by the run."""
    random = Random(f"{seed}/sample")
    runs = [sampled(random, passages) for _ in range(count)]
    with a_theatre(store, kind) as theatre:
        lines = {run.key: theatre.tell(SCENARIOS[run.scenario], run.crashes) for run in runs}
    return {key: line["violations"] for key, line in lines.items() if line["violations"]}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_dies_at_any_passage_the_story_ends_as_it_must(passages: dict[str, dict[str, int]], seed: int) -> None:
    failed = failures("sqlite", passages, 100, seed=seed)

    assert not failed


@pytest.mark.timeout(300)
def test_so_it_does_with_both_feeds(passages: dict[str, dict[str, int]]) -> None:
    failed = failures("sqlite", passages, 40, seed=5, kind=FedRig)

    assert not failed


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres")  # which skips where there is none
@pytest.mark.timeout(300)
def test_so_it_does_on_postgres(passages: dict[str, dict[str, int]]) -> None:
    failed = failures("postgres", passages, 40, seed=4)

    assert not failed


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres")  # which skips where there is none
def test_the_same_crashes_give_the_same_audit_on_both_stores() -> None:
    crashes = (At("trader", 9, True), At("trader", 14, False))

    with a_theatre("sqlite") as one, a_theatre("postgres") as other:
        lines = [theatre.tell(SCENARIOS["exit"], crashes) for theatre in (one, one, other)]

    assert len({line["head"] for line in lines}) == 1
    assert [line["missed"] for line in lines] == [[], [], []]


def test_what_is_left_behind_is_a_violation() -> None:
    with a_theatre("sqlite") as theatre:
        line = theatre.tell(Scenario("never left", _never_left))

    assert "rest" in line["violations"]


def _never_left(story: Story) -> None:
    story.price("1000")
    story.alert("buy")


def test_every_passage_is_died_at_before_and_after_and_every_pair_once() -> None:
    line: Line = {
        "passed": {"trader": 3, "web": 1, "hand": 0},
        "moments": {"trader": [1, 2, 3], "web": [1], "hand": []},
    }

    ones = singles("exit", line["passed"])
    twos = [two for one in ones for two in pairs(one, line)]

    assert len(ones) == 8
    assert len(set(twos)) == len(twos) == 3 * 4 + 6 * 2
    assert all(SEAMS.index(one.seam) <= SEAMS.index(two.seam) for run in twos for one, two in [run.crashes])


def test_dead_before_a_passage_is_dead_after_the_one_before_it_in_the_same_moment() -> None:
    line: Line = {"passed": {"trader": 3, "web": 0, "hand": 0}, "moments": {"trader": [1, 3], "web": [], "hand": []}}

    seconds = [run.crashes[1] for run in pairs(Run("exit", (At("trader", 1, after=True),)), line)]

    assert [str(one) for one in seconds] == ["trader 2 after", "trader 3 before", "trader 3 after"]
