from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.alerts.parse import MAX_BYTES, MAX_DEPTH, leaves, read, texts_refused
from executor.domain.refusal import Refusal, RefusalCode

SCALARS = st.none() | st.booleans() | st.integers() | st.text()
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def code_of(found: object) -> RefusalCode:
    assert isinstance(found, Refusal)
    return found.code


def as_texts(value):
    """A document as `read` gives it: numbers are their text."""
    if isinstance(value, dict):
        return {key: as_texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_texts(inner) for inner in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(st.binary())
def test_any_bytes_are_read_or_refused_and_never_raise(body: bytes):
    found = read(body)

    assert isinstance(found, dict) or code_of(found) is RefusalCode.NOT_JSON


@given(st.dictionaries(st.text(), DOCUMENTS), st.booleans())
def test_an_object_is_read_as_it_was_written_with_numbers_as_text(document, escaped: bool):
    body = json.dumps(document, ensure_ascii=escaped).encode("utf-8", "surrogatepass")

    found = read(body)

    assert found == as_texts(document) or (not escaped and isinstance(found, Refusal))


@given(st.text(min_size=1), SCALARS, SCALARS)
def test_a_key_that_stands_twice_is_refused_at_any_depth(key: str, first, second):
    pair = f"{json.dumps(key)}: {json.dumps(first)}, {json.dumps(key)}: {json.dumps(second)}"

    assert code_of(read(f'{{"position": [{{{pair}}}]}}'.encode())) is RefusalCode.NOT_JSON


def test_a_key_written_with_an_escape_is_the_same_key():
    assert code_of(read(b'{"ticker": "A", "tick\\u0065r": "B"}')) is RefusalCode.NOT_JSON


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"buy"',
        b"buy SBIN",
        b'{"a": 1,}',
        b'{"a": 1} {"a": 2}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 01}',
        b'{"a": "line\nbreak"}',
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"a": 1}',
        "{“a”: 1}".encode(),
        b'{"a": 1 // comment\n}',
        b'{"a": {{close}}}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
    ],
)
def test_what_is_no_strict_json_object_is_refused(body: bytes):
    assert code_of(read(body)) is RefusalCode.NOT_JSON


def test_an_unquoted_placeholder_is_named_as_the_cause():
    found = read(b'{"price": {{close}}}')

    assert isinstance(found, Refusal) and "placeholder" in found.detail


@pytest.mark.parametrize(("levels", "fits"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
def test_depth_is_bounded(levels: int, fits: bool):
    body = b'{"a":' * levels + b"1" + b"}" * levels

    assert isinstance(read(body), dict) is fits


@pytest.mark.parametrize(("size", "fits"), [(MAX_BYTES, True), (MAX_BYTES + 1, False)])
def test_size_is_bounded(size: int, fits: bool):
    body = b'{"a": 1}'.ljust(size)

    assert isinstance(read(body), dict) is fits


def test_numbers_keep_the_text_they_arrived_as():
    found = read(b'{"a": 75.0, "b": 1e-05, "c": 37774.433333333334, "d": 1e99999999999999999999}')

    assert found == {"a": "75.0", "b": "1e-05", "c": "37774.433333333334", "d": "1e99999999999999999999"}


@pytest.mark.parametrize("text", ["a\0b", "\x1b[2J", "\ud800", "\x85"])
def test_texts_that_no_store_can_carry_are_refused(text: str):
    assert code_of(texts_refused({"position": {"now": text}})) is RefusalCode.BAD_FIELD
    assert code_of(texts_refused({text: "x"})) is RefusalCode.BAD_FIELD


def test_an_unexpanded_placeholder_is_refused_with_its_path():
    found = texts_refused({"position": {"now": "{{strategy.market_position}}"}})

    assert found == Refusal(RefusalCode.PLACEHOLDER, "position.now is {{strategy.market_position}}")


def test_leaves_name_every_path_and_empty_containers_too():
    found = dict(leaves({"a": "1", "b": [{"c": "2"}, {}], "d": []}))

    assert found == {"a": "1", "b.0.c": "2", "b.1": {}, "d": []}


def test_a_long_key_over_many_values_costs_no_square():
    """Each text is looked at once: 300 MB of joined paths would take minutes here."""
    started = time.process_time()

    assert texts_refused({"k" * 30_000: [{}] * 10_000, "x": ["a\0"]}) is not None

    assert time.process_time() - started < 1


def test_what_was_found_is_shown_short():
    found = texts_refused({"k" * 5000: "{{" + "x" * 5000 + "}}"})

    assert found is not None and len(found.detail) < 200


@pytest.mark.parametrize("text", ["{{close}}", "x{{}}"])
def test_a_placeholder_is_found_in_keys_and_lists_too(text: str):
    assert code_of(texts_refused({"a": [{text: "x"}]})) is RefusalCode.PLACEHOLDER
    assert code_of(texts_refused({"a": [["x", text]]})) is RefusalCode.PLACEHOLDER
