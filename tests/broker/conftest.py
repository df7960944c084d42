from __future__ import annotations

import socket

import pytest

from tests.broker.fakes import Host


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def unused_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
