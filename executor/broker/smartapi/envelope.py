"""The broker's answers come in several envelopes (6.1); this is the one form that the rest sees."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


class Missing:
    """The answer has no `data`: not the same as null, which is an empty book (9, no. 2)."""


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Envelope:
    """`ok` is None when the answer does not say, or says both; a code alone says no (9, no. 22).

    `code` is upper case, empty if there is none.
    """

    ok: bool | None
    code: str
    message: str
    data: Any


def parse(text: str) -> Envelope | None:
    """Read an answer's body; None for anything but one JSON object."""
    try:
        found = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    message = found.get("message")
    code = next((str(found[name]) for name in ("errorcode", "errorCode") if found.get(name)), "").strip().upper()
    return Envelope(
        ok=_ok(found, code),
        code=code,
        message=message if isinstance(message, str) else "",
        data=found.get("data", MISSING),
    )


def _ok(found: Mapping[str, Any], code: str) -> bool | None:
    said = {_truth(found[name]) for name in ("status", "success") if name in found}
    if not said and code:
        return False
    return said.pop() if len(said) == 1 else None


def _truth(value: Any) -> bool | None:
    """`status` has been seen as true, "true" and "false" (6.1 no. 4 and 5)."""
    return {"true": True, "false": False}.get(str(value).strip().lower())


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a number")
    return value
