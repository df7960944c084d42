"""The two feeds on ports of loopback: a thread a connection, and one that pumps while somebody listens."""

from __future__ import annotations

import logging
from contextlib import suppress
from http import HTTPStatus
from queue import Empty
from threading import Event, Thread

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from executor.simulator.wire.streams import Listener, Stream

#: How soon news leave, and how long a silent client is kept (smartapi.md 7.1).
_PUMP_S = 0.02
_PATIENCE_S = 60.0
#: How soon the end of a connection is noticed.
_LOOK_S = 0.1


class FeedSocket:
    """One stream behind a web socket."""

    def __init__(self, stream: Stream, *, host: str, port: int, path: str) -> None:
        """Listen on `port`, or on a free one for 0. Raises OSError when it is taken."""
        self._stream = stream
        self._stopped = Event()
        self._server: Server = serve(
            self._serve,
            host,
            port,
            process_request=self._admit,
            compression=None,
            ping_interval=None,
            close_timeout=0.5,
            logger=_quiet(),
        )
        port = self._server.socket.getsockname()[1]
        self.url = f"ws://{host}:{port}/{path}"
        self._threads = [
            Thread(target=self._server.serve_forever, name=path, daemon=True),
            Thread(target=self._pump, name=f"{path}-pump", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        refused = self._stream.refusal(request.headers)
        if refused is None:
            return None
        status, text = refused
        response = connection.respond(HTTPStatus(status), text)
        response.headers["x-error-message"] = text
        return response

    def _serve(self, connection: ServerConnection) -> None:
        listener = self._stream.open()
        sender = Thread(target=self._send, args=[connection, listener], daemon=True)
        sender.start()
        with suppress(ConnectionClosed, TimeoutError):
            while not self._stopped.is_set():
                self._stream.take(listener, connection.recv(timeout=_PATIENCE_S))
        listener.cut = True
        sender.join()
        self._stream.close(listener)

    def _send(self, connection: ServerConnection, listener: Listener) -> None:
        with suppress(ConnectionClosed):
            while not listener.cut and not self._stopped.is_set():
                with suppress(Empty):
                    connection.send(listener.outbox.get(timeout=_LOOK_S))
        connection.close()

    def _pump(self) -> None:
        while not self._stopped.wait(_PUMP_S):
            if self._stream.has_listeners:
                self._stream.pump()


def _quiet() -> logging.Logger:
    """A client that is killed is no error here."""
    logger = logging.getLogger(f"{__name__}.quiet")
    logger.setLevel(logging.CRITICAL)
    return logger
