"""The results as tables: on the screen, and as docs/benchmarks.md. The same results give the same text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: What a table is about, its head, its rows.
Titled = tuple[str, Sequence[str], Sequence[Sequence[str]]]

_VERDICT = {True: "pass", False: "**MISS**", None: ""}
_HEAD = """# Benchmarks

Written by `make bench` from `benchmarks/results/`; do not edit. What is measured, and how, stands at the top of each
file of `benchmarks/`.

Absolute times are those of one machine with whatever else ran on it; the load average stands beside them. The ratios
to the control are taken in turns on the same machine in the same minutes, and are what to look at.

The *control* is a Flask view under the same gunicorn settings that does one durable insert and one POST, inline, with
nothing verified and nothing handed over. The *floor* is what the design prescribes, with nothing else on it: the same
view commits one row and rings a second process, whose only thread reads the row, commits a second one and POSTs. With
these statements and libraries two commits and a hop between two processes take at least that long: where the floor is
above a limit nothing can be added below it, and "times the floor's" tells what the product adds.
"""


def table(result: dict[str, Any]) -> str:
    """The figures of a store for the screen."""
    lines = [f"\n{result['store']}, {result['at']}, load {result['load']['before']} → {result['load']['after']}"]
    for figure in result["figures"]:
        verdict = _VERDICT[figure["passes"]].strip("*").upper()
        name = f"{figure['section']}: {figure['name']}"
        lines.append(f"{verdict:5} {_value(figure):>12} {_limit(figure):>12}  {name}  {figure['note']}".rstrip())
    for title, head, rows in _more(result):
        lines += ["", title, *_aligned(head, rows)]
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
    told += _table(["what", "figure", "found", "limit", "", "note"], rows) + _measured(result)
    for title, head, cells in _more(result):
        told += f"\n{title}\n\n{_table(head, cells)}"
    return told + "\nNot measured here:\n\n" + "".join(f"- {note}\n" for note in result["notes"])


def _measured(result: dict[str, Any]) -> str:
    """Which measurement is of when, where they were not taken together."""
    measured = result.get("measured", [])
    if len({one["commit"] for one in measured}) < 2:
        return ""
    rows = [[one["name"], one["at"], one["commit"], f"{one['load']}"] for one in measured]
    return f"\nNot all was measured together:\n\n{_table(['measurement', 'begun', 'commit', 'load behind it'], rows)}"


def _more(result: dict[str, Any]) -> list[Titled]:
    """The tables beside the figures."""
    shown = (("stages", _stages), ("blocks", _blocks))
    return [show(result["tables"][name]) for name, show in shown if name in result["tables"]]


def _stages(rows: Sequence[dict[str, Any]]) -> Titled:
    total = sum(row["p50"] for row in rows)
    cells = [[row["step"], f"{row['p50']:.2f}", f"{row['p99']:.2f}"] for row in rows]
    title = "Where the time goes, alert → wire; each line is the time up to that mark (ms), with marks switched on."
    return title, ["up to", "p50", "p99"], [*cells, ["sum of the medians", f"{total:.2f}", ""]]


def _blocks(rows: Sequence[dict[str, Any]]) -> Titled:
    cells = [
        [row["who"], str(row["count"]), f"{row['p50']:.2f}", f"{row['p99']:.2f}", f"{row['load']:.2f}"] for row in rows
    ]
    title = "Control, floor and product in turns, ms from the sender's bytes to the simulator."
    return title, ["who", "samples", "p50", "p99", "load"], cells


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines for the screen: the first column to the left, numbers to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    lines = []
    for first, *rest in (head, *rows):
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return lines


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
