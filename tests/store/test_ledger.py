"""The lease, and what the trader keeps beside its decisions: sessions, jobs, calls, halts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, select

from executor.domain.command import CommandKind
from executor.domain.ids import Ids
from executor.domain.messages import Decision
from executor.domain.record import Halt, HaltKind
from executor.domain.strategy import Account, AccountKind
from executor.errors import InvariantBroken, LeaseLost, StoreError
from executor.store import ledger, schema
from executor.store.engine import open_database
from executor.store.ledger import LeaseRow, SavedSession
from executor.store.store import Store
from tests.builders import (
    ACCOUNT,
    NOW,
    TODAY,
    a_call_row,
    a_lane,
    a_store,
    a_strategy,
    an_id,
)
from tests.store.trading import commit, decision_of, made, take_lease

SOON = timedelta(seconds=4)
_HALT = Halt(f"account:{ACCOUNT}", HaltKind.HALT, NOW, "a person said so", "page")


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


def test_a_holder_that_was_seen_silent_loses_its_lease(store: Store):
    take_lease(store, "one")

    epoch = store.ledger.take_lease(ACCOUNT, "two", at=NOW + SOON, follows=store.ledger.lease(ACCOUNT))

    assert epoch == 2
    assert store.ledger.lease(ACCOUNT) == LeaseRow(2, "two", NOW + SOON)


def test_a_holder_that_beat_again_since_keeps_its_lease(store: Store):
    epoch = take_lease(store, "one")
    silent = store.ledger.lease(ACCOUNT)
    store.ledger.beat(ACCOUNT, epoch, at=NOW + SOON, status={"ready": True})

    with pytest.raises(LeaseLost):
        store.ledger.take_lease(ACCOUNT, "two", at=NOW + SOON, follows=silent)


def test_of_two_that_saw_the_same_silence_one_follows(store: Store):
    take_lease(store, "one")
    silent = store.ledger.lease(ACCOUNT)
    store.ledger.take_lease(ACCOUNT, "two", at=NOW, follows=silent)

    with pytest.raises(LeaseLost, match="held by two"):
        store.ledger.take_lease(ACCOUNT, "three", at=NOW, follows=silent)


def test_a_lease_that_was_given_back_is_free_and_over(store: Store):
    epoch = take_lease(store, "one")

    store.ledger.release_lease(ACCOUNT, epoch, at=NOW)

    with pytest.raises(LeaseLost):
        store.ledger.release_lease(ACCOUNT, epoch - 1, at=NOW)
    assert store.ledger.take_lease(ACCOUNT, "two", at=NOW, follows=None) == 2
    with pytest.raises(LeaseLost):
        store.ledger.beat(ACCOUNT, epoch, at=NOW, status={})
    store.pages.verify(None)


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

    assert store.recovery.new_work(ACCOUNT).halts == (_HALT,)
    assert head(store) == before


def test_halts_of_all_strategies_and_lanes_concern_every_account(store: Store):
    halts = tuple(replace(_HALT, scope=scope) for scope in ("ALL", "strategy:trend", "lane:a|b|c|"))

    for halt in (*halts, replace(_HALT, scope="account:other")):
        store.ledger.set_halt(halt, at=NOW)

    assert store.recovery.new_work(ACCOUNT).halts == halts


_LOSS = Halt("strategy:trend", HaltKind.LOSS, NOW, "lost 1000.25 rupees", "loss limit", Decimal("1000.25"))


def test_halts_of_a_decision_are_in_force_with_its_commit(store: Store):
    store.ledger.set_halt(_HALT, at=NOW)
    epoch = take_lease(store)

    committed = store.ledger.commit(ACCOUNT, epoch, Decision(halts=(_LOSS,)), permits=(), known=(_HALT,), at=NOW)

    assert committed.halts == (_HALT, _LOSS)
    assert store.recovery.new_work(ACCOUNT).halts == (_HALT, _LOSS)
    assert store.recovery.load_book(ACCOUNT, TODAY).losses == (_LOSS,)


def test_a_halt_of_a_decision_that_is_in_force_already_changes_nothing(store: Store):
    store.ledger.set_halt(_LOSS, at=NOW)
    epoch = take_lease(store)
    again = replace(_LOSS, loss=Decimal(2000))

    committed = store.ledger.commit(ACCOUNT, epoch, Decision(halts=(again,)), permits=(), known=(), at=NOW)

    assert committed.halts == store.recovery.new_work(ACCOUNT).halts == (_LOSS,)


@pytest.mark.postgres
def test_a_halt_that_somebody_else_makes_at_this_moment_takes_no_decision_with_it(
    postgres_url: str, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite nobody writes between the reading of halts and the commit."""
    with closing(open_database(postgres_url)) as database:
        store = a_store(database, new_id=ids.new)
        epoch, read = take_lease(store), ledger.halts_in_force

        def read_then_halted(connection: Connection, account: str | None) -> tuple[Halt, ...]:
            found = read(connection, account)
            monkeypatch.setattr(ledger, "halts_in_force", read)
            store.ledger.set_halt(_HALT, at=NOW)
            return found

        monkeypatch.setattr(ledger, "halts_in_force", read_then_halted)
        decision = replace(decision_of(*made(a_lane())), halts=(replace(_HALT, why="another reason"),))
        commit(store, decision, epoch=epoch)

        assert store.recovery.load_book(ACCOUNT, TODAY).lanes == (a_lane(),)
        assert store.recovery.new_work(ACCOUNT).halts == (_HALT,)
        assert store.pages.verify(None).rows > 0


def test_a_loss_that_was_resumed_is_remembered_for_its_day_alone(store: Store):
    store.people.add_account(Account(ACCOUNT, AccountKind.PAPER), by="test", at=NOW, new_id=lambda: an_id(90))
    store.people.save_strategy(a_strategy(), by="test", at=NOW)
    store.ledger.set_halt(_LOSS, at=NOW)
    store.ledger.set_halt(replace(_LOSS, scope="account:other"), at=NOW)

    store.commands.record(CommandKind.RESUME, scope="strategy:trend", arguments={}, by="me", why="", at=NOW)

    assert store.recovery.new_work(ACCOUNT).halts == ()
    assert store.recovery.load_book(ACCOUNT, TODAY).losses == (replace(_LOSS, ended_at=NOW),)
    assert store.recovery.load_book(ACCOUNT, TODAY + timedelta(days=1)).losses == ()
