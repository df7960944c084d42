"""Fifty simulated days, each without a violation, and the same to the last byte wherever it is played."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from executor.store.store import Store
from tests.campaigns.day import play
from tests.campaigns.days import ENOUGH_DAYS, line_of, summary, verdict
from tests.campaigns.plan import plan_of
from tests.campaigns.results import ROOT

DAYS = 50
#: Days beyond these that once showed a fault, of the executor or of a checker; each has a small test of its own too.
KEPT = (61, 78, 201, 212, 221, 283, 299, 371, 399)
_HEAD_OF = "from tests.campaigns.days import *; m = StoreMaker(None); print(play_day({seed}, m)['head']); m.close()"


def the_line(seed: int, store: Store) -> dict[str, Any]:
    return line_of(play(seed, store, plan=plan_of(seed)))


@pytest.mark.parametrize("seed", [*range(DAYS), *KEPT])
def test_a_day_is_without_a_violation(sqlite_store: Store, seed: int) -> None:
    line = the_line(seed, sqlite_store)

    assert line["violations"] == {}
    assert line["entries"] >= 6


@pytest.mark.postgres
@pytest.mark.parametrize("seed", [3, 49], ids=["a day", "a hell day, on which people do all they can"])
def test_the_same_seed_gives_the_same_audit_on_both_stores(
    sqlite_store: Store, postgres_store: Store, seed: int
) -> None:
    assert the_line(seed, sqlite_store)["head"] == the_line(seed, postgres_store)["head"]


def test_the_same_seed_gives_the_same_audit_in_another_process(sqlite_store: Store) -> None:
    words = [sys.executable, "-c", _HEAD_OF.format(seed=4)]
    environ = {**os.environ, "PYTHONHASHSEED": "77"}

    elsewhere = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)

    assert elsewhere.stdout.strip() == the_line(4, sqlite_store)["head"]


def a_line(**changes: Any) -> dict[str, Any]:
    line = {
        "seed": 1,
        "hell": False,
        "signals": 60,
        "acknowledged": 60,
        "entries": 24,
        "fills": 50,
        "outcomes": {"FILLED": 40},
        "faults": {},
        "features": {},
        "unprotected": [1.0, 2.0],
        "widest": {"second": 8, "minute": 50, "hour": 50},
        "violations": {},
        "cpu_s": 2.0,
    }
    return line | changes


def test_a_run_fails_when_a_checker_speaks() -> None:
    assert verdict([a_line(violations={"lost": ["lost: x"]})]) == ["seed 1: lost: lost: x"]


def test_a_run_fails_when_too_little_was_filled() -> None:
    assert "too few" in verdict([a_line(entries=3)])[0]


def test_a_run_of_many_days_fails_when_a_fault_or_feature_never_fired() -> None:
    said = verdict([a_line(faults={"answer lost": 3}, features={"trailed": 1})] * ENOUGH_DAYS)

    for never in ("two traders", "broke even"):
        assert any(sentence.startswith(f"{never}: never fired") for sentence in said)
    assert not any(sentence.startswith(("answer lost", "trailed")) for sentence in said)


def test_the_sums_tell_of_all_days() -> None:
    sums = summary([a_line(), a_line(unprotected=[31.0], violations={"lost": ["a", "b"]})])

    assert (sums["days"], sums["violations"]) == (2, {"lost": 2})
    assert (sums["unprotected_s"]["most"], sums["unprotected_s"]["over_30"]) == (31.0, 1)
