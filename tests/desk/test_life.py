"""A position's life, told by the exchange."""

from __future__ import annotations

from executor.domain.signal import Outcome
from tests.house import House


def test_a_long_rests_a_stop_and_then_a_target_for_what_filled(house: House) -> None:
    signal = house.signal("buy", price="800")

    house.run(8)

    entry, stop, target = house.orders()
    assert (entry["side"], entry["type"], entry["filled"], entry["status"]) == ("BUY", "LIMIT", 10, "complete")
    assert (stop["side"], stop["quantity"], stop["status"]) == ("SELL", 10, "trigger pending")
    assert (target["side"], target["quantity"], target["status"]) == ("SELL", 10, "open")
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_target_that_fills_takes_the_stop_with_it(house: House) -> None:
    house.signal("buy", price="800")
    house.run(8)

    house.price("820")
    house.run(8)

    assert [row["status"] for row in house.orders()] == ["complete", "cancelled", "complete"]
    assert house.net() == 0
