"""Frames of the order stream as reports (smartapi.md 7.1). A frame is a hint that comes early: nothing here raises.

What cannot be read is counted and left to the order book, which is the truth.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from executor.broker.port import Session
from executor.broker.smartapi.fields import read_report
from executor.broker.smartapi.values import Unreadable
from executor.domain.order import Report, Source

#: The state of a row that tells none itself. AB00 is no state: the documents show a rejected order under it.
_STATES = {
    "AB01": "open",
    "AB02": "cancelled",
    "AB03": "rejected",
    "AB04": "modified",
    "AB05": "complete",
    "AB06": "after market order req received",
    "AB07": "cancelled after market order",
    "AB08": "modify after market order req received",
    "AB09": "open pending",
    "AB10": "trigger pending",
    "AB11": "modify pending",
}


class OrderFrames:
    """Reads one connection's frames; `skipped` counts those that told nothing readable."""

    def __init__(self) -> None:
        self.skipped = 0

    def read(self, frame: bytes | str) -> Report | None:
        """The report in a frame; None for the acknowledgement, a pong, and for what cannot be read."""
        found = _parsed(frame)
        row = found.get("orderData")
        if not isinstance(row, dict):
            self.skipped += bool(found)
            return None
        if row.get("orderid") in (None, ""):
            return None  # the acknowledgement after the handshake
        if not (row.get("orderstatus") or row.get("status")):
            row = {**row, "orderstatus": _STATES.get(str(found.get("order-status")), "")}
        try:
            return replace(read_report(row), source=Source.FEED)
        except Unreadable:
            self.skipped += 1
            return None


def feed_headers(session: Session, *, api_key: str, client_code: str) -> dict[str, str]:
    """What both handshakes carry (7.1, 7.2)."""
    return {
        "Authorization": f"Bearer {session.jwt}",
        "x-api-key": api_key,
        "x-client-code": client_code,
        "x-feed-token": session.feed,
    }


def _parsed(frame: bytes | str) -> dict[str, Any]:
    try:
        text = frame.decode("utf-8-sig") if isinstance(frame, bytes) else frame
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
