"""The simulator with a stamp on what arrives, as a process: `python -m benchmarks.sink --clock-file F [--master F]`.

Around the simulator's application lies a thin one: it notes when an order call or a call of the control arrived,
takes the control's calls itself, tells the stamps, and serves a large instrument file. It prints what
`executor simulator --json` prints.
"""

from __future__ import annotations

import io
import json
import signal
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any
from wsgiref.util import FileWrapper

import click
from flask import Flask

from executor.clock import SimulatedClock
from executor.simulator import SimulatorConfig, SimulatorServer, server
from executor.simulator.wire.http import create_app

CONTROL, STAMPS, MASTER = "/_bench/control", "/_bench/stamps", "/_bench/master"
#: A Wednesday in the session, as everything that plays a day here uses it.
MORNING = datetime(2026, 11, 25, 3, 50, tzinfo=UTC)
_WRITES = ("placeOrder", "modifyOrder", "cancelOrder")

_Answer = Iterable[bytes]


class Stamped:
    """A WSGI application around the simulator's."""

    def __init__(self, inner: Flask, master: Path | None) -> None:
        self._inner = inner
        self.extensions = inner.extensions
        self._master = master
        self._stamps: list[tuple[int, str, bytes]] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> _Answer:
        at = time.time_ns()
        path = environ["PATH_INFO"]
        route = path.rpartition("/")[2]
        if path == CONTROL or route in _WRITES:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            self._stamps.append((at, route, body))
        if path == CONTROL:
            return _json(start, {"status": True, "message": "SUCCESS"})
        if path == STAMPS:
            return _json(start, self._told())
        if path == MASTER and self._master:
            start("200 OK", [("Content-Type", "application/json")])
            return FileWrapper(self._master.open("rb"), 1 << 16)
        return self._inner(environ, start)

    def _told(self) -> list[dict[str, Any]]:
        """All stamps so far, and forget them."""
        stamps, self._stamps = self._stamps, []
        found = []
        for at, route, body in stamps:
            said = json.loads(body)
            found.append({"at": at, "route": route, "tag": said.get("ordertag"), "number": said.get("number")})
        return found


def _json(start: Callable[..., Any], value: Any) -> _Answer:
    body = json.dumps(value).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


@click.command()
@click.option("--clock-file", type=click.Path(path_type=Path), required=True)
@click.option("--master", type=click.Path(path_type=Path))
def main(*, clock_file: Path, master: Path | None) -> None:
    """Serve until stopped."""
    sys.setswitchinterval(0.0005)  # what an order waits for in the simulator's interpreter is not ours
    stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    setattr(server, "create_app", lambda config, clock: Stamped(create_app(config, clock), master))  # noqa: B010
    clock = SimulatedClock(MORNING, publish=clock_file)
    with SimulatorServer(SimulatorConfig(seed=5), clock) as running:
        click.echo(json.dumps(running.describe()))
        stopped.wait()


if __name__ == "__main__":
    main()
