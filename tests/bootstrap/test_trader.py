"""The whole trader in this process: who has its accounts, what it keeps, what ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

from executor.bootstrap.logins import login_of
from executor.bootstrap.trader import Wraps, build_trader
from executor.broker.port import Broker, Session
from executor.cli import main
from executor.clock import SimulatedClock
from executor.config.environment import Settings
from executor.doorbell import bell_path
from executor.errors import ConfigError, LeaseLost
from executor.simulator import SimulatorConfig, SimulatorServer
from executor.store.reserve import SIZE
from executor.store.store import Store
from executor.trader import process
from tests.bootstrap.conftest import LOCAL, LOGIN, Site


def lease_of(site: Site, account: str) -> Any:
    return site.look(lambda store: store.ledger.lease(account))


def lease_held_by(site: Site, holder: str) -> None:
    def take(store: Store) -> None:
        at = datetime.now(UTC)
        epoch = store.ledger.take_lease("default", holder, at=at, follows=store.ledger.lease("default"))
        store.ledger.beat("default", epoch, at=at, status={})

    site.look(take)


# -- the whole trader, in this process ---------------------------------------------------------------------------


class Running:
    """A trader built by bootstrap, running on a thread against a simulator on loopback."""

    def __init__(self, settings: Settings) -> None:
        self.sessions: list[Session] = []
        self.trader = build_trader(settings, wraps=Wraps(broker=self._watch))
        self.stop = Flag()
        self.errors: list[BaseException] = []
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _watch(self, broker: Broker) -> Broker:
        opens = broker.open_session

        def open_session(saved: Session | None, *, may_log_in: bool = True) -> Session:
            self.sessions.append(opens(saved))
            return self.sessions[-1]

        broker.open_session = open_session  # type: ignore[method-assign]
        return broker

    def _run(self) -> None:
        try:
            self.trader.run(self.stop)
        except BaseException as error:
            self.errors.append(error)
            raise

    def end(self) -> None:
        self.stop.set()
        self.join()

    def join(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()
        self.trader.lock.close()


def eventually(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 10
    while not (found := holds()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


@pytest.fixture
def market(site: Site) -> Iterator[dict[str, str]]:
    """The settings of a simulator that plays a trading morning."""
    clock_file = site.state_dir / "clock.json"
    site.state_dir.mkdir()
    clock = SimulatedClock(datetime(2026, 11, 25, 3, 50, tzinfo=UTC), publish=clock_file)
    with SimulatorServer(SimulatorConfig(seed=5), clock) as server:
        told = server.describe()
        yield {
            "EXECUTOR_CLOCK_FILE": str(clock_file),
            "SMARTAPI_BASE_URL": told["base_url"],
            "SMARTAPI_MASTER_URL": told["master_url"],
            **{f"SMARTAPI_{name.upper()}": told[name] for name in ("api_key", "client_code", "pin", "totp_secret")},
        }


def beat(site: Site, account: str = "default") -> dict[str, Any]:
    beats = site.look(lambda store: {found.name: beat for found, beat in store.pages.standing().accounts if beat})
    return dict(beats[account].status) if account in beats else {}


def test_the_wired_trader_logs_in_seals_its_tokens_and_tells_that_it_is_ready(
    site: Site, market: dict[str, str]
) -> None:
    site.environ |= market
    site.upgrade()
    running = Running(site.settings())

    eventually(lambda: beat(site).get("reconciled"))
    running.end()

    session = running.sessions[0]
    written = b"".join(path.read_bytes() for path in site.state_dir.glob("executor.sqlite3*"))
    secrets = (session.jwt, session.refresh, session.feed, market["SMARTAPI_TOTP_SECRET"], market["SMARTAPI_API_KEY"])
    assert b"getProfile" in written
    assert [secret for secret in secrets if secret.encode() in written] == []
    assert not bell_path(site.state_dir).exists()


def test_its_beat_tells_what_no_row_says(site: Site, market: dict[str, str]) -> None:
    site.environ |= market
    site.upgrade()
    running = Running(site.settings())

    told = eventually(lambda: (found := beat(site)).get("reconciled") and found)
    running.end()

    assert datetime.fromisoformat(told["book_at"]) >= datetime(2026, 11, 25, 3, 50, tzinfo=UTC)
    assert (told["feeds"], told["unprotected"], told["clock_ahead"]) == ({}, {}, 0)
    assert 0 < told["disk"]["free"] <= told["disk"]["size"]
    assert (told["disk"]["reserve"], told["version"]) == (True, version("executor"))


def test_a_restart_goes_on_with_the_sealed_session(site: Site, market: dict[str, str]) -> None:
    site.environ |= market
    site.upgrade()
    first = Running(site.settings())
    eventually(lambda: beat(site).get("session"))
    first.end()

    second = Running(site.settings())
    eventually(lambda: second.sessions)
    second.end()

    assert second.sessions[0].jwt == first.sessions[0].jwt


def test_a_trader_that_was_stopped_gives_its_lease_back(site: Site, market: dict[str, str]) -> None:
    site.environ |= market
    site.upgrade()
    running = Running(site.settings())
    eventually(lambda: beat(site).get("session"))

    running.end()

    lease = lease_of(site, "default")
    assert (lease.epoch, lease.holder) == (1, "")


def test_beside_sqlite_the_trader_keeps_a_reserve(site: Site, market: dict[str, str]) -> None:
    site.environ |= market
    site.upgrade()

    Running(site.settings()).end()

    assert (site.state_dir / "reserve").stat().st_size == SIZE


def test_a_second_trader_is_refused_and_the_first_is_not_disturbed(site: Site, market: dict[str, str]) -> None:
    site.environ |= market
    site.upgrade()
    running = Running(site.settings())

    with pytest.raises(LeaseLost, match=r"trader\.lock"):
        build_trader(site.settings())

    eventually(lambda: beat(site).get("reconciled"))
    running.end()
    assert running.errors == []


def test_a_lease_that_was_taken_ends_its_account_and_no_other(site: Site, market: dict[str, str]) -> None:
    site.environ |= market
    site.upgrade()
    running = Running(site.settings())
    eventually(lambda: beat(site).get("reconciled") and beat(site, "paper").get("reconciled"))
    seats = {seat.account: seat for seat in running.trader.seats}

    lease_held_by(site, "elsewhere:1")
    eventually(lambda: seats["default"].trading is None)
    before = lease_of(site, "paper")
    eventually(lambda: lease_of(site, "paper").beat_at > before.beat_at)
    running.end()

    assert lease_of(site, "default").holder == "elsewhere:1"
    assert lease_of(site, "paper").holder == ""
    assert running.errors == []


def test_without_a_login_paper_is_traded_alone(site: Site, market: dict[str, str]) -> None:
    site.environ |= LOCAL | {"EXECUTOR_CLOCK_FILE": market["EXECUTOR_CLOCK_FILE"]}
    site.upgrade()
    running = Running(site.settings())

    eventually(lambda: beat(site, "paper").get("reconciled"))
    running.end()

    assert [seat.account for seat in running.trader.seats] == ["paper"]


def test_an_account_that_is_added_meanwhile_is_logged_in_and_traded(
    site: Site, market: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    login = {name: market.pop(name) for name in list(market) if name in LOGIN}
    site.environ |= market
    site.upgrade()
    monkeypatch.setattr(process, "_NEWCOMERS_S", 0.2)
    running = Running(site.settings())
    eventually(lambda: beat(site, "paper"))

    lines = "".join(f"{name}={value}\n" for name, value in login.items())
    said = CliRunner().invoke(main, ["account", "add", "second", "--login-file", "-"], input=lines, env=site.environ)
    eventually(lambda: beat(site, "second").get("reconciled"))
    seats = [seat.account for seat in running.trader.seats]
    running.end()

    assert said.output == "second: SIMULATOR\n"
    assert seats == ["paper", "second"]
    saved = site.look(lambda store: store.ledger.session("second"))
    assert saved.tokens
    assert "eyJ" not in saved.tokens
    assert running.errors == []


def test_an_account_of_another_kind_is_not_traded_and_holds_up_no_other(
    site: Site, market: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    lines = "".join(f"{name}={value}\n" for name, value in LOGIN.items())
    site.environ |= {"DATABASE_URL": f"sqlite:///{site.state_dir}/own.sqlite3"}
    site.upgrade()
    CliRunner().invoke(main, ["account", "add", "second", "--login-file", "-"], input=lines, env=site.environ)
    site.environ |= market
    site.upgrade()

    seats = _seats(site)

    assert seats == ["default", "paper"]
    assert "second was made as LIVE and SMARTAPI_BASE_URL now says SIMULATOR" in caplog.text
    with pytest.raises(ConfigError, match="second was made as LIVE"):
        site.look(lambda store: login_of(site.settings(), store, "second"))


def test_a_client_is_traded_once_whatever_names_it_was_given(
    site: Site, market: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Two desks on one client end each other's sessions, and each takes the other's orders for somebody's hand."""
    lines = "".join(f"{name}={market[name]}\n" for name in LOGIN)
    site.environ |= {name: value for name, value in market.items() if name not in LOGIN}
    site.upgrade()
    words = ["account", "add", "second", "--login-file", "-"]
    added = CliRunner().invoke(main, words, input=lines, env=site.environ)
    site.environ |= market
    site.upgrade()

    seats = _seats(site)
    again = CliRunner().invoke(main, [*words[:2], "third", *words[3:]], input=lines, env=site.environ)

    assert added.exit_code == 0
    assert seats == ["default", "paper"]
    assert "account second logs in as the same client as default" in caplog.text
    assert (again.exit_code, "same client as default" in again.output) == (1, True)


def test_a_trader_without_a_table_takes_the_days_file(site: Site, market: dict[str, str]) -> None:
    site.environ |= market
    site.upgrade()
    running = Running(site.settings())

    load = eventually(lambda: site.look(lambda store: store.loads.current_load()))
    running.end()

    assert load.at.date() == datetime(2026, 11, 25, tzinfo=UTC).date()
    assert set(load.checks["segments"]) == {"NSE", "BSE", "NFO", "BFO", "MCX"}
    assert running.errors == []


def _seats(site: Site) -> list[str]:
    """The accounts that a trader has taken on by the time the first is ready."""
    running = Running(site.settings())
    eventually(lambda: beat(site).get("reconciled"))
    seats = [seat.account for seat in running.trader.seats]
    running.end()
    return seats
