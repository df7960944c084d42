"""Parts that leave one behind the other, and sells that are larger than they need be."""

from __future__ import annotations

from executor.domain.signal import Outcome
from tests.desk.test_exit import position
from tests.house import House


def test_a_reduction_by_position_is_of_what_another_one_leaves(house: House) -> None:
    house.long()

    first = house.signal("sell", price="800", position=position(10, 5))
    second = house.signal("sell", price="800", position=position(5, 2))
    house.run(12)

    assert (house.net(), house.stopped()) == (2, 2)
    assert {house.ended(one).outcome for one in (first, second)} == {Outcome.FILLED}


def test_of_a_part_that_has_filled_in_part_only_the_rest_counts_as_leaving(house: House) -> None:
    house.long()
    house.price("794")
    house.signal("sell", price="800", size={"quantity": "6"})  # its limit is 796: it rests
    house.until(lambda: ("796.00", 6) in house.leaving(), within=4)
    house.fill(house.orders()[-1], 3)
    house.run(1.25)
    house.signal("sell", size={"quantity": "2"})
    house.run(20)

    assert (house.net(), house.stopped()) == (2, 2)
