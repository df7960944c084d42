"""The wire: the only place of the broker that knows httpx.

One warm client an account (building one costs 21 ms), no retries, no redirects, no settings of the environment. A
call ends within seconds, whatever the host does: as an answer, as *never sent* (proof: no connection was made,
reliability.md F-18) or as *lost*: cut, timed out or broken at any later moment, when nobody can tell whether the broker
worked on it.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpcore
import httpx

from executor.broker.smartapi.bound import BoundBackend
from executor.clock import Clock, SystemClock
from executor.errors import BrokerUnavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: 7 s as the broker's own clients (1.2). A connection is never waited for: there is one for each thread.
_TIMEOUT = httpx.Timeout(7.0, connect=2.0, pool=0.0)
#: A whole call, once connected: the timeouts above are for each piece of it.
_CALL_S = 10.0
#: Whoever follows us at an account waits for our last send (trader/lease.py): so long to connect, the look-up of the
#: name included, and so long what the network does not take may lie in the kernel, which else goes on sending it for
#: minutes after the call was given up, also for a process that is gone.
_CONNECT_S, _UNSENT_S = 7.0, 5.0
#: As many connections as threads may speak at once: 8 writers, 8 for what protects, 4 readers, the session's; and as
#: many of the paper account's, whose quotes may be asked here.
_KEPT = httpx.Limits(max_connections=48, max_keepalive_connections=24, keepalive_expiry=30.0)
#: An order book of a day with a thousand orders has some 1.5 MB; what unpacks to more than this is none.
_LARGEST_ANSWER = 16_000_000
#: The instrument file has some 40 MB (8.1): for the whole of it.
_LARGEST, _LONGEST_S = 400_000_000, 600
_IPV4 = "0.0.0.0"  # noqa: S104 - not a server: leave by IPv4, only such addresses can be registered (4.4)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back, untouched; the body may hold secrets."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NeverSent:
    """No connection was made: proof that the broker did nothing."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Cut or timed out after the connection was made: proof of nothing."""

    why: str


Outcome = RawAnswer | NeverSent | Lost


class Wire:
    """A kept connection to one SmartAPI host. `headers` go with every call."""

    def __init__(
        self, base_url: str, *, headers: Mapping[str, str], transport: httpx.BaseTransport | None = None
    ) -> None:
        self._client = httpx.Client(
            base_url=base_url,
            headers=dict(headers),
            transport=transport or _Network(base_url, _CALL_S),
            timeout=_TIMEOUT,
            trust_env=False,
            follow_redirects=False,
        )

    def call(self, method: str, path: str, *, headers: Mapping[str, str], content: bytes | None = None) -> Outcome:
        """Make one call, once; never raises for what the network does."""
        try:
            with self._client.stream(method, path, headers=dict(headers), content=content) as answer:
                body = _whole(answer)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return NeverSent(_words(error))
        except (httpx.RequestError, OSError) as error:
            return Lost(_words(error))
        return RawAnswer(answer.status_code, dict(answer.headers), body)

    def close(self) -> None:
        self._client.close()


def to_app(app: WSGIApplication) -> httpx.BaseTransport:
    """A transport that calls a WSGI application in this process instead of a host."""
    return httpx.WSGITransport(app=app)


def download(url: str, path: Path, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int:
    """Stream a file (the instrument master) to `path`; returns its bytes. Raises BrokerUnavailable."""
    begun, size = clock.monotonic(), 0
    try:
        with (
            httpx.Client(
                transport=transport or _Network(url, _LONGEST_S),
                timeout=_TIMEOUT,
                trust_env=False,
                follow_redirects=False,
            ) as client,
            client.stream("GET", url) as answer,
            path.open("wb") as out,
        ):
            if answer.status_code != httpx.codes.OK:
                raise BrokerUnavailable(f"the instrument file was answered with HTTP {answer.status_code}, not 200")
            for chunk in answer.iter_bytes():
                size += out.write(chunk)
                if size > _LARGEST or clock.monotonic() - begun > _LONGEST_S:
                    limits = f"{_LONGEST_S} s and {_LARGEST} bytes"
                    raise BrokerUnavailable(f"the instrument file did not end within {limits}")
    except (httpx.HTTPError, OSError) as error:
        raise BrokerUnavailable(f"the instrument file could not be fetched: {_words(error)}") from error
    return size


class _Network(httpx.HTTPTransport):
    """Connections of our own to one host; every call over them ends within `longest_s`."""

    def __init__(self, url: str, longest_s: float) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=_KEPT.max_connections,
            max_keepalive_connections=_KEPT.max_keepalive_connections,
            keepalive_expiry=_KEPT.keepalive_expiry,
            local_address=_IPV4 if url.startswith("https://") else None,
            retries=0,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(_UNSENT_S * 1000))],
            network_backend=BoundBackend(longest_s, SystemClock(), connect_s=_CONNECT_S),
        )


def _whole(answer: httpx.Response) -> bytes:
    """The body, unpacked. Raises DecodingError for one that is too large to be an answer."""
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > _LARGEST_ANSWER:
            raise httpx.DecodingError(f"the answer is larger than {_LARGEST_ANSWER} bytes", request=answer.request)
    return bytes(body)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
