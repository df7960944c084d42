"""Where an arrival comes from, which of its headers are kept, and how many unverified ones a source may send.

An address in X-Forwarded-For is believed only when a configured proxy wrote it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from werkzeug.datastructures import Headers

from executor.config.certificate import bare
from executor.domain.delivery import Flood

Networks = Sequence[IPv4Network | IPv6Network]

#: Unverified arrivals a minute and source that are kept one by one, and how many bytes of them. Each process counts
#: for itself.
UNVERIFIED_A_MINUTE = 120
UNVERIFIED_BYTES = 512 * 1024
#: The same for all sources together: a secret that leaked must not fill the disk from a thousand places.
ALL_UNVERIFIED_BYTES = 4 * 1024 * 1024
#: The same for all sources at addresses that anybody may guess, because they hold no secret.
ANYONES_BYTES = 256 * 1024
#: What a delivery costs beside its body: headers, layers, its audit entry.
_ROW_BYTES = 1024
#: Sources told apart in a minute; the rest is counted together, so that no flood fills the memory.
SOURCES = 500
REST = "ALL"
UNKNOWN = "unknown"

#: The fingerprint of the sender's certificate, as the proxy saw it (docs/nginx.conf).
_CERTIFICATE = "X-Client-Certificate"
_SIGNED = ("Webhook-Id", "Webhook-Timestamp")
_KEPT = ("User-Agent", "Content-Type", "Content-Length", "X-Forwarded-For", "X-Forwarded-Proto", _CERTIFICATE, *_SIGNED)
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


def is_certified(headers: Headers, peer: str | None, *, certificates: frozenset[str], proxies: Networks) -> bool | None:
    """Whether a proxy of ours saw one of these certificates; None where none is asked for."""
    if not certificates:
        return None
    return _is_proxy(_address(peer) or UNKNOWN, proxies) and bare(headers.get(_CERTIFICATE, "")) in certificates


class Floods:
    """Counts arrivals that are not kept. Safe between threads; the time is passed in."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._lock = threading.Lock()
        self._minute: datetime | None = None
        self._unverified: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._anyones_bytes = 0
        self._counted: Counter[str] = Counter()
        self._samples: dict[str, str] = {}
        self._finished: list[Flood] = []

    def is_over(self, source: str, size: int, now: datetime, *, anyones: bool = False) -> bool:
        """Count an unverified arrival of `size` bytes; whether this minute has had too many to keep it.

        `anyones`: it came to an address that holds no secret, which takes nothing from what others may fill.
        """
        with self._lock:
            self._turn(now)
            name = _bounded(source, self._unverified)
            self._unverified[name] += 1
            if self._unverified[name] > UNVERIFIED_A_MINUTE:
                return True
            if anyones:
                self._anyones_bytes += size + _ROW_BYTES
                return self._anyones_bytes > ANYONES_BYTES
            self._bytes[name] += size + _ROW_BYTES
            return self._bytes[name] > UNVERIFIED_BYTES or self._bytes.total() > ALL_UNVERIFIED_BYTES

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
            return self._take()

    def take_all(self) -> list[Flood]:
        """The rows of this minute too: the process ends, and nothing is counted any more."""
        with self._lock:
            self._finish()
            return self._take()

    def _turn(self, now: datetime) -> None:
        minute = now.replace(second=0, microsecond=0)
        if self._minute is None or minute > self._minute:
            self._finish()
            self._minute = minute

    def _finish(self) -> None:
        for source, count in self._counted.items():
            assert self._minute is not None
            self._finished.append(Flood(self._minute, source, self._process, count, self._samples[source]))
        for counted in (self._unverified, self._bytes, self._counted, self._samples):
            counted.clear()
        self._anyones_bytes = 0

    def _take(self) -> list[Flood]:
        taken, self._finished = self._finished, []
        return taken


def _bounded(source: str, counted: Counter[str]) -> str:
    return source if source in counted or len(counted) < SOURCES else REST


def _is_proxy(source: str, proxies: Networks) -> bool:
    if source == UNKNOWN:
        return False
    address = ip_address(source)
    return any(address in network for network in proxies)


def _address(text: str | None) -> str | None:
    """The one way to write an address; the zone of an IPv6 address may be any text, so there is none here."""
    try:
        found = ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)
