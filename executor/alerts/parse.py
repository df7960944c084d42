"""Bytes to an alert's fields, strictly: what two readers could understand differently is refused.

Invariant: numbers stay the text they arrived as, so that no float exists and `75.0` equals `"75.0"`.
NaN, Infinity, duplicate keys, bytes that are not UTF-8 and deep nesting are refused (tradingview.md A3, A6).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from executor.alerts.placeholders import PLACEHOLDER
from executor.domain.refusal import Refusal, RefusalCode

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20

#: Control characters but tab and line ends; halves of surrogate pairs.
_NOT_KEPT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SHOWN = 80


def read(body: bytes) -> dict[str, Any] | Refusal:
    """Read a body of strict JSON: an object of texts, objects, lists, booleans and nulls, numbers as their text."""
    if len(body) > MAX_BYTES:
        return too_large()
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
    if _deeper_than(found, MAX_DEPTH):
        return _not_json(f"nested deeper than {MAX_DEPTH} levels")
    return found


def too_large() -> Refusal:
    return Refusal(RefusalCode.TOO_LARGE, f"more than {MAX_BYTES} bytes arrived")


def texts_refused(fields: Mapping[str, Any]) -> Refusal | None:
    """Refuse texts that no store or page can carry, and placeholders that TradingView left as they were."""
    for path, text in _texts(fields):
        if _NOT_KEPT.search(text):
            return Refusal(RefusalCode.BAD_FIELD, f"{_name(path)} contains a control character; remove it")
        if left := PLACEHOLDER.search(text):
            return Refusal(RefusalCode.PLACEHOLDER, f"{_name(path)} is {left[0][:_SHOWN]}")
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


def _deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(each, levels - 1) for each in inner)


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every key and every text once with its path; joined only where it is shown, or long keys would cost a square."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield (*path, key), key
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, str(index)))


def _name(path: tuple[str, ...]) -> str:
    return ascii(".".join(path)[:_SHOWN])[1:-1]


def _hint(body: bytes) -> str:
    return "; a {{placeholder}} stands there unexpanded" if PLACEHOLDER.search(body.decode()) else ""


def _not_json(detail: str) -> Refusal:
    return Refusal(RefusalCode.NOT_JSON, detail)
