"""Deliveries and their signals: recorded once, with the final verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from executor.domain.delivery import Conflict, Delivery, Duplicate, Flood, Recorded, Verdict
from executor.domain.ids import DeliveryId, SignalId
from executor.domain.refusal import RefusalCode
from executor.errors import InvariantBroken
from executor.store import schema
from executor.store.rows import load
from executor.store.store import Store
from tests.builders import DELIVERY, NOW, SIGNAL, a_delivery, a_signal, an_id

_OTHER_DELIVERY, _OTHER_SIGNAL = DeliveryId(an_id(101)), SignalId(an_id(102))


def _delivery(store: Store, wanted: str) -> Delivery:
    with store.database.read() as connection:
        row = connection.execute(select(schema.delivery).where(schema.delivery.c.id == wanted)).one()
    return load(Delivery, row)


def _again(store: Store, **changes: Any) -> Any:
    delivery = a_delivery(id=_OTHER_DELIVERY)
    return store.intake.record_delivery(delivery, a_signal(id=_OTHER_SIGNAL, delivery=_OTHER_DELIVERY, **changes))


def test_a_signal_is_recorded_with_its_delivery(store: Store):
    recording = store.intake.record_delivery(a_delivery(), a_signal())

    assert recording == Recorded()
    assert _delivery(store, DELIVERY) == a_delivery()
    assert store.recovery.new_work("paper").signals == [a_signal()]


def test_a_refused_delivery_is_recorded_without_a_signal(store: Store):
    refused = a_delivery(strategy=None, verdict=Verdict.REFUSED, code=RefusalCode.UNKNOWN_ADDRESS, detail="no")

    recording = store.intake.record_delivery(refused, None)

    assert recording == Recorded()
    assert _delivery(store, DELIVERY) == refused
    assert store.recovery.new_work("paper").signals == []


def test_the_same_content_again_is_a_duplicate_of_the_first(store: Store):
    store.intake.record_delivery(a_delivery(), a_signal())

    recording = _again(store)

    assert recording == Duplicate(SIGNAL)
    kept = _delivery(store, _OTHER_DELIVERY)
    assert (kept.verdict, kept.of) == (Verdict.DUPLICATE, SIGNAL)
    assert [signal.id for signal in store.recovery.new_work("paper").signals] == [SIGNAL]


def test_the_same_id_with_other_content_is_a_conflict(store: Store):
    store.intake.record_delivery(a_delivery(), a_signal())

    recording = _again(store, fields={**a_signal().fields, "action": "sell"})

    assert recording == Conflict(SIGNAL)
    kept = _delivery(store, _OTHER_DELIVERY)
    assert (kept.verdict, kept.code, kept.of) == (Verdict.CONFLICT, RefusalCode.CONFLICT, SIGNAL)
    assert store.recovery.new_work("paper").signals == [a_signal()]


def test_a_key_belongs_to_its_strategy_alone(store: Store):
    store.intake.record_delivery(a_delivery(), a_signal())

    recording = _again(store, strategy="other")

    assert recording == Recorded()


def test_a_refused_delivery_burns_no_key(store: Store):
    store.intake.record_delivery(a_delivery(verdict=Verdict.REFUSED, code=RefusalCode.STALE), None)

    assert _again(store) == Recorded()


def test_of_two_equal_alerts_at_once_one_is_recorded_and_one_is_its_duplicate(store: Store):
    together = Barrier(2)

    def send(number: int) -> Any:
        delivery = DeliveryId(an_id(200 + number))
        signal = a_signal(id=SignalId(an_id(300 + number)), delivery=delivery)
        together.wait(timeout=10)
        return store.intake.record_delivery(a_delivery(id=delivery), signal)

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(send, range(2)))

    kept = store.recovery.new_work("paper").signals
    assert len(kept) == 1
    assert sorted(found, key=str) == [Duplicate(kept[0].id), Recorded()]


def test_a_burst_from_many_threads_is_recorded_whole_and_in_one_chain(store: Store, head: Callable[[Store], Any]):
    def send(number: int) -> Any:
        delivery = DeliveryId(an_id(1000 + number))
        signal = a_signal(id=SignalId(an_id(2000 + number)), delivery=delivery, key=f"content:{number}")
        return store.intake.record_delivery(a_delivery(id=delivery), signal)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(send, range(40)))

    assert found == [Recorded()] * 40
    assert len(store.recovery.new_work("paper").signals) == 40
    assert head(store).seq == 40


def test_an_id_that_exists_is_refused_and_leaves_no_second_signal(store: Store):
    store.intake.record_delivery(a_delivery(), a_signal())
    signal = a_signal(id=_OTHER_SIGNAL, key="content:2")

    with pytest.raises(InvariantBroken):
        store.intake.record_delivery(a_delivery(), signal)

    assert store.recovery.new_work("paper").signals == [a_signal()]


@pytest.mark.parametrize("body", ["\0", "half \ud83d", "₹ 📈 ok"])
def test_any_body_can_be_kept(store: Store, body: str):
    odd = a_delivery(body=body, detail=body, headers={"X": body})
    signal = a_signal(key=body, fields={**a_signal().fields, "comment": body})

    assert store.intake.record_delivery(odd, signal) == Recorded()
    assert _again(store, key=body, fields=signal.fields) == Duplicate(SIGNAL)
    assert store.recovery.new_work("paper").signals[0].fields == signal.fields


@pytest.mark.parametrize("field", ["ticker", "exchange"])
def test_a_refused_delivery_is_recorded_however_long_its_ticker_is_said(store: Store, field: str) -> None:
    """It becomes a word in an index, which Postgres takes up to some length only."""
    letters = "".join(Random(1).choices("ABCDEFGHIJKLMNOPQRSTUVW ", k=20_000))
    for number, said in enumerate((letters, [letters])):
        body = json.dumps({"ticker": "SBIN", "exchange": "NSE", field: said})
        refused = a_delivery(id=DeliveryId(an_id(101 + number)), verdict=Verdict.REFUSED, detail="no", body=body)

        assert store.intake.record_delivery(refused, None) == Recorded()


def test_a_flood_is_counted_by_minute_and_source(store: Store):
    rows = [Flood(NOW, "10.0.0.1", "web-1", 700, "{"), Flood(NOW, "ALL", "web-1", 900, "")]

    store.intake.record_flood(rows, NOW)

    with store.database.read() as connection:
        found = connection.execute(select(schema.delivery_flood).order_by(schema.delivery_flood.c.count)).all()
    assert [load(Flood, row) for row in found] == rows


def test_a_minute_without_a_flood_writes_nothing(store: Store, head: Callable[[Store], Any]):
    store.intake.record_flood([], NOW)

    assert head(store).seq == 0


def test_the_delivery_of_a_signal_must_exist(store: Store):
    wrong = replace(a_signal(), delivery=_OTHER_DELIVERY)

    with pytest.raises(InvariantBroken):
        store.intake.record_delivery(a_delivery(), wrong)

    assert store.recovery.new_work("paper").signals == []
