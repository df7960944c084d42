"""What each alert comes down to: tradingview.md A4's table, whatever the lane holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from executor.desk.meaning import Meant, Purpose, meaning
from executor.domain.order import Side
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, Ask, Held, PositionChange

LONG, SHORT = Side.BUY, Side.SELL
ENTER, REDUCE, CLOSE, REVERSE = Purpose.ENTER, Purpose.REDUCE, Purpose.CLOSE, Purpose.REVERSE
NOTHING, NOT_SYNCED = RefusalCode.NOTHING_HELD, RefusalCode.NOT_SYNCED
MISSED = RefusalCode.MISSED_ENTRY


def told(prev: int, now: int) -> PositionChange:
    def word(size: int) -> Held:
        return Held.LONG if size > 0 else Held.SHORT if size < 0 else Held.FLAT

    return PositionChange(word(now), Decimal(abs(now)), word(prev), Decimal(abs(prev)))


def meant(held: Side | None, *, synced: bool = True, action: Action = Action.BUY, **asked: Any) -> Any:
    found = meaning(Ask("NSE", "SBIN", action, **asked), held, synced=synced)
    return (found.purpose, found.side) if isinstance(found, Meant) else found.code


@pytest.mark.parametrize(
    ("prev", "now", "flat", "long", "short"),
    [
        # the chart, and what it means to a lane that is flat, long, short
        (0, 10, (ENTER, LONG), NOT_SYNCED, (REVERSE, LONG)),
        (0, -10, (ENTER, SHORT), (REVERSE, SHORT), NOT_SYNCED),
        (10, 0, NOTHING, (CLOSE, LONG), (CLOSE, SHORT)),
        (-10, 0, NOTHING, (CLOSE, LONG), (CLOSE, SHORT)),
        (10, 20, MISSED, (ENTER, LONG), (CLOSE, SHORT)),
        (20, 10, NOTHING, (REDUCE, LONG), (CLOSE, SHORT)),
        (-10, -20, MISSED, (CLOSE, LONG), (ENTER, SHORT)),
        (-20, -10, NOTHING, (CLOSE, LONG), (REDUCE, SHORT)),
        (10, -10, (ENTER, SHORT), (REVERSE, SHORT), NOT_SYNCED),
        (-10, 10, (ENTER, LONG), NOT_SYNCED, (REVERSE, LONG)),
        (0, 0, NOTHING, (CLOSE, LONG), (CLOSE, SHORT)),
        (10, 10, NOTHING, NOTHING, (CLOSE, SHORT)),
    ],
)
def test_every_row_of_the_table_whatever_the_lane_holds(prev: int, now: int, flat: Any, long: Any, short: Any) -> None:
    change = told(prev, now)

    assert [meant(held, position=change) for held in (None, LONG, SHORT)] == [flat, long, short]


@pytest.mark.parametrize(("prev", "now"), [(10, 20), (20, 10), (-10, -20), (-20, -10)])
def test_a_new_strategy_only_records_until_the_chart_has_been_flat(prev: int, now: int) -> None:
    assert meant(None, synced=False, position=told(prev, now)) is RefusalCode.NOT_STARTED


def test_the_action_of_an_alert_does_not_count_beside_its_position() -> None:
    for action in (Action.BUY, Action.SELL, Action.EXIT, Action.REVERSE):
        assert meant(LONG, action=action, position=told(10, 0)) == (CLOSE, LONG)


@pytest.mark.parametrize(
    ("action", "side", "flat", "long", "short"),
    [
        (Action.BUY, None, (ENTER, LONG), (ENTER, LONG), (REDUCE, SHORT)),
        (Action.SELL, None, (ENTER, SHORT), (REDUCE, LONG), (ENTER, SHORT)),
        (Action.EXIT, None, NOTHING, (CLOSE, LONG), (CLOSE, SHORT)),
        (Action.EXIT, Held.LONG, NOTHING, (CLOSE, LONG), NOTHING),
        (Action.REVERSE, None, NOTHING, (REVERSE, SHORT), (REVERSE, LONG)),
        (Action.REVERSE, Held.LONG, (ENTER, LONG), NOTHING, (REVERSE, LONG)),
        (Action.MODIFY, None, NOTHING, (Purpose.MODIFY, LONG), (Purpose.MODIFY, SHORT)),
    ],
)
def test_without_a_position_the_action_and_what_is_held_decide(
    action: Action, side: Held | None, flat: Any, long: Any, short: Any
) -> None:
    assert [meant(held, action=action, side=side) for held in (None, LONG, SHORT)] == [flat, long, short]


def test_cancel_and_flatten_look_at_no_side() -> None:
    for action in (Action.CANCEL, Action.FLATTEN):
        for held in (None, LONG, SHORT):
            found = meaning(Ask("NSE", "SBIN", action, position=told(10, 0)), held)
            assert not isinstance(found, Refusal)
            assert found.purpose is Purpose[action.name]
