"""Where stories are told many times: one Rig is prepared (strategies, login, reconciliation), each telling is a fork of
it on a database that was put back as it was.

So a run costs what its own events cost, and the same crashes give the same run in any process.
"""

from __future__ import annotations

import gc
import logging
import shutil
import time
from collections.abc import Iterable
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any, Protocol

from sqlalchemy import create_engine, make_url

from executor.domain.ids import Ids
from executor.store.engine import Database, open_database
from tests.builders import a_store
from tests.campaigns.endings import judge
from tests.campaigns.plan import START
from tests.campaigns.rig import HostClock, Rig
from tests.campaigns.scenarios import SCENARIOS, Scenario
from tests.campaigns.story import At, Story

#: A telling that takes longer than this hangs.
_HANGS_S = 60.0
_SEED = 1


class Keep(Protocol):
    """A database as it was, to be put back; nobody is connected then."""

    def put_back(self) -> None: ...

    def renew(self) -> None:
        """Keep it as it is now."""

    def forget(self) -> None:
        """Leave nothing behind."""


class Theatre:
    """Tells stories on a migrated, empty database that belongs to nobody else."""

    def __init__(self, url: str, kind: type[Rig] = Rig) -> None:
        self._keep: Keep = _File(url) if url.startswith("sqlite") else _Template(url)
        database = open_database(url)
        self._rig = _prepared(database, kind)
        story = Story(self._rig)
        SCENARIOS["exit"].tell(story)  # what is made once (statements, templates) shall not be made in every fork
        judge(story, SCENARIOS["exit"])
        database.close()
        self._keep.put_back()
        self._rig = _prepared(database, kind)
        database.close()
        self._keep.renew()

    def tell(self, scenario: Scenario, crashes: Iterable[At] = ()) -> dict[str, Any]:
        """Tell a story in a fork; a line of results. What breaks or hangs is a violation too."""
        self._keep.put_back()
        began = time.perf_counter()
        context = get_context("fork")
        mine, its = context.Pipe(duplex=False)
        fork = context.Process(target=self._tell, args=(scenario, tuple(crashes), its))
        fork.start()
        its.close()
        line = _received(mine)
        if line is None:
            fork.kill()
            line = {"violations": {"broken": ["the run broke or hung: its traceback is on stderr"]}}
        fork.join()
        return {**line, "wall_s": round(time.perf_counter() - began, 4)}

    def close(self) -> None:
        self._keep.forget()

    def _tell(self, scenario: Scenario, crashes: tuple[At, ...], pipe: Connection) -> None:
        gc.disable()  # it would touch, and so copy, all that the fork shares
        logging.disable(logging.CRITICAL)
        story = Story(self._rig, crashes)
        scenario.tell(story)
        story.rest()
        pipe.send({
            **judge(story, scenario),
            "passed": {name: seam.count for name, seam in story.seams.items()},
            "moments": story.moments(),
            "missed": [str(one) for one in crashes if one.point in story.seams[one.seam].points],
            "cpu_s": round(time.process_time(), 4),
        })  # fmt: skip


def _prepared(database: Database, kind: type[Rig]) -> Rig:
    """Strategies, login and reconciliation done; what fills in parts stands in the stories."""
    clock = HostClock(START)
    store = a_store(database, new_id=Ids(clock.now, Random(f"{_SEED}/store")).new)
    rig = kind(store, clock, Ids(clock.now, Random(f"{_SEED}/first")), seed=_SEED)
    exchange = rig.simulation.exchange
    exchange.rules = replace(exchange.rules, partial_fills=0.0)
    for key in exchange.walks:  # a price that is held costs nothing
        exchange.set_price(key, exchange.walk(key).ltp)
    Story(rig).wait(6)
    return rig


def _received(pipe: Connection) -> dict[str, Any] | None:
    """What a fork says; None when it says nothing."""
    try:
        found: dict[str, Any] | None = pipe.recv() if pipe.poll(_HANGS_S) else None
    except EOFError:
        return None
    return found


class _File:
    """A SQLite file and a copy of it."""

    def __init__(self, url: str) -> None:
        self._path = make_url(url).database or ""
        self.renew()

    def renew(self) -> None:
        shutil.copy(self._path, f"{self._path}.kept")

    def put_back(self) -> None:
        for log in ("-wal", "-shm"):
            Path(self._path + log).unlink(missing_ok=True)
        shutil.copy(f"{self._path}.kept", self._path)

    def forget(self) -> None:
        Path(f"{self._path}.kept").unlink()


class _Template:
    """A database of Postgres and a copy of it, made from it as a template."""

    def __init__(self, url: str) -> None:
        self._name = make_url(url).database
        self._admin = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
        self.renew()

    def renew(self) -> None:
        self._run(f"DROP DATABASE IF EXISTS {self._name}_kept")
        self._run(f"CREATE DATABASE {self._name}_kept TEMPLATE {self._name}")

    def put_back(self) -> None:
        self._run(f"DROP DATABASE {self._name} WITH (FORCE)")
        self._run(f"CREATE DATABASE {self._name} TEMPLATE {self._name}_kept")

    def forget(self) -> None:
        self._run(f"DROP DATABASE {self._name}_kept")
        self._admin.dispose()

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)
