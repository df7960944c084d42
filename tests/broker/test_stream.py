from __future__ import annotations

import json
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.broker.smartapi.stream import _CHUNK, read_rows
from tests.instruments.builders import row


def written(tmp_path, text):
    path = tmp_path / "master.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_come_as_they_stand(tmp_path):
    rows = [row(token=str(n)) for n in range(3)]

    assert list(read_rows(written(tmp_path, json.dumps(rows, indent=1)))) == rows


@given(st.integers(_CHUNK - 400, _CHUNK + 400), st.sampled_from(["", " ", "\n"]))
def test_no_row_is_lost_at_the_edge_of_a_chunk(tmp_path_factory, length, space):
    rows = [{"symbol": "x" * length}, {"symbol": "₹", "n": 12345}, {"last": "[]{},"}]
    text = f"{space}[{space}" + f"{space},{space}".join(json.dumps(r, ensure_ascii=False) for r in rows) + f"{space}]"

    path = written(tmp_path_factory.mktemp("m"), text)

    assert list(read_rows(path)) == rows


def test_an_empty_list_has_no_rows(tmp_path):
    assert list(read_rows(written(tmp_path, " [ ] "))) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with ''"),
        ('{"status": false}', "begins with '{\"status\": false}'"),
        ("<html>", "begins with '<html>'"),
        ('[{"a": 1}, {"b": ', "breaks off or is broken after row 1"),
        ('[{"a": 1}', "breaks off or is broken after row 1"),
        ('[{"a": 1}, nonsense]', "breaks off or is broken after row 1"),
        ("[1, 2]", "row 1 is no object"),
    ],
)
def test_anything_else_is_refused(tmp_path, text, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        list(read_rows(written(tmp_path, text)))


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "master.json"
    path.write_bytes(b'[{"a": "\xff"}]')

    with pytest.raises(ValueError, match="utf-8"):
        list(read_rows(path))


def test_a_broken_row_does_not_pull_the_rest_of_the_file_into_memory(tmp_path):
    path = written(tmp_path, '[{"a": "' + "x" * 8_000_000)

    with pytest.raises(ValueError, match="after row 0"):
        list(read_rows(path))


def test_memory_stays_bounded_however_long_the_file_is(tmp_path):
    path = written(tmp_path, json.dumps([row(token=str(n)) for n in range(20_000)]))
    tracemalloc.start()

    count = sum(1 for _ in read_rows(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 20_000
    assert path.stat().st_size > 4_000_000
    assert peak < 1_000_000
