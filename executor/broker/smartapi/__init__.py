"""The SmartAPI client of Angel One. Broker words stop here; section numbers in comments are those of smartapi.md."""

from __future__ import annotations
