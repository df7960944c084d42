"""Halts and kills and their end that a trader finds together: what they said meanwhile is true."""

from __future__ import annotations

from typing import Any

import pytest

from executor.domain.command import CommandKind
from executor.domain.ids import SignalId
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from tests.builders import a_strategy
from tests.house import ACCOUNT, House


def unseen(house: House, kind: str, scope: str = "ALL") -> None:
    """A person's order that no trader looks at yet, and a second."""
    house.store.commands.record(
        CommandKind(kind), scope=scope, arguments={}, by="trader", why="test", at=house.clock.now()
    )
    house.clock.advance(1)


def meanwhile(house: House, kind: str, action: str, scope: str = "ALL", **fields: Any) -> SignalId:
    """A signal between a halt and its end; all three before a trader looks."""
    unseen(house, kind, scope)
    signal = house.signal(action, **fields)
    house.clock.advance(1)
    unseen(house, "resume", scope)
    return signal


def test_a_kill_of_everything_that_was_ended_unseen_takes_the_stops_all_the_same(house: House) -> None:
    house.long()
    house.store.commands.record(
        CommandKind.KILL, scope="ALL", arguments={"everything": True}, by="trader", why="test", at=house.clock.now()
    )
    house.command("resume")
    house.run(8)
    assert (house.net(), house.working()) == (10, [])

    house.signal("sell", size={"quantity": "4"})
    house.run(10)

    assert (house.net(), house.working()) == (6, [])


@pytest.mark.parametrize("kind", ["halt", "kill", "flatten"])
@pytest.mark.parametrize("scope", ["ALL", "account:default", "strategy:trend"])
def test_an_entry_of_a_halt_that_was_ended_unseen_is_not_made_up_for(house: House, kind: str, scope: str) -> None:
    signal = meanwhile(house, kind, "buy", scope, price="800")
    house.run(5)

    ended = house.ended(signal)
    assert (ended.outcome, ended.code, house.orders()) == (Outcome.REFUSED, RefusalCode.HALTED, [])
    assert "ended" in (ended.reason or "")


def test_nor_is_it_after_a_restart(house: House) -> None:
    signal = meanwhile(house, "halt", "buy", price="800")
    house.start()
    house.run(5)

    assert (house.ended(signal).code, house.orders()) == (RefusalCode.HALTED, [])


def test_entries_before_such_a_halt_and_after_it_are_made(house: House) -> None:
    before = house.signal("buy", price="800", trade="before")
    house.clock.advance(1)
    unseen(house, "halt")
    unseen(house, "resume")
    after = house.signal("buy", price="800", trade="after")
    house.run(5)

    assert [house.ended(one).outcome for one in (before, after)] == [Outcome.FILLED] * 2


def test_a_halt_of_something_else_that_was_ended_unseen_stops_nothing(house: House) -> None:
    house.store.people.save_strategy(a_strategy(name="other", account=ACCOUNT), by="test", at=house.clock.now())
    signal = meanwhile(house, "halt", "buy", "strategy:other", price="800")
    house.run(5)

    assert house.ended(signal).outcome is Outcome.FILLED


@pytest.mark.parametrize(("kind", "outcome"), [("halt", Outcome.FILLED), ("kill", Outcome.REFUSED)])
def test_an_exit_passes_a_halt_that_was_ended_unseen_and_no_kill(house: House, kind: str, outcome: Outcome) -> None:
    house.long()
    signal = meanwhile(house, kind, "exit")
    house.run(8)

    assert (house.ended(signal).outcome, house.net()) == (outcome, 0 if outcome is Outcome.FILLED else 10)


def test_an_exit_of_a_kill_is_refused_however_long_the_trader_was_down(house: House) -> None:
    house.long()
    signal = meanwhile(house, "kill", "exit")
    house.clock.advance(600)
    house.start()
    house.run(8)

    assert (house.ended(signal).code, house.net()) == (RefusalCode.HALTED, 10)


def test_an_entry_that_still_waits_when_its_halt_ends_is_not_made(house: House) -> None:
    """The alert before it is missing, which it waits for; the halt ends in that time."""
    house.command("halt")
    change = {"now": "long", "now_size": "10", "prev": "short", "prev_size": "10"}
    signal = house.signal("buy", price="800", position=change)
    house.run(0.25)
    house.command("resume")
    house.run(5)

    assert (house.ended(signal).outcome, house.orders()) == (Outcome.REFUSED, [])
