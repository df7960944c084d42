"""A simulator that speaks the Angel One SmartAPI wire: a product of its own.

It shares nothing with the executor but `executor.clock`, so that a misreading of the protocol cannot hide by standing
on both sides. `exchange/` is the market, `wire/` the protocol, `control` the hand of a test.
"""

from __future__ import annotations

from executor.simulator.config import Credentials, SimulatorConfig, credentials
from executor.simulator.exchange.rules import Rules
from executor.simulator.faults import ConnectionCut
from executor.simulator.server import SimulatorServer
from executor.simulator.wire.http import create_app

__all__ = [
    "ConnectionCut",
    "Credentials",
    "Rules",
    "SimulatorConfig",
    "SimulatorServer",
    "create_app",
    "credentials",
]
