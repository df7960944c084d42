"""What a day has shown of what the desk can do: counted like its faults, so that a feature that never came up is seen.

Counted from our rows and from what the exchange filled; whether it was right is what the checkers ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from executor.domain.bracket import Role
from executor.domain.record import HaltKind
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Action, EntryType, Outcome
from tests.campaigns.truth import Truth

FEATURES = (
    "turned over",
    "turned over by a word",
    "added",
    "reduced with its chart",
    "missed entry",
    "limit filled",
    "limit lapsed",
    "trigger filled",
    "trigger lapsed",
    "entry cancelled",
    "stop and target modified",
    "looser stop refused",
    "flattened",
    "several targets filled",
    "part left at a watched target",
    "trailed",
    "broke even",
    "sized by contracts",
    "sized by notional",
    "sized by percent_of_capital",
    "sized by risk",
    "loss limit reached",
)
_WAITING = {EntryType.LIMIT: "limit", EntryType.STOP_LIMIT: "trigger"}
_SIZES = {"chart": "contracts", "waits": "notional", "steps": "percent_of_capital", "risky": "risk"}
_MOVED = {"trailing": "trailed", "break-even": "broke even"}


def features(truth: Truth) -> Counter[str]:
    """How often each came up."""
    lost = ["loss limit reached" for halt in truth.halts if halt.kind == HaltKind.LOSS]
    return Counter((*_of_signals(truth), *_of_brackets(truth), *_of_notes(truth), *lost))


def _filled(truth: Truth) -> Counter[str]:
    """Units that the exchange filled, by leg."""
    filled: Counter[str] = Counter()
    for fill in truth.state["fills"]:
        filled[fill["tag"][1:14]] += fill["quantity"]
    return filled


def _of_signals(truth: Truth) -> Iterator[str]:
    filled = _filled(truth)
    closers = {row.closer for row in truth.brackets}
    caused: dict[str, list[Any]] = {}
    for leg in truth.legs.values():
        caused.setdefault(leg.cause, []).append(leg)
    for signal in truth.signals.values():
        roles = {leg.role for leg in caused.get(signal.id, ()) if filled[leg.id]}
        if Role.ENTRY in roles and signal.id in closers:
            yield "turned over by a word" if signal.action == Action.REVERSE else "turned over"
        if Role.EXIT in roles and "position" in signal.fields:
            yield "reduced with its chart"
        yield from _of_one(signal, entered=Role.ENTRY in roles)


def _of_one(signal: Any, *, entered: bool) -> Iterator[str]:
    kind = _WAITING.get((signal.fields.get("order") or {}).get("type", ""))
    if kind and (entered or signal.outcome == Outcome.NOT_FILLED):
        yield f"{kind} filled" if entered else f"{kind} lapsed"
    if entered and signal.strategy in _SIZES:
        yield f"sized by {_SIZES[signal.strategy]}"
    done = {
        Action.CANCEL: "entry cancelled",
        Action.MODIFY: "stop and target modified",
        Action.FLATTEN: "flattened",
    }.get(signal.action)
    if done and signal.outcome == Outcome.FILLED:
        yield done
    told = {RefusalCode.MISSED_ENTRY: "missed entry", RefusalCode.STOP_LOOSER: "looser stop refused"}
    if signal.code in told:
        yield told[signal.code]


def _of_brackets(truth: Truth) -> Iterator[str]:
    filled = _filled(truth)
    counts = Counter((leg.bracket, leg.role) for leg in truth.legs.values() if filled[leg.id])
    for (_, role), count in counts.items():
        if count > 1 and role in {Role.ENTRY, Role.TARGET}:
            yield "added" if role == Role.ENTRY else "several targets filled"
    targets = {leg.id for leg in truth.legs.values() if leg.role == Role.TARGET}
    for leg in truth.legs.values():
        if leg.role == Role.EXIT and leg.cause in targets and filled[leg.id]:
            yield "part left at a watched target"


def _of_notes(truth: Truth) -> Iterator[str]:
    for kind, words in truth.said:
        if kind == "stop_moved":
            yield from (name for why, name in _MOVED.items() if why in words)
