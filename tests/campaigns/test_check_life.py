"""A stop that was accepted late came with what it was sent with; that loosens nothing."""

from __future__ import annotations

import pytest

from tests.campaigns.check_life import ratcheted
from tests.campaigns.handmade import STOP, made

_FIRST = (14.0, "trigger pending", "STOPLOSS_LIMIT", "785", "793", 0)
_LATE = (17.0, "trigger pending", "STOPLOSS_LIMIT", "784", "792", 0)


@pytest.mark.parametrize(("late", "resting", "found"), [(1, 2, 0), (2, 1, 1)])
def test_an_attempt_that_comes_behind_the_one_that_followed_it_loosens_nothing(late: int, resting: int, found: int):
    day = made()
    del day.exchange_orders[f"{STOP}-1"]
    day.order(STOP, "SELL", [_FIRST, (17.1, "cancelled", *_FIRST[2:])], attempt=resting)
    day.order(STOP, "SELL", [_LATE, (22, "cancelled", *_LATE[2:])], attempt=late)

    assert len(ratcheted(day.truth())) == found
