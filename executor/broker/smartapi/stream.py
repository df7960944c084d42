"""A JSON array read row by row in bounded memory: the whole file would need 250 MB (libraries.md 0.5)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

_CHUNK = 64 * 1024
#: A row is some 300 characters; one that is longer than this is no row but a broken file.
_LONGEST_ROW = 1024 * 1024
_BETWEEN = re.compile(r"[\s,]*")


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file that holds one JSON array. Raises ValueError where it is anything else."""
    with path.open(encoding="utf-8") as file:
        buffer = file.read(_CHUNK).lstrip()
        if not buffer.startswith("["):
            raise ValueError(f"it begins with {buffer[:20]!r} instead of a list")
        yield from _rows(file, buffer[1:])


def _rows(file: TextIO, buffer: str) -> Iterator[dict[str, Any]]:
    decoder, count, at = json.JSONDecoder(), 0, 0
    while True:
        at = _skip(buffer, at)
        if buffer.startswith("]", at):
            return
        try:
            row, at = decoder.raw_decode(buffer, at)
        except json.JSONDecodeError:
            more = file.read(_CHUNK)
            if not more or len(buffer) - at > _LONGEST_ROW:
                raise ValueError(f"it breaks off or is broken after row {count}") from None
            buffer, at = buffer[at:] + more, 0
            continue
        count += 1
        if not isinstance(row, dict):
            raise ValueError(f"row {count} is no object")
        yield row


def _skip(buffer: str, at: int) -> int:
    match = _BETWEEN.match(buffer, at)
    assert match is not None  # it matches nothing as well
    return match.end()
