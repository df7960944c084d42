"""What excuses a position that was covered wrongly for a while, and what does not; at what price it is covered."""

from __future__ import annotations

import pytest

from executor.domain.bracket import Role
from tests.campaigns.check_positions import levelled, protected
from tests.campaigns.checkers import check
from tests.campaigns.handmade import ENTRY, STOP, TARGET, Made, at, iso, made
from tests.campaigns.handmade_lives import LONG
from tests.campaigns.test_checkers import _overshot, _too_much_stop, a_day


@pytest.mark.parametrize(("struck", "found"), [((), True), ((6,), True), ((15, 30, 45), False)])
def test_only_faults_that_go_on_striking_its_change_excuse_too_much_stop(struck: tuple[int, ...], found: bool):
    day = a_day(_too_much_stop, hold=LONG)()
    for second in struck:
        day.asks(second, "cancelOrder", {"orderid": f"{STOP}-1"}, fault="rate")

    assert ("not over covered" in check(day.truth())) is found


@pytest.mark.parametrize(
    ("second", "side", "found"),
    [(24, "BUY", False), (22, "BUY", True), (24, "SELL", True)],
    ids=["its undoing was struck", "struck too early to count", "another order was struck"],
)
def test_what_went_too_far_counts_from_the_last_fault_that_struck_its_undoing(second: float, side: str, found: bool):
    day = a_day(_overshot(back=33))()
    body = {"exchange": "NSE", "symboltoken": day.lane.share.token, "transactiontype": side, "ordertag": "x"}
    day.asks(second, "placeOrder", body, fault="reject")

    assert ("reversed" in check(day.truth())) is found


@pytest.mark.parametrize(("back", "found"), [(45, False), (49, True)])
def test_the_pause_after_faults_in_a_row_is_no_time_in_which_it_could_be_undone(back: float, found: bool):
    """Hell day 199: the fifth try came 15 s after four faults."""
    day = a_day(_overshot(back=back))()
    body = {"exchange": "NSE", "symboltoken": day.lane.share.token, "transactiontype": "BUY", "ordertag": "x"}
    for second in (22, 23, 26, 30):
        day.asks(second, "placeOrder", body, fault="rate")

    assert ("reversed" in check(day.truth())) is found


# -- from when on the thirty seconds count ------------------------------------------------------------------------


def test_a_stop_after_thirty_seconds_is_too_late_without_an_exit():
    assert protected(_stopped_after(32.0).truth()) == [
        "unprotected: NSE:3045 for 31.5 s from 2026-11-25 09:20:00.500000+05:30, no exit was begun"
    ]


def test_a_trader_that_has_just_started_counts_from_there():
    day = _stopped_after(32.0)
    day.lives.append(at(6))

    assert protected(day.truth()) == []


def test_it_does_not_count_from_there_for_ever():
    day = _stopped_after(40.0)
    day.lives.append(at(6))

    assert len(protected(day.truth())) == 1


def _stopped_after(second: float) -> Made:
    day = made(hold=60.0)
    stop = day.exchange_orders[f"{STOP}-1"]
    stop["placed_at"] = stop["history"][0]["at"] = iso(second)
    return day


# -- at what price ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("of", "found"), [("bracket", 0), ("another", 1)], ids=["an add of it", "a new bracket"])
def test_what_is_added_as_the_target_sells_the_rest_is_averaged_with_it(of: str, found: int):
    day, more = made(), f"{'more':0>13}"
    day.leg(more, Role.ENTRY)
    day.legs[more].bracket = of
    day.order(more, "BUY", [(20.6, "complete", "LIMIT", "830", "0", 1, 1)])
    stop = day.exchange_orders[f"{STOP}-1"]["history"]
    stop.insert(1, stop[0] | {"at": iso(21), "trigger": "796", "quantity": 1})

    assert [day.legs[name].bracket for name in (ENTRY, STOP, TARGET)] == ["bracket"] * 3
    assert len(levelled(day.truth())) == found
