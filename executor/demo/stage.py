"""The stage: a new state dir, a simulator with its own clock, web and trader as processes, and the commands."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from typing import IO, Any

from executor.errors import ExecutorError
from executor.supervise import end

#: A Wednesday morning in the session; the demo plays it at any hour of any day.
MORNING = "2026-11-25 09:20"
_PATIENCE_S = 30.0


class DemoFailed(ExecutorError):
    pass


@dataclass(slots=True)
class Stage:
    """Open with `raise_curtain`, always close with `close`."""

    state_dir: Path
    port: int
    seed: int = 1
    password: str = field(default_factory=lambda: secrets.token_urlsafe(9), repr=False)
    control_url: str = ""
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _environment: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def raise_curtain(self) -> None:
        """Start the simulator, set everything up with the commands a user would type, start web and trader."""
        self.state_dir.mkdir(parents=True)
        self._environment = self._start_simulator()
        self.command("db", "upgrade")
        self.command("instruments", "refresh")
        self.command("password", "set", "--stdin", given=self.password)
        for name in ("web", "trader"):
            self._start(name)
        self._wait_until_ready()

    def command(self, *words: str, given: str | None = None, fails: bool = False) -> str:
        """Run an `executor` command in the demo's environment; its output. Raises DemoFailed when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "executor", *words],
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        if done.returncode != 0 and not fails:
            raise DemoFailed(f"`executor {' '.join(words)}` failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def control(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask or tell the simulator; answers are JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310  # an address on loopback that we made ourselves
            f"{self.control_url}/{path}", data=data, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return json.load(answer)

    def wait(self) -> None:
        """Stay until one of the processes ends or the person does."""
        pause = Flag()
        while all(process.poll() is None for process in self._processes):
            pause.wait(0.5)

    def close(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            end(process)
            if process.stdout is not None:
                process.stdout.close()
        self._processes.clear()

    def _start_simulator(self) -> dict[str, str]:
        clock_file = self.state_dir / "clock.json"
        words = ["simulator", "--port", "0", "--seed", str(self.seed), "--clock", MORNING, "--json"]
        process = self._start(*words, "--clock-file", str(clock_file), env=_clean(), stdout=subprocess.PIPE)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise DemoFailed(f"the simulator did not start; see {self._log('simulator')}")
        told = json.loads(line)
        self.control_url = told["control_url"].rstrip("/")
        return _clean() | {
            "EXECUTOR_STATE_DIR": str(self.state_dir),
            "EXECUTOR_CLOCK_FILE": str(clock_file),
            "PORT": str(self.port),
            "SMARTAPI_BASE_URL": told["base_url"],
            "SMARTAPI_MASTER_URL": told["master_url"],
            "SMARTAPI_ORDER_FEED_URL": told["order_feed_url"],
            "SMARTAPI_PRICE_FEED_URL": told["price_feed_url"],
            "SMARTAPI_API_KEY": told["api_key"],
            "SMARTAPI_CLIENT_CODE": told["client_code"],
            "SMARTAPI_PIN": told["pin"],
            "SMARTAPI_TOTP_SECRET": told["totp_secret"],
        }

    def _start(
        self, *words: str, env: Mapping[str, str] | None = None, stdout: int | None = None
    ) -> subprocess.Popen[bytes]:
        log: IO[bytes] = self._log(words[0]).open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "executor", *words],
            env=dict(env or self._environment),
            stdout=log if stdout is None else stdout,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches the demo alone, which then ends them in order
        )
        log.close()
        self._processes.append(process)
        return process

    def _log(self, name: str) -> Path:
        return self.state_dir / f"{name}.log"

    def _wait_until_ready(self) -> None:
        pause = Flag()
        for _ in range(int(_PATIENCE_S / 0.2)):
            if any(process.poll() is not None for process in self._processes):
                raise DemoFailed(f"a process ended before it was ready; see the logs in {self.state_dir}")
            if self._is_ready():
                return
            pause.wait(0.2)
        raise DemoFailed(f"web and trader were not ready within {_PATIENCE_S:.0f} s; see the logs in {self.state_dir}")

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310
                return int(answer.status) == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def json_lines(text: str) -> Sequence[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _clean() -> dict[str, str]:
    """The environment without settings of the user's own: a demo touches nothing of theirs."""
    ours = ("EXECUTOR_", "SMARTAPI_", "SECRET_KEY", "DATABASE_URL", "HOST", "PORT", "WEB_CONCURRENCY")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
