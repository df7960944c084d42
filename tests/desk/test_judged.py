"""A signal judges its own lanes, what it changes and what asks to leave; all else is the next tick's."""

from __future__ import annotations

from typing import Any

from executor.desk.decide import decide
from executor.domain.bracket import Bracket, Goal
from executor.domain.intent import Intent
from executor.domain.messages import Decision, SignalsArrived, Tick
from executor.domain.reading import QueryKind
from tests.house import House


def arrived(house: House, action: str, **fields: Any) -> Decision:
    """What is decided on a signal that came alone."""
    resolved = house.resolve(house.stored(house.signal(action, price="800", **fields)))
    return decide(house.book, SignalsArrived((resolved,)), house.clock.now(), house.ids)


def the_intent(house: House) -> Intent:
    (found,) = house.book.rows.tables[Intent].values()
    return found


def notes(decision: Decision) -> set[str]:
    return {note.kind for note in decision.notes}


def test_what_has_not_left_yet_asks_again_beside_the_entry_of_another_lane(house: House) -> None:
    house.ready_entry()
    waiting = the_intent(house)

    decision = arrived(house, "buy", trade="other")

    assert waiting.id in {intent.id for intent in decision.intents}
    assert len(decision.intents) == 2


def test_what_only_time_changes_in_another_lane_is_the_next_ticks(house: House) -> None:
    house.resting_long()
    house.clock.advance(60)

    on_signal = arrived(house, "buy", trade="other")
    on_tick = decide(house.book, Tick(), house.clock.now(), house.ids)

    assert "lapsed" not in notes(on_signal)
    assert "lapsed" in notes(on_tick)


def test_what_a_signal_changes_in_other_lanes_is_judged_with_it(house: House) -> None:
    house.long()
    house.long(trade="other")
    held = {row.lane for row in house.book.rows.tables[Bracket].values()}

    decision = arrived(house, "flatten", trade="third")

    closing = {change.row.lane: change.row.goal for change in decision.changes if isinstance(change.row, Bracket)}
    assert closing == dict.fromkeys(held, Goal.FLAT)
    assert len(held) == 2
    assert QueryKind.LTP in {query.kind for query in decision.queries}  # what they need to leave now
