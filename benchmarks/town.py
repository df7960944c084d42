"""A state dir, a database, the stamping simulator, and the processes of the product as a user starts them."""

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
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.sink import STAMPS
from executor import bootstrap, web
from executor.bootstrap.master import refresh_master
from executor.bootstrap.setup import upgrade_database
from executor.clock import FileClock
from executor.config.environment import open_settings
from executor.store.store import Store

_GUNICORN = ("gunicorn", "-c", str(Path(web.__file__).parent / "gunicorn_conf.py"))
_OURS = ("EXECUTOR_", "SMARTAPI_", "SECRET_KEY", "DATABASE_URL", "HOST", "PORT", "WEB_CONCURRENCY", "BENCH_")


class BenchFailed(Exception):
    """A measurement that could not be made; the text says which and why."""


@dataclass
class Town:
    environ: dict[str, str]
    state_dir: Path
    store: Store
    #: What makes a trader hear the simulator's feeds; measured are the books unless they are given.
    feeds: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    # processes

    def start(self, *module: str, **environ: str) -> subprocess.Popen[bytes]:
        """Start `python -m MODULE …` with its children in a group; what it says is in `processes.log`."""
        with (self.state_dir / "processes.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                env=self.environ | environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def gunicorn(self, app: str, **environ: str) -> subprocess.Popen[bytes]:
        """Serve an application as the product serves its own."""
        return self.start(*_GUNICORN, app, **environ)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Stop a process and its children, the hard way after a while."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.remove(process)

    def command(self, *words: str) -> str:
        """What a command of the product prints."""
        done = subprocess.run(
            [sys.executable, "-m", "executor", *words], env=self.environ, cwd=self.state_dir, capture_output=True
        )
        if done.returncode:
            raise BenchFailed(f"executor {' '.join(words)}: {done.stderr.decode().strip()}")
        return done.stdout.decode()

    @property
    def port(self) -> int:
        return int(self.environ["PORT"])

    def is_ready(self) -> bool:
        return answers(f"http://127.0.0.1:{self.port}/readyz")

    # the simulator

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return _fetch(f"{self.environ['SMARTAPI_BASE_URL']}/_control/{path}", body)

    def stamps(self) -> list[dict[str, Any]]:
        """What arrived at the simulator since the last call: `at` (ns), `route`, `tag`, `number`."""
        found: list[dict[str, Any]] = _fetch(self.environ["SMARTAPI_BASE_URL"] + STAMPS, None)
        return found

    def now(self) -> datetime:
        return FileClock(Path(self.environ["EXECUTOR_CLOCK_FILE"])).now()


@contextmanager
def a_town(database_url: str, state_dir: Path, *, master: Path | None = None) -> Iterator[Town]:
    """A migrated database, a running simulator at 09:20 and its instruments; no process of the product yet.

    With `master` the simulator serves this file instead, and no instruments are taken yet.
    """
    state_dir.mkdir(parents=True)
    clock_file = state_dir / "clock.json"
    words = ["--clock-file", str(clock_file), *(["--master", str(master)] if master else [])]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    sink = subprocess.Popen([sys.executable, "-m", "benchmarks.sink", *words], env=clean, stdout=subprocess.PIPE)
    assert sink.stdout is not None
    told = json.loads(sink.stdout.readline())
    environ = clean | _environ(told, database_url, state_dir, clock_file)
    settings = open_settings(environ)
    upgrade_database(settings)
    store = bootstrap.open_store(settings)
    if master is None:
        refresh_master(settings, store)
    feeds = {f"SMARTAPI_{one.upper()}_URL": told[f"{one}_url"] for one in ("order_feed", "price_feed")}
    town = Town(environ, state_dir, store, feeds)
    try:
        yield town
    finally:
        for process in list(town.processes):
            town.end(process)
        store.database.close()
        sink.terminate()
        sink.wait()
        sink.stdout.close()


def until(holds: Callable[[], Any], what: str, *, within_s: float = 60.0, every_s: float = 0.05) -> Any:
    """Wait for something of other processes. Raises BenchFailed after a while."""
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        if time.monotonic() > deadline:
            raise BenchFailed(f"waited {within_s:.0f} s in vain until {what}")
        time.sleep(every_s)
    return found


def answers(url: str) -> bool:
    """Whether a page is there and says 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _environ(told: dict[str, Any], database_url: str, state_dir: Path, clock_file: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "PORT": str(free_port()),
        "SECRET_KEY": "only-for-the-benchmark-" + "0123456789abcdef" * 2,
        "EXECUTOR_STATE_DIR": str(state_dir),
        "EXECUTOR_CLOCK_FILE": str(clock_file),
        "SMARTAPI_BASE_URL": told["base_url"],
        "SMARTAPI_MASTER_URL": told["master_url"],
        "SMARTAPI_API_KEY": told["api_key"],
        "SMARTAPI_CLIENT_CODE": told["client_code"],
        "SMARTAPI_PIN": told["pin"],
        "SMARTAPI_TOTP_SECRET": told["totp_secret"],
    }


def _fetch(url: str, body: dict[str, Any] | None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
