"""The store as one value: its rooms over one database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from executor.store.commands import Commands
from executor.store.engine import Database
from executor.store.intake import Intake
from executor.store.ledger import Ledger
from executor.store.loads import Loads
from executor.store.master import Master
from executor.store.pages import Pages
from executor.store.people import People, StrategyReader, StrategyWriter
from executor.store.recovery import Recovery


@dataclass(frozen=True, slots=True)
class Store:
    database: Database
    intake: Intake
    ledger: Ledger
    people: People
    master: Master
    loads: Loads
    recovery: Recovery
    commands: Commands
    pages: Pages


def build_store(
    database: Database,
    *,
    new_id: Callable[[], str],
    read_strategy: StrategyReader,
    write_strategy: StrategyWriter,
) -> Store:
    return Store(
        database=database,
        intake=Intake(database),
        ledger=Ledger(database, new_id=new_id),
        people=People(database, read_strategy=read_strategy, write_strategy=write_strategy),
        master=Master(database),
        loads=Loads(database),
        recovery=Recovery(database),
        commands=Commands(database, new_id=new_id),
        pages=Pages(database),
    )
