"""Result lines of a campaign, kept so that a broken-off run goes on where it was; void when the sources change.

One JSON object a line: `digest`, `key` and what the campaign says. Lines of another digest are not seen.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: Whose change makes results void.
_ROOMS = ("domain", "desk", "trader", "broker", "store")


class Results:
    """The lines of one file under one digest; only one process adds to it."""

    def __init__(self, path: Path, digest: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._digest = digest
        self._lines = {line["key"]: line for line in _read(path) if line.get("digest") == digest}

    def done(self, key: str) -> dict[str, Any] | None:
        """Return the line kept under a key, None when there is none yet."""
        return self._lines.get(key)

    def add(self, key: str, line: dict[str, Any]) -> None:
        """Keep a line; it is in the file when this returns."""
        kept = {"digest": self._digest, "key": key, **line}
        self._lines[key] = kept
        with self._path.open("a", encoding="utf-8") as file:  # a line broken off before shall not spoil this one
            file.write("\n" + json.dumps(kept, sort_keys=True))


def source_digest(frame: Iterable[Path] = ()) -> str:
    """Hash the rooms that a campaign tries, and what else of its own frame decides its results."""
    files = [file for room in _ROOMS for file in (ROOT / "executor" / room).rglob("*.py")]
    digest = hashlib.sha256()
    for file in sorted({*files, *frame}):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def commit_of_sources() -> str:
    """The commit that is checked out, for a report; "and changes" when the program differs from it."""
    words = ("rev-parse", "--short", "HEAD"), ("status", "--porcelain", "--", "executor", "tests")
    head, changes = (
        subprocess.run(["git", "-C", str(ROOT), *one], capture_output=True, text=True, check=False).stdout.strip()
        for one in words
    )
    return f"{head or 'unknown'}{' and changes' if changes else ''}"


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for text in path.read_text("utf-8").splitlines():
        try:
            yield json.loads(text)
        except ValueError:
            continue  # empty, or broken off in mid-line
