"""The days on which the exchanges are closed, as published: those of data/sessions.toml."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files
from typing import Any


def published() -> frozenset[date]:
    """Return the holidays of shares and their derivatives, for as many years as are known."""
    return frozenset(_sessions()["holidays"]["equity"])


def evenings() -> frozenset[date]:
    """Return those of them on which commodities are traded in the evening."""
    specials = [one for one in _sessions()["special"] if one["segments"] == ["MCX"] and one["session"][0] == "17:00"]
    return frozenset(day for one in specials for day in one["days"])


def _sessions() -> dict[str, Any]:
    return tomllib.loads((files("executor.data") / "sessions.toml").read_text(encoding="utf-8"))
