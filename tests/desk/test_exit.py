"""Exits: what reduces a holding passes every rail, never opens anything, and ends when it is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.domain.bracket import BracketState
from executor.domain.record import Halt, HaltKind
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from tests.house import House, rails


def position(prev: int, now: int) -> dict[str, str]:
    """A position as TradingView tells it; negative is short."""

    def word(size: int) -> str:
        return "long" if size > 0 else "short" if size < 0 else "flat"

    return {"now": word(now), "now_size": str(abs(now)), "prev": word(prev), "prev_size": str(abs(prev))}


def test_a_full_exit_re_prices_the_target_and_takes_the_stop_with_it(house: House) -> None:
    house.long()

    signal = house.signal("exit")
    house.run(10)

    assert (house.net(), house.working()) == (0, [])
    assert [row["status"] for row in house.orders()] == ["complete", "cancelled", "complete"]
    assert house.ended(signal).outcome is Outcome.FILLED


def test_the_stop_protects_until_the_exit_has_filled(house: House) -> None:
    house.long()
    house.price("799")
    house.signal("exit")

    for _ in range(40):
        house.run(0.25)
        assert house.stopped() >= house.net() or house.net() == 0
    assert house.net() == 0


def test_an_exit_without_a_target_re_prices_the_stop(house: House) -> None:
    house.strategy = replace(house.strategy, take_profit=())
    house.long()

    signal = house.signal("exit")
    house.run(10)

    assert (house.net(), len(house.orders())) == (0, 2)
    assert house.ended(signal).outcome is Outcome.FILLED


def test_an_exit_follows_a_price_that_runs_away(house: House) -> None:
    house.long()
    house.fault("getLtpData", "delay", seconds=0)
    house.signal("exit")
    for price in ("799", "795", "794", "793.5", "793"):
        house.price(price)
        house.run(1)

    house.run(8)

    assert (house.net(), house.working()) == (0, [])


def test_an_exit_before_the_entry_filled_withdraws_it(house: House) -> None:
    entry = house.resting_long()

    signal = house.signal("exit")
    house.run(6)

    assert [row["status"] for row in house.orders()] == ["cancelled"]
    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert house.ended(entry).outcome is Outcome.NOT_FILLED
    assert [bracket.state for bracket in house.brackets()] == [BracketState.CLOSED]


def test_an_exit_while_the_entry_fills_in_part_leaves_nothing(house: House) -> None:
    house.resting_long()
    house.fill(house.orders()[0], 4)

    signal = house.signal("exit")
    house.run(12)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.FILLED


def test_an_exit_while_the_entry_is_in_doubt_waits_and_then_flattens(house: House) -> None:
    house.fault("placeOrder", "late", seconds=6)
    house.signal("buy", price="800")
    house.run(1)

    signal = house.signal("exit")
    house.run(25)

    assert (house.net(), house.working()) == (0, [])
    assert house.orders()[0]["filled"] == 10
    assert house.ended(signal).outcome is Outcome.FILLED


def test_an_exit_of_an_entry_in_doubt_that_never_arrived_has_nothing_to_do(house: House) -> None:
    house.fault("placeOrder", "cut_before")
    entry = house.signal("buy", price="800")
    house.run(1)

    signal = house.signal("exit")
    house.run(25)

    assert house.orders() == []
    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert house.ended(entry).outcome is Outcome.NOT_PLACED


def test_an_exit_with_nothing_held_sends_nothing(house: House) -> None:
    signal = house.signal("exit")

    house.run(5)

    assert house.orders() == []
    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO


def test_an_entry_older_than_an_exit_that_found_nothing_is_superseded(house: House) -> None:
    house.signal("exit")
    house.run(1)

    entry = house.signal("buy", ago=5, price="800")
    house.run(5)

    assert house.orders() == []
    assert house.ended(entry).outcome is Outcome.SUPERSEDED


def test_an_exit_for_the_other_side_has_nothing_to_do(house: House) -> None:
    house.long()

    signal = house.signal("exit", side="short")
    house.run(4)

    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert (house.net(), house.stopped()) == (10, 10)


def test_a_sell_of_a_part_leaves_the_rest_protected(house: House) -> None:
    house.long()

    signal = house.signal("sell", size={"quantity": "4"})
    house.run(8)

    assert (house.net(), house.stopped(), house.targeted()) == (6, 6, 6)
    assert house.ended(signal).outcome is Outcome.FILLED
    assert house.orders()[-1]["quantity"] == 4


def test_a_part_leaves_only_when_stop_and_target_are_smaller(house: House) -> None:
    house.long()

    house.signal("sell", size={"quantity": "4"})
    for _ in range(40):
        house.run(0.25)
        assert house.stopped() <= house.net()
        assert house.targeted() <= house.net()


def test_a_sell_of_more_than_is_held_only_closes(house: House) -> None:
    house.long()

    signal = house.signal("sell", size={"quantity": "25"})
    house.run(10)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_reduction_by_position_takes_the_ratio_of_what_is_held(house: House) -> None:
    house.long()

    signal = house.signal("sell", position=position(30, 20))
    house.run(8)

    assert (house.net(), house.stopped()) == (6, 6)  # 10 * 20 / 30, whole units
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_close_by_position_closes_all(house: House) -> None:
    house.long()

    signal = house.signal("sell", position=position(30, 0))
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.FILLED


def test_two_parts_at_once_leave_what_both_asked(house: House) -> None:
    house.long()

    first, second = house.signal("sell", size={"quantity": "3"}), house.signal("sell", size={"quantity": "4"})
    house.run(12)

    assert (house.net(), house.stopped()) == (3, 3)
    assert {house.ended(one).outcome for one in (first, second)} == {Outcome.FILLED}


def test_a_part_that_the_broker_refuses_ends_rejected_and_its_units_are_protected_again(house: House) -> None:
    house.long()
    house.fault("placeOrder", "refuse", times=9, code="AB1007", message="Invalid something")

    signal = house.signal("sell", size={"quantity": "4"})
    house.run(20)

    assert house.ended(signal).outcome is Outcome.REJECTED
    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)


def test_a_part_that_never_arrived_is_not_sent_again(house: House) -> None:
    house.long()
    house.fault("placeOrder", "cut_before")

    signal = house.signal("sell", size={"quantity": "4"})
    house.run(30)

    assert house.ended(signal).outcome is Outcome.NOT_PLACED
    assert (house.net(), house.stopped()) == (10, 10)


def test_a_full_exit_overtakes_a_part(house: House) -> None:
    house.long()
    part = house.signal("sell", size={"quantity": "4"})
    house.run(0.5)

    signal = house.signal("exit")
    house.run(12)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.FILLED
    assert house.ended(part).outcome in {Outcome.FILLED, Outcome.SUPERSEDED, Outcome.NOT_FILLED}


def test_a_second_exit_while_closing_has_nothing_to_do(house: House) -> None:
    house.long()
    house.fault("getLtpData", "status", times=4, status=500, body="no")
    first = house.signal("exit")
    house.run(1)

    second = house.signal("exit")
    house.run(12)

    assert house.ended(first).outcome is Outcome.FILLED
    assert house.ended(second).outcome is Outcome.NOTHING_TO_DO
    assert house.ended(second).code is RefusalCode.ALREADY_CLOSING
    assert house.net() == 0


def test_an_exit_refused_again_and_again_is_tried_until_it_is_done(house: House) -> None:
    house.strategy = replace(house.strategy, take_profit=())
    house.long()
    house.cancel(house.working()[0])
    house.fault("placeOrder", "refuse", times=6, code="AB1007", message="Invalid something")
    signal = house.signal("exit")

    house.run(90)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.FILLED


@pytest.mark.parametrize("why", ["halt", "off", "window", "tickers"])
def test_an_exit_passes_what_stops_entries(house: House, why: str) -> None:
    house.long()
    now = house.clock.now()
    if why == "halt":
        house.store.ledger.set_halt(Halt("ALL", HaltKind.HALT, now, "test", "test"), at=now)
    changes = {
        "halt": {},
        "off": {"enabled": False},
        "window": {"rails": rails(enter_from=now.time(), enter_until=now.time())},
        "tickers": {"rails": rails(tickers=frozenset({"NSE:INFY"}))},
    }
    house.strategy = replace(house.strategy, **changes[why])

    entry, signal = house.signal("buy", price="800"), house.signal("exit")
    house.run(10)

    assert house.ended(entry).outcome is Outcome.REFUSED
    assert house.ended(signal).outcome is Outcome.FILLED
    assert (house.net(), house.working()) == (0, [])


def test_a_stale_exit_runs_if_the_lane_has_seen_nothing_newer(house: House) -> None:
    house.long()
    house.run(100)

    signal = house.signal("exit", ago=90)
    house.run(8)

    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_stale_exit_behind_a_newer_signal_is_expired(house: House) -> None:
    house.long()
    house.run(5)

    signal = house.signal("exit", ago=90)
    house.run(8)

    assert house.ended(signal).outcome is Outcome.EXPIRED
    assert (house.net(), house.stopped()) == (10, 10)


def test_an_exit_fired_with_the_entry_does_not_close_it(house: House) -> None:
    house.signal("buy", price="800")
    signal = house.signal("exit")

    house.run(8)

    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert (house.net(), house.stopped()) == (10, 10)


def test_a_part_whose_position_the_stop_took_first_has_nothing_to_do(house: House) -> None:
    house.long()
    signal = house.signal("sell", size={"quantity": "4"})
    house.price("791")

    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
