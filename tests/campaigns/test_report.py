"""docs/reliability.md says what the reports say, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from tests.campaigns.report import PAGE, page


def test_the_page_is_written_from_the_reports() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: make report"


def test_what_was_not_run_is_said_to_be_so(tmp_path: Path) -> None:
    text = page(tmp_path)

    assert text.count("Not run yet.") == 9


def test_the_kills_of_both_stores_are_told(tmp_path: Path) -> None:
    told = {"kills": 150, "acknowledged": 240, "lost": 0, "doubled": 2}
    (tmp_path / "kills-postgres.json").write_text(json.dumps(told))

    assert "| real processes, `make kills` | postgres | 150 | 240 | 0 | 2 |" in page(tmp_path)
