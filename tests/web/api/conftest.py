"""A program beside a whole trader on a simulated exchange."""

from __future__ import annotations

import pytest

from executor.clock import ManualClock
from executor.store.store import Store
from tests.web.api.client import Program, a_program


@pytest.fixture
def program(store: Store, clock: ManualClock) -> Program:
    return a_program(store, clock)
