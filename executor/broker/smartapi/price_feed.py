"""The price feed: who is listened to, and the newest price of each (smartapi.md 7.2).

Prices are kept beside the desk's events: the thread of the feed writes the newest, the loop takes what changed a few
times a second. Invariant: what is wanted is subscribed to on every connection, also on one that came later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from threading import Lock

from executor.broker.port import Frames
from executor.broker.smartapi.ticks import NUMBERS, Tick, Ticks
from executor.domain.instrument import InstrumentKey, Price, Segment

#: Of the 1000 a connection takes (7.2).
_MOST = 1000
_SUBSCRIBE, _UNSUBSCRIBE = 1, 0
_LTP = 1
_PAISE = Decimal(100)
#: How far the exchange's clock may be ahead of ours.
_AHEAD_MS = 5000


class PriceFeed:
    """The prices of one account's feed (`PriceSource`), fed by its connection (`executor.trader.feeds.Talk`)."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ticks = Ticks()
        self._lock = Lock()
        self._wanted: frozenset[InstrumentKey] = frozenset()
        self._subscribed: frozenset[InstrumentKey] = frozenset()
        self._last: dict[InstrumentKey, tuple[Tick, datetime]] = {}
        self._changed: set[InstrumentKey] = set()
        self.skipped = 0

    # for the desk's side

    def watch(self, instruments: frozenset[InstrumentKey]) -> None:
        """Listen to these from now on; the first thousand by name where there are more."""
        self._wanted = instruments if len(instruments) <= _MOST else frozenset(sorted(instruments)[:_MOST])

    def changed(self) -> dict[InstrumentKey, Price]:
        """The newest price of each contract that was told of since the last call."""
        with self._lock:
            told = {contract: self._last[contract] for contract in self._changed}
            self._changed = set()
        return {contract: _price(tick, at) for contract, (tick, at) in told.items()}

    # for the connection

    def opened(self) -> None:
        """Begin anew: nothing is subscribed to, and what was told before proves nothing now."""
        self._subscribed = frozenset()
        with self._lock:
            self._last, self._changed = {}, set()

    def lost(self, why: str) -> None:
        """What was told stays, and grows old."""

    def tend(self, frames: Frames) -> None:
        """Ask for what is wanted and not subscribed to, and the other way round. Raises FeedLost."""
        wanted = self._wanted
        if wanted == self._subscribed:
            return
        for action, contracts in (
            (_UNSUBSCRIBE, self._subscribed - wanted),
            (_SUBSCRIBE, wanted - self._subscribed),
        ):
            if contracts:
                frames.send(request(action, contracts))
        self._subscribed = wanted

    def take(self, frame: bytes | str) -> None:
        """Keep a packet's price, unless the exchange told a newer one already; anything else is counted."""
        tick = self._ticks.read(frame) if isinstance(frame, bytes) else None
        if tick is None:
            self.skipped += 1
            return
        at = self._now()
        latest = int(at.timestamp() * 1000) + _AHEAD_MS
        if tick.told_ms > latest:
            tick = tick._replace(told_ms=latest)  # a stamp far ahead would silence what comes behind it
        known = self._last.get(tick.contract)
        if known is not None and tick.told_ms < known[0].told_ms:
            return
        with self._lock:
            self._last[tick.contract] = tick, at
            self._changed.add(tick.contract)


def request(action: int, contracts: Iterable[InstrumentKey]) -> str:
    """The text that subscribes or unsubscribes."""
    by_segment: dict[Segment, list[str]] = {}
    for contract in sorted(contracts):
        by_segment.setdefault(contract.segment, []).append(contract.token)
    groups = [{"exchangeType": NUMBERS[segment], "tokens": tokens} for segment, tokens in by_segment.items()]
    asked = {"correlationID": "executor", "action": action, "params": {"mode": _LTP, "tokenList": groups}}
    return json.dumps(asked, separators=(",", ":"))


def _price(tick: Tick, at: datetime) -> Price:
    return Price(tick.paise / _PAISE, at)
