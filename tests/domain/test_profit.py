"""Profit from what was filled: worked examples, and what holds for every run of trades."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.config.charges import load_tariff
from executor.domain.bracket import Leg, Role
from executor.domain.ids import OrderId
from executor.domain.order import Order, Side
from executor.domain.position import holding_of
from executor.domain.profit import (
    DayLine,
    Figures,
    Profit,
    Trade,
    Traded,
    day_profit,
    lines_of,
    open_profit,
    profit_of,
    total,
    trades_of,
)
from tests.builders import ACCOUNT, LANE, TODAY, a_bracket, a_fill, a_leg, an_id, an_order

BUY, SELL = Side.BUY, Side.SELL
YESTERDAY = TODAY - timedelta(days=1)
TARIFF = load_tariff()


def a_trade(side: Side, quantity: int, price: str, day: date = TODAY, order: int = 50) -> Trade:
    return Trade(day, OrderId(an_id(order)), side, quantity, Decimal(price))


def cash(trades: list[Trade]) -> Decimal:
    return sum((-trade.side.sign * trade.quantity * trade.price for trade in trades), Decimal(0))


# -- worked examples


@pytest.mark.parametrize(("side", "rupees"), [(BUY, 55), (SELL, -55)])
def test_what_left_counts_against_the_average_of_what_came_in(side: Side, rupees: int) -> None:
    trades = [a_trade(side, 10, "100"), a_trade(side, 30, "104"), a_trade(side.opposite, 5, "114")]

    found = profit_of(side, trades)

    assert found == Profit({TODAY: Decimal(rupees)}, 35, Decimal(103), 0)


def test_profit_belongs_to_the_day_on_which_units_left() -> None:
    trades = [a_trade(BUY, 10, "100", YESTERDAY), a_trade(SELL, 4, "110", YESTERDAY), a_trade(SELL, 6, "90")]

    assert profit_of(BUY, trades).realised == {YESTERDAY: 40, TODAY: -60}


def test_an_add_of_today_does_not_change_the_profit_of_yesterday() -> None:
    before = [a_trade(BUY, 10, "100", YESTERDAY), a_trade(SELL, 5, "110", YESTERDAY)]

    found = profit_of(BUY, [*before, a_trade(BUY, 5, "120"), a_trade(SELL, 10, "115")])

    assert found.realised == {YESTERDAY: 50, TODAY: 50}


def test_more_that_left_than_came_in_is_carried_until_it_is_bought_back() -> None:
    trades = [a_trade(BUY, 10, "100", YESTERDAY), a_trade(SELL, 12, "110", YESTERDAY)]

    reversed_, after = profit_of(BUY, trades), profit_of(BUY, [*trades, a_trade(BUY, 2, "105")])

    assert reversed_ == Profit({YESTERDAY: Decimal(100)}, -2, Decimal(110), 0)
    assert open_profit(reversed_, BUY, Decimal(105)) == 10
    assert after == Profit({YESTERDAY: Decimal(100), TODAY: Decimal(10)}, 0, None, 0)


def test_what_others_closed_is_unknown_and_enters_no_profit() -> None:
    found = profit_of(BUY, [a_trade(BUY, 10, "100"), a_trade(SELL, 6, "110")], outside=4)

    assert found == Profit({TODAY: Decimal(60)}, 0, None, 4)


def test_nothing_filled_makes_nothing() -> None:
    assert profit_of(BUY, []) == Profit({}, 0, None, 0)


# -- from orders, as the desk has them


def filled(role: Role, side: Side, quantity: int, average: str, **changes: Any) -> tuple[Leg, Order]:
    return a_leg(role=role, side=side), an_order(side=side, filled=quantity, average=Decimal(average), **changes)


def test_a_day_is_what_left_and_what_is_still_held_at_the_last_price() -> None:
    orders = [filled(Role.ENTRY, BUY, 10, "100"), filled(Role.TARGET, SELL, 4, "110")]

    assert day_profit(a_bracket(), orders, day=TODAY, last=Decimal(95)) == 40 - 30
    assert day_profit(a_bracket(outside=6), orders, day=TODAY, last=None) == 40


def test_a_day_does_not_count_what_left_on_another() -> None:
    orders = [filled(Role.ENTRY, BUY, 10, "100", day=YESTERDAY), filled(Role.TARGET, SELL, 10, "110", day=YESTERDAY)]

    assert day_profit(a_bracket(), orders, day=TODAY, last=None) == 0


def test_the_profit_of_something_held_at_no_known_price_is_unknown() -> None:
    assert day_profit(a_bracket(), [filled(Role.ENTRY, BUY, 10, "100")], day=TODAY, last=None) is None


def test_a_holding_of_the_book_has_an_open_profit() -> None:
    short = holding_of(SELL, [filled(Role.ENTRY, SELL, 10, "100")])

    assert open_profit(short, SELL, Decimal(97)) == 30
    assert open_profit(holding_of(SELL, []), SELL, Decimal(97)) == 0


def test_units_without_a_fill_have_the_price_that_the_average_leaves_for_them() -> None:
    order = an_order(filled=10, average=Decimal("100.6"))

    told = trades_of(order, [a_fill(quantity=4, price=Decimal(100))])

    assert [(trade.quantity, trade.price) for trade in told] == [(4, Decimal(100)), (6, Decimal(101))]
    assert [(trade.quantity, trade.price) for trade in trades_of(order)] == [(10, Decimal("100.6"))]
    assert trades_of(an_order()) == []


def test_an_average_not_yet_told_is_the_price_that_was_sent() -> None:
    assert [trade.price for trade in trades_of(an_order(filled=10))] == [Decimal("150.15")]


# -- lines


def test_a_line_is_a_day_of_a_strategy_with_its_charges() -> None:
    won = Traded(a_bracket(), [a_trade(BUY, 100, "1000", order=1), a_trade(SELL, 100, "1010", order=2)])
    lost = Traded(a_bracket(), [a_trade(BUY, 1, "100", order=3), a_trade(SELL, 1, "98.333", order=4)])
    other = Traded(a_bracket(strategy="dip"), [a_trade(BUY, 1, "100", YESTERDAY, order=5)])

    found = lines_of([won, lost, other], TARIFF, first=YESTERDAY, last=TODAY)

    assert [(line.day, line.strategy, line.account) for line in found] == [
        (YESTERDAY, "dip", ACCOUNT),
        (TODAY, LANE.strategy, ACCOUNT),
    ]
    assert found[1].figures == Figures(2, Decimal("998.33"), Decimal("82.97") + Decimal("0.10"))
    assert found[1].figures.net == Decimal("998.33") - Decimal("83.07")
    assert total(found).gross == Decimal("998.33")
    assert lines_of([won, lost, other], TARIFF, first=YESTERDAY, last=YESTERDAY) == found[:1]


def test_brokerage_is_by_order_however_many_fills_it_had() -> None:
    whole = Traded(a_bracket(), [a_trade(BUY, 1000, "1000")])
    pieces = Traded(a_bracket(), [a_trade(BUY, 1, "1000")] * 1000)

    assert lines_of([whole], TARIFF, first=TODAY, last=TODAY) == lines_of([pieces], TARIFF, first=TODAY, last=TODAY)


def test_what_others_closed_stands_on_the_last_day_of_its_position() -> None:
    trades = [a_trade(BUY, 10, "100", YESTERDAY), a_trade(SELL, 6, "110")]

    found = lines_of([Traded(a_bracket(outside=4), trades)], TARIFF, first=YESTERDAY, last=TODAY)

    assert [line.figures.unknown for line in found] == [0, 4]


def test_a_total_of_nothing_is_nothing() -> None:
    lines: list[DayLine] = []

    assert total(lines) == Figures()


# -- what holds for all

prices = st.decimals("0.05", 5000, places=2)
sides = st.sampled_from(Side)
runs = st.lists(
    st.builds(
        Trade,
        day=st.dates(date(2026, 11, 23), date(2026, 11, 25)),
        order=st.sampled_from([OrderId(an_id(number)) for number in range(100, 105)]),
        side=sides,
        quantity=st.integers(1, 500),
        price=prices,
    ),
    max_size=12,
)


def closed(trades: list[Trade], side: Side, price: Decimal) -> list[Trade]:
    """The same with one more trade that leaves nothing."""
    held = sum(trade.side.sign * trade.quantity for trade in trades)
    if held == 0:
        return trades
    return [*trades, Trade(TODAY, OrderId(an_id(99)), BUY if held < 0 else SELL, abs(held), price)]


@given(runs, sides, prices)
def test_the_profit_of_a_round_trip_is_its_cash_flow(trades: list[Trade], side: Side, price: Decimal) -> None:
    trades = closed(trades, side, price)

    found = profit_of(side, trades)

    assert (found.held, found.average) == (0, None)
    assert abs(sum(found.realised.values()) - cash(trades)) < Decimal("1e-15")


@given(st.integers(1, 500), st.lists(prices, min_size=2, max_size=2), sides)
def test_the_profit_of_one_way_in_and_one_out_is_exact(quantity: int, pair: list[Decimal], side: Side) -> None:
    trades = [a_trade(side, quantity, str(pair[0])), a_trade(side.opposite, quantity, str(pair[1]))]

    assert profit_of(side, trades).realised == {TODAY: cash(trades)}


@given(runs, sides, prices)
def test_realised_and_open_together_are_the_cash_flow_and_what_is_held(
    trades: list[Trade], side: Side, last: Decimal
) -> None:
    found = profit_of(side, trades)

    worth = side.sign * found.held * last
    together = sum(found.realised.values(), Decimal(0)) + open_profit(found, side, last)
    assert abs(together - (cash(trades) + worth)) < Decimal("1e-15")


@given(runs.flatmap(lambda trades: st.tuples(st.just(trades), st.permutations(trades))), sides)
def test_the_order_of_fills_does_not_matter_for_the_sums_of_the_days(
    orders: tuple[list[Trade], list[Trade]], side: Side
) -> None:
    one, other = (
        lines_of([Traded(a_bracket(side=side), trades)], TARIFF, first=date.min, last=date.max) for trades in orders
    )

    assert one == other


@given(st.lists(st.tuples(st.sampled_from(Role), st.integers(0, 500), prices), max_size=8), sides)
def test_the_average_of_a_day_without_a_reversal_is_that_of_the_holding(
    fills: list[tuple[Role, int, Decimal]], side: Side
) -> None:
    orders = [
        filled(role, side if role is Role.ENTRY else side.opposite, quantity, str(price), id=OrderId(an_id(number)))
        for number, (role, quantity, price) in enumerate(fills, 100)
    ]
    holding = holding_of(side, orders)

    found = profit_of(side, [trade for _, order in orders for trade in trades_of(order)])

    assert found.held == holding.held
    if holding.held > 0 and holding.average is not None and found.average is not None:
        assert abs(found.average - holding.average) < Decimal("1e-20")
