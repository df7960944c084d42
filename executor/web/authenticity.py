"""Where an arrival comes from, which of its headers are kept, and how many unverified ones a source may send.

An address in X-Forwarded-For is believed only when a configured proxy wrote it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address

from werkzeug.datastructures import Headers

from executor.domain.delivery import Flood

Networks = Sequence[IPv4Network | IPv6Network]

#: Unverified arrivals a minute and source that are kept one by one.
UNVERIFIED_A_MINUTE = 120
#: Sources told apart in a minute; the rest is counted together, so that no flood fills the memory.
SOURCES = 500
REST = "ALL"
UNKNOWN = "unknown"

_KEPT = ("User-Agent", "Content-Type", "Content-Length", "X-Forwarded-For", "X-Forwarded-Proto")
_MOST = 300


def source_of(peer: str | None, forwarded: str, proxies: Networks) -> str:
    """The nearest address that no configured proxy has; `forwarded` is X-Forwarded-For, the newest hop last."""
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    source = _address(peer) or UNKNOWN
    while hops and _is_proxy(source, proxies):
        before = _address(hops.pop())
        if before is None:
            break
        source = before
    return source


def kept_headers(headers: Headers) -> dict[str, str]:
    """The headers that a delivery keeps, clipped: none that may carry a secret."""
    return {name: headers[name][:_MOST] for name in _KEPT if name in headers}


class Floods:
    """Counts arrivals that are not kept. Safe between threads; the time is passed in."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._lock = threading.Lock()
        self._minute: datetime | None = None
        self._unverified: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()
        self._samples: dict[str, str] = {}
        self._finished: list[Flood] = []

    def is_over(self, source: str, now: datetime) -> bool:
        """Count an unverified arrival; whether its source has sent too many in this minute."""
        with self._lock:
            self._turn(now)
            name = _bounded(source, self._unverified)
            self._unverified[name] += 1
            return self._unverified[name] > UNVERIFIED_A_MINUTE

    def count(self, source: str, sample: str, now: datetime) -> None:
        """Count an arrival instead of keeping it; `sample` says what it was."""
        with self._lock:
            self._turn(now)
            name = _bounded(source, self._counted)
            self._counted[name] += 1
            self._samples.setdefault(name, sample)

    def take_finished(self, now: datetime) -> list[Flood]:
        """The rows of minutes that are over; each is given out once."""
        with self._lock:
            self._turn(now)
            finished, self._finished = self._finished, []
            return finished

    def _turn(self, now: datetime) -> None:
        minute = now.replace(second=0, microsecond=0)
        if self._minute is not None and minute <= self._minute:
            return
        for source, count in self._counted.items():
            assert self._minute is not None
            self._finished.append(Flood(self._minute, source, self._process, count, self._samples[source]))
        self._minute = minute
        self._unverified.clear()
        self._counted.clear()
        self._samples.clear()


def _bounded(source: str, counted: Counter[str]) -> str:
    return source if source in counted or len(counted) < SOURCES else REST


def _is_proxy(source: str, proxies: Networks) -> bool:
    if source == UNKNOWN:
        return False
    address = ip_address(source)
    return any(address in network for network in proxies)


def _address(text: str | None) -> str | None:
    try:
        return str(ip_address(text or ""))
    except ValueError:
        return None
