"""The trading calendar: the built-in sessions.toml, and over it the file of EXECUTOR_CALENDAR_FILE.

A later layer replaces hours from a day on, adds holidays (they close a special day of the layers before), and adds
specials (they open a holiday). A special day keeps the regular distances of square-off and entries from its close.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from importlib.resources import files
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from executor.config.schema import Strict, checked, read_toml
from executor.domain.calendar import SQUARE_OFF_AHEAD, Calendar, ExpiryRules, Hours, Span
from executor.domain.instrument import Segment
from executor.errors import ConfigError

#: Groups of segments that share holidays, as the file names them.
_GROUPS = {"equity": (Segment.NSE, Segment.BSE, Segment.NFO, Segment.BFO), "MCX": (Segment.MCX,)}
_AHEAD_MIN = int(SQUARE_OFF_AHEAD.total_seconds()) // 60

_Rows = dict[Segment, list[tuple[date, Hours]]]


def _minute(value: Any) -> time:
    try:
        return datetime.strptime(value, "%H:%M").time()  # noqa: DTZ007 - a time of day, IST by definition
    except (TypeError, ValueError):
        raise ValidationError(f'is {value!r}; give a time of day in India such as "15:10"') from None


def _span(value: Any) -> Span:
    try:
        opens, closes = (_minute(text) for text in value)
    except (TypeError, ValueError, ValidationError):
        raise ValidationError(f'is {value!r}; give two times such as ["09:15", "15:30"]') from None
    if not opens < closes:
        raise ValidationError(f"ends at {closes:%H:%M}, before it begins; put the opening first")
    return Span(opens, closes)


def _day(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValidationError(f"is {value!r}; give a date without quotes, such as 2026-01-26")
    return value


def _segments() -> fields.List[Segment]:
    return fields.List(fields.Enum(Segment, by_value=True), required=True, validate=Length(min=1))


class _Regular(Strict):
    segments = _segments()
    since = fields.Function(deserialize=_day, load_default=date.min)
    session = fields.Function(deserialize=_span, required=True)
    closing_auction = fields.Function(deserialize=_span, load_default=None)
    square_off = fields.Function(deserialize=_minute, required=True)
    enter_until = fields.Function(deserialize=_minute, required=True)


class _Special(Strict):
    days = fields.List(fields.Function(deserialize=_day), required=True)
    segments = _segments()
    session = fields.Function(deserialize=_span, required=True)
    square_off = fields.Function(deserialize=_minute, load_default=None)
    enter_until = fields.Function(deserialize=_minute, load_default=None)


class _Expiry(Strict):
    no_entry_days = fields.Integer(strict=True, validate=Range(min=0, max=20))
    leave_days = fields.Integer(strict=True, validate=Range(min=0, max=20))
    index_options_until = fields.Function(deserialize=_minute)


class _Sessions(Strict):
    valid_until = fields.Function(deserialize=_day, load_default=None)
    hours = fields.List(fields.Nested(_Regular), load_default=list)
    holidays = fields.Dict(
        keys=fields.String(validate=OneOf(_GROUPS)),
        values=fields.List(fields.Function(deserialize=_day)),
        load_default=dict,
    )
    special = fields.List(fields.Nested(_Special), load_default=list)
    expiry = fields.Nested(_Expiry, load_default=dict)


def load_calendar(over: Path | None = None) -> Calendar:
    """Read the built-in calendar, and lay a file over it. Raises ConfigError."""
    built_in = tomllib.loads(files("executor.data").joinpath("sessions.toml").read_text())
    layers = _Layers()
    layers.add(checked(_Sessions(), built_in, "sessions.toml"), "sessions.toml")
    if over is not None:
        what = f"EXECUTOR_CALENDAR_FILE {over}"
        layers.add(checked(_Sessions(), _laid_over(over), what), what)
    return layers.calendar()


def _laid_over(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except ConfigError as error:
        raise ConfigError(f"EXECUTOR_CALENDAR_FILE: {error}") from error


class _Layers:
    """Files laid over each other, the built-in one first."""

    def __init__(self) -> None:
        self._hours: _Rows = defaultdict(list)
        self._holidays: dict[Segment, set[date]] = {segment: set() for segment in Segment}
        self._specials: dict[tuple[Segment, date], Hours] = {}
        self._expiry: dict[str, Any] = {}
        self._valid_until = date.min

    def add(self, layer: Mapping[str, Any], what: str) -> None:
        self._valid_until = layer["valid_until"] or self._valid_until
        self._expiry |= layer["expiry"]
        self._add_hours(layer["hours"], what)
        for group, days in layer["holidays"].items():
            for number, day in enumerate(days):
                self._known(day, f"{what}: holidays.{group}.{number}")
                self._close(_GROUPS[group], day)
        for number, special in enumerate(layer["special"]):
            self._add_special(special, f"{what}: special.{number}")

    def calendar(self) -> Calendar:
        return Calendar(
            hours={segment: tuple(reversed(rows)) for segment, rows in self._hours.items()},
            holidays={segment: frozenset(days) for segment, days in self._holidays.items()},
            specials=self._specials,
            valid_until=self._valid_until,
            expiry=ExpiryRules(**self._expiry),
        )

    def _add_hours(self, rows: Iterable[Mapping[str, Any]], what: str) -> None:
        new: _Rows = defaultdict(list)
        for number, row in enumerate(rows):
            hours = _checked(_regular(row), f"{what}: hours.{number}")
            for segment in row["segments"]:
                new[segment].append((row["since"], hours))
        for segment, added in new.items():
            added.sort(key=lambda dated: dated[0])
            kept = [dated for dated in self._hours[segment] if dated[0] < added[0][0]]
            self._hours[segment] = kept + added

    def _close(self, segments: Iterable[Segment], day: date) -> None:
        for segment in segments:
            self._holidays[segment].add(day)
            self._specials.pop((segment, day), None)

    def _add_special(self, special: Mapping[str, Any], where: str) -> None:
        for day in special["days"]:
            self._known(day, f"{where}.days")
            for segment in special["segments"]:
                regular = next((hours for since, hours in reversed(self._hours[segment]) if since <= day), None)
                if regular is None:
                    raise ConfigError(f"{where}: no hours of {segment} hold on {day}; add a [[hours]] since then")
                self._specials[segment, day] = _checked(_moved(regular, special), f"{where} for {segment}")

    def _known(self, day: date, where: str) -> None:
        if day > self._valid_until:
            remedy = "set valid_until to the last day that the file covers"
            raise ConfigError(f"{where} has {day}, past valid_until {self._valid_until}; {remedy}")


def _regular(row: Mapping[str, Any]) -> Hours:
    session = row["session"]
    return Hours(session.opens, session.closes, row["square_off"], row["enter_until"], row["closing_auction"])


def _moved(regular: Hours, special: Mapping[str, Any]) -> Hours:
    """A special day: as long before its close as on other days. No auction is held there."""
    session = special["session"]
    return Hours(
        session.opens,
        session.closes,
        special["square_off"] or _before(session.closes, regular.closes, regular.broker_square_off),
        special["enter_until"] or _before(session.closes, regular.closes, regular.entries_until),
    )


def _before(close: time, regular_close: time, regular: time) -> time:
    """As long before `close` as `regular` lies before `regular_close`; midnight when that is the day before."""
    at = max(0, _minutes(close) - (_minutes(regular_close) - _minutes(regular)))
    return time(at // 60, at % 60)


def _checked(hours: Hours, where: str) -> Hours:
    """Raise ConfigError unless our own square-off and the end of entries lie inside the session, in that order."""
    ours = _minutes(hours.broker_square_off) - _AHEAD_MIN
    found = f"session {hours.opens:%H:%M}–{hours.closes:%H:%M}, square_off {hours.broker_square_off:%H:%M}"
    if not _minutes(hours.opens) < ours or not hours.broker_square_off < hours.closes:
        remedy = f"give a square_off before the close and more than {_AHEAD_MIN} minutes after the opening"
        raise ConfigError(f"{where}: {found}; {remedy}")
    if not hours.opens < hours.entries_until or not _minutes(hours.entries_until) <= ours:
        remedy = f"give an enter_until after the opening and at least {_AHEAD_MIN} minutes before square_off"
        raise ConfigError(f"{where}: {found}, enter_until {hours.entries_until:%H:%M}; {remedy}")
    if hours.auction is not None and not hours.broker_square_off <= hours.auction.opens:
        raise ConfigError(f"{where}: {found}, closing_auction {hours.auction.opens:%H:%M}; give an earlier square_off")
    return hours


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
