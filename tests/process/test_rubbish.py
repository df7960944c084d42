"""The web under rubbish, floods and slow senders, as real processes: bare, and behind a real nginx."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from executor import bootstrap
from executor.alerts.address import hook_secret
from executor.alerts.template import Style, Template, build
from executor.config.environment import open_settings
from executor.store import schema
from tests.alerts.sending import a_message
from tests.process.conftest import Town
from tests.process.nginx import NAME, Nginx, running_nginx

pytestmark = pytest.mark.process

#: 60 for the whole run; the suite plays a part of it.
SECONDS = float(os.environ.get("RUBBISH_SECONDS", "6"))
MOST_BYTES = 20_000_000


@dataclass
class Sender:
    """Sends genuine alerts, each another one, and keeps how long the slowest answer took."""

    town: Town
    template: Template
    path: str
    connect: Callable[[], socket.socket]
    number: int = 0
    slowest: float = 0.0
    statuses: list[int] = field(default_factory=list)

    def send(self) -> int:
        self.number += 1
        body = a_message(self.template, close=str(700 + self.number), timenow=self.now())
        head = f"POST {self.path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        started = time.monotonic()
        status = exchange(self.connect, head.encode() + body)
        self.slowest = max(self.slowest, time.monotonic() - started)
        self.statuses.append(status)
        return status

    def now(self) -> str:
        return f"{self.town.now() - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"


def exchange(connect: Callable[[], socket.socket], sent: bytes) -> int:
    """The status that answers these bytes; 0 for none within 5 s."""
    try:
        with connect() as connection:
            connection.sendall(sent)
            return status_of(connection)
    except OSError:
        return 0


def status_of(connection: socket.socket) -> int:
    answer = http.client.HTTPResponse(connection)
    try:
        answer.begin()
        answer.read()
        return answer.status
    except http.client.HTTPException:
        return 0
    finally:
        answer.close()


@pytest.fixture
def bare(sqlite_town: Town) -> Sender:
    """A web process without a proxy."""
    sqlite_town.web()
    return a_sender(sqlite_town, lambda: at(sqlite_town))


@pytest.fixture
def nginx(sqlite_town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """A real nginx before the place of a web that is not there yet."""
    sqlite_town.environ |= {"EXECUTOR_TRUSTED_PROXIES": "127.0.0.1", "EXECUTOR_PUBLIC_URL": f"https://{NAME}"}
    with running_nginx(tmp_path_factory.mktemp("nginx"), web_port=int(sqlite_town.environ["PORT"])) as nginx:
        yield nginx


@pytest.fixture
def proxied(sqlite_town: Town, nginx: Nginx) -> Sender:
    """A web process behind nginx as documented."""
    sqlite_town.web()
    return a_sender(sqlite_town, nginx.connect)


def at(town: Town) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(town.environ["PORT"])), timeout=5)


def a_sender(town: Town, connect: Callable[[], socket.socket]) -> Sender:
    keys = bootstrap.open_keys(open_settings(town.environ))
    strategy = town.store.people.strategy("trend")
    assert strategy is not None
    now = town.now()
    template = build(strategy, style=Style.STRATEGY, settings={}, keys=keys, alert_id="0" * 13, now=now)
    town.store.people.issue_alert(template.issued)
    return Sender(town, template, f"/hook/trend/{hook_secret(keys, 'trend', strategy.rotation)}", connect)


def used(*folders: Path) -> int:
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


@contextmanager
def held(connect: Callable[[], socket.socket], sent: list[bytes]) -> Iterator[None]:
    """Connections that say so much and no more."""
    with ExitStack() as stack:
        for part in sent:
            connection = stack.enter_context(connect())
            if part:
                connection.sendall(part)
        yield


# -- floods


def flood(sender: Sender, *, port: int, cafile: str, folders: tuple[Path, ...]) -> dict[str, int]:
    """Send rubbish for SECONDS, a genuine alert every half second; returns the rubbish's answers and disk growth."""
    line = [sys.executable, "-m", "tests.process.sender", str(port), sender.path, str(SECONDS), cafile]
    before = used(*folders)
    rubbish = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    with rubbish:
        while rubbish.poll() is None:
            sender.send()
            time.sleep(0.5)
        assert rubbish.stdout is not None
        answers = json.loads(rubbish.stdout.read())
    grown = used(*folders) - before
    print(f"rubbish: {answers}, grown {grown:,} bytes in {SECONDS:.0f} s; genuine: {sender.slowest:.3f} s slowest")
    return answers | {"grown": grown}


def in_a_minute(grown: int) -> float:
    """What a whole minute would cost: it touches two minutes' allowances, of which this run saw at least one."""
    return grown if SECONDS >= 60 else 2 * grown


def assert_survived(sender: Sender, answers: dict[str, int]) -> None:
    assert answers["a second"] > 50
    assert not [status for status in answers if status.startswith("5")]
    assert in_a_minute(answers["grown"]) <= MOST_BYTES
    assert set(sender.statuses) == {202}
    assert sender.slowest <= 1.0


def test_rubbish_at_a_bare_web_fills_no_disk_and_a_genuine_alert_is_answered(bare: Sender) -> None:
    town = bare.town

    answers = flood(bare, port=int(town.environ["PORT"]), cafile="", folders=(town.state_dir,))

    assert_survived(bare, answers)
    assert bare.path.rpartition("/")[2] not in (town.state_dir / "processes.log").read_text()


def test_rubbish_at_nginx_fills_no_disk_and_a_genuine_alert_is_answered(proxied: Sender, nginx: Nginx) -> None:
    folders = (proxied.town.state_dir, nginx.folder)

    answers = flood(proxied, port=nginx.port, cafile=str(nginx.folder / "fullchain.pem"), folders=folders)

    assert_survived(proxied, answers)
    assert proxied.path.rpartition("/")[2] not in nginx.logged()


def test_what_was_counted_is_written_down_when_the_web_ends(sqlite_town: Town) -> None:
    web = sqlite_town.web()
    for _ in range(3):
        exchange(lambda: at(sqlite_town), b"POST /hook/a/b HTTP/1.0\r\n\r\n")

    web.terminate()
    web.wait(10)

    with sqlite_town.store.database.read() as connection:
        [row] = connection.execute(select(schema.delivery_flood)).all()
    assert (row.source, row.count, row.sample) == ("127.0.0.1", 3, "an unknown address")


# -- slow senders

HALF_HEAD = b"POST /hook/trend/x HTTP/1.1\r\nHost: x\r\nContent-"


def half_body(path: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 500\r\n\r\n{{".encode()


def test_forty_silent_connections_keep_nobody_from_a_bare_web(bare: Sender) -> None:
    with held(bare.connect, [b""] * 40):
        statuses = {bare.send() for _ in range(5)}

    assert (statuses, bare.slowest <= 1.0) == ({202}, True)


def test_silent_and_half_sent_connections_keep_nobody_from_a_web_behind_nginx(proxied: Sender, nginx: Nginx) -> None:
    def raw() -> socket.socket:
        return socket.create_connection(("127.0.0.1", nginx.port), timeout=5)

    with held(raw, [b""] * 40), held(nginx.connect, [b"", HALF_HEAD, half_body(proxied.path)] * 40):
        statuses = {proxied.send() for _ in range(5)}

    assert (statuses, proxied.slowest <= 1.0) == ({202}, True)


# -- a database that does not answer


def test_a_locked_database_is_503_within_two_seconds_and_loses_nothing_after(town: Town) -> None:
    town.web()
    sender = a_sender(town, lambda: at(town))

    for lock in LOCKS[town.store.database.engine.dialect.name]:
        with town.store.database.engine.execution_options(write=True).connect() as connection:
            connection.exec_driver_sql(lock)
            locked = sender.send()

        assert (locked, sender.send()) == (503, 202), lock
        assert sender.slowest <= 2.0, lock


#: SQLite has one writer, which readers pass; on Postgres each step's table: two reads and the chain's head.
LOCKS = {
    "sqlite": ["SELECT 1"],
    "postgresql": [f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE" for table in ("strategy", "alert", "meta")],
}


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_web_that_hangs_or_is_gone_is_503_before_the_sender_gives_up(
    sqlite_town: Town, nginx: Nginx, number: signal.Signals
) -> None:
    web = sqlite_town.web()
    sender = a_sender(sqlite_town, nginx.connect)
    os.killpg(web.pid, number)

    assert (sender.send(), sender.slowest < 3.0) == (503, True)
    assert sender.path.rpartition("/")[2] not in nginx.logged()
