"""The forms a value of an alert may have: each accepts text as well, and gives the one canonical text.

Errors say what was found and what to do; the path comes from the schema.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields

from executor.clock import IST

#: Ten digits before the point: more than any price or size here, far less than what the store can hold.
_DIGITS = 9
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,24})?([eE][+-]?\d{1,2})?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH = re.compile(r"\d{10}|\d{13}", re.ASCII)
_SHOWN = 40
_WORDS: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": "is missing; add it as the template has it",
    "null": "found null; give a value or leave it out",
}


class _Form(fields.Field[str], ABC):
    """A value with one canonical text."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, error_messages=_WORDS)

    @abstractmethod
    def canonical(self, text: str) -> str:
        """The canonical text of what was given, trimmed. Raises ValidationError."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ARG002 - marshmallow's signature
        if not isinstance(value, str):
            raise ValidationError(f"found {shown(value)}; give text or a number")
        return self.canonical(value.strip())


class Text(_Form):
    """Text whose whole has the pattern `form`, which `say` describes; `case` is upper, lower or kept."""

    def __init__(
        self, *, most: int, form: str = r"(?s).+", say: str = "some text", case: str = "", required: bool = False
    ) -> None:
        super().__init__(required=required)
        self._most = most
        self._form = re.compile(form)
        self._say = say
        self._case = case

    def canonical(self, text: str) -> str:
        text = text.upper() if self._case == "upper" else text.lower() if self._case == "lower" else text
        if len(text) > self._most or not self._form.fullmatch(text):
            raise ValidationError(f"found {shown(text)}; give {self._say}, at most {self._most} characters")
        return text


class Choice(_Form):
    """One word of a list, whatever its case; `words` gives the canonical word of each."""

    def __init__(self, words: Mapping[str, str], *, required: bool = False) -> None:
        super().__init__(required=required)
        self._words = words

    def canonical(self, text: str) -> str:
        word = self._words.get(text.lower())
        if word is None:
            raise ValidationError(f"found {shown(text)}; give one of {', '.join(dict.fromkeys(self._words.values()))}")
        return word


class Number(_Form):
    """A number as plain decimal text: no exponent, no NaN, no trailing zeros; above zero unless told otherwise."""

    def __init__(self, *, zero: bool = False, required: bool = False) -> None:
        super().__init__(required=required)
        self._zero = zero

    def canonical(self, text: str) -> str:
        number = Decimal(text) if _NUMBER.fullmatch(text) else None
        if number is None or not -18 <= number.adjusted() <= _DIGITS:
            raise ValidationError(f"found {shown(text)}; give a plain number such as 75 or 1245.05")
        if number < 0 or (number == 0 and not self._zero):
            raise ValidationError(f"found {shown(text)}; give a number {'from' if self._zero else 'above'} 0")
        return plain(number)


class Moment(_Form):
    """A time with its zone: ISO-8601, or seconds or milliseconds since 1970; becomes ISO-8601 UTC with Z."""

    def canonical(self, text: str) -> str:
        moment = _moment(text)
        if moment is None:
            raise ValidationError(f"found {shown(text)}; give a time with its zone such as 2026-11-25T03:50:00Z")
        return moment.isoformat().replace("+00:00", "Z")


def plain(number: Decimal) -> str:
    """A decimal without exponent and without zeros that say nothing: 75.0 is 75, 1E-5 is 0.00001."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def shown(value: Any) -> str:
    """What was found, short and safe to print."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if not isinstance(value, str):
        return "null" if value is None else str(value).lower()
    return ascii(value if len(value) <= _SHOWN else value[:_SHOWN] + "...")


def _moment(text: str) -> datetime | None:
    try:
        if _EPOCH.fullmatch(text):
            seconds = Decimal(text) / (1000 if len(text) == 13 else 1)
            return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(seconds * 1000))
        return datetime.fromisoformat(text).astimezone(IST).astimezone(UTC) if _ISO.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None
