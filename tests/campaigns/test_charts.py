"""Charts that show something else than what is traded, through simulated weeks: the contract meant, and no other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from types import ModuleType
from typing import Any

import pytest

from executor.domain import strike
from executor.instruments import roll
from executor.store.store import Store
from tests.campaigns.acts import Act
from tests.campaigns.chart_market import AUTO, INDEX, ROLLED
from tests.campaigns.chart_week import ChartWeek, play_charts
from tests.campaigns.check_charts import check_charts
from tests.campaigns.lanes import Lane
from tests.campaigns.plan import Plan
from tests.campaigns.week_market import DAYS
from tests.campaigns.week_plan import second

WEEKS = 2
#: A fault that never comes: a calm week.
CALM = "none"


def violations(week: ChartWeek) -> dict[str, list[str]]:
    return check_charts(week.truth(), week.spots)


@pytest.mark.parametrize("seed", range(WEEKS))
def test_a_week_of_charts_is_without_a_violation(sqlite_store: Store, seed: int) -> None:
    assert violations(play_charts(seed, sqlite_store)) == {}


def traded(week: ChartWeek, ending: str) -> list[tuple[str, str, int]]:
    """The exchange's fills in contracts whose symbol ends so: symbol, side, units; neighbours of one kind together."""
    fills = [fill for fill in week.truth().state["fills"] if fill["symbol"].endswith(ending)]
    kinds = groupby(fills, key=lambda fill: (fill["symbol"], fill["side"]))
    return [(*kind, sum(fill["quantity"] for fill in some)) for kind, some in kinds]


def a_plan(*acts: Act) -> Plan:
    marks = [Act(second(day, at), what) for day in DAYS for at, what in (("08:40:00", "file"), ("09:15:00", "mark"))]
    kept = sorted((act for act in (*marks, *acts) if act.at > 0), key=lambda act: act.at)
    return Plan(1, False, tuple(kept), frozenset(), frozenset())


def alert(lane: Lane, day: int, at: str, chart: tuple[int, int]) -> Act:
    return Act(second(DAYS[day], at), "alert", lane, "chart", chart=chart)


def index_moves(day: int, at: str, share: float) -> Act:
    return Act(second(DAYS[day], at), "price", Lane("auto", INDEX), value=share)


def there_and_back() -> Plan:
    """Long, three strikes up, more, short, three strikes down, out."""
    return a_plan(
        alert(AUTO, 1, "09:20:00", (0, 1)),
        index_moves(1, "09:21:00", 0.006),
        alert(AUTO, 1, "09:22:00", (1, 2)),
        alert(AUTO, 1, "09:23:00", (2, -1)),
        index_moves(1, "09:24:00", -0.006),
        alert(AUTO, 1, "09:25:00", (-1, 0)),
    )


def over_the_roll() -> Plan:
    """In before the roll, more and out after it, and once more in and out."""
    return a_plan(
        alert(ROLLED, 1, "09:20:00", (0, 1)),
        alert(ROLLED, 4, "09:20:00", (1, 2)),  # 1! turned on the day before
        alert(ROLLED, 4, "09:22:00", (2, 0)),
        alert(ROLLED, 4, "09:24:00", (0, 1)),
        alert(ROLLED, 4, "09:26:00", (1, 0)),
    )


def test_from_the_index_chart_a_call_and_then_a_put_is_bought_and_sold_and_nothing_else(sqlite_store: Store) -> None:
    week = play_charts(1, sqlite_store, plan=there_and_back(), only=CALM)

    assert traded(week, "E") == [
        ("NIFTY27OCT2625000CE", "BUY", 130),
        ("NIFTY27OCT2625000CE", "SELL", 130),
        ("NIFTY27OCT2625150PE", "BUY", 65),
        ("NIFTY27OCT2625150PE", "SELL", 65),
    ]
    ordered = {order["symbol"] for order in week.truth().state["orders"]}
    assert ordered == {"NIFTY27OCT2625000CE", "NIFTY27OCT2625150PE"}
    assert violations(week) == {}


def test_over_the_roll_what_is_held_is_added_to_and_left_and_then_the_next_month_is_entered(
    sqlite_store: Store,
) -> None:
    week = play_charts(1, sqlite_store, plan=over_the_roll(), only=CALM)

    assert traded(week, "FUT") == [
        ("NIFTY27OCT26FUT", "BUY", 130),
        ("NIFTY27OCT26FUT", "SELL", 130),
        ("NIFTY23NOV26FUT", "BUY", 65),
        ("NIFTY23NOV26FUT", "SELL", 65),
    ]
    assert violations(week) == {}


def _always_calls(*_words: Any) -> str:
    return "CE"


def _never_turns(future: Any, _roll: Any, calendar: Any) -> Any:
    return roll.ends_at(future.key.segment, future.expiry, calendar)


@pytest.mark.parametrize(
    ("room", "rule", "broken", "plan", "checker"),
    [
        (strike, "_right", _always_calls, there_and_back, "against"),
        (strike, "_at_the_money", lambda listed, _spot: len(listed) // 2 + 4, there_and_back, "chosen"),
        (roll, "_rolled_at", _never_turns, over_the_roll, "chosen"),
    ],
)
def test_a_wrong_contract_is_caught(
    sqlite_store: Store,
    monkeypatch: pytest.MonkeyPatch,
    room: ModuleType,
    rule: str,
    broken: Any,
    plan: Callable[[], Plan],
    checker: str,
) -> None:
    monkeypatch.setattr(room, rule, broken)

    assert checker in violations(play_charts(1, sqlite_store, plan=plan(), only=CALM))
