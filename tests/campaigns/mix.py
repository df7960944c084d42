"""What goes wrong on a simulated day, how often (reliability.md 3.3): drawn per send and per read, from the seed.

Harsher than any real day, on purpose. Faults of the feeds are drawn apart (tests/campaigns/fed.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import Any

from executor.domain.intent import Intent, IntentKind
from executor.domain.order import OrderType
from executor.domain.reading import Query, QueryKind

_ROUTES = {IntentKind.PLACE: "placeOrder", IntentKind.MODIFY: "modifyOrder", IntentKind.CANCEL: "cancelOrder"}
_READ_ROUTES = {
    QueryKind.ORDER_BOOK: "getOrderBook",
    QueryKind.TRADES: "getTradeBook",
    QueryKind.POSITIONS: "getPosition",
    QueryKind.HOLDINGS: "getHolding",
    QueryKind.LTP: "getLtpData",
    QueryKind.QUOTES: "quote",
    QueryKind.FUNDS: "getRMS",
}
_DEAD_TOKEN = {"code": "AG8001", "message": "Invalid Token"}
#: The read timeout of the broker's wire: what an answer that never comes costs.
TIMEOUT_S = 7.0
HELL = 10


@dataclass(frozen=True, slots=True)
class Chance:
    """A fault of the simulator, how likely it is for one request, and on which."""

    name: str
    rate: float
    kind: str
    routes: frozenset[str]
    detail: dict[str, Any] = field(default_factory=dict)
    only_stops: bool = False
    silent: bool = False  #: the caller waits for its timeout


_WRITES = frozenset(_ROUTES.values())
_PLACE = frozenset({"placeOrder"})
_CHANGE = frozenset({"modifyOrder", "cancelOrder"})
_BOOKS = frozenset(_READ_ROUTES.values()) - {"getLtpData", "quote", "getRMS"}
_READS = frozenset(_READ_ROUTES.values())

MIX = (
    Chance("lost before it arrived", 0.0070, "cut_before", _WRITES, silent=True),
    Chance("answer lost", 0.0124, "cut_after", _WRITES, silent=True),
    Chance("accepted late", 0.0006, "late", _WRITES, {"seconds": (5, 40)}, silent=True),
    Chance("rate refused", 0.0100, "rate", _WRITES),
    Chance("HTML page", 0.0050, "html", _WRITES),
    Chance("token dead", 0.0030, "refuse", _WRITES, _DEAD_TOKEN),
    Chance("rejected after it was taken", 0.0100, "reject", _PLACE, {"text": "RMS: Rule: Check circuit limit"}),
    Chance("stop rejected", 0.0050, "reject", _PLACE, {"text": "17070: The Price is out of the LPP range"}, True),
    Chance("change without effect", 0.0030, "drop", _CHANGE),
    Chance("read fails", 0.0100, "status", _READS, {"status": 502, "body": "Bad Gateway"}),
    Chance("book cut short", 0.0020, "truncated", _BOOKS),
    Chance("book empty", 0.0010, "null_book", _BOOKS),
)
#: The lag of a book: lognormal, its median in seconds and its width.
_LAG = (0.4, 0.9)


class Trouble:
    """Plants what the seed says, right before the request that it strikes; counts what it planted."""

    def __init__(
        self, seed: int, *, factor: float = 1.0, only: str | None = None, mix: tuple[Chance, ...] = MIX
    ) -> None:
        self._random = Random(f"{seed}/trouble")
        self.factor = factor
        self._mix = tuple(chance for chance in mix if only in (None, chance.name))
        self._planted = 0
        self._wait: float | None = None
        self.fired: dict[str, int] = dict.fromkeys((chance.name for chance in self._mix), 0)
        self.is_on = True
        self.rig: Any = None

    def before_send(self, intent: Intent) -> None:
        is_stop = intent.request.type is OrderType.STOP_LIMIT
        self._strike(_ROUTES[intent.kind], is_stop=is_stop)

    def before_read(self, query: Query) -> None:
        route = _READ_ROUTES[query.kind]
        if not self._strike(route, is_stop=False) and route in _BOOKS and self.is_on:
            lag = self._random.lognormvariate(math.log(_LAG[0]), _LAG[1])
            self.rig.plant(route, "lag", {"seconds": round(lag, 3)})

    def latency(self) -> float:
        """Seconds until the answer of the request just made: a lognormal round trip, or the timeout."""
        waited, self._wait = self._wait, None
        if waited is not None:
            return waited
        return round(self._random.lognormvariate(math.log(0.06), 0.6), 4)

    def _strike(self, route: str, *, is_stop: bool) -> bool:
        if not self.is_on:
            return False
        draw = self._random.random()
        for chance in self._mix:
            if route not in chance.routes or (chance.only_stops and not is_stop):
                continue
            rate = chance.rate * self.factor
            if draw < rate:
                self._plant(route, chance)
                return True
            draw -= rate
        return False

    def _plant(self, route: str, chance: Chance) -> None:
        detail = dict(chance.detail)
        if isinstance(detail.get("seconds"), tuple):
            detail["seconds"] = round(self._random.uniform(*detail["seconds"]), 2)
        self.rig.plant(route, chance.kind, detail)
        self.fired[chance.name] += 1
        if chance.silent:
            self._wait = self._random.choice((0.2, TIMEOUT_S))
