"""What must be true of the record: the chain holds, every write is in it, and no secret is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.campaigns.check_orders import WRITES
from tests.campaigns.truth import Truth, when

_KEPT = WRITES | {"loginByPassword"}
#: From a send to the start of the next life when the process dies under it: a timeout, a hang of 13 s, a restart.
_IN_FLIGHT = timedelta(seconds=25)
_LOGIN_FIELDS = {"loginByPassword"}


def audited(truth: Truth) -> list[str]:
    """The chain verifies; every write and login that the exchange saw is in our record word by word, and nothing else.

    What was on the wire when the process died has no answer to record; it is known by its intent.
    """
    found = [f"audit: {truth.chain_fault}"] if truth.chain_fault else []
    seen: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in truth.state["requests"]:
        if row["route"] in _KEPT:
            seen[_key(row["route"], row["body"] or {})].append(when(row["at"]))
    kept: defaultdict[tuple[str, str], int] = defaultdict(int)
    for call in truth.calls:
        if call.route in _KEPT:
            kept[_key(call.route, json.loads(call.request))] += 1
    for key in sorted({*seen, *kept}):
        excused = sum(_died_with(truth, at) for at in seen[key])
        if not len(seen[key]) - excused <= kept[key] <= len(seen[key]):
            found.append(f"audit: {len(seen[key])} at the exchange, {kept[key]} in the record: {key[0]} {key[1]}")
    return found


def _key(route: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """What a request said; a login by its name alone, for both sides mask it in their own way."""
    return route, "" if route in _LOGIN_FIELDS else json.dumps(body, sort_keys=True)


def _died_with(truth: Truth, at: datetime) -> bool:
    return any(timedelta() <= life - at <= _IN_FLIGHT for life in truth.lives[1:])


def discreet(truth: Truth) -> list[str]:
    """No secret stands in any byte that is stored."""
    return [f"secret: the {name} is stored" for name, secret in truth.secrets.items() if secret in truth.stored]


def noted(truth: Truth) -> list[str]:
    """What the rig itself has seen: a fenced trader that sends."""
    return list(truth.noted)
