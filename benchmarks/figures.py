"""Figures: a value beside its limit, and the arithmetic of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. Without a limit it only informs; `least` turns the limit into a lower one."""

    section: str
    name: str
    value: float
    unit: str
    limit: float | None = None
    least: bool = False
    note: str = ""

    @property
    def passes(self) -> bool | None:
        if self.limit is None:
            return None
        return self.value >= self.limit if self.least else self.value <= self.limit

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "value": rounded(self.value), "passes": self.passes}


@dataclass(frozen=True, slots=True)
class Spread:
    """A sample told shortly."""

    count: int
    p50: float
    p99: float
    worst: float

    def as_json(self) -> dict[str, Any]:
        return {name: rounded(value) for name, value in asdict(self).items()}


def percentile(sample: Sequence[float], percent: float) -> float:
    """The nearest rank: a value that was measured. Raises ValueError for an empty sample."""
    if not sample:
        raise ValueError("no percentile of an empty sample")
    rank = math.ceil(len(sample) * percent / 100)
    return sorted(sample)[max(rank, 1) - 1]


def spread(sample: Sequence[float]) -> Spread:
    """Count, median, 99th percentile and worst. Raises ValueError for an empty sample."""
    return Spread(len(sample), percentile(sample, 50), percentile(sample, 99), max(sample))


def most_within(moments: Sequence[float], span_s: float) -> int:
    """The most moments in any window of a length, its end excluded."""
    ordered = sorted(moments)
    most = first = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= span_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def rounded(value: float) -> float:
    """Three significant decimals below ten, fewer above: what a noisy machine can say."""
    return round(value, 3 if abs(value) < 10 else 1)
