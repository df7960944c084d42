"""Kept result lines: found again by the same digest, void under another, whole after a torn line."""

from __future__ import annotations

from pathlib import Path

from tests.campaigns.results import Results, source_digest


def test_a_line_is_found_again_by_the_next_run(tmp_path: Path) -> None:
    Results(tmp_path / "kept.jsonl", "one").add("day 7", {"fills": 3})

    again = Results(tmp_path / "kept.jsonl", "one")

    assert again.done("day 7") == {"digest": "one", "key": "day 7", "fills": 3}
    assert again.done("day 8") is None


def test_lines_are_void_when_the_sources_have_changed(tmp_path: Path) -> None:
    Results(tmp_path / "kept.jsonl", "one").add("day 7", {})

    assert Results(tmp_path / "kept.jsonl", "two").done("day 7") is None


def test_a_torn_line_is_forgotten_and_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text('{"digest": "one", "key": "day 7", "fil')

    Results(path, "one").add("day 8", {})

    assert Results(path, "one").done("day 7") is None
    assert Results(path, "one").done("day 8") is not None


def test_the_digest_follows_the_frame(tmp_path: Path) -> None:
    assert source_digest() == source_digest()
    assert source_digest([Path(__file__)]) != source_digest()
