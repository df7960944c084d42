"""What excuses a position that was covered wrongly for a while, and what does not."""

from __future__ import annotations

import pytest

from tests.campaigns.checkers import check
from tests.campaigns.handmade import STOP
from tests.campaigns.handmade_lives import LONG
from tests.campaigns.test_checkers import _too_much_stop, a_day


@pytest.mark.parametrize(("struck", "found"), [((), True), ((6,), True), ((15, 30, 45), False)])
def test_only_faults_that_go_on_striking_its_change_excuse_too_much_stop(struck: tuple[int, ...], found: bool):
    day = a_day(_too_much_stop, hold=LONG)()
    for second in struck:
        day.asks(second, "cancelOrder", {"orderid": f"{STOP}-1"}, fault="rate")

    assert ("not over covered" in check(day.truth())) is found
