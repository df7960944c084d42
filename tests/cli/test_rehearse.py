"""`executor rehearse` over a simulator on a port, and what it opens: `executor account unhalt`."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from click.testing import CliRunner

from executor import bootstrap
from executor.bootstrap import rehearsal
from executor.bootstrap.setup import upgrade_database
from executor.cli import main
from executor.clock import IST, SimulatedClock
from executor.config.environment import open_settings
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.simulator import SimulatorConfig
from executor.simulator.server import SimulatorServer
from executor.store.accounts import REHEARSAL, Accounts
from executor.store.store import Store

#: The simulated day runs so much faster; waits of the rehearsal are shortened alike.
SPEED = 20.0
OPEN = datetime(2026, 11, 25, 10, 0, tzinfo=IST)


class Quick:
    def __init__(self) -> None:
        self._flag = Flag()

    def wait(self, seconds: float) -> None:
        self._flag.wait(seconds / SPEED)


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def broker(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatorServer]:
    """A Wednesday at ten, the instruments refreshed; no trader runs."""
    yield from a_broker(sqlite_url, tmp_path, monkeypatch, OPEN)


def a_broker(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: datetime
) -> Iterator[SimulatorServer]:
    clock = SimulatedClock(at, speed=SPEED, publish=tmp_path / "clock.json")
    with SimulatorServer(SimulatorConfig(seed=5), clock) as server:
        told = server.describe()
        names = {"base_url": "SMARTAPI_BASE_URL", "master_url": "SMARTAPI_MASTER_URL", "pin": "SMARTAPI_PIN"}
        names |= {"api_key": "SMARTAPI_API_KEY", "client_code": "SMARTAPI_CLIENT_CODE"}
        names |= {"totp_secret": "SMARTAPI_TOTP_SECRET", "order_feed_url": "SMARTAPI_ORDER_FEED_URL"}
        for name, setting in names.items():
            monkeypatch.setenv(setting, told[name])
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DATABASE_URL", sqlite_url)
        monkeypatch.setenv("SECRET_KEY", "a secret key of this test, long enough")
        monkeypatch.setenv("EXECUTOR_STATE_DIR", str(tmp_path / "var"))
        monkeypatch.setenv("EXECUTOR_CLOCK_FILE", str(tmp_path / "clock.json"))
        monkeypatch.setattr(rehearsal, "Flag", Quick)
        upgrade_database(open_settings())
        run("instruments", "refresh")
        yield server


def test_a_rehearsal_prints_its_card_keeps_its_calls_and_is_remembered(broker: SimulatorServer, tmp_path: Path) -> None:
    said = json.loads(run("rehearse", "--json"))

    assert said["passed"], said
    assert [step["step"] for step in said["steps"] if not step["passed"]] == []
    assert len(said["steps"]) == 11
    bundle = Path(said["bundle"])
    assert bundle.parent == tmp_path / "var"
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    kept = bundle.read_text()
    told = broker.describe()
    assert "placeOrder" in kept
    assert not [name for name in ("api_key", "totp_secret") if told[name] in kept]
    with_store(lambda store: check_left(store))


def check_left(store: Store) -> None:
    assert Accounts(store.database).rehearsed("default") == OPEN.date()
    assert len(Accounts(store.database).last_logins("default", most=9)) == 1
    lease, session = store.ledger.lease("default"), store.ledger.session("default")
    assert lease is not None
    assert lease.holder == ""
    assert session is not None
    assert session.tokens is None


def test_a_second_rehearsal_of_the_day_is_as_good(broker: SimulatorServer) -> None:
    run("rehearse")

    assert "the rehearsal passed" in run("rehearse")


def test_at_night_and_beside_a_trader_it_does_not_begin(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in a_broker(sqlite_url, tmp_path, monkeypatch, OPEN.replace(hour=20)):
        assert "rehearse while NSE is open" in run("rehearse", code=1)


def test_beside_a_trader_it_does_not_begin(broker: SimulatorServer) -> None:
    def take(store: Store) -> None:
        store.ledger.take_lease("default", "elsewhere:1:x", at=OPEN, follows=None)

    with_store(take)

    assert "a trader has this account" in run("rehearse", code=1)


def test_a_share_that_does_not_exist_is_named(broker: SimulatorServer) -> None:
    assert "'NOSUCH-EQ'" in run("rehearse", "--symbol", "NOSUCH-EQ", code=1)


def with_store(act: Any) -> None:
    store = bootstrap.open_store(open_settings())
    act(store)
    store.database.close()


# -- what it opens -------------------------------------------------------------------------------------------------


@pytest.fixture
def live(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ids: Ids) -> Iterator[Store]:
    """A live account in the halt that it began with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SECRET_KEY", "a secret key of this test, long enough")
    upgrade_database(open_settings())
    store = bootstrap.open_store(open_settings())
    store.people.add_account(Account("default", AccountKind.LIVE), by="test", at=OPEN, new_id=ids.new)
    yield store
    store.database.close()


def rehearsed(store: Store) -> None:
    epoch = store.ledger.take_lease("default", "test", at=OPEN, follows=None)
    store.ledger.finish_job("default", epoch, REHEARSAL, OPEN.date(), at=OPEN)


def limited() -> None:
    run("account", "set", "default", "--max-daily-loss", "5000", "--max-notional", "100000")


def halts(store: Store) -> list[str]:
    return [halt.why for halt in store.pages.standing().halts]


def test_with_limits_a_rehearsal_and_its_name_typed_a_live_account_trades(live: Store) -> None:
    limited()
    rehearsed(live)

    said = json.loads(run("account", "unhalt", "default", "--confirm", "default", "--json"))

    assert said == {"account": "default", "ended": True, "halts": []}
    assert halts(live) == []
    assert "nothing was done" in run("account", "unhalt", "default", "--confirm", "default")


def test_without_limits_it_stays_halted(live: Store) -> None:
    rehearsed(live)
    run("account", "set", "default", "--max-daily-loss", "5000")

    assert "--max-notional" in run("account", "unhalt", "default", "--confirm", "default", code=1)
    assert len(halts(live)) == 1


def test_without_a_rehearsal_it_stays_halted(live: Store) -> None:
    limited()

    assert "executor rehearse" in run("account", "unhalt", "default", "--confirm", "default", code=1)
    assert len(halts(live)) == 1


@pytest.mark.parametrize("confirm", ["", "Default", "yes"])
def test_without_its_name_it_stays_halted(live: Store, confirm: str) -> None:
    limited()
    rehearsed(live)

    assert "expected default" in run("account", "unhalt", "default", "--confirm", confirm, code=2)
    assert len(halts(live)) == 1


def test_other_halts_stay_and_are_told(live: Store) -> None:
    limited()
    rehearsed(live)
    run("halt", "--why", "holiday")

    said = run("account", "unhalt", "default", "--confirm", "default")

    assert "still in force: holiday" in said
    assert halts(live) == ["holiday"]
