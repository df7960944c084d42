"""The floor: what the way of DESIGN.md section 2 costs with nothing else on it. Two commits, and a hop between.

    gunicorn -c executor/web/gunicorn_conf.py "benchmarks.floor:create_app()"        python -m benchmarks.floor

The first is the control's view with a bell where the control has its POST: one durable insert, and the row's id to
the other process (a Unix datagram beside SQLite, NOTIFY in the same transaction on Postgres). The second waits for
the id in its main thread and has no other: it reads the row, does a second durable insert and POSTs. Engine,
statements, client and headers are the control's. No audit, no token, no decision, no permit: two commits in two
processes can do no less with these statements and libraries.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, bindparam, func, insert, select

from benchmarks.control import NoFloods, open_client
from benchmarks.sink import CONTROL
from executor.doorbell import bell_path
from executor.store.engine import Database, open_database

#: A file in BENCH_FOLDER: the second process listens.
READY = "ready"
_CHANNEL = "bench_floor"
_METADATA = MetaData()
_DELIVERY = Table(
    "bench_delivery",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
_INTENT = Table(
    "bench_intent",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("delivery", Integer, nullable=False),
)
_DELIVER, _INTEND = insert(_DELIVERY), insert(_INTENT)
_READ = select(_DELIVERY.c.body).where(_DELIVERY.c.id == bindparam("row"))
_NOTIFY = select(func.pg_notify(_CHANNEL, bindparam("row")))


def create_app() -> Flask:
    """The first process; BENCH_DATABASE_URL and BENCH_FOLDER say where to. The second has made the tables."""
    database, bell = open_database(os.environ["BENCH_DATABASE_URL"]), _bell_of(Path(os.environ["BENCH_FOLDER"]))
    ringing = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    app = Flask(__name__, static_folder=None)
    app.extensions["flood_writer"] = NoFloods()

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok")

    @app.post("/floor")
    def floor() -> Response:
        row = _deliver(database, request.get_data().decode())
        if database.is_sqlite:
            ringing.sendto(row.encode(), bell)
        return Response('{"state": "done"}', status=202, mimetype="application/json")

    return app


def main() -> None:
    """The second process: BENCH_DATABASE_URL, BENCH_FOLDER and BENCH_SINK_URL say where."""
    folder = Path(os.environ["BENCH_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    database, client = open_database(os.environ["BENCH_DATABASE_URL"]), open_client(os.environ["BENCH_SINK_URL"])
    _METADATA.create_all(database.engine)
    for row in _datagrams(folder) if database.is_sqlite else _notices(database, folder):
        body = _intend(database, row)
        client.post(CONTROL, content=body.encode())


def _deliver(database: Database, body: str) -> str:
    """The first commit: the id of its row."""
    with database.unaudited() as connection:
        made: Any = connection.execute(_DELIVER, {"at": time.time_ns(), "body": body}).inserted_primary_key
        row = str(made[0])
        if not database.is_sqlite:
            connection.execute(_NOTIFY, {"row": row})
    return row


def _intend(database: Database, row: int) -> str:
    """What the first process wrote, after the second commit."""
    with database.glance() as connection:
        body: str = connection.execute(_READ, {"row": row}).scalar_one()
    with database.unaudited() as connection:
        connection.execute(_INTEND, {"at": time.time_ns(), "delivery": row})
    return body


def _datagrams(folder: Path) -> Iterator[int]:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(_bell_of(folder))
    (folder / READY).touch()
    while True:
        yield int(listening.recv(32))


def _notices(database: Database, folder: Path) -> Iterator[int]:
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"LISTEN {_CHANNEL}")
        (folder / READY).touch()
        raw: Any = connection.connection.dbapi_connection
        for notice in raw.notifies():
            yield int(notice.payload)


def _bell_of(folder: Path) -> str:
    return str(bell_path(folder))


if __name__ == "__main__":
    main()
