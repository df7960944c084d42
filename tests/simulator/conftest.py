from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.harness import Client


@pytest.fixture
def client() -> Iterator[Client]:
    """A client whose SBIN stands at 810."""
    made = Client()
    made.price("810.00")
    yield made
    made.http.close()
