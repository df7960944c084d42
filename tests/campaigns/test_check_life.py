"""What came late tells of what was before: a stop accepted behind its successor, an alert behind the next one."""

from __future__ import annotations

import pytest

from tests.campaigns.check_life import charted, ratcheted
from tests.campaigns.handmade import BOUGHT, LEFT, STOP, iso, made

_FIRST = (14.0, "trigger pending", "STOPLOSS_LIMIT", "785", "793", 0)
_LATE = (17.0, "trigger pending", "STOPLOSS_LIMIT", "784", "792", 0)


@pytest.mark.parametrize(("late", "resting", "found"), [(1, 2, 0), (2, 1, 1)])
def test_an_attempt_that_comes_behind_the_one_that_followed_it_loosens_nothing(late: int, resting: int, found: int):
    day = made()
    del day.exchange_orders[f"{STOP}-1"]
    day.order(STOP, "SELL", [_FIRST, (17.1, "cancelled", *_FIRST[2:])], attempt=resting)
    day.order(STOP, "SELL", [_LATE, (22, "cancelled", *_LATE[2:])], attempt=late)

    assert len(ratcheted(day.truth())) == found


@pytest.mark.parametrize(("second", "found"), [(0, 0), (1, 1)])
def test_an_alert_behind_the_one_that_began_where_it_ends_moves_no_chart(second: int, found: int):
    day = made(hold=60.0)
    day.posts.clear()
    day.alert(0, "buy", BOUGHT, chart=(0, 10))
    day.alert(1, "buy", None, chart=(-5, 0), body={"fired_at": iso(second)})
    day.alert(60, "exit", LEFT, chart=(10, 0))

    assert len(charted(day.truth())) == found
