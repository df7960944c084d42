"""A web socket as `Frames`: the only place of the broker that knows websockets.

Compression off, no redirects, no proxy of the environment; it leaves by IPv4, as the REST calls do (smartapi.md 4.4).
A ping goes out as text and as a control frame, for either may be the one that is answered (7.1).
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from threading import Event
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from executor.errors import FeedLost, FeedRefused

PING, PONG = "ping", "pong"
_CONNECT_S, _CLOSE_S = 5.0, 0.5
_ANY_IPV4 = ("0.0.0.0", 0)  # noqa: S104 - not a server
_PORTS = {"wss": 443, "ws": 80}
_LARGEST_FRAME = 64 * 1024


class WebSocket:
    """One connection. `send` and `close` may be called by another thread than the one that receives."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._pong: Event | None = None

    def receive(self, timeout_s: float) -> bytes | str | None:
        """The next frame, or `pong` when a control frame said so. Raises FeedLost."""
        try:
            return self._connection.recv(timeout=timeout_s)
        except TimeoutError:
            if self._pong is None or not self._pong.is_set():
                return None
            self._pong = None
            return PONG
        except (ConnectionClosed, OSError) as error:
            raise FeedLost(_words(error)) from error

    def send(self, frame: bytes | str) -> None:
        """Raises FeedLost."""
        try:
            self._connection.send(frame)
            if frame == PING:
                self._pong = self._connection.ping()
        except (ConnectionClosed, OSError) as error:
            raise FeedLost(_words(error)) from error

    def close(self) -> None:
        with suppress(ConnectionClosed, OSError):
            self._connection.close()


def open_socket(url: str, headers: Mapping[str, str]) -> WebSocket:
    """Connect. Raises FeedRefused with the status of a refused handshake, FeedLost for anything else."""
    try:
        connection = connect(
            url,
            sock=_dial(url),  # with a socket of ours a redirect to another host fails: it would carry the tokens there
            additional_headers=dict(headers),
            compression=None,
            proxy=None,
            ping_interval=None,
            open_timeout=_CONNECT_S,
            close_timeout=_CLOSE_S,
            max_size=_LARGEST_FRAME,
            legacy=True,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        told = error.response.headers.get("x-error-message", "")
        raise FeedRefused(f"the handshake was refused with HTTP {status} {told}".strip(), status) from error
    except (WebSocketException, OSError, EOFError) as error:
        raise FeedLost(_words(error)) from error
    return WebSocket(connection)


def _dial(url: str) -> socket.socket:
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
    local = _ANY_IPV4 if parts.scheme == "wss" else None
    return socket.create_connection(address, timeout=_CONNECT_S, source_address=local)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
