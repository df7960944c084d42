"""Single values of the broker's JSON, read leniently: numbers come as text, floats or `"- 2235.80"` (2.6, 2.9).

What cannot be read raises `Unreadable`; nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from executor.clock import IST

Row = Mapping[str, Any]

_STAMP = "%d-%b-%Y %H:%M:%S"
_LARGEST_EXPONENT = 12


class Unreadable(ValueError):
    """A row lacks a value, or has one that means nothing; the text names the field and what was found."""


def text(row: Row, name: str) -> str:
    """A text, stripped; empty when missing or null. Ids that come as numbers are text too (9, no. 39)."""
    found = row.get(name)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise Unreadable(f"{name}: {found!r} is not text")
    return str(found).strip()


def required(row: Row, name: str) -> str:
    found = text(row, name)
    if not found:
        raise Unreadable(f"{name}: missing")
    return found


def amount(row: Row, name: str) -> Decimal:
    """A price or quantity in the unit of the wire; 0 when missing, null or empty."""
    found = row.get(name)
    if found is None or found == "":
        return Decimal(0)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise Unreadable(f"{name}: {found!r} is not a number")
    try:
        value = Decimal("".join(str(found).replace(",", "").split()))
    except InvalidOperation:
        raise Unreadable(f"{name}: {found!r} is not a number") from None
    if not value.is_finite() or value.adjusted() > _LARGEST_EXPONENT:
        raise Unreadable(f"{name}: {found!r} is no sensible number")
    return value


def count(row: Row, name: str) -> int:
    """A whole number that must be there."""
    if row.get(name) in (None, ""):
        raise Unreadable(f"{name}: missing")
    value = amount(row, name)
    if value != value.to_integral_value():
        raise Unreadable(f"{name}: {row[name]!r} is not a whole number")
    return int(value)


def stamp(row: Row, name: str) -> datetime | None:
    """A `dd-Mon-yyyy HH:MM:SS` of India as aware UTC; None when it is missing or of another form."""
    found = row.get(name)
    try:
        return datetime.strptime(str(found).strip(), _STAMP).replace(tzinfo=IST).astimezone(UTC)
    except (ValueError, OverflowError):  # a null date of year 1 lies before the first moment of UTC
        return None


def clock_time(row: Row, name: str, day: date) -> datetime:
    """A bare `HH:MM:SS` of India on a day, as aware UTC (2.8)."""
    try:
        found = datetime.strptime(required(row, name), "%H:%M:%S").time()  # noqa: DTZ007 - a time of day
    except ValueError as error:
        raise Unreadable(f"{name}: {row.get(name)!r} is not HH:MM:SS") from error
    return datetime.combine(day, found, IST).astimezone(UTC)


def canonical(row: Row) -> tuple[str, str]:
    """The one text of a row, and the SHA-256 of its UTF-8; half surrogates, which JSON can carry, are spelled out."""
    raw = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "backslashreplace")
    return raw.decode(), sha256(raw).hexdigest()
