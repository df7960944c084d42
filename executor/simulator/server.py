"""The simulator on ports of loopback: kept HTTP/1.1 connections that can be cut, and a web socket for each feed."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Thread
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from executor.clock import Clock
from executor.simulator.config import SimulatorConfig, credentials
from executor.simulator.faults import ConnectionCut
from executor.simulator.simulation import Simulation
from executor.simulator.wire.http import MASTER_PATH, create_app
from executor.simulator.wire.streams import OrderStream, PriceStream

HOST = "127.0.0.1"
_POLL_S = 0.05  # how soon a stop is noticed


class SimulatorServer:
    """One simulator behind a socket. Use `start` and `stop`, or a `with` block."""

    def __init__(
        self,
        config: SimulatorConfig,
        clock: Clock,
        *,
        port: int = 0,
        feed_ports: tuple[int, int] = (0, 0),
    ) -> None:
        """Listen on `port` and those of order and price feed, a free one for 0. Raises OSError when one is taken."""
        # who trades on paper has the exchange in the process, but no socket to serve
        from executor.simulator.wire.sockets import FeedSocket

        self._config = config
        self._open: set[socket.socket] = set()
        handler = type("Handler", (_Handler,), {"connections": self._open})
        app = create_app(config, clock)
        simulation: Simulation = app.extensions["simulation"]
        self._server: BaseWSGIServer = make_server(HOST, port, app, threaded=True, request_handler=handler)
        orders, prices = OrderStream(simulation), PriceStream(simulation)
        self._order_feed = FeedSocket(orders, host=HOST, port=feed_ports[0], path="smart-order-update")
        self._price_feed = FeedSocket(prices, host=HOST, port=feed_ports[1], path="smart-stream")
        self._thread = Thread(target=self._server.serve_forever, args=(_POLL_S,), name="simulator", daemon=True)

    def __enter__(self) -> SimulatorServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()
        self._order_feed.start()
        self._price_feed.start()

    def stop(self) -> None:
        """Stop listening and cut the connections that are still kept."""
        self._order_feed.stop()
        self._price_feed.stop()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(self._open):
            _cut(connection)

    def describe(self) -> dict[str, Any]:
        """Return what a client needs."""
        base = f"http://{HOST}:{self._server.server_port}"
        login = credentials(self._config.seed)
        return {
            "base_url": base,
            "order_feed_url": self._order_feed.url,
            "price_feed_url": self._price_feed.url,
            "master_url": f"{base}{MASTER_PATH}",
            "control_url": f"{base}/_control",
            "api_key": login.api_key,
            "client_code": login.client_code,
            "pin": login.pin,
            "totp_secret": login.totp_secret,
        }


class _Handler(WSGIRequestHandler):
    """Keeps connections, which werkzeug's own handler does not, and closes them without an answer on a cut."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    connections: set[socket.socket]

    def setup(self) -> None:
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        self.connections.discard(self.connection)
        with suppress(OSError):  # a client that died takes no answer
            super().finish()

    def run_wsgi(self) -> None:
        try:
            answer = Response.from_app(self.server.app, self.make_environ())
        except ConnectionCut:
            self.close_connection = True
            _cut(self.connection)
            return
        is_whole = answer.content_length is not None
        self.send_response_only(answer.status_code)  # without a Date by the system's clock: the application gives one
        for name, value in answer.headers:
            self.send_header(name, value)
        if not is_whole:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in answer.iter_encoded():
            self.wfile.write(piece if is_whole else b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"" if is_whole else b"0\r\n\r\n")
        self.wfile.flush()

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the journal keeps every request."""


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster
