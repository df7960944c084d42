"""The control: the least that any such program must do. One durable insert by SQLAlchemy Core, one POST by httpx.

Served as the product's web is: `gunicorn -c executor/web/gunicorn_conf.py "benchmarks.control:create_app()"`. The
engine is the product's own (WAL and synchronous=FULL; Postgres with synchronous_commit on), the insert one statement
made once, the client kept and its headers preset; nothing is verified, nothing handed to another thread. `/bare` is
the same without insert and POST: what a request alone costs (parts.py).
"""

from __future__ import annotations

import os
import time

import httpx
from flask import Flask, Response, request
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, insert

from benchmarks.sink import CONTROL
from executor.store.engine import open_database

METADATA = MetaData()
_TABLE = Table(
    "bench_control",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
INSERT = insert(_TABLE)
#: As many and as long as those of the broker's calls.
HEADERS = {
    "Authorization": "Bearer " + "x" * 600,
    "Content-Type": "application/json",
    "Accept": "application/json",
    "X-UserType": "USER",
    "X-SourceID": "WEB",
    "X-ClientLocalIP": "127.0.0.1",
    "X-ClientPublicIP": "127.0.0.1",
    "X-MACAddress": "00:00:00:00:00:00",
    "X-PrivateKey": "control0",
}


class NoFloods:
    """What gunicorn_conf.py starts in each worker and stops."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


def open_client(sink_url: str) -> httpx.Client:
    """The client that is kept; all that POST here have the same."""
    return httpx.Client(base_url=sink_url, headers=HEADERS, trust_env=False)


def create_app() -> Flask:
    """The application; BENCH_DATABASE_URL and BENCH_SINK_URL say where to."""
    database = open_database(os.environ["BENCH_DATABASE_URL"])
    METADATA.create_all(database.engine)
    client = open_client(os.environ["BENCH_SINK_URL"])
    app = Flask(__name__, static_folder=None)
    app.extensions["flood_writer"] = NoFloods()

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok")

    @app.post("/bare")
    def bare() -> Response:
        at, _ = time.time_ns(), request.get_data()
        return Response(f'{{"at": {at}}}', status=202, mimetype="application/json")

    @app.post("/control")
    def control() -> Response:
        body = request.get_data()
        with database.unaudited() as connection:
            connection.execute(INSERT, {"at": time.time_ns(), "body": body.decode()})
        client.post(CONTROL, content=body)
        return Response('{"state": "done"}', status=202, mimetype="application/json")

    return app
