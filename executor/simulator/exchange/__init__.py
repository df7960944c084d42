"""The exchange behind the simulator: orders, matching, prices, positions. Pure: no Flask, no input or output."""

from __future__ import annotations
