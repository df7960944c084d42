"""What nights and limits forbid, made by hand: the clean day with something laid around it, and who speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from executor.domain.bracket import Role
from executor.domain.signal import Outcome
from tests.campaigns.handmade import ENTRY, TARGET, Made, a_day, at, tag_of

#: The leg of a second entry.
_MORE = f"{'more':0>13}"
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
    day.leg(_MORE, Role.ENTRY, "signal-more")
    day.alert(_TO_OPENING + 5, "buy", "signal-more")
    day.signal("signal-more", Outcome.FILLED)
    waits = (_TO_OPENING + 6, "open", "LIMIT", "798", "0", 0)
    day.order(_MORE, "BUY", [waits, (_TO_OPENING + 7, "complete", *waits[2:5], 10)])


def _late(day: Made) -> None:
    _kept(last_entry=date(2026, 11, 24))(day)


def _entered_after_a_loss(day: Made) -> None:
    """All is sold 32 rupees lower; a minute later the lane is entered again."""
    day.end = 120
    for version in day.exchange_orders[f"{TARGET}-1"]["history"][1:]:
        version["price"] = "770"
    next(fill for fill in day.fills if fill["tag"] == tag_of(TARGET))["price"] = "770"
    day.leg(_MORE, Role.ENTRY, "signal-more")
    waits = (80, "open", "LIMIT", "772", "0", 0)
    day.order(_MORE, "BUY", [waits, (81, "cancelled", *waits[2:])])


NIGHTS = [
    (
        "limited",
        f"limit: {tag_of(_MORE)} enters NSE:TCS after a loss of more than 250",
        a_day(_entered_after_a_loss, strategy="bare"),
    ),
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
