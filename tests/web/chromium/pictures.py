"""Pictures of every page of the day: `python -m tests.web.chromium.pictures DIRECTORY [WORD]…`; WORDs narrow it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from executor.clock import IST, ManualClock
from tests.web.chromium.stage import DESK, PHONE, Scheme, Stage, staged

_SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def main(arguments: Sequence[str]) -> int:
    directory, *words = arguments
    out = Path(directory)
    out.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as room,
        staged(Path(room), ManualClock(datetime(2026, 11, 25, 9, 20, tzinfo=IST))) as stage,
    ):
        for width in (PHONE, DESK):
            for scheme in _SCHEMES:
                _take(stage, out, width, scheme, words)
    return 0


def _take(stage: Stage, out: Path, width: int, scheme: Scheme, words: Sequence[str]) -> None:
    with stage.sight(width, scheme) as sight:
        for path in stage.paths():
            wanted = not words or any(word in path for word in words)
            if wanted and sight.go(path).startswith("text/html"):
                name = re.sub(r"[^a-z]+", "-", re.sub(r"/\w{13}$", "", path)).strip("-") or "log"
                sight.page.screenshot(path=out / f"{name}-{width}-{scheme}.png")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
