"""What excuses a position that was covered wrongly for a while, and what does not."""

from __future__ import annotations

import pytest

from tests.campaigns.checkers import check
from tests.campaigns.handmade import STOP
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
