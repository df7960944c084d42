"""The stories of the crash sweep (reliability.md 3.4, T3): short, and at rest at their end whatever dies on the way.

Each ends with an exit, so that what it leaves behind can only be nothing. The five core ones are swept in pairs too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from executor.domain.signal import Outcome
from tests.campaigns.story import Story

#: How an entry may end that is overtaken by the price or by its exit.
OVERTAKEN = frozenset({Outcome.NOT_FILLED, Outcome.SUPERSEDED})
_STOPS = {"ordertype": "STOPLOSS_LIMIT"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story and what its entries may end as. Down for seconds only, none of them may be called too old."""

    name: str
    tell: Callable[[Story], None]
    entries: frozenset[Outcome] = frozenset({Outcome.FILLED, Outcome.NOT_PLACED})
    exits: frozenset[Outcome] = frozenset({Outcome.FILLED, Outcome.NOTHING_TO_DO, Outcome.SUPERSEDED})
    bare_s: float = 10.0  #: for so long more may be held than stops cover while the trader is up, at a stretch
    is_core: bool = False


def _exit(story: Story) -> None:
    story.price("1000")
    story.alert("buy")
    story.wait(5)
    story.alert("exit")


def _parts(story: Story) -> None:
    """The entry rests at 1003 and fills in parts; its ttl of 10 s cancels the rest."""
    story.price("1003.50")
    story.alert("buy")
    for quantity in (1, 2, 5):
        story.fill(quantity)
        story.wait(1.5)
    story.wait(9)
    story.alert("exit", price="1003.50")


def _target(story: Story) -> None:
    story.price("1000")
    story.alert("buy")
    story.wait(5)
    story.price("1021")
    story.wait(4)
    story.alert("exit", price="1021")


def _stop(story: Story) -> None:
    story.price("1000")
    story.alert("buy")
    story.wait(5)
    story.price("989.50")
    story.wait(4)
    story.alert("exit", price="989.50")


def _part_exit(story: Story) -> None:
    story.price("1000")
    story.alert("buy")
    story.wait(5)
    story.alert("part", quantity=4)
    story.wait(4)
    story.alert("exit")


def _answer_lost(story: Story) -> None:
    story.price("1000")
    story.fault("placeOrder", "cut_after")
    story.alert("buy")
    story.wait(8)
    story.alert("exit")


def _stop_rejected(story: Story) -> None:
    story.price("1000")
    story.fault("placeOrder", "reject", text="17070: The Price is out of the LPP range", match=_STOPS)
    story.alert("buy")
    story.wait(6)
    story.alert("exit")


def _stop_refused(story: Story) -> None:
    """No stop is ever taken: the position must be left."""
    story.price("1000")
    story.fault("placeOrder", "reject", text="17070: The Price is out of the LPP range", match=_STOPS, times=50)
    story.alert("buy")
    story.wait(12)
    story.alert("exit")


def _short(story: Story) -> None:
    story.on("shorts", "RELIANCE")
    story.price("1000")
    story.alert("short")
    story.wait(5)
    story.alert("exit")


def _single(story: Story) -> None:
    """The target is watched and the stop turned into the exit when it trades."""
    story.on("single", "INFY")
    story.price("1000")
    story.alert("buy")
    story.wait(5)
    story.price("1021")
    story.wait(4)
    story.alert("exit", price="1021")


def _commands(story: Story) -> None:
    story.price("1000")
    story.alert("buy")
    story.wait(4)
    if bracket := story.open_bracket():
        story.command("protect", bracket=bracket.id, stop="985", target="1030")
    story.wait(2)
    story.command("halt", "strategy:pair")
    story.wait(1)
    story.command("kill")
    story.wait(2)
    story.command("resume", "strategy:pair")
    story.command("resume")
    story.wait(1)
    story.command("flatten")
    story.wait(4)
    story.command("resume")


def _killed_in_parts(story: Story) -> None:
    """A kill while the entry fills: its rest is cancelled, what filled gets its stop, an exit waits for resume."""
    story.price("1003.50")
    story.alert("buy")
    story.fill(3)
    story.wait(1)
    story.command("kill")
    story.wait(5)
    story.command("resume")
    story.alert("exit", price="1003.50")


def _token_dead(story: Story) -> None:
    """The session ends when the stop is sent."""
    story.price("1000")
    story.fault("placeOrder", "refuse", code="AG8001", message="Invalid Token", match=_STOPS)
    story.alert("buy")
    story.wait(6)
    story.alert("exit")


def _reversal(story: Story) -> None:
    """A reversal as two alerts of one second."""
    story.on("shorts", "RELIANCE")
    story.price("1000")
    story.alert("buy")
    story.wait(5)
    story.alert("exit")
    story.alert("short")
    story.wait(5)
    story.alert("exit")


def _added(story: Story) -> None:
    story.price("1000")
    story.alert("buy")
    story.wait(4)
    story.alert("buy")
    story.wait(4)
    story.alert("exit")


def _late(story: Story) -> None:
    """The entry is taken 20 s after its answer was lost: nobody waits for it any more."""
    story.price("1000")
    story.fault("placeOrder", "late", seconds=20)
    story.alert("buy")
    story.wait(24)
    story.alert("exit")


_IN_PARTS = frozenset({Outcome.PARTLY_FILLED, Outcome.NOT_PLACED})
_SLOW = frozenset({Outcome.FILLED, Outcome.NOT_PLACED}) | OVERTAKEN
_LOST_PART = frozenset({Outcome.FILLED, Outcome.NOTHING_TO_DO, Outcome.SUPERSEDED, Outcome.NOT_PLACED})

SCENARIOS = {
    one.name: one
    for one in (
        Scenario("exit", _exit, is_core=True),
        Scenario("parts", _parts, entries=_IN_PARTS, is_core=True),
        Scenario("target", _target, is_core=True),
        Scenario("stop", _stop),
        # an exit in doubt is not sent again before six clean reads in 13 s, nor covered meanwhile: both could sell
        Scenario("part-exit", _part_exit, exits=_LOST_PART, is_core=True, bare_s=15.0),
        Scenario("answer-lost", _answer_lost, is_core=True),
        Scenario("stop-rejected", _stop_rejected),
        Scenario("stop-refused", _stop_refused, bare_s=15.0),
        Scenario("short", _short),
        Scenario("single", _single),
        Scenario("commands", _commands),
        Scenario("killed-in-parts", _killed_in_parts, entries=_IN_PARTS),
        Scenario("token-dead", _token_dead),
        Scenario("reversal", _reversal, entries=_SLOW),
        Scenario("added", _added, entries=_SLOW),
        Scenario("late", _late, entries=_SLOW),
    )
}
