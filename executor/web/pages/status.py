"""How everything stands: first what is wrong, with its remedy; then how fast it goes, each account, and the machine."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib.metadata import version
from itertools import groupby
from typing import Any

from flask import Blueprint

from executor.clock import IST, Clock
from executor.domain.calendar import Calendar, trading_day
from executor.domain.instrument import Segment
from executor.findings import findings
from executor.store.health import AccountHealth, Health
from executor.store.pace import Pace, Paces
from executor.store.store import Store
from executor.web.pages.frame import Frame

#: So many of the newest spans are drawn; the figures beside are of all.
_DRAWN = 120


@dataclass(frozen=True, slots=True)
class StatusParts:
    """`expected` tells the accounts that are configured to be traded, `windows` our limits of orders (count, span)."""

    store: Store
    calendar: Calendar
    clock: Clock
    expected: Callable[[], Collection[str]]
    windows: Sequence[tuple[int, timedelta]]


@dataclass(frozen=True, slots=True)
class Speed:
    """Spans of a day: half of them took no longer than `half`, nearly all (95 of 100) no longer than `nearly_all`."""

    label: str
    count: int
    half: timedelta
    nearly_all: timedelta
    longest: timedelta
    drawn: Sequence[float]


@dataclass(frozen=True, slots=True)
class Used:
    """A window of our limit of orders, changes and cancels."""

    words: str
    used: int
    most: int


def add_status(blueprint: Blueprint, parts: StatusParts, frame: Frame) -> None:
    health, paces, own = Health(parts.store.database), Paces(parts.store.database), version("executor")

    @blueprint.get("/status")
    def status() -> str:
        now = parts.clock.now()
        midnight = datetime.combine(trading_day(now), time(), IST)
        expected = parts.expected()
        found = findings(parts.store, parts.calendar, now=now, expected=expected)
        return frame.render(
            "status.html",
            wrong=[one for one in found if not one.ok],
            good=[one for one in found if one.ok],
            speeds=speeds(paces.pace(midnight)),
            accounts=[one for one in health.accounts(now) if one.beat is not None or one.account.name in expected],
            told=_told,
            used=lambda one: used(one.writes, parts.windows, now),
            sessions=sessions(parts.calendar, now),
            calendar=parts.calendar,
            load=parts.store.master.current_load(),
            database=health.database(),
            notices=parts.store.pages.notices(),
            versions={"web": own, "Python": platform.python_version()},
            gigabytes=gigabytes,
            moment=datetime.fromisoformat,
            seconds=lambda number: timedelta(seconds=number),
        )


def speeds(pace: Pace) -> list[Speed]:
    """The way from alert to answer, step by step; a step that nothing took is left out."""
    steps = {
        "alert fired → received": pace.received,
        "received → on the wire": pace.sent,
        "on the wire → answered": pace.answered,
    }
    return [_speed(label, spans) for label, spans in steps.items() if spans]


def used(writes: Sequence[datetime], windows: Sequence[tuple[int, timedelta]], now: datetime) -> list[Used]:
    return [Used(_window(span), sum(at > now - span for at in writes), most) for most, span in windows]


def sessions(calendar: Calendar, now: datetime) -> list[tuple[str, str]]:
    """Today's hours of each segment in words; segments with the same hours together."""
    day = trading_day(now)
    hours = [(segment, calendar.session(segment, day)) for segment in Segment]
    by_hours = sorted(hours, key=lambda pair: str(pair[1]))
    return [
        (", ".join(segment for segment, _ in group), _hours(session, now))
        for session, group in ((session, list(group)) for session, group in groupby(by_hours, key=lambda pair: pair[1]))
    ]


def gigabytes(size: int) -> str:
    """Bytes as a person reads them."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def _told(one: AccountHealth) -> Mapping[str, Any]:
    """What its trader last said; nothing of a lease that was given back."""
    return one.beat.status if one.beat is not None else {}


def _speed(label: str, spans: Sequence[timedelta]) -> Speed:
    ordered = sorted(spans)
    drawn = [span.total_seconds() * 1000 for span in spans[-_DRAWN:]]
    return Speed(label, len(spans), _share(ordered, 0.5), _share(ordered, 0.95), ordered[-1], drawn)


def _share(ordered: Sequence[timedelta], share: float) -> timedelta:
    """The least span that this share of them does not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def _window(span: timedelta) -> str:
    names = {timedelta(seconds=1): "in a second", timedelta(minutes=1): "in a minute", timedelta(hours=1): "in an hour"}
    return names.get(span, f"in {span.total_seconds():g} s")


def _hours(session: Any, now: datetime) -> str:
    if session is None:
        return "closed today"
    opens, closes = (at.astimezone(IST) for at in (session.opens_at, session.closes_at))
    word = "open" if session.covers(now) else "opens later" if now < session.opens_at else "over"
    return f"{opens:%H:%M} to {closes:%H:%M}, {word}"
