"""Trouble of the store and of owners, in a burst, over real processes: nothing is lost, doubled or sent unrecorded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError

from executor.domain.refusal import RefusalCode
from executor.store import schema
from tests.postgres import Cluster
from tests.process.burst import Burst, Life, a_burst, a_life, examine
from tests.process.conftest import Town, a_town, eventually, kill

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]

#: Two are promised; measured at the sender, beside all other processes on this machine.
_SOON_S = 2.3
_ALERTS = 25

Process = subprocess.Popen[bytes]


def hosts_of(town: Town) -> list[Town]:
    """One host on SQLite, two on Postgres."""
    is_sqlite = town.environ["DATABASE_URL"].startswith("sqlite")
    return [town] if is_sqlite else [town, town.beside(town.state_dir / "far")]


def ready(hosts: list[Town]) -> tuple[list[Process], list[Process]]:
    """Webs and traders; the first trader has the account, the others wait for it."""
    webs, traders = [host.web() for host in hosts], [hosts[0].trader()]
    eventually(lambda: hosts[0].get("/readyz") == 200)
    for host in hosts[1:]:
        traders.append(host.trader())
        eventually(lambda host=host: "lease_held" in host.log)
    return webs, traders


def all_run(processes: list[Process]) -> bool:
    return [process.poll() for process in processes] == [None] * len(processes)


def settled(burst: Burst) -> None:
    """Every alert was taken in the end, and ended."""
    eventually(lambda: len(burst.taken) == len(burst.messages), within_s=60)
    eventually(lambda: burst.town.all_ended(len(burst.taken)), within_s=90)
    eventually(lambda: stops(burst.town) >= len(burst.messages), within_s=15)


def stops(town: Town) -> int:
    return sum(order["type"].startswith("STOPLOSS") and order["status"] != "rejected" for order in town.orders())


def sent_tags(town: Town) -> set[str]:
    """The tags of all orders that ever reached the exchange."""
    requests = town.control("state")["requests"]
    return {request["body"]["ordertag"] for request in requests if request["route"] == "placeOrder"}


def recorded_tags(town: Town) -> set[str]:
    with town.store.database.read() as connection:
        return set(connection.execute(select(schema.broker_order.c.tag)).scalars())


@contextmanager
def locked(url: str, *, wait_s: float = 5) -> Iterator[None]:
    """Another process is in the middle of a write."""
    other = create_engine(url)
    wait = (
        f"PRAGMA busy_timeout={wait_s * 1000:.0f}"
        if url.startswith("sqlite")
        else f"SET lock_timeout={wait_s * 1000:.0f}"
    )
    with other.connect() as connection:
        connection.exec_driver_sql(wait)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT value FROM meta WHERE key = 'chain_head' FOR UPDATE"))
        yield
    other.dispose()


# -- owners ------------------------------------------------------------------------------------------------------


def epochs(town: Town) -> dict[str, int]:
    """Tag → the epoch in which its order was last sent."""
    order, intent = schema.broker_order.c, schema.intent
    statement = select(order.tag, intent.c.epoch).join(intent, intent.c.order == order.id).order_by(intent.c.id)
    with town.store.database.read() as connection:
        return {row.tag: row.epoch for row in connection.execute(statement.where(intent.c.epoch.is_not(None)))}


def put_to_sleep(town: Town, process: Process) -> None:
    """Stop it outside of a write: one that sleeps with SQLite's lock in its hands holds up everybody, and safely so."""
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            with locked(town.environ["DATABASE_URL"], wait_s=0.2):
                return
        except OperationalError:
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.05)


def test_one_that_slept_past_its_lease_is_followed_when_its_last_send_is_over_and_sends_nothing_more(
    town: Town, tmp_path: Path
) -> None:
    burst = a_burst(town, alerts=_ALERTS)
    [web], [sleeper] = ready([town])
    elsewhere = town.beside(tmp_path / "elsewhere")
    other = elsewhere.trader()
    eventually(lambda: "lease_held" in elsewhere.log)

    sending = burst.start()
    time.sleep(1.5)
    put_to_sleep(town, sleeper)
    time.sleep(0.5)  # what was on the wire arrives
    asleep = a_life(town)
    taken_at = eventually(lambda: "lease_taken" in elsewhere.log and time.monotonic(), within_s=45)
    requests = town.control("state")["requests"]
    quiet = [request for request in requests[asleep.journal :] if request["route"].endswith("Order")]
    first = eventually(lambda: town.control("state")["requests"][len(requests) :])[0]
    began_after = time.monotonic() - taken_at
    follows = Life(datetime.fromisoformat(first["at"]), asleep.journal)
    os.kill(sleeper.pid, signal.SIGCONT)
    eventually(lambda: "account_lost account=default" in town.log)
    for future in sending:
        future.result()
    settled(burst)

    assert quiet == []
    assert began_after >= 11.5
    assert sleeper.poll() is None  # it waits, should the other fall silent
    late = town.control("state")["requests"][asleep.journal :]
    told = epochs(town)
    assert {told[one["body"]["ordertag"]] for one in late if one["route"] == "placeOrder"} == {2}
    assert "following" in elsewhere.log
    assert other.poll() is None
    assert web.poll() is None
    found = examine(burst, [follows], in_flight=8)
    print(f"\nfollowed: first call {began_after:.1f} s after the lease, slowest stop {found.stop_s:.2f} s after that")


# -- the store ---------------------------------------------------------------------------------------------------


def test_a_database_that_is_locked_for_ten_seconds_costs_nothing_but_time(town: Town) -> None:
    hosts = hosts_of(town)
    burst, began = a_burst(town, alerts=_ALERTS, webs=hosts), a_life(town)
    webs, traders = ready(hosts)

    with locked(town.environ["DATABASE_URL"]):
        sending = burst.start()
        time.sleep(10)
        unanswered = set(burst.answers)
    for future in sending:
        future.result()
    settled(burst)

    assert unanswered == {503}
    print(f"\nlocked: slowest answer {burst.slowest_s:.2f} s, {dict(burst.answers)}")
    assert burst.slowest_s <= _SOON_S
    assert all_run([*webs, *traders])
    assert sent_tags(town) <= recorded_tags(town)
    examine(burst, [began], in_flight=0)
    town.command("audit", "verify")


@pytest.mark.postgres
def test_backends_that_are_killed_again_and_again_end_neither_web_nor_trader(postgres_town: Town) -> None:
    town, hosts = postgres_town, hosts_of(postgres_town)
    burst, began = a_burst(town, alerts=_ALERTS, webs=hosts), a_life(town)
    webs, traders = ready(hosts)
    killer = create_engine(town.environ["DATABASE_URL"], isolation_level="AUTOCOMMIT")
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    sending = burst.start()
    for _ in range(10):
        time.sleep(0.5)
        with killer.connect() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
    killer.dispose()
    for future in sending:
        future.result()
    with suppress(Exception):  # ours were killed too
        town.audit()
    settled(burst)

    assert all_run([*webs, *traders])
    assert sent_tags(town) <= recorded_tags(town)
    examine(burst, [began], in_flight=0)
    town.command("audit", "verify")


@pytest.mark.postgres
def test_a_postgres_that_is_stopped_and_started_again_is_waited_for(cluster: Cluster, tmp_path: Path) -> None:
    with a_town(cluster.url.render_as_string(hide_password=False), tmp_path) as town:
        hosts = hosts_of(town)
        burst, began = a_burst(town, alerts=_ALERTS, webs=hosts), a_life(town)
        webs, traders = ready(hosts)

        sending = burst.start()
        time.sleep(1.5)
        cluster.stop()
        time.sleep(4)
        cluster.start()
        back = Life(town.now(), began.journal)
        town.store.database.engine.dispose()
        for future in sending:
            future.result()
        settled(burst)

        assert all_run([*webs, *traders])
        assert sent_tags(town) <= recorded_tags(town)
        examine(burst, [back], in_flight=8)
        town.command("audit", "verify")


# -- the disk ----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MB; only root may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Leave not a page free."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return ballast


def test_on_a_full_disk_entries_are_503_and_exits_go_through_and_all_works_again_without_a_restart(
    small_disk: Path, sqlite_template: Path
) -> None:
    path = small_disk / "executor.db"
    path.write_bytes(sqlite_template.read_bytes())
    with a_town(f"sqlite:///{path}", small_disk) as town:
        first, second, third, *_ = a_burst(town, alerts=_ALERTS).messages
        webs, traders = ready([town])
        held = first.post()
        eventually(lambda: stops(town) == 1)

        ballast = fill(small_disk)
        began = time.monotonic()
        refused = second.post()
        took = time.monotonic() - began
        closing = eventually(lambda: (found := first.leaving().post())[0] in {200, 202} and found)
        eventually(lambda: {line["state"] for line in town.audit() if line["signal"]} == {"ENDED"})
        still = second.post()
        spent = (small_disk / "reserve.spent").exists()
        net = sum(row["net"] for row in town.control("state")["positions"])
        ballast.unlink()
        eventually(lambda: (small_disk / "reserve").exists())
        taken = eventually(lambda: (found := third.post())[0] == 202 and found)
        eventually(lambda: stops(town) == 1)  # that of the new entry; the first one was re-priced to leave

        assert (held[0], refused[0], still[0], closing[0], taken[0]) == (202, 503, 503, 202, 202)
        assert refused[1]["code"] == RefusalCode.NOT_RECORDED
        assert took <= _SOON_S
        assert spent
        assert net == 0
        assert all_run([*webs, *traders])
        assert sent_tags(town) <= recorded_tags(town)
        town.command("audit", "verify")


def test_kill_works_on_a_full_disk_and_again_by_its_file_when_the_reserve_is_used_up(
    small_disk: Path, sqlite_template: Path
) -> None:
    path = small_disk / "executor.db"
    path.write_bytes(sqlite_template.read_bytes())
    with a_town(f"sqlite:///{path}", small_disk) as town:
        first, second, third, *_ = a_burst(town, alerts=_ALERTS).messages
        webs, traders = ready([town])
        assert first.post()[0] == 202
        eventually(lambda: stops(town) == 1)

        fill(small_disk)
        recorded = json.loads(town.command("kill", "--json"))
        ballast = fill(small_disk)
        by_file = json.loads(town.command("kill", "--json"))
        file = small_disk / "KILL"
        laid = file.exists()
        leaving = first.leaving().post()
        ballast.unlink()
        eventually(lambda: (small_disk / "reserve").exists())
        still = eventually(lambda: (found := second.post())[0] == 202 and found)
        eventually(lambda: {line["state"] for line in town.audit() if line["signal"]} == {"ENDED"})
        resting = [(order["type"], order["status"]) for order in town.orders() if order["side"] == "SELL"]
        lines = {line["signal"]: line for line in town.audit()}
        town.command("resume")
        taken = third.post()
        eventually(lambda: stops(town) == 2)

        assert (recorded["recorded"], by_file["recorded"], laid, file.exists()) == (True, False, True, False)
        assert (leaving[0], taken[0]) == (503, 202)
        assert lines[still[1]["signal"]]["outcome"] == "REFUSED"
        assert ("STOPLOSS_LIMIT", "trigger pending") in resting
        assert all_run([*webs, *traders])
        town.command("audit", "verify")


@pytest.mark.parametrize("web_lives", [False, True], ids=["nothing runs", "web runs"])
def test_a_start_on_a_full_disk_takes_the_reserve_and_what_is_held_can_be_left(
    small_disk: Path, sqlite_template: Path, tmp_path: Path, web_lives: bool
) -> None:
    path = small_disk / "executor.db"
    path.write_bytes(sqlite_template.read_bytes())
    with a_town(f"sqlite:///{path}", small_disk) as town:
        first, second, *_ = a_burst(town, alerts=_ALERTS).messages
        webs, traders = ready([town])
        assert first.post()[0] == 202
        eventually(lambda: stops(town) == 1)

        for process in traders if web_lives else [*webs, *traders]:
            kill(process)
        town.store.database.engine.dispose()
        fill(small_disk)
        with (tmp_path / "run.log").open("wb") as log:  # not on the disk that is full
            started = ["trader"] if web_lives else ["run"]
            words = [sys.executable, "-m", "executor", *started]
            town.processes.append(
                subprocess.Popen(words, env=town.environ, stdout=log, stderr=log, start_new_session=True)
            )
            eventually(lambda: town.get("/readyz") == 200)
            entered = second.post()
            left = first.leaving().post()
            eventually(lambda: town.held() == 0)

        assert (entered[0], left[0]) == (503, 202)
        assert (small_disk / "reserve.spent").exists()
