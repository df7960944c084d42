"""Levels, targets and trails as a person writes them: `1%` of the average, or points away from it.

A target is `2%`, or `2%:50` for half of what was entered; a trail is `1%`, or `1%:0.25%` with its step. A table says
the same: `{at = "2%", share = 50}`, `{distance = "1%", step = "0.25%"}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError

from executor.config.amounts import percent_text, plain, read_percent
from executor.domain.strategy import Level, LevelKind, Target, Trail

#: As many as an alert may name (alerts/schema).
MOST_TARGETS = 10
_ALL = Decimal(100)
_LEVEL = re.compile(r"(\d{1,7}(?:\.\d{1,4})?)(%?)", re.ASCII)


def read_level(value: Any) -> Level:
    """Raises ValidationError."""
    match = _LEVEL.fullmatch(str(value).strip())
    if match is None or not Decimal(match[1]):
        raise ValidationError(f"is {value!r}; give a distance such as 1% or 5 (points)")
    return Level(LevelKind.PERCENT if match[2] else LevelKind.POINTS, Decimal(match[1]))


def level_text(level: Level) -> str:
    return percent_text(level.value) if level.kind is LevelKind.PERCENT else plain(level.value)


def read_targets(value: Any) -> tuple[Target, ...]:
    """One target, or a list of some with the share that leaves at each. Raises ValidationError."""
    given = value if isinstance(value, list) else [value]
    if not 1 <= len(given) <= MOST_TARGETS:
        raise ValidationError(f"has {len(given)} targets; give one to {MOST_TARGETS}")
    pairs = [_two(one, "at", "share") for one in given]
    return tuple(Target(read_level(at), _ALL if share is None else read_percent(share)) for at, share in pairs)


def targets_value(targets: tuple[Target, ...]) -> str | list[dict[str, str]] | None:
    match targets:
        case ():
            return None
        case (Target(level=level, share=share),) if share == _ALL:
            return level_text(level)
        case _:
            return [{"at": level_text(one.level), "share": percent_text(one.share)} for one in targets]


def read_trail(value: Any) -> Trail:
    """Raises ValidationError."""
    distance, step = (None if one is None else read_level(one) for one in _two(value, "distance", "step"))
    if distance is None:
        raise ValidationError("has no distance; give one such as 1%")
    if step is not None and step.kind is not distance.kind:
        raise ValidationError(f"is {value!r}; give distance and step both in percent or both in points")
    return Trail(distance, None if step is None else step.value)


def trail_value(trail: Trail) -> str | dict[str, str]:
    distance = level_text(trail.distance)
    if trail.step is None:
        return distance
    return {"distance": distance, "step": level_text(Level(trail.distance.kind, trail.step))}


def _two(value: Any, first: str, second: str) -> tuple[Any, Any]:
    """What stands before and behind the colon, or in a table under the two names; None: not said."""
    if isinstance(value, Mapping):
        if first not in value or not set(value) <= {first, second}:
            raise ValidationError(f"is {dict(value)}; give {first} and, where it is meant, {second}")
        return value[first], value.get(second)
    before, colon, behind = str(value).partition(":")
    return before, behind if colon else None
