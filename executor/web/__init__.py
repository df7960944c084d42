"""HTTP in: alerts and pages. Never talks to the broker."""

from __future__ import annotations
