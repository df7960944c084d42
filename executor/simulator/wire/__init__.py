"""What a SmartAPI client sees: paths, envelopes, field names and types, sessions, rate limits."""

from __future__ import annotations
