"""A simulator in this process, traders as processes of their own, and a database of each kind between them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from executor import bootstrap
from executor.bootstrap.setup import upgrade_database
from executor.clock import SimulatedClock
from executor.config.environment import open_settings
from executor.domain.delivery import Delivery, Verdict
from executor.domain.ids import DeliveryId, SignalId
from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.domain.signal import Action, LaneKey, Signal
from executor.domain.strategy import Rails
from executor.simulator import SimulatorConfig, SimulatorServer
from executor.store import schema
from executor.store.log_search import Filters
from executor.store.rows import load
from executor.store.store import Store
from executor.web.pages.line_file import line_json
from tests.builders import a_strategy

MORNING = datetime(2026, 11, 25, 3, 50, tzinfo=UTC)


@dataclass
class Town:
    """What the process tests act on; `told` is what the simulator says of itself."""

    environ: dict[str, str]
    clock: SimulatedClock
    control: Callable[..., Any]
    store: Store
    state_dir: Path
    told: dict[str, Any] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *module: str) -> subprocess.Popen[bytes]:
        """Start a process of ours with its children in a group; what it says is in `processes.log`."""
        words = [sys.executable, "-m", *module]
        with (self.state_dir / "processes.log").open("ab") as log:
            process = subprocess.Popen(words, env=self.environ, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def trader(self, *module: str) -> subprocess.Popen[bytes]:
        """Start a trader: the product's, or `tests.process.crashing_trader POINT`."""
        return self.start(*(module or ("executor", "trader")))

    def web(self) -> subprocess.Popen[bytes]:
        """Start the web, and wait until it answers."""
        process = self.start("executor", "web")
        eventually(lambda: self.get("/healthz") == 200)
        return process

    def get(self, path: str) -> int:
        """The status of a page; 0 without an answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.environ['PORT']}{path}", timeout=3) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return int(error.code)
        except OSError:
            return 0

    def command(self, *words: str, code: int = 0, given: str | None = None) -> str:
        """What a command prints, its error with it if it is to fail; it must end with `code`."""
        line = [sys.executable, "-m", "executor", *words]
        done = subprocess.run(
            line, env=self.environ, cwd=self.state_dir, input=given, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == code, done.stderr + done.stdout
        return done.stdout + (done.stderr if code else "")

    def beside(self, state_dir: Path) -> Town:
        """Another host on the same database and broker; its processes end with those of this one."""
        state_dir.mkdir()
        own = {"EXECUTOR_STATE_DIR": str(state_dir), "PORT": str(free_port())}
        return replace(self, environ={**self.environ, **own}, state_dir=state_dir)

    @property
    def log(self) -> str:
        """What the processes of this host have said."""
        path = self.state_dir / "processes.log"
        return path.read_text() if path.exists() else ""

    def audit(self, *, limit: int = 100) -> list[dict[str, Any]]:
        """What `executor audit list --json` prints: a line a delivery, newest first."""
        lines = self.store.pages.deliveries(Filters(), before=None, limit=limit)
        return [json.loads(json.dumps(line_json(line))) for line in lines]

    def signal(self, action: str = "buy", *, price: str = "800", age_s: float = 0) -> SignalId:
        """Record an alert as web does: delivery and signal in one commit."""
        now = self.now() - timedelta(seconds=age_s)
        ids = bootstrap.make_ids(self.clock, self.store.recovery)
        signal_id, delivery_id = SignalId(ids.new()), DeliveryId(ids.new())
        fields = {"exchange": "NSE", "ticker": "SBIN", "action": action, "price": price}
        signal = Signal(
            id=signal_id,
            delivery=delivery_id,
            strategy="trend",
            strategy_version=1,
            account="default",
            lane=LaneKey("default", "trend", "NSE:SBIN").text,
            key=f"id:{signal_id}",
            action=Action(action),
            fields=fields,
            fired_at=now,
            received_at=now,
        )
        self.store.intake.record_delivery(
            Delivery(delivery_id, "trend", "test", {}, "0" * 64, "{}", {}, Verdict.ACCEPTED, now), signal
        )
        return signal_id

    def now(self) -> datetime:
        return self.clock.now()

    def working(self) -> list[dict[str, Any]]:
        """The exchange's orders that can still trade."""
        return [order for order in self.orders() if order["status"] in {"open", "trigger pending"}]

    def held(self) -> int:
        """What the account nets by its fills, all tickers together."""
        sign = {"BUY": 1, "SELL": -1}
        return sum(sign[order["side"]] * order["filled"] for order in self.orders())

    def stopped(self) -> int:
        """Units that resting stops would sell."""
        resting = [order for order in self.orders() if order["status"] == "trigger pending"]
        return sum(order["quantity"] - order["filled"] for order in resting)

    def all_ended(self, number: int) -> bool:
        """Whether there are so many signals, and all of them have ended."""
        lines = [line for line in self.audit(limit=1000) if line["signal"]]
        return len(lines) >= number and all(line["state"] == "ENDED" for line in lines)

    def found(self, signal_id: SignalId) -> Signal:
        with self.store.database.read() as connection:
            return load(Signal, connection.execute(select(schema.signal).where(schema.signal.c.id == signal_id)).one())

    def orders(self) -> list[dict[str, Any]]:
        return list(self.control("state")["orders"])

    def end(self) -> None:
        for process in self.processes:
            kill(process)
        self.store.database.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children as a power cut does."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def eventually(holds: Callable[[], Any], *, within_s: float = 30.0) -> Any:
    """Wait for something of other processes; fails with what it last was."""
    deadline = time.monotonic() + within_s
    while True:
        found = holds()
        if found or time.monotonic() > deadline:
            assert found, f"not within {within_s} s"
            return found
        time.sleep(0.1)


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> Iterator[Town]:
    """A running simulator at 09:20 with SBIN at 800, and a strategy; no process yet. On both stores."""
    with a_town(database_url, tmp_path) as town:
        yield town


@pytest.fixture
def sqlite_town(sqlite_url: str, tmp_path: Path) -> Iterator[Town]:
    """The same on SQLite only."""
    with a_town(sqlite_url, tmp_path) as town:
        yield town


@pytest.fixture
def postgres_town(postgres_url: str, tmp_path: Path) -> Iterator[Town]:
    """The same on Postgres only."""
    with a_town(postgres_url, tmp_path) as town:
        yield town


@contextmanager
def a_town(database_url: str, state_dir: Path) -> Iterator[Town]:
    """A town on a migrated database."""
    clock_file = state_dir / "clock.json"
    clock = SimulatedClock(MORNING, publish=clock_file)
    with SimulatorServer(SimulatorConfig(seed=5), clock) as server:
        told = server.describe()
        environ = _environ(told, database_url, state_dir, clock_file)
        settings = open_settings(environ)
        upgrade_database(settings)
        store = bootstrap.open_store(settings)
        _fill(store, clock)
        town = Town(environ, clock, _control(told["control_url"]), store, state_dir, told)
        town.control("price", {"exchange": "NSE", "token": "3045", "ltp": "800"})
        try:
            yield town
        finally:
            town.end()


def _environ(told: dict[str, Any], database_url: str, state_dir: Path, clock_file: Path) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": database_url,
        "PORT": str(free_port()),
        "SECRET_KEY": "only-for-tests-" + "0123456789abcdef" * 2,
        "EXECUTOR_STATE_DIR": str(state_dir),
        "EXECUTOR_CLOCK_FILE": str(clock_file),
        "SMARTAPI_BASE_URL": told["base_url"],
        "SMARTAPI_MASTER_URL": told["master_url"],
        "SMARTAPI_API_KEY": told["api_key"],
        "SMARTAPI_CLIENT_CODE": told["client_code"],
        "SMARTAPI_PIN": told["pin"],
        "SMARTAPI_TOTP_SECRET": told["totp_secret"],
    }


def feeds_of(town: Town) -> dict[str, str]:
    """What a trader must be told to hear both feeds."""
    return {
        "SMARTAPI_ORDER_FEED_URL": town.told["order_feed_url"],
        "SMARTAPI_PRICE_FEED_URL": town.told["price_feed_url"],
    }


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _fill(store: Store, clock: SimulatedClock) -> None:
    """The strategy, and the instrument table."""
    strategy = a_strategy(account="default", rails=Rails(frozenset({"NSE:SBIN"}), max_quantity=100))
    store.people.save_strategy(strategy, by="test", at=clock.now())
    fill_master(store, clock)


def fill_master(store: Store, clock: SimulatedClock) -> None:
    """An instrument table with the one share that is traded."""
    share = Instrument(
        InstrumentKey(Segment.NSE, "3045"), "SBIN-EQ", "SBIN", Kind.CASH, 1, Decimal("0.05"), series="EQ"
    )
    store.loads.add_instruments("0" * 13, [(share, "SBIN")])
    store.loads.switch_master("0" * 13, {"rows": 1, "segments": {}}, at=clock.now())


def _control(url: str) -> Callable[..., Any]:
    def call(path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        address = f"{url.rstrip('/')}/{path}"
        request = urllib.request.Request(address, data=data, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    return call
