"""Secrets out of what is kept. By form and before any parsing, so that broken bodies are masked too.

What is masked: tokens that begin with `xt1_`; words of 40 characters and more, because a damaged token looks like
that; and the values of keys such as token, secret or pin. The body may be JSON or not, cut off, or written with
JSON's own escapes.
"""

from __future__ import annotations

import json
import re

MASK = "***"

#: Everything here reads bytes as latin-1: one character a byte, whatever they were meant to be.
_TOKEN = re.compile(r"xt1_[A-Za-z0-9_.=+/-]*")
_PIECE = re.compile(r"[A-Za-z0-9_=+/-]{40,}")
_WORDS = r"token|secret|pass|passphrase|password|passwd|pin|mpin|totp|otp|api[_-]?key|apikey|key|authorization"
_SECRET_KEY = re.compile(rf"(?:.*[\s_-])?(?:{_WORDS})", re.ASCII | re.IGNORECASE)
#: A JSON string, also one that never ends; then the colon and the value if it is a key.
_STRING = r'"((?:[^"\\]|\\.)*)(?:"|\\?$)'
_PAIR = re.compile(rf'{_STRING}(?:(\s*:\s*)(?:{_STRING}|[^\s,"\[\]{{}}]+))?', re.DOTALL | re.ASCII)
#: The same in texts that are no JSON, or no longer.
_ASSIGNED = re.compile(
    rf"""\b((?:[a-z]+[_-])?(?:{_WORDS}))(["']?\s*[=:]\s*["']?)([^\s,;"'}}]+)""", re.ASCII | re.IGNORECASE
)


def masked(body: bytes) -> str:
    """The body as it may be kept: secrets masked; bytes that are not UTF-8, and NUL, as \\xNN."""
    text = _PAIR.sub(_pair, body.decode("latin-1"))
    text = _ASSIGNED.sub(rf"\1\2{MASK}", text)
    text = _PIECE.sub(MASK, _TOKEN.sub(f"xt1_{MASK}", text))
    return text.encode("latin-1").decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def _pair(found: re.Match[str]) -> str:
    key, colon, value = found.groups()
    if colon is None:
        return f'"{MASK}"' if _hides_token(key) else found[0]
    if _SECRET_KEY.fullmatch(_plain(key)):
        return f'"{key}"{colon}"{MASK}"'
    if _hides_token(key) or (value is not None and _hides_token(value)):
        return f'"{MASK}"{colon}"{MASK}"'
    return found[0]


def _hides_token(text: str) -> bool:
    return "\\" in text and _TOKEN.search(_plain(text)) is not None


def _plain(text: str) -> str:
    """A JSON string without its escapes; as it is when it is not one."""
    try:
        return str(json.loads(f'"{text}"', strict=False)) if "\\" in text else text
    except ValueError:
        return text
