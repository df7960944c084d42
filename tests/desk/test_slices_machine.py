"""The desk's state machine on a contract that takes so little in one order that every position is several.

What `test_state_machine.py` asserts of one order holds of slices together; beside it none is as large as the freeze.
More: `EXAMPLES=5000 pytest tests/desk/test_slices_machine.py`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from executor.domain.intent import Intent
from tests.builders import an_instrument
from tests.desk.test_state_machine import EXAMPLES, STEPS, Desk

#: So ten units are four orders.
FREEZE = 4


class SlicedDesk(Desk):
    contract = an_instrument(freeze=FREEZE)

    def _judge(self, sending: Sequence[Intent]) -> None:
        super()._judge(sending)
        for intent in sending:
            assert intent.request.quantity < FREEZE, f"{intent.kind} of {intent.request.quantity}"

    @invariant()
    def stops_that_rest_are_never_more_than_was_filled(self) -> None:
        if not hasattr(self, "book"):
            return
        bought = sum(order.filled for order in self.exchange.orders.values())
        stops = sum(order.open for order in self.exchange.working() if order.is_stop)
        assert stops <= bought, f"{stops} in stops, {bought} filled"


TestSlicedDesk = pytest.mark.timeout(60 + EXAMPLES)(SlicedDesk.TestCase)
TestSlicedDesk.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    derandomize="EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
