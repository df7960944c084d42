"""What web writes: deliveries with their verdict, signals, floods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from executor.domain.delivery import Conflict, Delivery, Duplicate, Flood, Recorded, Recording, Verdict
from executor.domain.ids import SignalId
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Action, Ask, Held, Signal, read_ask
from executor.store import log_words, schema
from executor.store.engine import Database, Transaction
from executor.store.rows import values_of
from executor.store.types import canonical


class Intake:
    def __init__(self, database: Database) -> None:
        self._database = database

    def record_delivery(self, delivery: Delivery, signal: Signal | None) -> Recording:
        """Make a delivery durable with its final verdict, and its signal if it is the first of its key.

        1. The signal is inserted first, on conflict nothing: the unique key decides between two copies at once.
        2. The delivery follows with what came of it; its foreign key is checked at the end.
        Raises NotRecorded when the database could not take it: nothing happened then. When the disk is full, what
        can only reduce is recorded from the reserve.
        """
        if signal is None or not only_reduces(read_ask(signal.fields)):
            return self._record(delivery, signal, urgent=False)
        return self._database.from_reserve(lambda: self._record(delivery, signal, urgent=True))

    def record_flood(self, rows: Sequence[Flood], at: datetime) -> None:
        """Count arrivals that are not kept one by one, as of now: the audit's times rise. Raises NotRecorded."""
        if not rows:
            return
        with self._database.write(at) as transaction:
            for row in rows:
                transaction.insert(schema.delivery_flood, values_of(row))
                transaction.note("flood", row.source, f"{row.count} arrivals in a minute were counted, not kept")

    def _record(self, delivery: Delivery, signal: Signal | None, *, urgent: bool) -> Recording:
        with self._database.write(delivery.received_at, urgent=urgent) as transaction:
            recording: Recording = Recorded()
            if signal is not None:
                recording = _claim(transaction, signal)
            judged = _judged(delivery, recording)
            transaction.insert(schema.delivery, values_of(judged))
            if signal is None or not isinstance(recording, Recorded):
                log_words.add_delivery(transaction.connection, judged)
            transaction.note("delivery", delivery.id, _words(delivery, recording, signal))
        return recording


def only_reduces(ask: Ask) -> bool:
    """Whether it cannot open anything, whatever its lane holds."""
    if ask.position is not None:
        return ask.position.now is Held.FLAT
    return ask.action in {Action.EXIT, Action.FLATTEN, Action.CANCEL}


def _claim(transaction: Transaction, signal: Signal) -> Recording:
    if transaction.insert_if_new(schema.signal, values_of(signal)):
        return Recorded()
    columns = schema.signal.c
    found = transaction.connection.execute(
        select(columns.id, columns.fields).where(columns.strategy == signal.strategy, columns.key == signal.key)
    ).one()
    same = canonical(found.fields) == canonical(signal.fields)
    return Duplicate(SignalId(found.id)) if same else Conflict(SignalId(found.id))


def _judged(delivery: Delivery, recording: Recording) -> Delivery:
    match recording:
        case Recorded():
            return delivery
        case Duplicate(of):
            return replace(delivery, verdict=Verdict.DUPLICATE, of=of, detail=f"repeats signal {of}")
        case Conflict(of):
            detail = f"the id belongs to signal {of}, which had other content"
            return replace(delivery, verdict=Verdict.CONFLICT, code=RefusalCode.CONFLICT, of=of, detail=detail)


def _words(delivery: Delivery, recording: Recording, signal: Signal | None) -> str:
    if signal is None:
        return f"refused ({delivery.code}): {delivery.detail}"
    match recording:
        case Recorded():
            return f"signal {signal.id}: {signal.action} {signal.fields['exchange']}:{signal.fields['ticker']}"
        case Duplicate(of):
            return f"duplicate of signal {of}"
        case Conflict(of):
            return f"conflict with signal {of}: same id, other content"
