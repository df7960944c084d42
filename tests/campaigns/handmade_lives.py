"""What a position's life must not do, made by hand: each a change of the clean day, with the checker that speaks."""

from __future__ import annotations

from collections.abc import Callable

from executor.domain.bracket import BracketState, Role
from executor.domain.signal import Outcome
from tests.campaigns.handmade import ENTRY, STOP, TARGET, Made, a_day, iso, tag_of

#: A stop of which nothing was ever heard, in seconds that a day may be held.
LONG = 50.0


def stop_moves(*triggers: str) -> Callable[[Made], None]:
    """The stop, at 792 first, has these triggers from 15 s on, one each 5 s."""

    def change(day: Made) -> None:
        history = day.exchange_orders[f"{STOP}-1"]["history"]
        for number, trigger in enumerate(triggers):
            history.insert(-1, history[0] | {"at": iso(15 + 5 * number), "trigger": trigger})

    return change


def added(day: Made) -> None:
    """The average falls with an add of 5; what is bought and sold more is the same order's."""
    day.alert(16, "buy", "signal-more")
    day.signal("signal-more", Outcome.FILLED)
    more = f"{'more':0>13}"
    day.leg(more, Role.ENTRY, "signal-more")
    day.legs[more].quantity = 5
    day.order(more, "BUY", [(16.1, "complete", "LIMIT", "798", "0", 5, 5)])
    for order, second in ((STOP, 18), (TARGET, 18)):
        history = day.exchange_orders[f"{order}-1"]["history"]
        grown = {"quantity": 15}
        history[1:] = [history[0] | grown | {"at": iso(second), **({"trigger": "790"} if order == STOP else {})}] + [
            version | grown for version in history[1:]
        ]
    sold = day.exchange_orders[f"{TARGET}-1"]["history"][-1]
    sold["filled"] = day.orders[tag_of(TARGET)].filled = day.exchange_orders[f"{TARGET}-1"]["filled"] = 15
    next(fill for fill in day.fills if fill["tag"] == tag_of(TARGET))["quantity"] = 15


def _told(second: float, change: tuple[int, int]) -> Callable[[Made], None]:
    """The chart says where it stands."""

    def told(day: Made) -> None:
        day.alert(second, "chart", "signal-told", chart=change)
        day.signal("signal-told", Outcome.FILLED, "sell")

    return told


def _asked_for(quantity: int) -> Callable[[Made], None]:
    """The entry's order is for so many, of which no more are filled than were planned."""

    def change(day: Made) -> None:
        for version in day.exchange_orders[f"{ENTRY}-1"]["history"]:
            version["quantity"] = quantity

    return change


def _too_much_target(day: Made) -> None:
    for version in day.exchange_orders[f"{TARGET}-1"]["history"][:-1]:
        version["quantity"] = 20


LIVES = [
    ("sized", f"size: {tag_of(ENTRY)} is for 11, pair allows 10", a_day(_asked_for(11))),
    ("sized", f"size: {tag_of(ENTRY)} is for 19, waits allows 18", a_day(_asked_for(19), strategy="waits")),
    ("sized", f"size: {tag_of(ENTRY)} is for 25, steps allows 24", a_day(_asked_for(25), strategy="steps")),
    ("sized", f"size: {tag_of(ENTRY)} is for 38, risky allows 37", a_day(_asked_for(38), strategy="risky")),
    ("sized", f"size: {tag_of(ENTRY)} is for 41, chart allows 40", a_day(_asked_for(41), strategy="chart")),
    (
        "ratcheted",
        f"loosened: the stop of leg {STOP} went from 793 to 791",
        a_day(stop_moves("793", "791"), strategy="trail"),
    ),
    (
        "charted",
        "against: NSE:TATASTEEL lay against its chart for 0:00:45",
        a_day(_told(5, (10, 0)), strategy="chart", hold=LONG),
    ),
    (
        "charted",
        "against: NSE:TATASTEEL lay against its chart for 0:00:45",
        a_day(_told(5, (10, -3)), strategy="chart", hold=LONG),
    ),
    ("oversold", "oversold: orders to leave more of NSE:3045", a_day(_too_much_target, hold=LONG)),
    (
        "ended",
        "open: bracket bracket is OPEN",
        a_day(lambda day: setattr(day.brackets[0], "state", BracketState.OPEN)),
    ),
]
