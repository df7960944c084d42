"""Deliveries and their signals: recorded once, with the final verdict."""

from __future__ import annotations

from executor.domain.delivery import Recorded
from executor.store.store import Store
from tests.builders import a_delivery, a_signal


def test_a_signal_is_recorded_with_its_delivery(store: Store):
    recording = store.intake.record_delivery(a_delivery(), a_signal())

    assert recording == Recorded()
    assert store.recovery.new_signals("paper") == [a_signal()]
