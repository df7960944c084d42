"""An HTTP server on loopback that serves an instrument file, well or badly."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tests.instruments.builders import SENTINEL_ROWS

Answer = Callable[[BaseHTTPRequestHandler], None]


class Served:
    """`rows` are served as the file unless `answer` says something else; `hang` never answers."""

    def __init__(self) -> None:
        self.rows: list[dict] = list(SENTINEL_ROWS)
        self.answer: Answer = self.serve
        self.hang = False
        self._ended = Event()

        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if served.hang:
                    served._ended.wait(30)
                else:
                    served.answer(self)

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/master.json"
        self._thread = Thread(target=self._server.serve_forever)

    def __enter__(self) -> Served:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """The file, whole."""
        say(request, json.dumps(self.rows).encode())


def say(request: BaseHTTPRequestHandler, body: bytes, *, status: int = 200, promised: int | None = None) -> None:
    """Answer; `promised` is a length other than the body's: the connection is then cut."""
    request.send_response(status)
    request.send_header("Content-Length", str(promised or len(body)))
    request.end_headers()
    request.wfile.write(body)
