"""The wiring: which key opens which database, which accounts there are, who may be the trader."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest

from executor import bootstrap
from executor.bootstrap import setup, trader, web
from executor.bootstrap.setup import upgrade_database
from executor.bootstrap.trader import Wraps, build_trader
from executor.bootstrap.web import create_web_app
from executor.broker.port import Broker, Session
from executor.clock import SimulatedClock
from executor.config.environment import Settings, open_settings
from executor.config.secrets import seal, unseal
from executor.domain.strategy import AccountKind
from executor.doorbell import bell_path
from executor.errors import ConfigError, LeaseLost, SchemaBehind
from executor.simulator import SimulatorConfig, SimulatorServer
from executor.store.reserve import SIZE
from executor.store.store import Store
from tests.builders import a_strategy

FIRST, SECOND, THIRD = ("a" * 32, "b" * 32, "c" * 32)
LOGIN = {
    "SMARTAPI_API_KEY": "k" * 8,
    "SMARTAPI_CLIENT_CODE": "S000001",
    "SMARTAPI_PIN": "1234",
    "SMARTAPI_TOTP_SECRET": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
}
LOCAL = {"SMARTAPI_BASE_URL": "http://127.0.0.1:9", "SMARTAPI_MASTER_URL": "http://127.0.0.1:9/master.json"}


class Site:
    """A state dir and what is set in its environment."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.environ = {"EXECUTOR_STATE_DIR": str(state_dir), "SECRET_KEY": FIRST}

    def settings(self, **changes: str | None) -> Settings:
        environ = {**self.environ, **{name: value for name, value in changes.items() if value is not None}}
        return open_settings(environ)

    def upgrade(self, **changes: str | None) -> str:
        return upgrade_database(self.settings(**changes))

    def look(self, see: Callable[[Store], Any], **changes: str | None) -> Any:
        store = bootstrap.open_store(self.settings(**changes))
        try:
            return see(store)
        finally:
            store.database.close()

    def kinds(self) -> dict[str, AccountKind]:
        found: dict[str, AccountKind] = self.look(
            lambda store: {account.name: account.kind for account in store.people.accounts()}
        )
        return found


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder of its own; what a process would leave to its end is closed after the test."""
    monkeypatch.chdir(tmp_path)
    with ExitStack() as at_the_end:
        for places, name, close in (
            ((bootstrap, setup, trader, web), "open_store", lambda store: store.database.close()),
            ((trader,), "Wire", lambda wire: wire.close()),
            ((bootstrap,), "DatagramBell", lambda bell: bell._socket.close()),
        ):
            made = kept(getattr(places[0], name), close, at_the_end)
            for place in places:
                monkeypatch.setattr(place, name, made)
        yield Site(tmp_path / "var")


def kept(make: Callable[..., Any], close: Callable[[Any], None], at_the_end: ExitStack) -> Callable[..., Any]:
    def made(*args: Any, **kwargs: Any) -> Any:
        found = make(*args, **kwargs)
        at_the_end.callback(close, found)
        return found

    return made


# -- the key -----------------------------------------------------------------------------------------------------


def test_another_secret_key_is_refused_and_the_way_out_is_told(site: Site) -> None:
    site.upgrade()

    with pytest.raises(ConfigError, match="SECRET_KEY_OLD") as refused:
        bootstrap.open_store(site.settings(SECRET_KEY=SECOND))

    assert FIRST not in str(refused.value)
    assert SECOND not in str(refused.value)


def test_a_refused_key_takes_nothing_over(site: Site) -> None:
    site.upgrade()

    for _ in range(2):
        with pytest.raises(ConfigError):
            bootstrap.open_store(site.settings(SECRET_KEY=SECOND))
    with pytest.raises(ConfigError):
        bootstrap.open_store(site.settings(SECRET_KEY=SECOND, SECRET_KEY_OLD=THIRD))

    assert site.kinds()


def test_the_old_key_hands_over_to_the_new_one_once_for_all(site: Site) -> None:
    site.upgrade()

    site.upgrade(SECRET_KEY=SECOND, SECRET_KEY_OLD=FIRST)

    site.look(lambda store: None, SECRET_KEY=SECOND)
    site.look(lambda store: None, SECRET_KEY=SECOND, SECRET_KEY_OLD=FIRST)
    with pytest.raises(ConfigError):
        bootstrap.open_store(site.settings())


def test_what_the_old_key_sealed_opens_while_it_is_given(site: Site) -> None:
    sealed = seal(bootstrap.open_keys(site.settings()), "the token")

    both = bootstrap.open_keys(site.settings(SECRET_KEY=SECOND, SECRET_KEY_OLD=FIRST))
    alone = bootstrap.open_keys(site.settings(SECRET_KEY=SECOND))

    assert unseal(both, sealed) == "the token"
    with pytest.raises(ConfigError):
        unseal(alone, sealed)


def test_without_a_key_in_the_settings_the_state_dir_keeps_one(site: Site) -> None:
    del site.environ["SECRET_KEY"]

    site.upgrade()
    site.upgrade()

    assert (site.state_dir / "secret_key").stat().st_mode & 0o777 == 0o600
    (site.state_dir / "secret_key").unlink()
    with pytest.raises(ConfigError, match="not the key"):
        site.upgrade()


# -- schema and accounts -----------------------------------------------------------------------------------------


def test_a_database_without_its_schema_names_the_command(site: Site) -> None:
    with pytest.raises(SchemaBehind, match="executor db upgrade"):
        bootstrap.open_store(site.settings())


def test_the_second_upgrade_changes_nothing(site: Site) -> None:
    first = site.upgrade(**LOGIN, **LOCAL)
    before = site.look(lambda store: list(store.pages.audit_entries()))

    second = site.upgrade(**LOGIN, **LOCAL)

    assert first == second
    assert site.look(lambda store: list(store.pages.audit_entries())) == before


def test_paper_always_exists_and_default_only_with_a_login(site: Site) -> None:
    site.upgrade()
    without = site.kinds()

    site.upgrade(**LOGIN, **LOCAL)

    assert without == {"paper": AccountKind.PAPER}
    assert site.kinds() == {"default": AccountKind.SIMULATOR, "paper": AccountKind.PAPER}


def test_a_live_account_starts_halted_and_a_simulated_one_does_not(site: Site) -> None:
    site.upgrade(**LOGIN, SMARTAPI_PUBLIC_IP="203.0.113.7")

    halts = site.look(lambda store: store.recovery.new_work("default").halts)

    assert site.kinds()["default"] is AccountKind.LIVE
    assert [halt.scope for halt in halts] == ["account:default"]


@pytest.mark.parametrize(("first", "then"), [(LOCAL, {}), ({}, LOCAL)])
def test_an_accounts_kind_is_for_ever(site: Site, first: dict[str, str], then: dict[str, str]) -> None:
    site.upgrade(**LOGIN, **first)
    kind = site.kinds()["default"]

    with pytest.raises(ConfigError, match="for ever"):
        site.upgrade(**LOGIN, **then)
    settings = site.settings(**LOGIN, **then)
    with pytest.raises(ConfigError, match="for ever"):
        site.look(lambda store: bootstrap.ensure_accounts(settings, store, at=datetime.now(UTC)))

    assert site.kinds()["default"] is kind


# -- who is the trader -------------------------------------------------------------------------------------------


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

        def open_session(saved: Session | None) -> Session:
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
    site.environ |= {"EXECUTOR_CLOCK_FILE": market["EXECUTOR_CLOCK_FILE"]}
    site.upgrade()
    running = Running(site.settings())

    eventually(lambda: beat(site, "paper").get("reconciled"))
    running.end()

    assert [seat.account for seat in running.trader.seats] == ["paper"]


# -- web ---------------------------------------------------------------------------------------------------------


def test_the_web_application_is_wired_from_the_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.upgrade()
    for name, value in site.environ.items():
        monkeypatch.setenv(name, value)

    client = create_web_app().test_client()

    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert client.post("/hook/nobody/nothing", data=b"{}").status_code == 404


def test_a_strategy_that_is_saved_by_one_process_is_read_by_another(site: Site) -> None:
    site.upgrade()
    strategy = a_strategy()

    site.look(lambda store: store.people.save_strategy(strategy, by="test", at=datetime.now(UTC)))

    assert site.look(lambda store: store.people.strategy("trend")) == strategy
