"""What pages read, on both databases."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from executor.domain.bracket import Role
from executor.domain.delivery import Verdict
from executor.domain.ids import DeliveryId, LegId, OrderId, SignalId
from executor.domain.record import Halt, HaltKind
from executor.domain.refusal import RefusalCode
from executor.domain.strategy import Account, AccountKind
from executor.errors import ChainBroken
from executor.store import schema
from executor.store.chain import Head
from executor.store.pages import Filters
from executor.store.store import Store
from tests.builders import ACCOUNT, DELIVERY, NOW, SIGNAL, a_delivery, a_leg, a_signal, a_strategy, an_id, an_order
from tests.store.trading import commit, decision_of, made, trade

ALL = Filters()


def refuse(store: Store, number: int, **changes: object) -> DeliveryId:
    """One more refused delivery, newer with a greater number."""
    fields = {"verdict": Verdict.REFUSED, "code": RefusalCode.TOKEN_ALTERED, "id": DeliveryId(an_id(number))}
    store.intake.record_delivery(a_delivery(**{**fields, **changes}), None)
    return DeliveryId(an_id(number))


def ids(store: Store, filters: Filters, *, before: str | None = None, limit: int = 10) -> list[str]:
    return [line.delivery.id for line in store.pages.deliveries(filters, before=before, limit=limit)]


def test_a_line_joins_a_delivery_with_its_signal_its_contract_and_its_orders(store: Store) -> None:
    trade(store)
    stop = a_leg(id=LegId(an_id(20)), role=Role.STOP)
    commit(store, decision_of(*made(stop, an_order(id=OrderId(an_id(21)), leg=stop.id))))

    [line] = store.pages.deliveries(ALL, before=None, limit=10)

    assert (line.delivery.id, line.signal and line.signal.id, line.symbol) == (DELIVERY, SIGNAL, "TATASTEEL-EQ")
    assert [leg.role for leg, _ in line.orders] == [Role.ENTRY, Role.STOP]
    assert (line.state, line.outcome, line.word) == ("RECEIVED", None, "RECEIVED")


def test_a_refused_delivery_says_its_verdict_and_the_sentence_of_its_refusal(store: Store) -> None:
    refuse(store, 50, code=RefusalCode.TOKEN_EXPIRED, detail="on 2026-11-01")

    [line] = store.pages.deliveries(ALL, before=None, limit=10)

    assert (line.signal, line.state, line.orders) == (None, "REFUSED", ())
    assert line.reason == "The alert's token has expired: on 2026-11-01"


def test_a_duplicate_says_which_signal_it_repeats(store: Store) -> None:
    trade(store)
    again = a_delivery(id=DeliveryId(an_id(60)))
    store.intake.record_delivery(again, a_signal(id=SignalId(an_id(61)), delivery=again.id))

    line = store.pages.line(again.id)

    assert line is not None
    assert (line.state, line.signal, line.reason) == ("DUPLICATE", None, f"repeats signal {SIGNAL}")


def test_pages_follow_each_other_without_gap_or_repeat_also_when_something_arrives_between(store: Store) -> None:
    for number in range(50, 57):
        refuse(store, number)

    first = ids(store, ALL, limit=3)
    refuse(store, 90)
    second = ids(store, ALL, before=first[-1], limit=3)

    assert first + second == [an_id(number) for number in (56, 55, 54, 53, 52, 51)]


def test_a_line_is_found_by_its_delivery_and_by_its_signal(store: Store) -> None:
    trade(store)

    by_signal, by_delivery = store.pages.line(SIGNAL), store.pages.line(DELIVERY)

    assert by_signal == by_delivery is not None
    assert store.pages.line("nothing") is None


def test_a_story_has_every_row_of_a_signals_life(store: Store) -> None:
    trade(store)
    again = a_delivery(id=DeliveryId(an_id(60)), received_at=NOW + timedelta(seconds=1))
    store.intake.record_delivery(again, a_signal(id=SignalId(an_id(61)), delivery=again.id))

    story = store.pages.signal_story(SIGNAL)

    assert story is not None
    assert (story.delivery.id, story.signal.id) == (DELIVERY, SIGNAL)
    assert [repeat.id for repeat in story.repeats] == [again.id]
    rows = (story.brackets, story.legs, story.orders, story.intents, story.calls, story.reports, story.fills)
    assert [len(group) for group in rows] == [1, 1, 1, 1, 1, 1, 1]
    assert (story.calls[0].call.answer, story.fills[0].price) == ('{"status":true}', Decimal("150.10"))
    assert [note.kind for note in story.notes] == ["delivery", "test", "test", "delivery"]
    assert story.notes[1].say == "decided"


def test_there_is_no_story_of_an_unknown_signal(store: Store) -> None:
    assert store.pages.signal_story("nothing") is None


def test_the_standing_tells_accounts_with_their_beats_and_the_halts_in_force(store: Store) -> None:
    store.people.add_account(Account(ACCOUNT, AccountKind.PAPER), by="test", at=NOW, new_id=lambda: an_id(1))
    store.people.add_account(Account("real", AccountKind.LIVE), by="test", at=NOW, new_id=lambda: an_id(2))
    epoch = store.ledger.take_lease(ACCOUNT, "host:1", at=NOW, follows=store.ledger.lease(ACCOUNT))
    later = NOW + timedelta(seconds=3)
    store.ledger.beat(ACCOUNT, epoch, at=later, status={"session": True})
    store.ledger.set_halt(Halt("ALL", HaltKind.KILL, NOW, "typed", "trader"), at=NOW)

    standing = store.pages.standing()

    (paper, beat), (real, none) = standing.accounts
    assert (paper.kind, beat and beat.at, beat and beat.status) == (AccountKind.PAPER, later, {"session": True})
    assert (real.kind, none) == (AccountKind.LIVE, None)
    assert {(halt.scope, halt.kind) for halt in standing.halts} == {("ALL", "KILL"), ("account:real", "HALT")}


def test_strategy_names_come_once_each(store: Store) -> None:
    for version in (1, 2):
        store.people.save_strategy(a_strategy(version=version), by="test", at=NOW)
    store.people.save_strategy(a_strategy(name="alpha"), by="test", at=NOW)

    assert store.pages.strategy_names() == ["alpha", "trend"]


def test_verify_agrees_with_the_head_and_every_entry_is_exported(store: Store) -> None:
    trade(store)

    verified, head = store.pages.verify(None), store.pages.head()
    entries = list(store.pages.audit_entries())

    assert (verified.head, verified.entries) == (head, len(entries))
    assert (entries[-1]["seq"], entries[-1]["hash"]) == (head.seq, head.hash)
    assert store.pages.notes(DELIVERY)[0].seq == 1


def test_who_reads_the_audit_slowly_holds_no_snapshot_and_misses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executor.store.pages._PART", 2)
    for number in range(50, 55):
        refuse(store, number)
    pool: Any = store.database.engine.pool
    before, entries = pool.checkedout(), store.pages.audit_entries(after=1)

    first = next(entries)
    held = pool.checkedout()
    refuse(store, 60)

    assert held == before
    assert [one["seq"] for one in (first, *entries)] == list(range(2, store.pages.head().seq + 1))
    assert [one["seq"] for one in store.pages.audit_entries(after=1, most=3)] == [2, 3, 4]


def test_verify_refuses_a_head_that_is_not_in_the_chain_and_a_row_that_was_changed(store: Store) -> None:
    trade(store)
    with pytest.raises(ChainBroken, match="not the head you kept"):
        store.pages.verify(Head(1, "0" * 64))

    with store.database.unaudited() as connection:
        connection.execute(schema.fill.update().values(quantity=5))

    with pytest.raises(ChainBroken, match="fill row"):
        store.pages.verify(None)
