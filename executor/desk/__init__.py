"""The rules over the book: pure and synchronous, one thread an account. decide = absorb → aim → want."""

from __future__ import annotations
