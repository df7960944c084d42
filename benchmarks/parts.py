"""What the way is made of, each part alone at the pace of the load: a reader can add them up.

One durable insert contains the fsync. The control is request + insert + POST; the floor is request + insert + hop +
read + insert + POST. Each is done ten times a second like the alerts, not back to back: a process that slept is
slower, and so are those that are measured.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.control import INSERT, METADATA, open_client
from benchmarks.figures import Figure, spread
from benchmarks.sender import Sender, Shot
from benchmarks.sink import CONTROL
from benchmarks.town import Town
from executor.store.engine import open_database

PITCH_S = 0.1
_PAGE = b"x" * 4096


def parts(town: Town, *, port: int, database_url: str, count: int) -> list[Figure]:
    """One fsync, one insert, one POST to the simulator and one request to the control's web, each `count` times."""
    way_in, answered = _requests(port, count)
    sent, round_trip = _posts(town, count)
    found = [
        ("request → view", way_in, f"gunicorn and Flask alone; answered after {spread(answered).p50:.2f} ms"),
        ("an fsync of 4 KB appended in the state dir", _fsyncs(town.state_dir / "fsync", count), ""),
        ("a durable insert", _inserts(database_url, count), "SQLAlchemy Core, its commit included"),
        ("a POST → simulator", sent, f"httpx, kept connection; answered after {spread(round_trip).p50:.2f} ms"),
    ]
    return [
        Figure("one part alone", f"{name}, {which}", value, "ms", note=note)
        for name, sample, note in found
        for which, value in (("p50", spread(sample).p50), ("p99", spread(sample).p99))
    ]


def body(number: int) -> bytes:
    """About as long as an alert with its token."""
    return json.dumps({"number": number, "token": "x" * 400, "ticker": "SBIN", "action": "buy"}).encode()


def _requests(port: int, count: int) -> tuple[Sequence[float], Sequence[float]]:
    """From the sender's bytes to the view, and until the answer (ms)."""
    sender = Sender(port)
    sent = sender.play([Shot(n * PITCH_S, "bare", "/bare", lambda: body(0)) for n in range(count)])
    sender.close()
    return [(one.answer["at"] - one.sent_ns) / 1e6 for one in sent], [one.answer_ms for one in sent]


def _posts(town: Town, count: int) -> tuple[Sequence[float], Sequence[float]]:
    """From the call to the simulator, and until the answer (ms); the first, which connects, is left out."""
    town.stamps()
    began: list[int] = []
    with open_client(town.environ["SMARTAPI_BASE_URL"]) as client:

        def post() -> None:
            began.append(time.time_ns())
            client.post(CONTROL, content=body(0))

        round_trip = _timed(post, count + 1)
    arrived = [int(stamp["at"]) for stamp in town.stamps() if stamp["route"] == "control"]
    return [(at - start) / 1e6 for start, at in zip(began, arrived, strict=True)][1:], round_trip[1:]


def _inserts(database_url: str, count: int) -> Sequence[float]:
    database = open_database(database_url)
    METADATA.create_all(database.engine)

    def write() -> None:
        with database.unaudited() as connection:
            connection.execute(INSERT, {"at": time.time_ns(), "body": body(0).decode()})

    found = _timed(write, count + 1)[1:]
    database.close()
    return found


def _fsyncs(path: Path, count: int) -> Sequence[float]:
    with path.open("ab", buffering=0) as file:

        def append() -> None:
            file.write(_PAGE)
            os.fsync(file.fileno())

        return _timed(append, count)


def _timed(do: Callable[[], None], count: int) -> list[float]:
    """How long each took (ms)."""
    found = []
    for _ in range(count):
        time.sleep(PITCH_S)
        began = time.perf_counter_ns()
        do()
        found.append((time.perf_counter_ns() - began) / 1e6)
    return found
