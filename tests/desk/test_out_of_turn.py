"""Alerts that come before or long after what they are about."""

from __future__ import annotations

from dataclasses import replace

from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Short
from tests.desk.test_exit import position
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


def test_an_exit_behind_an_entry_that_waits_for_its_price_ends_it_in_the_same_second(house: House) -> None:
    """Days 511, 512: flat → long → flat of one second; the exit found nothing, the entry was made and never left."""
    house.fault("getLtpData", "status", status=502, body="no", times=4)

    entry = house.signal("buy", position=position(0, 10))
    house.signal("sell", position=position(10, 0))
    house.run(12)

    assert house.ended(entry).code is RefusalCode.SUPERSEDED
    assert (house.net(), house.working()) == (0, [])


def test_an_exit_that_overtakes_the_one_before_its_entry_ends_the_entry_too(house: House) -> None:
    """Day 896: short → flat came 0.3 s behind flat → long and long → flat of its second; the long was kept."""
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    house.signal("sell", price="800", position=position(0, -10))
    house.run(6)

    entry = house.signal("buy", position=position(0, 20))
    house.signal("sell", position=position(20, 0))
    house.run(0.3)
    house.signal("buy", ago=0.3, position=position(-10, 0))
    house.run(12)

    assert house.ended(entry).code is RefusalCode.SUPERSEDED
    assert (house.net(), house.working()) == (0, [])


def test_an_exit_ends_no_entry_that_its_chart_makes_behind_it(house: House) -> None:
    """Out and in again within a second, the entry first: what is held says which of the two begins."""
    house.long(position=position(0, 10))

    entry = house.signal("buy", position=position(0, 10))
    house.run(0.25)
    house.signal("sell", ago=0.25, position=position(10, 0))
    house.run(12)

    assert house.ended(entry).outcome is Outcome.FILLED
    assert (house.net(), house.stopped()) == (10, 10)


def test_a_reverse_whose_entry_half_is_overtaken_says_what_left(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    house.long(position=position(0, 10))
    house.fault("getLtpData", "status", status=502, body="no", times=8)

    turn = house.signal("sell", position=position(10, -10))
    house.run(3)
    house.signal("buy", position=position(-10, 0))
    house.run(12)

    assert house.ended(turn).outcome is Outcome.PARTLY_FILLED
    assert (house.net(), house.working()) == (0, [])


def test_a_modify_of_a_flat_chart_ends_no_entry_that_waits(house: House) -> None:
    house.fault("getLtpData", "status", status=502, body="no", times=4)

    house.signal("buy", position=position(0, 10))
    house.signal("modify", stop_loss={"points": "2"}, position=position(10, 0))
    house.run(12)

    assert (house.net(), house.stopped()) == (10, 10)


def test_what_its_chart_does_behind_that_exit_is_entered(house: House) -> None:
    house.fault("getLtpData", "status", status=502, body="no", times=4)

    for prev, now in ((0, 10), (10, 0), (0, 20)):
        house.signal("buy" if now > prev else "sell", position=position(prev, now))
    house.run(12)

    assert (house.net(), house.stopped()) == (10, 10)


def test_a_bare_exit_of_an_entrys_second_leaves_the_entry_alone(house: House) -> None:
    house.fault("getLtpData", "status", status=502, body="no", times=4)

    house.signal("buy")
    house.signal("exit")
    house.run(12)

    assert (house.net(), house.stopped()) == (10, 10)
