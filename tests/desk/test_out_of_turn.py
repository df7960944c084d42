"""Alerts that come before or long after what they are about."""

from __future__ import annotations

from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from tests.house import House


def test_a_modify_of_what_is_not_entered_yet_takes_no_entry_away(house: House) -> None:
    house.fault("getLtpData", "status", status=502, body="no", times=4)
    entry = house.signal("buy", ago=1)
    house.run(0.5)

    change = house.signal("modify", stop_loss={"points": "2"})
    house.run(12)

    assert house.ended(change).outcome is Outcome.NOTHING_TO_DO
    assert house.ended(entry).outcome is Outcome.FILLED
    assert (house.net(), house.stopped()) == (10, 10)


def test_a_cancel_that_comes_late_leaves_a_newer_entry_alone(house: House) -> None:
    house.resting_long()

    late = house.signal("cancel", ago=30)
    house.run(2)

    assert house.ended(late).outcome is Outcome.NOTHING_TO_DO
    assert len(house.working(side="BUY")) == 1


def test_what_a_person_left_without_a_stop_is_not_added_to(house: House) -> None:
    house.long()
    for _ in range(2):
        house.cancel(house.working(type="STOPLOSS_LIMIT")[0])
        house.run(8)

    add = house.signal("buy", price="800")
    house.run(6)

    assert house.ended(add).code is RefusalCode.NO_STOP
    assert house.net() == 10
