"""The lease, and the desk's one write: all of a decision or nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from executor.domain.bracket import BracketState
from executor.domain.ids import BracketId, BrokerOrderId, IntentId, OrderId
from executor.domain.messages import (
    Change,
    Decision,
    Halt,
    HaltKind,
    IntentState,
    PermitClass,
    SettledBy,
)
from executor.domain.order import OrderState
from executor.errors import InvariantBroken, LeaseLost, StoreError
from executor.store import schema
from executor.store.ledger import LEASE, SavedSession
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


# -- the lease


def test_each_lease_taken_ends_the_one_before(store: Store):
    first = take_lease(store, "one")
    second = take_lease(store, "two", same_host=True)

    assert (first, second) == (1, 2)
    with pytest.raises(LeaseLost, match="epoch 1 is over"):
        commit(store, decision_of(*made(a_lane())), epoch=first)
    commit(store, decision_of(*made(a_lane())), epoch=second)


def test_a_fresh_lease_of_another_host_is_not_taken(store: Store):
    take_lease(store, "one")

    with pytest.raises(LeaseLost, match="held by one"):
        take_lease(store, "two", same_host=False)


def test_a_silent_holder_loses_its_lease(store: Store):
    take_lease(store, "one")

    epoch = store.ledger.take_lease(ACCOUNT, "two", at=NOW + LEASE, same_host=False)

    assert epoch == 2


def test_a_beat_keeps_the_lease(store: Store):
    epoch = take_lease(store, "one")
    later = NOW + LEASE
    store.ledger.beat(ACCOUNT, epoch, at=later, status={"ready": True})

    with pytest.raises(LeaseLost):
        store.ledger.take_lease(ACCOUNT, "two", at=later + timedelta(seconds=4), same_host=False)


def test_a_beat_of_an_ended_lease_says_so(store: Store):
    take_lease(store, "one")
    take_lease(store, "two")

    with pytest.raises(LeaseLost):
        store.ledger.beat(ACCOUNT, 1, at=NOW, status={})


def test_a_beat_is_not_audited(store: Store, head: Callable[[Store], Any]):
    epoch = take_lease(store)
    before = head(store)

    store.ledger.beat(ACCOUNT, epoch, at=NOW, status={})

    assert head(store) == before


def test_of_two_hosts_at_once_one_gets_the_first_lease(store: Store):
    together = Barrier(2)

    def take(holder: str) -> object:
        together.wait(timeout=10)
        try:
            return take_lease(store, holder, same_host=False)
        except StoreError as lost:
            return type(lost)

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(take, ["one", "two"]))

    assert sorted(found, key=str) == [1, LeaseLost]


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


# -- sessions, jobs, calls, halts


def test_a_session_is_kept_and_replaced(store: Store):
    epoch = take_lease(store)
    step_used = SavedSession(tokens=None, totp_step=59_000_001, opened_at=None, ends_at=None)
    opened = SavedSession("sealed", 59_000_001, NOW, NOW + timedelta(hours=18))

    for session in (step_used, opened):
        store.ledger.save_session(ACCOUNT, epoch, session, say="login", at=NOW)

    assert store.ledger.session(ACCOUNT) == opened
    assert store.ledger.session("other") is None


def test_a_session_is_saved_by_the_leaseholder_alone(store: Store):
    take_lease(store)
    take_lease(store, "two")

    with pytest.raises(LeaseLost):
        store.ledger.save_session(ACCOUNT, 1, SavedSession("sealed", 1, NOW, NOW), say="login", at=NOW)

    assert store.ledger.session(ACCOUNT) is None


def test_a_job_is_done_once_a_day(store: Store):
    epoch = take_lease(store)

    store.ledger.finish_job(ACCOUNT, epoch, "login", TODAY, at=NOW)

    assert store.ledger.job_done(ACCOUNT, "login", TODAY)
    assert not store.ledger.job_done(ACCOUNT, "login", TODAY + timedelta(days=1))
    assert not store.ledger.job_done("other", "login", TODAY)
    with pytest.raises(InvariantBroken):
        store.ledger.finish_job(ACCOUNT, epoch, "login", TODAY, at=NOW)


def test_calls_of_a_login_are_kept_by_the_leaseholder(store: Store):
    epoch = take_lease(store)

    store.ledger.record_calls(ACCOUNT, epoch, [a_call_row(intent=None)], say="login", at=NOW)

    with store.database.read() as connection:
        assert connection.execute(select(schema.broker_call.c.route)).scalars().all() == ["place"]
    with pytest.raises(LeaseLost):
        store.ledger.record_calls(ACCOUNT, epoch + 1, [a_call_row(intent=None)], say="login", at=NOW)


def test_a_second_halt_of_a_kind_and_scope_changes_nothing(store: Store, head: Callable[[Store], Any]):
    store.ledger.set_halt(_HALT, at=NOW)
    before = head(store)

    store.ledger.set_halt(replace(_HALT, since=NOW + timedelta(hours=1), why="again"), at=NOW)

    assert store.recovery.halts(ACCOUNT) == (_HALT,)
    assert head(store) == before


def test_halts_of_all_strategies_and_lanes_concern_every_account(store: Store):
    halts = tuple(replace(_HALT, scope=scope) for scope in ("ALL", "strategy:trend", "lane:a|b|c|"))

    for halt in (*halts, replace(_HALT, scope="account:other")):
        store.ledger.set_halt(halt, at=NOW)

    assert store.recovery.halts(ACCOUNT) == halts
