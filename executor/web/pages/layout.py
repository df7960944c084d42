"""Lay out what came from outside so that it can be read, without changing a character of its values."""

from __future__ import annotations

import json
import re

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_OPENING, _CLOSING = frozenset("{["), frozenset("}]")
#: Deeper than this nothing is indented further: a hostile body must not grow.
_DEEPEST = 12


def laid_out(text: str) -> str:
    """JSON with a line for each member, anything else as it is. Numbers and strings stay as they were written."""
    if not _is_json_document(text):
        return text
    pieces: list[str] = []
    depth, before = 0, ""
    for token in _TOKEN.findall(text):
        if token in _CLOSING:
            depth -= 1
        empty = token in _CLOSING and before in _OPENING
        if not empty and (token in _CLOSING or before in _OPENING or before == ","):
            pieces.append("\n" + "  " * min(depth, _DEEPEST))
        pieces.append(": " if token == ":" else token)
        if token in _OPENING:
            depth += 1
        before = token
    return "".join(pieces)


def _is_json_document(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
