"""What a measurement hands back, and how much of it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long, how often. `QUICK` only shows that everything runs."""

    turns: int = 3  #: of the control, the floor and the product, a block each
    block_s: float = 30.0
    parts: int = 150
    burst: int = 100
    kills: int = 3
    starts: int = 5
    rows: int = 200_000
    lookups: int = 3000
    signals: int = 1_000_000
    calm: int = 30
    profile_s: float = 30.0


QUICK = Effort(
    turns=1,
    block_s=5.0,
    parts=10,
    burst=10,
    kills=1,
    starts=1,
    rows=5_000,
    lookups=200,
    signals=20_000,
    calm=4,
    profile_s=5.0,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a measurement works: fresh databases of one store, folders of its own, somebody who listens."""

    store: str
    fresh_url: Callable[[Path], str]
    folder: Path
    effort: Effort
    say: Say

    def town_in(self, name: str) -> tuple[str, Path]:
        """Database URL and state dir of a new town."""
        state_dir = self.folder / name
        return self.fresh_url(state_dir), state_dir


@dataclass(slots=True)
class Findings:
    """Figures, and tables beside them by name."""

    figures: list[Figure] = field(default_factory=list)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
