"""A Postgres for the tests: TEST_DATABASE_URL, or a private cluster from installed binaries; a database a test.

The private cluster runs as another user when the tests run as root (initdb refuses root), listens on a Unix socket
in its own directory only, and keeps fsync on: the store checks it. The role of TEST_DATABASE_URL must be allowed to
create databases.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, make_url

from executor.store.engine import open_database
from executor.store.upgrade import upgrade

_ROLE = "executor"


class NoPostgres(Exception):
    """There is neither a server nor the means to start one; the text says what to install or set."""


class Server:
    """A server on which each test gets a database of its own, copied from a migrated template."""

    def __init__(self, url: URL) -> None:
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")
        self._numbers = count()
        self._prefix = f"executor_test_{os.getpid()}"
        self._template = self._create("template0")
        database = open_database(self._url(self._template))
        upgrade(database)
        database.close()

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """The URL of a fresh database with the newest schema."""
        name = self._create(self._template)
        yield self._url(name)
        self._drop(name)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a fresh database without a table."""
        name = self._create("template0")
        yield self._url(name)
        self._drop(name)

    def close(self) -> None:
        self._drop(self._template)
        self._admin.dispose()

    def _create(self, template: str) -> str:
        name = f"{self._prefix}_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _drop(self, name: str) -> None:
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)

    def _url(self, name: str) -> str:
        return self._admin.url.set(database=name).render_as_string(hide_password=False)


@contextmanager
def running_server() -> Iterator[Server]:
    """The server of this test session. Raises NoPostgres."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        server = Server(make_url(given).set(drivername="postgresql+psycopg"))
        yield server
        server.close()
        return
    with private_cluster() as cluster:
        server = Server(cluster.url)
        yield server
        server.close()


class Cluster:
    """A server of our own in a folder; it can be stopped and started again."""

    def __init__(self, home: str, other: dict[str, Any]) -> None:
        self._home = home
        self._binaries = _binaries()
        # the server inherits our pipes if it is given them: its output goes to the log file
        self._quiet = {"check": True, "cwd": home, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **other}
        self.url = URL.create("postgresql+psycopg", username=_ROLE, database="postgres", query={"host": home})

    def make(self) -> None:
        words = ["-U", _ROLE, "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run([self._binaries / "initdb", "-D", f"{self._home}/data", *words], **self._quiet)

    def start(self) -> None:
        settings = (
            f"-c listen_addresses='' -c unix_socket_directories={self._home} -c shared_buffers=16MB "
            "-c max_connections=60"
        )
        self._control("-l", f"{self._home}/log", "-o", settings, "-w", "start")

    def stop(self) -> None:
        """End it as a power cut does, but for what is committed."""
        self._control("-m", "immediate", "-w", "stop")

    def _control(self, *words: str) -> None:
        subprocess.run([self._binaries / "pg_ctl", "-D", f"{self._home}/data", *words], **self._quiet)


@contextmanager
def private_cluster() -> Iterator[Cluster]:
    """A running server of our own. Raises NoPostgres."""
    with tempfile.TemporaryDirectory(prefix="executor-pg-", ignore_cleanup_errors=True) as home:
        cluster = Cluster(home, _other_user(Path(home)))
        cluster.make()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


def _binaries() -> Path:
    """The folder of the newest installed server. Raises NoPostgres."""
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = sorted(installed, key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    raise NoPostgres("no PostgreSQL: set TEST_DATABASE_URL or install its server (Debian: apt-get install postgresql)")


def _other_user(home: Path) -> dict[str, Any]:
    """How a subprocess becomes another user, who then owns `home`; nothing to do unless we are root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    os.chown(home, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
