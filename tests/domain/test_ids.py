from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.ids import Ids, LegId, decode, encode, is_tag, tag_of
from tests.builders import NOW, an_id

ALPHABET = set("0123456789abcdefghjkmnpqrstvwxyz")


@given(st.lists(st.integers(-5000, 5000), min_size=2, max_size=40), st.integers(0, 2**32))
def test_ids_only_grow_whatever_the_clock_does(steps: list[int], seed: int) -> None:
    at = NOW
    ids = Ids(lambda: at, Random(seed))
    made = []
    for step in steps:
        at += timedelta(milliseconds=step)
        made.append(ids.new())

    assert made == sorted(set(made))
    assert all(len(text) == 13 and set(text) <= ALPHABET for text in made)


@given(st.integers(0, 2**65 - 1))
def test_an_id_reads_back_and_sorts_as_its_number(number: int) -> None:
    assert decode(encode(number)) == number
    assert (encode(number) < encode(2**64)) == (number < 2**64)


def test_a_start_continues_above_the_newest_id() -> None:
    ahead = Ids(lambda: NOW + timedelta(hours=1), Random(1)).new()

    assert Ids(lambda: NOW, Random(2), above=ahead).new() > ahead


def test_two_processes_that_start_while_the_clock_is_behind_the_newest_id_make_other_ones() -> None:
    """Day 3007: after the clock was set back both went on from the newest id, one by one: with the same ids."""
    ahead = Ids(lambda: NOW + timedelta(hours=1), Random(1)).new()
    ids = [Ids(lambda: NOW, Random(seed), above=ahead) for seed in (2, 3)]

    made = [[one.new() for _ in range(1000)] for one in ids]

    assert not set(made[0]) & set(made[1])


@pytest.mark.parametrize("text", ["", "1m88d69frabk", "1m88d69frabkcc", "1m88d69frabku", "1M88D69FRABKC"])
def test_what_is_no_id_is_not_read(text: str) -> None:
    with pytest.raises(ValueError):
        decode(text)


@given(st.integers(0, 2**65 - 1), st.integers(1, 1023))
def test_a_tag_fits_the_broker_and_is_known_again(number: int, attempt: int) -> None:
    tag = tag_of(LegId(encode(number)), attempt)

    assert len(tag) == 16
    assert tag.isascii()
    assert tag.isalnum()
    assert tag == tag.lower()
    assert is_tag(tag)


@given(st.integers(1, 1023), st.integers(1, 1023))
def test_attempts_of_a_leg_have_tags_of_their_own(one: int, other: int) -> None:
    leg = LegId(an_id(7))

    assert (tag_of(leg, one) == tag_of(leg, other)) == (one == other)


@pytest.mark.parametrize("text", [None, "", "manual", "y1m88d69frabkc01", "x1m88d69frabkc0", "x1m88d69frabkcu1"])
def test_other_tags_are_not_ours(text: str | None) -> None:
    assert not is_tag(text)
