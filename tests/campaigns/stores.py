"""Empty stores for campaigns, one after the other, cheap: SQLite files in memory, databases on a private Postgres."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random

from sqlalchemy import make_url

from executor.domain.ids import Ids
from executor.store.engine import open_database
from executor.store.store import Store
from executor.store.upgrade import upgrade
from tests.builders import a_store
from tests.campaigns.plan import START
from tests.postgres import Server, private_cluster

_MEMORY = Path("/dev/shm")


def in_memory() -> str | None:
    """A folder in memory, None where the system has none: a campaign proves order, not disks."""
    return str(_MEMORY) if _MEMORY.is_dir() else None


@contextmanager
def server_url(kind: str) -> Iterator[str | None]:
    """The address of a server for all workers of a campaign; None for SQLite, which needs none."""
    if kind == "sqlite":
        yield None
        return
    before, tempfile.tempdir = tempfile.tempdir, in_memory()
    try:
        with private_cluster() as cluster:
            yield cluster.url.render_as_string(hide_password=False)
    finally:
        tempfile.tempdir = before


class StoreMaker:
    """Makes empty migrated stores in this process; `close` when done."""

    def __init__(self, server: str | None) -> None:
        self._home = tempfile.TemporaryDirectory(dir=in_memory(), prefix="campaign-")
        self._numbers = count()
        self._server = Server(make_url(server)) if server else None
        self._template = Path(self._home.name) / "template.db"
        if self._server is None:
            database = open_database(f"sqlite:///{self._template}")
            upgrade(database)
            database.close()

    @contextmanager
    def a_store(self) -> Iterator[Store]:
        """One empty store; gone afterwards."""
        if self._server is None:
            path = Path(self._home.name) / f"{next(self._numbers)}.db"
            shutil.copy(self._template, path)
            with opened_store(f"sqlite:///{path}") as store:
                yield store
            for left in path.parent.glob(f"{path.name}*"):
                left.unlink()
            return
        with self._server.migrated() as url, opened_store(url) as store:
            yield store

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._home.cleanup()


@contextmanager
def opened_store(url: str) -> Iterator[Store]:
    """The store on a migrated, empty database."""
    database = open_database(url)
    try:
        yield a_store(database, new_id=Ids(lambda: START, Random("campaign")).new)
    finally:
        database.close()
