"""A strategy in words: what it trades, how much, what stands behind it, what stops it, and what a version changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from executor.config.strategy import SIZE_FIELDS
from executor.config.strategy_file import open_fields
from executor.config.strategy_settings import GROUPS, RAILS, as_typed
from executor.domain.delivery import IssuedAlert
from executor.domain.strategy import Protection, SizeKind, Strategy, Target
from executor.store.people import SavedStrategy
from executor.web.pages.words import level_words, plain, rupees

#: An alert that ends within this is said to.
SOON = timedelta(days=7)
_ALL = Decimal(100)
_FEW = 8
_NO_LIMIT = "no limit of its own"
_UNSAID = {"enter_from": "a minute after the opening", "enter_until": "15:00, for MCX 23:00"}


@dataclass(frozen=True, slots=True)
class Said:
    """A setting: its field, what it means, its value; `tone` colours what a person must not miss."""

    field: str
    means: str
    value: str
    tone: str = ""


def size_words(strategy: Strategy) -> str:
    """How much an entry is."""
    value = strategy.size.value
    match strategy.size.kind:
        case SizeKind.QUANTITY:
            return f"{plain(value)} units"
        case SizeKind.LOTS:
            return f"{plain(value)} {'lot' if value == 1 else 'lots'}"
        case SizeKind.NOTIONAL:
            return f"₹{rupees(value)} of it"
        case SizeKind.PERCENT_OF_CAPITAL:
            return f"{plain(value)} % of ₹{rupees(strategy.capital)}"
        case SizeKind.RISK:
            return f"as many as lose ₹{rupees(value)} at the stop"
        case SizeKind.CONTRACTS:
            return f"{plain(value)} contracts"


def tickers_words(strategy: Strategy) -> str:
    """Its tickers; of many the first."""
    found = sorted(strategy.rails.tickers)
    more = f" and {len(found) - _FEW} more" if len(found) > _FEW else ""
    return f"{', '.join(found[:_FEW])}{more}"


def protection_words(strategy: Strategy) -> str:
    """Stop, targets and how the stop moves; empty where there is no stop."""
    if strategy.protection is Protection.NONE or strategy.stop_loss is None:
        return ""
    words = [f"stop {level_words(strategy.stop_loss)}", *(_target_words(target) for target in strategy.take_profit)]
    words += [f"trails at {level_words(strategy.trail.distance)}"] if strategy.trail else []
    return ", ".join(words)


def groups_of(strategy: Strategy) -> list[tuple[str, list[Said], list[str]]]:
    """Each group of settings: its title, what is set, and the fields that are not. Every rail is said."""
    fields = open_fields(strategy)
    return [(title, list(_said(title, fields)), _not_set(title, fields)) for title in GROUPS]


def changes(versions: Sequence[SavedStrategy]) -> list[tuple[SavedStrategy, list[str]]]:
    """Each version with what it changed; they come and are given newest first."""
    told = [(new, _changes(old.strategy, new.strategy)) for new, old in pairwise(versions)]
    return [*told, *((first, ["made"] if first.strategy.version == 1 else []) for first in versions[-1:])]


def alert_state(alert: IssuedAlert, now: datetime) -> tuple[str, str]:
    """How an alert stands, with its colour."""
    if alert.revoked_at is not None:
        return "revoked", "bad"
    if alert.expires <= now:
        return "expired", "bad"
    if alert.expires - now < SOON:
        return "ends soon", "warn"
    return "in force", "good"


def _target_words(target: Target) -> str:
    part = "" if target.share == _ALL else f" for {plain(target.share)} %"
    return f"target {level_words(target.level)}{part}"


def _said(title: str, fields: dict[str, object]) -> Iterator[Said]:
    for setting in GROUPS[title]:
        name = setting.field
        if name in fields:
            value = as_typed(fields[name])
            alarming = name == "protection" and value == Protection.NONE
            yield Said(name, setting.means, value, "bad" if alarming else "")
        elif title == RAILS:
            yield Said(name, setting.means, _NO_LIMIT)
        elif name in _UNSAID:
            yield Said(name, setting.means, _UNSAID[name])


def _not_set(title: str, fields: dict[str, object]) -> list[str]:
    quiet = {*SIZE_FIELDS, *_UNSAID, *(setting.field for setting in GROUPS[RAILS])}
    return [setting.means for setting in GROUPS[title] if setting.field not in fields and setting.field not in quiet]


def _changes(before: Strategy, after: Strategy) -> list[str]:
    if before.rotation != after.rotation:
        return ["a new secret address"]
    if before.rotation_before != after.rotation_before:
        return ["the address before the present one ended"]
    old, new = open_fields(before), open_fields(after)
    if before.enabled is not after.enabled:
        return ["enabled" if after.enabled else "disabled"]
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [f"{name}: {_was(old, name)} → {_was(new, name)}" for name in names]


def _was(fields: dict[str, object], name: str) -> str:
    return as_typed(fields[name]) if name in fields else "not set"
