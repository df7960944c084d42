"""What the turns of control, floor and product become."""

from __future__ import annotations

from typing import Any

from benchmarks.figures import Figure
from benchmarks.findings import Findings
from benchmarks.latency import Block, product_shots, told
from benchmarks.sender import Shot


def test_the_product_is_told_as_a_multiple_of_control_and_floor() -> None:
    findings = told("sqlite", [_block("control", 2.0), _block("floor", 2.8), _block("product", 5.6)], waited=0)

    assert _figure(findings, "alert → wire", "p50, times the control's").value == 2.8
    assert _figure(findings, "alert → wire", "p50, times the floor's").value == 2.0
    assert _figure(findings, "the floor", "p50, times the control's").value == 1.4
    assert _figure(findings, "the floor", "p50").value == 2.8


def test_only_the_multiples_of_the_control_have_a_limit() -> None:
    findings = told("postgres", [_block("control", 1.0), _block("floor", 1.5), _block("product", 1.9)], waited=0)

    limits = {(one.section, one.name): one.limit for one in findings.figures if one.unit == "×" and one.limit}
    assert limits == {
        ("alert → wire", "p50, times the control's"): 1.8,
        ("alert → wire", "p99, times the control's"): 3.0,
    }


def test_a_floor_above_the_limit_is_said_beside_the_limit() -> None:
    below = told("sqlite", [_block("control", 1.0), _block("floor", 1.49), _block("product", 9.0)], waited=0)
    above = told("sqlite", [_block("control", 1.0), _block("floor", 1.61), _block("product", 9.0)], waited=0)

    assert _figure(below, "alert → wire", "p50, times the control's").note.startswith("floor: 1.49 ×; by turn")
    assert "floor: 1.61 ×, itself above the limit" in _figure(above, "alert → wire", "p50, times the control's").note


class _Lane:
    """Says what would be sent, and sends nothing."""

    def enter(self, at_s: float, kind: str = "entry") -> Shot:
        return Shot(at_s, kind, "/", bytes)

    def leave(self, at_s: float, kind: str = "exit") -> Shot:
        return Shot(at_s, kind, "/", bytes)


def test_ten_alerts_a_second_come_100_ms_apart() -> None:
    """Two at one moment would be decided on together, and the second one's way would hold the first one's."""
    lanes: Any = [_Lane() for _ in range(25)]

    slots = sorted(round(shot.at_s * 10) for shot in product_shots(lanes, lanes[:5], 30.0))

    assert slots == list(range(len(slots)))


def test_what_failed_in_any_block_counts() -> None:
    findings = told(
        "sqlite", [_block("control", 1.0), _block("floor", 1.0, failed=2), _block("product", 1.0)], waited=3
    )

    missed = {one.name: one.value for one in findings.figures if one.passes is False}
    assert missed == {
        "alerts not answered 202, or orders that never came": 2,
        "entries and exits that waited for a permit": 3,
    }


def _block(who: str, ms: float, failed: int = 0) -> Block:
    return Block(who, [ms] * 10, [], [ms] * 10, failed, 0.1)


def _figure(findings: Findings, section: str, name: str) -> Figure:
    [found] = [one for one in findings.figures if (one.section, one.name) == (section, name)]
    return found
