"""What people ordered and was done otherwise, made by hand: a change of the clean day, with the checker that speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from executor.domain.command import CommandKind, CommandState
from executor.domain.signal import Outcome
from tests.campaigns.handmade import BRACKET, ENTRY, STOP, Made, a_day, iso, tag_of
from tests.campaigns.handmade_lives import LONG, stop_moves

#: A day's change.
Does = Callable[[Made], Any]


def changes(*all_of_them: Does) -> Does:
    def change(day: Made) -> None:
        for one in all_of_them:
            one(day)

    return change


def killed(second: float) -> Does:
    return lambda day: day.told(second, CommandKind.KILL, everything=True)


def protects(second: float, state: CommandState = CommandState.DONE, **prices: str) -> Does:
    return lambda day: day.told(second, CommandKind.PROTECT, state, bracket=BRACKET, **prices)


def stop_ends(second: float) -> Does:
    def change(day: Made) -> None:
        history = day.exchange_orders[f"{STOP}-1"]["history"]
        history[-1]["at"] = iso(second)

    return change


def _stopped_again(day: Made) -> None:
    rests = (12.0, "trigger pending", "STOPLOSS_LIMIT", "784", "792", 0)
    day.order(STOP, "SELL", [rests, (13.0, "cancelled", *rests[2:])], attempt=2)


def reverses(*seconds: float) -> Does:
    def change(day: Made) -> None:
        for second in seconds:
            day.alert(second, "reverse", f"signal-{second}")
            day.signal(f"signal-{second}", Outcome.FILLED, "reverse")
        day.posts.sort(key=lambda post: post.at)

    return change


def _reversed_to_nothing(day: Made) -> None:
    """What was asked to turn over was left."""
    day.posts[-1] = replace(day.posts[-1], message=replace(day.posts[-1].message, action="reverse"))


def _entered_late(day: Made) -> None:
    day.posts[0] = replace(day.posts[0], message=replace(day.posts[0].message, is_late=True))


def _moved_late(day: Made) -> None:
    day.alert(12, "modify", "signal-late", is_late=True, levels=("793", "830"))
    stop_moves("793")(day)


def _fewer_units(day: Made) -> None:
    day.posts[0] = replace(day.posts[0], units=8)


def names_its_size(day: Made) -> None:
    """The entry's alert names a size of its own."""
    _fewer_units(day)
    day.posts[0] = replace(day.posts[0], message=replace(day.posts[0].message, action="part"))


def _came_halted(day: Made) -> None:
    day.posts[0] = replace(day.posts[0], halted=True)


PEOPLE = [
    ("killed", f"outlived: {tag_of(STOP)} worked until", a_day(killed(5), hold=LONG)),
    (
        "killed",
        f"stopped again: {tag_of(STOP, 2)} was sent at",
        a_day(changes(killed(5), stop_ends(6), _stopped_again)),
    ),
    ("as told", "not done: the stop 793 of NSE:SBIN", a_day(protects(8, stop="793"), hold=LONG)),
    ("as told", "not done: the target 830 of NSE:SBIN", a_day(protects(8, target="830"), hold=LONG)),
    (
        "as told",
        "refused and done: the stop 793",
        a_day(changes(protects(8, CommandState.REFUSED, stop="793"), stop_moves("793"))),
    ),
    ("as told", "unanswered: ", a_day(protects(8, CommandState.NEW, stop="793"))),
    ("turned", "not turned: 1 reverses from", a_day(reverses(10), strategy="shorts", hold=LONG)),
    ("turned", "not turned: 3 reverses from", a_day(reverses(10, 11, 12), strategy="shorts", hold=LONG)),
    ("turned", "not turned: 1 reverses from", a_day(_reversed_to_nothing, strategy="shorts")),
    ("left only", f"late: {tag_of(ENTRY)} enters NSE:SBIN by late prices", a_day(_entered_late)),
    ("left only", "late: the stop of NSE:SBIN was moved to 793", a_day(_moved_late)),
    ("kept out", f"halted: {tag_of(ENTRY)} enters NSE:SBIN", a_day(_came_halted)),
    ("as saved", f"old version: {tag_of(ENTRY)} is for 10, 8 were saved before", a_day(_fewer_units)),
    (
        "protected",
        "unprotected: NSE:3045 for 40.4 s",
        a_day(changes(killed(5), stop_ends(6), protects(10, stop="790")), hold=LONG),
    ),
]
