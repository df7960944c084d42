"""The way to the broker: what it must be able to do, its limits, and the one client that does it."""

from __future__ import annotations
