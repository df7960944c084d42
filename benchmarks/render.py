"""The results as tables: on the screen, and as docs/benchmarks.md. The same results give the same text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_VERDICT = {True: "pass", False: "**MISS**", None: ""}
_HEAD = """# Benchmarks

Written by `make bench` from `benchmarks/results/`; do not edit. What is measured, and how, stands at the top of each
file of `benchmarks/`.

Absolute times are those of one machine with whatever else ran on it; the load average stands beside them. The two
ratios to the control are taken in turns on the same machine in the same minutes, and are what to look at: the control
is a Flask view under the same gunicorn settings that does one durable insert and one POST, inline, with nothing
verified and nothing handed over.
"""


def table(result: dict[str, Any]) -> str:
    """The figures of a store for the screen."""
    lines = [f"\n{result['store']}, {result['at']}, load {result['load']['before']} → {result['load']['after']}"]
    for figure in result["figures"]:
        verdict = _VERDICT[figure["passes"]].strip("*").upper()
        name = f"{figure['section']}: {figure['name']}"
        lines.append(f"{verdict:5} {_value(figure):>12} {_limit(figure):>12}  {name}  {figure['note']}".rstrip())
    return "\n".join(lines)


def document(results: Sequence[dict[str, Any]]) -> str:
    """docs/benchmarks.md: one chapter a store."""
    return _HEAD + "".join(_chapter(result) for result in results)


def _chapter(result: dict[str, Any]) -> str:
    machine, load = result["machine"], result["load"]
    told = (
        f"\n## {machine['database']}\n\n"
        f"{result['at']}, commit {machine['commit']}. {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory_mb']} MB, {machine['system']}, Python {machine['python']}. "
        f"Load average {load['before']} at the start, {load['after']} at the end.\n\n"
    )
    rows = [
        [one["section"], one["name"], _value(one), _limit(one), _VERDICT[one["passes"]], one["note"]]
        for one in result["figures"]
    ]
    told += _table(["what", "figure", "found", "limit", "", "note"], rows)
    for name, write in (("stages", _stages), ("blocks", _blocks)):
        if name in result["tables"]:
            told += write(result["tables"][name])
    return told + "\nNot measured here:\n\n" + "".join(f"- {note}\n" for note in result["notes"])


def _stages(rows: Sequence[dict[str, Any]]) -> str:
    total = sum(row["p50"] for row in rows)
    cells = [[row["step"], f"{row['p50']:.2f}", f"{row['p99']:.2f}"] for row in rows]
    head = (
        "\nWhere the time goes, alert → wire; each line is the time up to that mark (ms), with marks switched on.\n\n"
    )
    return head + _table(["up to", "p50", "p99"], [*cells, ["sum of the medians", f"{total:.2f}", ""]])


def _blocks(rows: Sequence[dict[str, Any]]) -> str:
    cells = [
        [row["who"], str(row["count"]), f"{row['p50']:.2f}", f"{row['p99']:.2f}", f"{row['load']:.2f}"] for row in rows
    ]
    head = "\nControl and product in turns, ms from the sender's bytes to the simulator.\n\n"
    return head + _table(["who", "samples", "p50", "p99", "load"], cells)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _value(figure: dict[str, Any]) -> str:
    return f"{_number(figure['value'])} {figure['unit']}".strip()


def _limit(figure: dict[str, Any]) -> str:
    if figure["limit"] is None:
        return ""
    sign = "≥" if figure["least"] else "≤"
    return f"{sign} {_number(figure['limit'])} {figure['unit']}".strip()


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
