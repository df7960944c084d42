"""A kill of everything and its end that a trader finds together: what the kill said of the stops is true."""

from __future__ import annotations

from executor.domain.command import CommandKind
from tests.house import House


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
