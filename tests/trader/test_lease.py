"""One trader a state dir by a file lock, one an account by a lease that another host waits out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.errors import LeaseLost, NotRecorded
from executor.store.ledger import Ledger
from executor.store.store import Store
from executor.trader.lease import LOCK_FILE, Lease, lock_host, take_lease
from tests.trader.harness import ACCOUNT


def test_the_second_is_refused_and_told_which_file_and_process_it_is(tmp_path: Path) -> None:
    with closing(lock_host(tmp_path)), pytest.raises(LeaseLost, match=rf"process {os.getpid()}.*trader\.lock"):
        lock_host(tmp_path)


def test_a_lock_that_is_not_signed_yet_is_refused_all_the_same(tmp_path: Path) -> None:
    with closing(lock_host(tmp_path)):
        (tmp_path / LOCK_FILE).write_text("")
        with pytest.raises(LeaseLost, match=r"another trader, process unknown, .*trader\.lock"):
            lock_host(tmp_path)


def test_it_is_free_when_the_first_has_ended(tmp_path: Path) -> None:
    lock_host(tmp_path).close()

    lock_host(tmp_path).close()


def test_another_state_dir_has_a_lock_of_its_own(tmp_path: Path) -> None:
    with closing(lock_host(tmp_path / "a")), closing(lock_host(tmp_path / "b")):
        assert (tmp_path / "a" / "trader.lock").exists()


def test_it_names_its_process_and_who_held_a_lease_from_here(tmp_path: Path) -> None:
    (tmp_path / "trader.lock").write_text("123456789\nhost:1:a\nolder\n")

    with closing(lock_host(tmp_path)) as lock:
        before = lock.previous
        lock.sign("host:2:b")

        assert (tmp_path / "trader.lock").read_text() == f"{os.getpid()}\nhost:2:b\n"

    with closing(lock_host(tmp_path)) as lock:
        assert (before, lock.previous) == ("host:1:a", "host:2:b")


def test_a_killed_holder_leaves_it_free_and_a_child_of_its_does_not_keep_it(tmp_path: Path) -> None:
    """The lock must not be inherited: gunicorn or a helper started by the trader may live on."""
    holder = (
        "import subprocess, sys, pathlib; from executor.trader.lease import lock_host\n"
        "held = lock_host(pathlib.Path(sys.argv[1]))\n"
        "child = subprocess.Popen(['sleep', '30'])\n"
        "print(child.pid, flush=True); child.wait()\n"
    )
    words = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        with pytest.raises(LeaseLost):
            lock_host(tmp_path)

        process.kill()
        process.wait()
        lock_host(tmp_path).close()
        os.kill(child, 9)


# -- the lease, between hosts


@dataclass
class Hosts:
    """Two hosts over one store. What the other host does happens while ours waits, on a clock of their own."""

    store: Store
    clock: ManualClock
    state_dir: Path
    meanwhile: Callable[[float], None] = lambda elapsed: None
    waited: float = 0.0
    seen: list[dict[str, Any]] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.waited += seconds
        self.meanwhile(self.waited)
        ((_, beat),) = [found for found in self.store.pages.standing().accounts if found[1]]
        self.seen.append(dict(beat.status) if beat else {})

    def start(self, holder: str) -> Lease:
        """A trader starts here; the lock is free."""
        with closing(lock_host(self.state_dir)) as lock:
            return take_lease(self.store.ledger, ACCOUNT, holder=holder, lock=lock, clock=self.clock, wait=self.wait)

    def elsewhere(self, holder: str = "there:7:x") -> int:
        ledger = self.store.ledger
        return ledger.take_lease(ACCOUNT, holder, at=self.clock.now(), follows=ledger.lease(ACCOUNT))


@pytest.fixture
def hosts(store: Store, clock: ManualClock, ids: Ids, tmp_path: Path) -> Hosts:
    kind = AccountKind.SIMULATOR
    store.people.add_account(Account(ACCOUNT, kind), by="test", at=clock.now(), new_id=ids.new)
    return Hosts(store, clock, tmp_path / "here")


def test_a_first_trader_does_not_wait(hosts: Hosts) -> None:
    lease = hosts.start("here:1:a")

    assert (lease.epoch, hosts.waited, lease.holds) == (1, 0, True)


def test_a_killed_predecessor_of_this_state_dir_is_followed_at_once(hosts: Hosts) -> None:
    hosts.start("here:1:a")

    assert (hosts.start("here:1:b").epoch, hosts.waited) == (2, 0)


def test_what_this_process_had_itself_and_could_not_give_back_is_taken_again_at_once(hosts: Hosts) -> None:
    with closing(lock_host(hosts.state_dir)) as lock:
        take = partial(
            take_lease, hosts.store.ledger, ACCOUNT, holder="here:1:a", clock=hosts.clock, wait=hosts.wait, lock=lock
        )
        take()

        assert (take().epoch, hosts.waited) == (2, 0)


def test_a_lease_that_was_given_back_is_taken_at_once_from_anywhere(hosts: Hosts) -> None:
    epoch = hosts.elsewhere()
    hosts.store.ledger.release_lease(ACCOUNT, epoch, at=hosts.clock.now())

    assert (hosts.start("here:1:a").epoch, hosts.waited) == (2, 0)


@pytest.mark.parametrize("previous", ["", "there:7:x", "here:1:older"])
def test_another_hosts_lease_is_waited_out_and_its_longest_send_too(hosts: Hosts, previous: str) -> None:
    """A state dir that was copied from there names the holder as its own; the host tells them apart."""
    hosts.elsewhere()
    with closing(lock_host(hosts.state_dir)) as lock:
        lock.sign(previous)

    lease = hosts.start("here:1:a")

    assert lease.epoch == 2
    assert 5 + 12 <= hosts.waited <= 5 + 12 + 1
    assert lease.holds
    assert "following there:7:x" in hosts.seen[-2]["waiting_for"]


def test_a_holder_that_beats_is_never_followed_however_its_clock_goes(hosts: Hosts) -> None:
    epoch = hosts.elsewhere()

    def beat(elapsed: float) -> None:
        if elapsed < 60:
            at = hosts.clock.now() - timedelta(hours=1) + timedelta(microseconds=int(elapsed * 1000))
            hosts.store.ledger.beat(ACCOUNT, epoch, at=at, status={})

    hosts.meanwhile = beat
    lease = hosts.start("here:1:a")

    assert lease.epoch == 2
    assert 60 + 5 + 12 - 1 <= hosts.waited <= 60 + 5 + 12 + 1


def test_a_database_that_is_away_is_no_silence(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts.elsewhere()
    read = hosts.store.ledger.lease

    def away_for_a_minute(account: str) -> Any:
        if 2 < hosts.waited < 60:
            raise NotRecorded("gone")
        return read(account)

    monkeypatch.setattr(Ledger, "lease", lambda self, account: away_for_a_minute(account))
    hosts.start("here:1:a")

    assert hosts.waited >= 60 + 5 + 12 - 1


def test_of_two_that_wait_the_slower_one_goes_on_waiting(hosts: Hosts) -> None:
    hosts.elsewhere()

    def snatch(elapsed: float) -> None:
        if elapsed == 5:
            hosts.elsewhere("third:1:y")

    hosts.meanwhile = snatch
    lease = hosts.start("here:1:a")

    assert lease.epoch == 3
    assert hosts.waited >= 5 + 5 + 12


def test_a_lease_holds_for_five_seconds_from_the_beginning_of_its_last_good_beat(hosts: Hosts) -> None:
    lease = hosts.start("here:1:a")
    hosts.clock.advance(4)
    lease.beat({})

    hosts.clock.advance(4.9)
    before = lease.holds
    hosts.clock.advance(0.1)

    assert (before, lease.holds) == (True, False)
    lease.beat({})
    assert lease.holds


def test_one_that_slept_past_its_lease_finds_itself_followed_and_never_sends_again(hosts: Hosts) -> None:
    lease = hosts.start("here:1:a")
    hosts.clock.advance(60)
    hosts.elsewhere()

    asleep = lease.holds
    with pytest.raises(LeaseLost):
        lease.beat({})

    assert (asleep, lease.holds) == (False, False)
