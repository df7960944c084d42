"""A person at the command line beside a whole trader: while the command waits for its answer, the trader runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from executor import bootstrap
from executor.cli import command, main
from executor.clock import ManualClock
from executor.config.environment import open_settings
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.store.store import Store
from executor.trader.loop import SWEEP_S
from tests.house import House


def runner(*noun: str) -> Callable[..., str]:
    """What runs `executor NOUN …` and gives back what was printed; it must end with `code`."""

    def run(*arguments: str, code: int = 0, given: str | None = None) -> str:
        done = CliRunner().invoke(main, [*noun, *arguments], input=given)
        assert done.exit_code == code, done.output
        return done.output

    return run


@dataclass
class Office:
    """`house` is the trader of the account `default`; None: no trader ever ran."""

    store: Store
    state_dir: Path
    house: House | None = None
    awake: bool = True

    def run(self, *arguments: str, code: int = 0, typed: str | None = None) -> str:
        return runner()(*arguments, code=code, given=typed)

    def run_json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code))

    def wait(self, timeout: float) -> None:
        """The pause between two looks."""
        if self.house is not None and self.awake:
            self.house.run(SWEEP_S)

    def halts(self) -> set[tuple[str, str, str, str]]:
        return {(halt.scope, halt.kind, halt.why, halt.by) for halt in self.store.pages.standing().halts}

    @property
    def kill_file(self) -> Path:
        return self.state_dir / "KILL"


def an_office(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The command line over a database with the account `default`; waits are short."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SECRET_KEY", "a secret key of this test, long enough")
    monkeypatch.setenv("EXECUTOR_STATE_DIR", str(tmp_path / "var"))
    office = Office(bootstrap.open_store(open_settings()), tmp_path / "var")
    monkeypatch.setattr(command, "Flag", lambda: office)
    monkeypatch.setattr(command, "WAIT_S", 0.5)
    return office


def move_in(office: Office, clock: ManualClock, ids: Ids) -> House:
    """Start a trader with SBIN at 800."""
    house = House(office.store, clock, ids, kill_file=office.kill_file)
    office.state_dir.mkdir(exist_ok=True)
    (office.state_dir / "trader.lock").touch()
    house.price("800")
    house.run(3)
    office.house = house
    return house


def add_account(office: Office, name: str, kind: AccountKind, ids: Ids, clock: ManualClock) -> None:
    office.store.people.add_account(Account(name, kind), by="test", at=clock.now(), new_id=ids.new)
