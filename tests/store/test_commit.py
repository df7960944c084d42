"""The desk's one write: all of a decision or nothing, and what the constraints prove."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from executor.domain.bracket import BracketState
from executor.domain.ids import BracketId, BrokerOrderId, IntentId, OrderId
from executor.domain.intent import IntentState, PermitClass, SettledBy
from executor.domain.messages import Change, Decision
from executor.domain.order import OrderState
from executor.domain.record import Halt, HaltKind
from executor.errors import InvariantBroken
from executor.store import schema
from executor.store.store import Store
from tests.builders import (
    ACCOUNT,
    NOW,
    TODAY,
    a_bracket,
    a_call_row,
    a_lane,
    a_leg,
    an_id,
    an_intent,
    an_order,
)
from tests.store.trading import commit, decision_of, made, take_lease

_HALT = Halt(f"account:{ACCOUNT}", HaltKind.HALT, NOW, "a person said so", "page")
_ENTRY = (a_lane(), a_bracket(), a_leg(), an_order())


# -- the commit


def test_an_intent_with_a_permit_leaves_as_sending(store: Store):
    take_lease(store)
    decision = decision_of(*made(*_ENTRY, an_intent()), intents=[an_intent()])

    committed = commit(store, decision, permits=[an_intent().id])

    sending = an_intent(state=IntentState.SENDING, epoch=1, sending_at=NOW)
    assert committed.sending == (sending,)
    assert store.recovery.load_book(ACCOUNT, TODAY).intents == (sending,)


def test_an_intent_without_a_permit_stays_ready(store: Store):
    take_lease(store)

    committed = commit(store, decision_of(*made(*_ENTRY, an_intent()), intents=[an_intent()]))

    assert committed.sending == ()
    assert store.recovery.load_book(ACCOUNT, TODAY).intents == (an_intent(),)


def test_a_waiting_intent_leaves_with_a_later_permit(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(*_ENTRY, an_intent()), intents=[an_intent()]))

    committed = commit(store, Decision(intents=(an_intent(),)), permits=[an_intent().id])

    sending = an_intent(state=IntentState.SENDING, epoch=1, sending_at=NOW)
    assert committed.sending == (sending,)
    assert store.recovery.load_book(ACCOUNT, TODAY).intents == (sending,)


def test_the_most_urgent_intent_stays_first(store: Store):
    take_lease(store)
    exit_ = an_intent(id=IntentId(an_id(60)), order=OrderId(an_id(50)), permit=PermitClass.PROTECT)
    orders = (an_order(), an_order(id=OrderId(an_id(50)), attempt=2))
    rows = made(a_lane(), a_bracket(), a_leg(), *orders, an_intent(), exit_)

    committed = commit(store, decision_of(*rows, intents=[exit_, an_intent()]), permits={exit_.id, an_intent().id})

    assert [intent.id for intent in committed.sending] == [exit_.id, an_intent().id]


def test_a_halt_the_desk_did_not_know_holds_back_entries_but_not_exits(store: Store):
    take_lease(store)
    store.ledger.set_halt(_HALT, at=NOW)
    exit_ = an_intent(id=IntentId(an_id(60)), order=OrderId(an_id(50)), permit=PermitClass.PROTECT)
    orders = (an_order(), an_order(id=OrderId(an_id(50)), attempt=2))
    rows = made(a_lane(), a_bracket(), a_leg(), *orders, an_intent(), exit_)

    committed = commit(
        store, decision_of(*rows, intents=[exit_, an_intent()]), permits={exit_.id, an_intent().id}, known=()
    )

    assert [intent.id for intent in committed.sending] == [exit_.id]
    assert committed.halts == (_HALT,)
    assert {intent.state for intent in store.recovery.load_book(ACCOUNT, TODAY).intents} == {
        IntentState.SENDING,
        IntentState.READY,
    }


def test_a_loaded_entry_is_held_back_by_a_surprise_too(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(*_ENTRY, an_intent()), intents=[an_intent()]))
    loaded = store.recovery.load_book(ACCOUNT, TODAY).intents
    store.ledger.set_halt(_HALT, at=NOW)

    committed = commit(store, Decision(intents=loaded), permits=[an_intent().id])

    assert committed.sending == ()


def test_a_halt_the_desk_knows_is_no_surprise(store: Store):
    take_lease(store)
    store.ledger.set_halt(_HALT, at=NOW)

    committed = commit(
        store,
        decision_of(*made(*_ENTRY, an_intent()), intents=[an_intent()]),
        permits=[an_intent().id],
        known=[_HALT],
    )

    assert len(committed.sending) == 1


def test_a_halt_of_another_account_is_no_surprise(store: Store):
    take_lease(store)
    store.ledger.set_halt(replace(_HALT, scope="account:other"), at=NOW)

    committed = commit(store, decision_of(*made(*_ENTRY, an_intent()), intents=[an_intent()]), permits=[an_intent().id])

    assert committed.halts == ()
    assert len(committed.sending) == 1


def test_a_row_that_fails_takes_the_whole_decision_with_it(store: Store, head: Callable[[Store], Any]):
    take_lease(store)
    before = head(store)
    without_its_leg = made(a_lane(), a_bracket(), an_order())

    with pytest.raises(InvariantBroken):
        commit(store, decision_of(*without_its_leg))

    book = store.recovery.load_book(ACCOUNT, TODAY)
    assert (book.lanes, book.brackets, book.orders) == ((), (), ())
    assert head(store) == before


def test_a_decision_without_rows_and_notes_writes_nothing(store: Store, head: Callable[[Store], Any]):
    take_lease(store)
    before = head(store)

    commit(store, Decision())

    assert head(store) == before


def test_a_change_writes_the_new_values(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(*_ENTRY)))
    filled = an_order(state=OrderState.FILLED, filled=10, average=Decimal("150.05"), seen_at=NOW)

    commit(store, decision_of(Change(filled, before=an_order())))

    assert store.recovery.load_book(ACCOUNT, TODAY).orders == (filled,)


def test_a_change_of_a_row_that_is_not_there_is_a_broken_invariant(store: Store):
    take_lease(store)

    with pytest.raises(InvariantBroken, match="not there"):
        commit(store, decision_of(Change(a_lane(synced=True), before=a_lane())))


def test_what_never_changes_cannot_be_changed(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(*_ENTRY)))

    with pytest.raises(InvariantBroken, match=r"broker_order: symbol never changes"):
        commit(store, decision_of(Change(an_order(symbol="INFY-EQ"), before=an_order())))


def test_an_equal_read_is_counted_without_an_audit_entry(store: Store, head: Callable[[Store], Any]):
    take_lease(store)
    read = a_call_row(intent=None)
    commit(store, decision_of(*made(read)))
    before = head(store)

    commit(store, Decision(changes=(Change(replace(read, equal=7), before=read),)))

    with store.database.read() as connection:
        assert connection.execute(select(schema.broker_call.c.equal)).scalars().all() == [7]
    assert head(store) == before


# -- what the constraints prove


def _refused(store: Store, *changes: Change) -> None:
    with pytest.raises(InvariantBroken):
        commit(store, decision_of(*changes))


def test_an_order_has_one_unsettled_intent(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(*_ENTRY, an_intent())))
    second = an_intent(id=IntentId(an_id(60)))

    _refused(store, *made(second))

    settled = an_intent(state=IntentState.ACCEPTED, settled_by=SettledBy.REPORT)
    commit(store, decision_of(Change(settled, before=an_intent()), *made(second)))
    assert store.recovery.load_book(ACCOUNT, TODAY).intents == (settled, second)


def test_a_tag_is_used_once(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(*_ENTRY)))

    _refused(store, *made(an_order(id=OrderId(an_id(50)))))


def test_a_broker_id_is_used_once_a_day(store: Store):
    take_lease(store)
    first = an_order(broker_id=BrokerOrderId("1"))
    second = an_order(id=OrderId(an_id(50)), attempt=2, broker_id=BrokerOrderId("1"))
    commit(store, decision_of(*made(a_lane(), a_bracket(), a_leg(), first)))

    _refused(store, *made(second))

    commit(store, decision_of(*made(replace(second, day=TODAY + timedelta(days=1)))))


def test_a_lane_has_one_open_bracket(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(a_lane(), a_bracket())))

    _refused(store, *made(a_bracket(id=BracketId(an_id(30)))))


def test_a_recovered_bracket_may_stand_beside_the_open_one(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(a_lane(), a_bracket())))

    commit(store, decision_of(*made(a_bracket(id=BracketId(an_id(30)), recovered=True))))

    assert len(store.recovery.load_book(ACCOUNT, TODAY).brackets) == 2


def test_a_closing_bracket_frees_its_lane_in_the_same_decision(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(a_lane(), a_bracket())))
    closed = a_bracket(state=BracketState.CLOSED)
    following = a_bracket(id=BracketId(an_id(30)))

    commit(store, decision_of(*made(following), Change(closed, before=a_bracket())))

    assert store.recovery.load_book(ACCOUNT, TODAY).brackets == (following,)
