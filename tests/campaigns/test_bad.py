"""Each known-bad executor is caught by a campaign on which ours shows nothing: the zeroes mean something."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.campaigns.bad import BAD, Stores, bad, row_of, run_bad, run_calm, run_ours
from tests.campaigns.stores import StoreMaker

#: What each of them does to a trader, by the checker that says so.
CAUGHT_BY = {
    "resend after unknown": {"duplicated", "orphans", "protected"},
    "answer before commit": {"lost", "recorded"},
    "empty book = flat": {"protected", "obeyed"},
    "stop on event only": {"protected"},
    "sibling left": {"orphans", "reversed"},
    "fills summed twice": {"orphans", "protected"},
    "no epoch check": {"fenced", "duplicated", "reconciled first"},
    "unbounded token": {"answered", "duplicated"},
    "record after send": {"orphans", "duplicated"},
    "assume failed": {"duplicated"},
}


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    maker = StoreMaker(None)
    yield maker.a_store
    maker.close()


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """A day logs what it survives, thousands of lines."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_every_known_bad_executor_has_its_catch():
    assert set(BAD) == set(CAUGHT_BY)


@pytest.mark.parametrize("name", BAD)
def test_a_known_bad_executor_is_caught(name: str, stores: Stores):
    result = run_bad(name, stores)

    assert set(result.caught_by) >= CAUGHT_BY[name], result.lines
    assert result.first_seed is not None


@pytest.mark.parametrize("name", BAD)
def test_ours_shows_nothing_on_the_same_days(name: str, stores: Stores):
    result = run_ours(name, stores)

    assert result.lines == ()
    assert result.entries >= 4 * result.days


@pytest.mark.parametrize("name", BAD)
def test_a_known_bad_executor_does_its_work_on_a_calm_day(name: str, stores: Stores):
    result = run_calm(name, stores)

    assert result.entries == 4
    assert not {"lost", "duplicated", "protected"} & set(result.caught_by), result.lines


def test_a_broken_rule_is_whole_again_afterwards(stores: Stores):
    with bad("unbounded token"):
        pass

    assert run_ours("unbounded token", stores).lines == ()


def test_the_table_says_who_catches_it_and_what_ours_does_on_the_same_days(stores: Stores):
    row = row_of("answer before commit", stores)

    assert row["caught by"].startswith("lost")
    assert row["lost"] > 0
    assert row["ours: violations"] == 0
    assert row["ours: entries filled"] > row["entries filled"]
