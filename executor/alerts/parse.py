"""Bytes to an alert's fields, strictly: what two readers could understand differently is refused.

Invariant: numbers stay the text they arrived as, so that no float exists and `75.0` equals `"75.0"`.
NaN, Infinity, duplicate keys, bytes that are not UTF-8 and deep nesting are refused (tradingview.md A3, A6).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from executor.alerts.placeholders import PLACEHOLDER
from executor.domain.refusal import Refusal, RefusalCode

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20

_ALLOWED_CONTROLS = "\t\n\r"


def read(body: bytes) -> dict[str, Any] | Refusal:
    """Read a body of strict JSON: an object of texts, objects, lists, booleans and nulls, numbers as their text."""
    if len(body) > MAX_BYTES:
        return Refusal(RefusalCode.TOO_LARGE, f"more than {MAX_BYTES} bytes arrived")
    try:
        found = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=str,
            parse_int=str,
        )
    except UnicodeDecodeError as error:
        return _not_json(f"byte {error.start} is not UTF-8")
    except RecursionError:
        return _not_json(f"nested deeper than {MAX_DEPTH} levels")
    except ValueError as error:
        return _not_json(f"{error}{_hint(body)}")
    if not isinstance(found, dict):
        return _not_json("an object {…} is expected at the top")
    if _depth(found) > MAX_DEPTH:
        return _not_json(f"nested deeper than {MAX_DEPTH} levels")
    return found


def texts_refused(fields: Mapping[str, Any]) -> Refusal | None:
    """Refuse texts that no store or page can carry, and placeholders that TradingView left as they were."""
    for path, value in leaves(fields):
        if any(unicodedata.category(c) in ("Cc", "Cs") and c not in _ALLOWED_CONTROLS for c in f"{path}{value}"):
            return Refusal(RefusalCode.BAD_FIELD, f"{ascii(path)[1:-1]} contains a control character; remove it")
        if isinstance(value, str) and (left := PLACEHOLDER.search(value)):
            return Refusal(RefusalCode.PLACEHOLDER, f"{path} is {left[0]}")
    return None


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every path that ends in a value, dotted, lists by index; an empty object or list is itself a value."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}.{index}" if path else str(index))
    else:
        yield path, value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:40]!a} stands twice")
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _hint(body: bytes) -> str:
    return "; a {{placeholder}} stands there unexpanded" if PLACEHOLDER.search(body.decode()) else ""


def _not_json(detail: str) -> Refusal:
    return Refusal(RefusalCode.NOT_JSON, detail)
