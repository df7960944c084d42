"""Some measurements alone take the place of theirs in the results; the document says which is of when."""

from __future__ import annotations

from typing import Any

from benchmarks.__main__ import laid_over
from benchmarks.figures import Figure
from benchmarks.render import document


def a_result(commit: str, *figures: Figure, names: tuple[str, ...], **tables: Any) -> dict[str, Any]:
    machine = dict.fromkeys(["database", "cores", "processor", "memory_mb", "system", "python"], "x")
    return {
        "store": "sqlite",
        "at": "2026-11-25 04:00 UTC",
        "machine": {**machine, "commit": commit},
        "load": {"before": 0.1, "after": 0.2},
        "measured": [{"name": name, "at": f"of {commit}", "load": 0.1, "commit": commit} for name in names],
        "figures": [figure.as_json() for figure in figures],
        "tables": tables,
        "notes": [],
    }


WHOLE = a_result(
    "aaa1111",
    Figure("memory", "after the load", 150.0, "MB"),
    Figure("cold start", "median", 2.5, "s"),
    names=("latency", "start"),
    blocks=[],
)
PART = a_result("bbb2222", Figure("memory", "after the load", 140.0, "MB"), names=("latency",))


def test_what_was_measured_anew_takes_the_place_of_the_same_and_leaves_the_rest() -> None:
    merged = laid_over(WHOLE, PART)

    assert [(one["name"], one["value"]) for one in merged["figures"]] == [("after the load", 140.0), ("median", 2.5)]
    assert {one["name"]: one["commit"] for one in merged["measured"]} == {"start": "aaa1111", "latency": "bbb2222"}
    assert merged["tables"] == {"blocks": []}


def test_the_document_says_which_measurement_is_of_when() -> None:
    assert "| start | of aaa1111 | aaa1111 | 0.1 |" in document([laid_over(WHOLE, PART)])
    assert "Not all was measured together" not in document([WHOLE])
