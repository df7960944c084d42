"""The fields of which the API's schemas are made: money as decimal text, times ISO 8601 with their offset, ids as text.

Every field says what it means and in which unit; the OpenAPI document is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from marshmallow import RAISE, Schema, fields
from marshmallow.validate import Length, OneOf, Range, Regexp

#: The longest word, name or text that anybody may ask with.
LONGEST = 100
MOST = 200
DECIMAL = r"^-?\d+(\.\d+)?$"


class Answer(Schema):
    """What is given out. Nobody changes one, so flask-smorest's copies of its views' descriptions need none of it."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> Answer:
        return self


class Asked(Schema):
    """What comes in: an unknown field is an error, never passed over in silence."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "is no field of this; correct or remove it"}  # noqa: RUF012 - marshmallow's own form


class Rupees(fields.String):
    """A Decimal as text, never in powers of ten."""

    def _serialize(self, value: Any, *_of: Any, **_more: Any) -> str | None:
        return None if value is None else f"{Decimal(value):f}"


class Moment(fields.String):
    """An aware time as ISO 8601, of UTC; what is a text already stays as it is."""

    def _serialize(self, value: Any, *_of: Any, **_more: Any) -> str | None:
        return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


# -- given out


def text(means: str, **more: Any) -> fields.String:
    return fields.String(**_said(means, more))


def word(kind: type[StrEnum], means: str, **more: Any) -> fields.String:
    """One word of a list that the document tells."""
    return fields.String(validate=OneOf([one.value for one in kind]), **_said(means, more))


def count(means: str, **more: Any) -> fields.Integer:
    return fields.Integer(**_said(means, more))


def flag(means: str, **more: Any) -> fields.Boolean:
    return fields.Boolean(**_said(means, more))


def money(means: str, **more: Any) -> Rupees:
    return Rupees(**_said(means, more, pattern=DECIMAL))


def moment(means: str, **more: Any) -> Moment:
    return Moment(**_said(means, more, format="date-time"))


def day(means: str, **more: Any) -> fields.Date:
    return fields.Date(**_said(means, more))


def one(schema: type[Schema], means: str, **more: Any) -> fields.Nested:
    return fields.Nested(schema, **_said(means, more))


def many(schema: type[Schema], means: str) -> fields.List[Any]:
    return fields.List(fields.Nested(schema), **_said(means, {}))


def texts(means: str, **more: Any) -> fields.List[Any]:
    return fields.List(fields.String(), **_said(means, more))


def anything(means: str, **more: Any) -> fields.Dict:
    """An object whose fields are told elsewhere."""
    return fields.Dict(keys=fields.String(), **_said(means, more))


# -- asked with


def asked_texts(means: str) -> fields.Dict:
    """An object of texts by name."""
    return fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": means})


def asked(means: str, *, longest: int = LONGEST, least: int | None = None, **more: Any) -> fields.String:
    """A text that may be left out."""
    return fields.String(validate=Length(min=least, max=longest), metadata={"description": means}, **more)


def asked_digits(means: str, *, count: int) -> fields.String:
    """So many digits, as text: they may begin with 0."""
    return fields.String(validate=Regexp(rf"[0-9]{{{count}}}\Z"), required=True, metadata={"description": means})


def asked_word(words: Iterable[str], means: str, **more: Any) -> fields.String:
    return fields.String(validate=OneOf(list(words)), metadata={"description": means}, **more)


def asked_limit(default: int = 50) -> fields.Integer:
    return asked_count(f"how many at most, {default} unless given", least=1, most=MOST, load_default=default)


def asked_count(means: str, *, least: int, most: int, **more: Any) -> fields.Integer:
    return fields.Integer(validate=Range(least, most), metadata={"description": means}, **more)


def asked_day(means: str, **more: Any) -> fields.Date:
    return fields.Date(metadata={"description": means, "example": "2026-11-25"}, **more)


def _said(means: str, more: dict[str, Any], **schema: str) -> dict[str, Any]:
    """Every field of an answer is there; one that may say nothing is null then."""
    return {"required": True, "metadata": {"description": means, **schema}, **more}
