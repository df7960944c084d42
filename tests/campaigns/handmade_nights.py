"""What nights must not do, made by hand: the clean day with sessions laid around it, and the checker that speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from executor.domain.bracket import Role
from executor.domain.signal import Outcome
from tests.campaigns.handmade import ENTRY, Made, a_day, at, tag_of

_HOUR = 3600.0
#: From 09:20 to the square-offs, and to the next opening at 09:15.
_TO_SQUARE_OFF, _TO_OPENING = 5.75 * _HOUR, 24 * _HOUR - 300


def with_sessions(day: Made) -> None:
    """Today's session, and tomorrow's."""
    first = (at(-300), at(-300 + 6 * _HOUR))
    later = timedelta(days=1)
    day.sessions = {market: (first, (first[0] + later, first[1] + later)) for market in ("NSE", "BSE")}


def _kept(**changes: object) -> Callable[[Made], None]:
    """The position is held beyond 15:10 in a lane that is told to end by then."""

    def change(day: Made) -> None:
        with_sessions(day)
        day.lane = replace(day.lane, **changes)  # type: ignore[arg-type]
        day.posts = [replace(post, message=replace(post.message, lane=day.lane)) for post in day.posts]

    return change


def _entered_first(day: Made) -> None:
    """The day ends early: in the next morning an add is placed while what is carried has no stop."""
    with_sessions(day)
    day.end = _TO_OPENING + 60
    for name in list(day.exchange_orders):
        if not name.startswith(ENTRY):
            order = day.exchange_orders[name]
            order["history"] = order["history"][:1]
            order |= order["history"][0]
    day.fills = [fill for fill in day.fills if fill["tag"] == tag_of(ENTRY)]
    more = f"{'more':0>13}"
    day.leg(more, Role.ENTRY, "signal-more")
    day.alert(_TO_OPENING + 5, "buy", "signal-more")
    day.signal("signal-more", Outcome.FILLED)
    waits = (_TO_OPENING + 6, "open", "LIMIT", "798", "0", 0)
    day.order(more, "BUY", [waits, (_TO_OPENING + 7, "complete", *waits[2:5], 10)])


def _late(day: Made) -> None:
    _kept(last_entry=date(2026, 11, 24))(day)


NIGHTS = [
    (
        "squared off",
        "left over: 10 of NSE:SBIN were held at 25 Nov 15:10",
        a_day(_kept(strategy="day"), hold=_TO_SQUARE_OFF + 600),
    ),
    (
        "squared off",
        "left over: 10 of NSE:SBIN were held at 25 Nov 15:10",
        a_day(_kept(leave_on=date(2026, 11, 25)), hold=_TO_SQUARE_OFF + 600),
    ),
    ("protected first", "bare: NSE:SBIN had no stop at 2026-11-26 09:15:06", a_day(_entered_first)),
    ("not entered late", f"late: {tag_of(ENTRY)} enters NSE:SBIN on 25 Nov", a_day(_late)),
]
