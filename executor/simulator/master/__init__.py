"""The instrument file: small for tests and demos, or of real size (smartapi.md 8)."""

from __future__ import annotations

from executor.simulator.master.listing import Listing, instruments
from executor.simulator.master.rows import rows

__all__ = ["Listing", "instruments", "rows"]
