"""The trading calendar: the built-in sessions.toml, and over it the file of EXECUTOR_CALENDAR_FILE.

Hours and specials of the file replace the built-in ones, its holidays are added; a special opens a built-in holiday.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from importlib.resources import files
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import OneOf

from executor.config.schema import Strict, checked, read_toml
from executor.domain.calendar import Calendar, Hours
from executor.domain.instrument import Segment

#: Groups of segments that share holidays, as the file names them.
_GROUPS = {"equity": (Segment.NSE, Segment.BSE, Segment.NFO, Segment.BFO), "MCX": (Segment.MCX,)}


def _span(value: Any) -> Hours:
    try:
        opens, closes = (time.fromisoformat(text) for text in value)
    except (TypeError, ValueError):
        raise ValidationError(f'is {value!r}; give two times such as ["09:15", "15:30"]') from None
    if not opens < closes:
        raise ValidationError(f"ends at {closes:%H:%M}, before it begins; put the opening first")
    return Hours(opens, closes)


def _day(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValidationError(f"is {value!r}; give a date without quotes, such as 2026-01-26")
    return value


class _Special(Strict):
    days = fields.List(fields.Function(deserialize=_day), required=True)
    segments = fields.List(fields.Enum(Segment, by_value=True), required=True)
    hours = fields.Function(deserialize=_span, required=True)


class _Sessions(Strict):
    valid_until = fields.Function(deserialize=_day, required=True)
    hours = fields.Dict(
        keys=fields.Enum(Segment, by_value=True),
        values=fields.Function(deserialize=_span),
        load_default=dict,
    )
    holidays = fields.Dict(
        keys=fields.String(validate=OneOf(_GROUPS)),
        values=fields.List(fields.Function(deserialize=_day)),
        load_default=dict,
    )
    special = fields.List(fields.Nested(_Special), load_default=list)


def load_calendar(over: Path | None = None) -> Calendar:
    """Read the built-in calendar, and lay a file over it. Raises ConfigError."""
    built_in = tomllib.loads(files("executor.data").joinpath("sessions.toml").read_text())
    layers = [checked(_Sessions(), built_in, "sessions.toml")]
    if over is not None:
        layers.append(checked(_Sessions(), read_toml(over), f"EXECUTOR_CALENDAR_FILE {over}"))
    return _calendar(layers)


def _calendar(layers: Iterable[Mapping[str, Any]]) -> Calendar:
    hours: dict[Segment, Hours] = {}
    holidays: dict[Segment, set[date]] = {segment: set() for segment in Segment}
    specials: dict[tuple[Segment, date], Hours] = {}
    valid_until = date.min
    for layer in layers:
        valid_until = layer["valid_until"]
        hours |= layer["hours"]
        for group, days in layer["holidays"].items():
            for segment in _GROUPS[group]:
                holidays[segment].update(days)
        for special in layer["special"]:
            specials |= {(segment, day): special["hours"] for segment in special["segments"] for day in special["days"]}
    return Calendar(hours, {segment: frozenset(days) for segment, days in holidays.items()}, specials, valid_until)
