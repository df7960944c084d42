"""Reports merge in any order, any number of times, to the same truth (F-38, F-51)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from executor.domain.ids import BrokerOrderId, OrderTag
from executor.domain.order import (
    DONE,
    RANK,
    TERMINAL,
    UNSEEN,
    Order,
    OrderState,
    OrderType,
    Report,
    Side,
    Source,
    merge,
)
from executor.domain.strategy import Product
from tests.builders import CONTRACT, an_order

TOLD = [state for state in OrderState if state not in UNSEEN]


def a_report(state: OrderState, filled: int, quantity: int) -> Report:
    return Report(
        broker_id=BrokerOrderId("1"), unique_id=None, tag=OrderTag("x"), source=Source.BOOK, state=state,
        instrument=CONTRACT, symbol="TATASTEEL-EQ", side=Side.BUY, product=Product.INTRADAY, type=OrderType.LIMIT,
        quantity=quantity, price=Decimal("150.15"), trigger=None, filled=filled,
        average=Decimal(150) if filled else None, text="", updated_at=None, raw="{}", hash="",
    )  # fmt: skip


reports = st.builds(
    lambda state, quantity, filled: a_report(state, min(filled, quantity), quantity),
    st.sampled_from(TOLD),
    st.integers(1, 20),
    st.integers(0, 20),
)


def lattice(order: Order) -> tuple[OrderState, int, Decimal | None, bool]:
    """What must not depend on the order in which reports came."""
    return order.state, order.filled, order.average, order.triggered


def merged(order: Order, told: list[Report]) -> Order:
    for report in told:
        order = merge(order, report)
    return order


@given(st.lists(reports, min_size=1, max_size=6), st.randoms(use_true_random=False), st.sampled_from(sorted(UNSEEN)))
def test_reports_merge_to_the_same_in_any_order_and_number(told: list[Report], random: Any, start: OrderState) -> None:
    order = an_order(state=start)
    shuffled = told + told
    random.shuffle(shuffled)

    assert lattice(merged(order, told)) == lattice(merged(order, shuffled))


@given(st.lists(reports, min_size=1, max_size=6), reports)
def test_neither_rank_nor_fills_ever_go_back(told: list[Report], late: Report) -> None:
    before = merged(an_order(), told)
    after = merge(before, late)

    assert RANK[after.state] >= RANK[before.state]
    assert after.filled >= before.filled


@given(reports, st.sampled_from([*sorted(UNSEEN), OrderState.REJECTED]))
def test_the_first_report_overrides_whatever_was_believed(report: Report, believed: OrderState) -> None:
    assert lattice(merge(an_order(state=believed), report)) == lattice(merge(an_order(), report))


def test_a_cancelled_order_may_still_gain_fills() -> None:
    order = merged(an_order(), [a_report(OrderState.CANCELLED, 4, 10), a_report(OrderState.ACCEPTED, 6, 10)])

    assert (order.state, order.filled) == (OrderState.CANCELLED, 6)


def test_an_old_report_of_a_smaller_quantity_does_not_complete_a_grown_order() -> None:
    order = merged(an_order(), [a_report(OrderState.ACCEPTED, 10, 20), a_report(OrderState.ACCEPTED, 4, 10)])

    assert (order.state, order.filled) == (OrderState.PARTIALLY_FILLED, 10)


@given(st.sampled_from(sorted(OrderState)), st.integers(0, 20), st.one_of(st.none(), st.integers(1, 20)))
def test_remaining_is_what_can_still_fill(state: OrderState, filled: int, working: int | None) -> None:
    order = replace(an_order(sent_quantity=10), state=state, filled=filled, working_quantity=working)

    expected = 0 if state in DONE else max(0, (working or 10) - filled)
    assert order.remaining == expected


def test_every_state_is_in_exactly_one_group() -> None:
    working = {OrderState.ACCEPTED, OrderState.TRIGGERED, OrderState.PARTIALLY_FILLED}

    assert set(OrderState) == UNSEEN | working | TERMINAL
    assert not UNSEEN & TERMINAL
