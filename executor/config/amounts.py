"""Numbers and words that settings share, as marshmallow fields; and how a Decimal is written for people.

A Decimal is written as text (`"2500.50"`, `"10%"`) and read from text or a number: no digit is ever rounded.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Range

_MOST = 10_000_000
_RUPEES = re.compile(r"\d{1,12}(?:\.\d{1,2})?", re.ASCII)
_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)%?", re.ASCII)


def count(*, least: int = 1, most: int = _MOST, required: bool = False) -> fields.Integer:
    return fields.Integer(
        strict=True,
        required=required,
        validate=Range(min=least, max=most, error=f"is {{input}}; give a whole number from {least} to {most}"),
        error_messages={
            "required": "is missing; give a whole number",
            "invalid": "is {input!r}, which is no whole number; give one such as 10",
        },
    )


def rupees() -> fields.Function:
    return fields.Function(deserialize=_read_rupees)


def percent() -> fields.Function:
    return fields.Function(deserialize=read_percent)


def choice(kind: type[StrEnum]) -> fields.Function:
    def read(value: Any) -> StrEnum:
        if value not in tuple(kind):
            raise ValidationError(f"is {value!r}; give one of {', '.join(kind)}")
        return kind(value)

    return fields.Function(deserialize=read)


def switch() -> fields.Boolean:
    return fields.Boolean(truthy={True}, falsy={False}, error_messages={"invalid": "is neither true nor false"})


def read_percent(value: Any) -> Decimal:
    """`0.3%`, or the number alone. Raises ValidationError."""
    match = _PERCENT.fullmatch(str(value).strip())
    if match is None or not Decimal(match[1]):
        raise ValidationError(f"is {value!r}; give percent above zero such as 10%")
    return Decimal(match[1])


def plain(value: Decimal) -> str:
    """A number in as few digits as it has."""
    return f"{value.normalize():f}"


def percent_text(value: Decimal) -> str:
    return f"{plain(value)}%"


def _read_rupees(value: Any) -> Decimal:
    text = str(value).strip()
    if not _RUPEES.fullmatch(text) or not Decimal(text):
        raise ValidationError(f"is {value!r}; give rupees above zero such as 5000 or 5000.50")
    return Decimal(text)
