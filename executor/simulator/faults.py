"""Faults that a test plants: what goes wrong, on which route, how often.

A planted fault waits until requests to its route (and with its `match`) come; `after` of them pass first, then it
strikes `times` times. Which kinds there are, and what each needs, stands in `Kind` and `_NEEDED`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ConnectionCut(ConnectionError):
    """The connection ends without an answer.

    Raised out of the WSGI application. The simulator's own server then closes the socket; a caller in the same
    process (httpx.WSGITransport) sees this exception and must treat it as a lost connection.
    """


class Kind(StrEnum):
    CUT_BEFORE = "cut_before"  #: cut; nothing was processed
    CUT_AFTER = "cut_after"  #: processed, then cut
    LATE = "late"  #: cut now, processed `seconds` later on the simulated clock
    REFUSE = "refuse"  #: business error `code`, `message`; AG codes in the gateway's envelope
    DROP = "drop"  #: SUCCESS, but nothing was done
    RATE = "rate"  #: 403 and the rate text
    HTML = "html"  #: the firewall's page
    EMPTY = "empty"  #: empty body with `status` (default 200)
    STATUS = "status"  #: `status` and `body`
    DELAY = "delay"  #: processed, answered `seconds` of real time later
    REJECT = "reject"  #: taken, then rejected with `text`
    NULL_BOOK = "null_book"  #: data is null
    TRUNCATED = "truncated"  #: only the first half of the list
    LAG = "lag"  #: the book as it was `seconds` ago
    # of a feed's frames; `status` refuses the handshake of a feed
    SILENCE = "silence"  #: pings are answered, what happens within `seconds` is never told
    LOSE = "lose"  #: the frame is never sent
    DUPLICATE = "duplicate"  #: the frame is sent twice
    REORDER = "reorder"  #: the frame is sent after the next one
    HOLD = "hold"  #: the frame is sent `seconds` later
    DISCONNECT = "disconnect"  #: the connection ends instead of the frame

    # of the instrument file, which can be truncated, html, empty, status, delay and cut_before too
    FEWER_ROWS = "fewer_rows"  #: only one row in `of`
    NO_COLUMN = "no_column"  #: all rows lack `column`
    NO_SEGMENT = "no_segment"  #: no row of `segment`
    DOUBLED = "doubled"  #: each token twice, the second time of another symbol


_OF_THE_FILE = frozenset({Kind.FEWER_ROWS, Kind.NO_COLUMN, Kind.NO_SEGMENT, Kind.DOUBLED})
FRAME_KINDS = frozenset({Kind.SILENCE, Kind.LOSE, Kind.DUPLICATE, Kind.REORDER, Kind.HOLD, Kind.DISCONNECT})
CALL_KINDS = frozenset(Kind) - FRAME_KINDS - _OF_THE_FILE
MASTER_KINDS = _OF_THE_FILE | {Kind.TRUNCATED, Kind.HTML, Kind.EMPTY, Kind.STATUS, Kind.DELAY, Kind.CUT_BEFORE}
FEEDS = ("order_feed", "price_feed")
MASTER = "master"
_NEEDED: dict[Kind, tuple[str, ...]] = {
    Kind.LATE: ("seconds",),
    Kind.REFUSE: ("code", "message"),
    Kind.STATUS: ("status", "body"),
    Kind.DELAY: ("seconds",),
    Kind.REJECT: ("text",),
    Kind.LAG: ("seconds",),
    Kind.SILENCE: ("seconds",),
    Kind.HOLD: ("seconds",),
    Kind.FEWER_ROWS: ("of",),
    Kind.NO_COLUMN: ("column",),
    Kind.NO_SEGMENT: ("segment",),
}
_OPTIONAL: dict[Kind, tuple[str, ...]] = {Kind.EMPTY: ("status",)}
_WRITES = ("placeOrder", "modifyOrder", "cancelOrder")
_ONLY_ON: dict[Kind, tuple[str, ...]] = {
    Kind.DROP: _WRITES,
    Kind.REJECT: ("placeOrder",),
    **dict.fromkeys(FRAME_KINDS, FEEDS),
    **dict.fromkeys(_OF_THE_FILE, (MASTER,)),
}
_COMMON = ("route", "kind", "times", "after", "match")


@dataclass(slots=True)
class Fault:
    route: str  #: the last part of the path ("placeOrder", "details"), or "*" for all calls
    kind: Kind
    times: int = 1
    after: int = 0
    match: Mapping[str, str] = field(default_factory=dict)  #: fields of the request's body
    detail: Mapping[str, Any] = field(default_factory=dict)  #: what the kind needs

    def fits(self, route: str, body: Mapping[str, Any]) -> bool:
        on_route = self.route == route or (self.route == "*" and route != MASTER)
        return on_route and all(str(body.get(name)) == value for name, value in self.match.items())

    @property
    def seconds(self) -> float:
        return float(self.detail["seconds"])

    def describe(self) -> dict[str, Any]:
        return {
            "route": self.route,
            "kind": self.kind.value,
            "times": self.times,
            "after": self.after,
            "match": dict(self.match),
            **self.detail,
        }


class Faults:
    """The faults still planted, oldest first; at most one strikes a request."""

    def __init__(self) -> None:
        self._planted: list[Fault] = []

    def plant(self, fault: Fault) -> None:
        self._planted.append(fault)

    def take(self, route: str, body: Mapping[str, Any], *, among: Collection[Kind] = tuple(Kind)) -> Fault | None:
        """Return the fault that strikes this request or frame, and count it."""
        for fault in self._planted:
            if fault.kind not in among or not fault.fits(route, body):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            if fault.times == 0:
                self._planted.remove(fault)
            return fault
        return None

    def describe(self) -> list[dict[str, Any]]:
        return [fault.describe() for fault in self._planted]


def read_fault(body: Mapping[str, Any], routes: frozenset[str]) -> Fault:
    """Read a planted fault from JSON. Raises ValueError, naming the field, for what cannot strike."""
    route, kind = str(body.get("route", "")), _read_kind(body)
    if route not in routes:
        raise ValueError(f"route: {route!r} is none of {', '.join(sorted(routes))}")
    if route in FEEDS and kind not in FRAME_KINDS | {Kind.STATUS}:
        raise ValueError(f"route: {kind.value} does not strike a feed")
    if route == MASTER and kind not in MASTER_KINDS:
        raise ValueError(f"route: {kind.value} does not strike the instrument file")
    if route not in _ONLY_ON.get(kind, (route,)):
        raise ValueError(f"route: {kind.value} strikes {', '.join(_ONLY_ON[kind])} only, not {route!r}")
    needed = _NEEDED.get(kind, ())
    missing = [name for name in needed if name not in body]
    if missing:
        raise ValueError(f"{kind.value} needs {', '.join(missing)}")
    known = {*_COMMON, *needed, *_OPTIONAL.get(kind, ())}
    if unknown := sorted(set(body) - known):
        raise ValueError(f"{unknown[0]}: not a field of {kind.value}; known are {', '.join(sorted(known))}")
    match = body.get("match") or {}
    return Fault(
        route,
        kind,
        times=_count(body, "times", default=1, least=1),
        after=_count(body, "after", default=0, least=0),
        match={str(name): str(value) for name, value in match.items()},
        detail={name: body[name] for name in sorted(known - set(_COMMON)) if name in body},
    )


def _read_kind(body: Mapping[str, Any]) -> Kind:
    found = body.get("kind")
    if found not in [kind.value for kind in Kind]:
        raise ValueError(f"kind: {found!r} is none of {', '.join(kind.value for kind in Kind)}")
    return Kind(found)


def _count(body: Mapping[str, Any], name: str, *, default: int, least: int) -> int:
    found = body.get(name, default)
    if not isinstance(found, int) or isinstance(found, bool) or found < least:
        raise ValueError(f"{name}: {found!r} is not a whole number of at least {least}")
    return found
