"""What is held and what rests behind it, on both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from executor.domain.bracket import Bracket, BracketState, Leg, Role
from executor.domain.ids import BracketId, LegId, OrderId
from executor.domain.order import Order, OrderState, OrderType, Side
from executor.domain.strategy import Level, LevelKind, Protection
from executor.store.positions import Aim, OpenPosition
from executor.store.store import Store
from tests.builders import ACCOUNT, BRACKET, a_bracket, a_delivery, a_lane, a_leg, a_signal, an_id, an_order
from tests.store.trading import commit, decision_of, made, take_lease

OPEN = a_bracket(state=BracketState.OPEN)
ENTERED = an_order(state=OrderState.FILLED, filled=10, average=Decimal("150.05"))


def a_stop(number: int = 20, **changes: Any) -> tuple[Leg, Order]:
    leg = a_leg(id=LegId(an_id(number)), role=Role.STOP, side=Side.SELL, trigger=Decimal(149))
    fields = {
        "id": OrderId(an_id(number + 1)),
        "leg": leg.id,
        "side": Side.SELL,
        "state": OrderState.ACCEPTED,
        "type": OrderType.STOP_LIMIT,
        "sent_trigger": Decimal(149),
        "working_type": OrderType.STOP_LIMIT,
        "working_quantity": 10,
        "working_trigger": Decimal(149),
    }
    return leg, an_order(**{**fields, **changes})


def hold(store: Store, *rows: Any, bracket: Bracket = OPEN, entry: Order = ENTERED) -> OpenPosition:
    """The one open position after a decision with these rows beside its entry's."""
    store.intake.record_delivery(a_delivery(), a_signal())
    take_lease(store)
    commit(store, decision_of(*made(a_lane(), bracket, a_leg(), entry, *rows)))
    [found] = store.pages.positions()
    return found


def test_a_position_shows_what_is_held_and_the_stop_behind_it(store: Store) -> None:
    found = hold(store, *a_stop())

    assert (found.bracket.id, found.bracket.account, found.holding.held) == (BRACKET, ACCOUNT, 10)
    assert found.holding.average == Decimal("150.05")
    assert found.stop is not None
    assert (found.stop.working_trigger, found.stopped) == (149, 10)
    assert (found.targets, found.is_protected) == ([], True)


@pytest.mark.parametrize(
    "changes",
    [
        {"working_quantity": 9},
        {"state": OrderState.SUBMITTED},
        {"state": OrderState.UNKNOWN},
        {"state": OrderState.CANCELLED},
        {"state": OrderState.TRIGGERED},
        {"working_type": OrderType.LIMIT},
    ],
    ids=str,
)
def test_only_a_stop_that_the_broker_showed_waiting_for_all_of_it_protects(store: Store, changes: Any) -> None:
    assert not hold(store, *a_stop(**changes)).is_protected


def test_without_any_stop_a_position_is_unprotected_and_an_entry_that_waits_is_not(store: Store) -> None:
    found = hold(store, entry=an_order(state=OrderState.ACCEPTED))
    assert (found.holding.held, found.stop, found.is_protected) == (0, None, True)


def test_what_was_left_too_far_is_unprotected(store: Store) -> None:
    leg, order = a_stop(state=OrderState.FILLED, filled=12, working_quantity=12)

    found = hold(store, leg, order)

    assert (found.holding.held, found.is_protected) == (-2, False)


def test_the_newest_of_several_stops_is_shown_and_one_that_ended_with_the_day_is_told(store: Store) -> None:
    first, cancelled = a_stop(state=OrderState.CANCELLED)
    again = an_order(
        id=OrderId(an_id(30)), leg=first.id, attempt=2, side=Side.SELL, state=OrderState.EXPIRED, working_quantity=10
    )

    found = hold(store, first, cancelled, again)

    assert (found.stop and found.stop.id, found.stop_ended_with_its_day, found.is_protected) == (again.id, True, False)


def test_a_position_without_a_stop_by_will_is_told_apart(store: Store) -> None:
    found = hold(store, bracket=a_bracket(state=BracketState.OPEN, protection=Protection.NONE))

    assert (found.never_had_a_stop, found.is_protected) == (True, False)


def test_a_closed_bracket_is_no_position(store: Store) -> None:
    hold(store)
    closed = a_bracket(id=BracketId(an_id(40)), state=BracketState.CLOSED)
    commit(store, decision_of(*made(closed)))

    assert [found.bracket.id for found in store.pages.positions()] == [BRACKET]


def test_a_target_is_told_whether_it_rests_or_the_price_is_watched(store: Store) -> None:
    two = Level(LevelKind.PERCENT, Decimal(2))
    leg = a_leg(id=LegId(an_id(20)), role=Role.TARGET, side=Side.SELL, level=two)
    order = an_order(id=OrderId(an_id(21)), leg=leg.id, side=Side.SELL, state=OrderState.ACCEPTED, working_quantity=10)

    found = hold(store, leg, order)
    commit(store, decision_of(replace(made(replace(order, state=OrderState.CANCELLED))[0], before=order)))
    [later] = store.pages.positions()

    assert found.targets == [Aim(Decimal("153.10"), None, order)]
    assert later.targets == [Aim(Decimal("153.10"), None, None)]
