"""The results on the screen and in the document."""

from __future__ import annotations

from typing import Any

from benchmarks.figures import Figure
from benchmarks.render import document, table


def test_the_screen_shows_stages_and_turns_where_they_were_measured() -> None:
    shown = table(_result()).splitlines()

    assert "web: commit 1       1.75   6.08" in shown
    assert "sum of the medians  3.75" in shown
    assert "floor       50  4.39  5.70  0.25" in shown


def test_a_run_without_them_shows_figures_only() -> None:
    shown = table(_result() | {"tables": {}})

    assert shown.splitlines()[-1].startswith("MISS")


def test_the_document_has_the_same_tables() -> None:
    text = document([_result()])

    assert "| web: commit 1 | 1.75 | 6.08 |\n" in text
    assert "| floor | 50 | 4.39 | 5.70 | 0.25 |\n" in text
    assert "| alert → wire | p50, times the control's | 3 × | ≤ 1.5 × | **MISS** | floor: 1.40 × |\n" in text


def _result() -> dict[str, Any]:
    figure = Figure("alert → wire", "p50, times the control's", 3.0, "×", 1.5, note="floor: 1.40 ×")
    spread = {"count": 50, "worst": 9.0}
    return {
        "store": "sqlite",
        "at": "2026-11-25 04:00 UTC",
        "machine": dict.fromkeys(["database", "commit", "cores", "processor", "memory_mb", "system", "python"], "x"),
        "load": {"before": 0.1, "after": 0.2},
        "figures": [figure.as_json()],
        "tables": {
            "stages": [
                {"step": "web: commit 1", "p50": 1.75, "p99": 6.08} | spread,
                {"step": "worker: begins", "p50": 2.0, "p99": 10.25} | spread,
            ],
            "blocks": [{"who": "floor", "p50": 4.39, "p99": 5.7, "load": 0.25, "failed": 0} | spread],
        },
        "notes": [],
    }
