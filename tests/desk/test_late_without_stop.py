"""A bracket that was found late and whose stop a person had taken away leaves at once."""

from __future__ import annotations

from tests.house import House


def test_what_came_late_leaves_though_its_stop_was_taken_away(house: House) -> None:
    house.fault("placeOrder", "late", seconds=20)
    house.signal("buy", price="800")
    house.run(6)
    house.command("kill", everything=True)
    house.run(10)
    house.command("resume")
    house.run(10)
    assert len(house.said("recovered")) == 1

    house.run(15)

    assert (house.net(), house.working()) == (0, [])
