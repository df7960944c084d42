"""Transactions that many store tests begin with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from executor.domain.ids import IntentId
from executor.domain.intent import Intent
from executor.domain.messages import Change, Committed, Decision, Note, Row
from executor.domain.record import Halt
from executor.store.store import Store
from tests.builders import (
    ACCOUNT,
    NOW,
    SIGNAL,
    a_bracket,
    a_call_row,
    a_delivery,
    a_fill,
    a_lane,
    a_leg,
    a_report_row,
    a_signal,
    an_intent,
    an_order,
)


def made(*rows: Row) -> tuple[Change, ...]:
    return tuple(Change(row, before=None) for row in rows)


def decision_of(*changes: Change, intents: Sequence[Intent] = ()) -> Decision:
    return Decision(changes=changes, intents=tuple(intents), notes=(Note("test", SIGNAL, "decided"),))


def commit(
    store: Store,
    decision: Decision,
    *,
    epoch: int = 1,
    permits: Collection[IntentId] = (),
    known: Sequence[Halt] = (),
) -> Committed:
    return store.ledger.commit(ACCOUNT, epoch, decision, permits=permits, known=known, at=NOW)


def take_lease(store: Store, holder: str = "one", *, same_host: bool = True) -> int:
    follows = store.ledger.lease(ACCOUNT) if same_host else None
    return store.ledger.take_lease(ACCOUNT, holder, at=NOW, follows=follows)


def trade(store: Store) -> None:
    """One signal's life up to a fill: every table that the desk and web write has a row."""
    store.intake.record_delivery(a_delivery(), a_signal())
    take_lease(store)
    rows = made(a_lane(), a_bracket(), a_leg(), an_order(), an_intent())
    commit(store, decision_of(*rows, intents=[an_intent()]), permits=[an_intent().id])
    commit(store, decision_of(*made(a_call_row(), a_report_row(), a_fill())))
