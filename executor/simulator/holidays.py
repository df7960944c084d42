"""The days on which the exchanges are closed, as published: those of data/sessions.toml."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files


def published() -> frozenset[date]:
    """Return the holidays of shares and their derivatives, for as many years as are known."""
    told = tomllib.loads((files("executor.data") / "sessions.toml").read_text(encoding="utf-8"))
    return frozenset(told["holidays"]["equity"])
