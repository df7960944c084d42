"""Facts of exchanges and broker as TOML: sessions, bands, limits. Read with importlib.resources."""

from __future__ import annotations
