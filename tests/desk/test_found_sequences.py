"""Sequences that the desk's state machine found, shrunk."""

from __future__ import annotations

from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.record import HaltKind
from executor.domain.strategy import Protection
from tests.desk.test_state_machine import Desk


def a_long() -> Desk:
    """Ten held, with their stop resting."""
    desk = Desk()
    desk.open(Protection.SINGLE, shorts=False, looks=5)
    assert [(order.is_stop, order.open) for order in desk.exchange.working()] == [(True, 10)]
    return desk


def look(desk: Desk) -> None:
    """Everything is answered, but the market does not move."""
    desk.time_passes(1.1)
    for intent in list(desk.flying):
        desk.a_send_is_answered(desk.flying.index(intent), "taken")
    desk.books_are_read()


def test_a_kill_places_no_stop_beside_an_exit_that_still_works() -> None:
    desk = a_long()
    desk.an_order_is_cancelled_by_hand(0)
    look(desk)
    desk.a_send_is_answered(0, "vanished")  # the stop that was to be restored
    desk.a_person_exits()
    for _ in range(20):
        look(desk)
    assert [order.is_stop for order in desk.exchange.working()] == [False]

    desk.a_person_halts_or_resumes(HaltKind.KILL)  # whatever leaves is judged against what is held
    for _ in range(3):
        look(desk)

    assert [(order.is_stop, order.open) for order in desk.exchange.working()] == [(True, 10)]


def test_the_second_half_of_a_reverse_never_joins_a_position_of_the_other_side() -> None:
    desk = Desk()
    desk.open(Protection.PAIR, shorts=True, looks=1)
    desk.the_chart_trades(now=-1, arrives=True)
    desk.the_chart_trades(now=1, arrives=True)

    desk.teardown()

    sides = {leg.bracket: leg.side for leg in desk._rows(Leg) if leg.role is Role.ENTRY}
    assert all(desk.book.rows.tables[Bracket][bracket].side is side for bracket, side in sides.items())
