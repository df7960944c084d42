"""Alerts at set moments over kept connections, as a proxy in front of the web sends them.

Open loop: an answer that is late does not hold up the next alert while one of the connections is free.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shot:
    """What to send, and when (seconds after the start); the body is made just before. `kind` is for the reader."""

    at_s: float
    kind: str
    path: str
    body: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Sent:
    """`sent_ns` is taken right before the bytes leave; status 0: no answer."""

    shot: Shot
    sent_ns: int
    answered_ns: int
    status: int
    answer: dict[str, Any]

    @property
    def answer_ms(self) -> float:
        return (self.answered_ns - self.sent_ns) / 1e6


class Sender:
    """Connections to one web, kept as long as this lives."""

    def __init__(self, port: int, *, connections: int = 8) -> None:
        self._port = port
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="sender")
        self._mine = threading.local()
        self._open: list[socket.socket] = []

    def play(self, shots: Sequence[Shot]) -> list[Sent]:
        """Send all at their moments; returns when all are answered, in the order of the shots."""
        began = time.monotonic() + 0.05
        futures = []
        for shot in sorted(shots, key=lambda shot: shot.at_s):
            time.sleep(max(0.0, began + shot.at_s - time.monotonic()))
            futures.append(self._pool.submit(self._send, shot))
        return [future.result() for future in futures]

    def close(self) -> None:
        self._pool.shutdown()
        for connection in self._open:
            connection.close()

    def _send(self, shot: Shot) -> Sent:
        body = shot.body()
        head = f"POST {shot.path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
        message = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        connection = self._connection()
        sent = time.time_ns()
        try:
            connection.sendall(message)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            text = answer.read()
            return Sent(shot, sent, time.time_ns(), answer.status, json.loads(text))
        except (OSError, http.client.HTTPException, ValueError):
            del self._mine.connection
            return Sent(shot, sent, time.time_ns(), 0, {})

    def _connection(self) -> socket.socket:
        if not hasattr(self._mine, "connection"):
            found = socket.create_connection(("127.0.0.1", self._port), timeout=10)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._mine.connection = found
            self._open.append(found)
        connection: socket.socket = self._mine.connection
        return connection
