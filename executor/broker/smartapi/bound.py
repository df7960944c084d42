"""A bound on a whole call: from its first byte that leaves to the last that comes back.

Timeouts of sockets are for each piece, so a host that drips bytes would hold a call, its thread and its connection for
ever. Here no piece may take longer than what is left of the call. What is written after something was read begins the
next call of a kept connection. It ends as any timeout does: nobody can tell what the broker did.

To connect has a bound of its own, for the whole of it: looking up a name has no timeout at all, and every address of it
has one for itself. What connects later than that sends nothing any more: the lease it was asked for may be another's.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from executor.clock import Clock


class BoundBackend(httpcore.NetworkBackend):
    """Connections that are made within `connect_s`, and whose calls end within `longest_s`."""

    def __init__(self, longest_s: float, clock: Clock, *, connect_s: float) -> None:
        self._longest_s = longest_s
        self._connect_s = connect_s
        self._clock = clock
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        by = self._clock.monotonic() + self._connect_s
        stream = self._network.connect_tcp(host, port, timeout, local_address, socket_options)
        made = _Bound(stream, self._longest_s, self._clock, by=by)
        made.left_to_connect()
        return made


class _Bound(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, longest_s: float, clock: Clock, *, by: float) -> None:
        self._stream = stream
        self._longest_s = longest_s
        self._clock = clock
        self._by = by
        self._ends = 0.0
        self._answered = True

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._answered = True
        return self._stream.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._answered:
            self._answered, self._ends = False, self._clock.monotonic() + self._longest_s
        self._stream.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self.left_to_connect()
        until = left if timeout is None else min(left, timeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, until)
        return _Bound(stream, self._longest_s, self._clock, by=self._by)

    def left_to_connect(self) -> float:
        """The seconds in which this has to be connected. Raises ConnectTimeout when they are over."""
        left = self._by - self._clock.monotonic()
        if left <= 0:
            self.close()
            raise httpcore.ConnectTimeout("connecting took so long that nothing is sent any more")
        return left

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, timeout: float | None, late: type[Exception]) -> float:
        left = self._ends - self._clock.monotonic()
        if left <= 0:
            raise late(f"the call did not end within {self._longest_s:g} s")
        return left if timeout is None else min(left, timeout)
