"""The lease: one trader an account, over all hosts; a file lock beside it for one trader a state dir.

A holder beats every second. Who beats no more for 5 s, watched by the monotonic clock of the one who waits (clocks of
two hosts differ), is followed: the epoch moves on and every commit of the old one fails. The new one then lets 12 s
pass, the longest a send of the old one may take that began while its lease held, before it reads or sends anything.
A predecessor of this very state dir is gone, since the file lock was free: it is followed at once.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from executor.clock import Clock
from executor.errors import LeaseLost, NotRecorded
from executor.store.ledger import LeaseRow, Ledger

log = logging.getLogger(__name__)

#: A holder that has not beaten for this long sends nothing more, and may be followed.
LEASE_S = 5.0
#: The longest from asking for the lease until nothing of a send can reach the broker any more: to connect, and what
#: the kernel keeps of it while the network takes nothing (broker/smartapi/wire.py).
LONGEST_SEND_S = 12.0
BEAT_S = 1.0
#: What a trader locks in its state dir; it stays where one ran.
LOCK_FILE = "trader.lock"
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class HostLock:
    """The lock of a state dir, held as long as its file is open. `previous` held a lease from here before."""

    file: IO[str]
    previous: str

    def sign(self, holder: str) -> None:
        """Write who holds the lease from here: a later start knows by it that it is gone."""
        self.file.seek(0)
        self.file.truncate()
        self.file.write(f"{os.getpid()}\n{holder}\n")
        self.file.flush()

    def close(self) -> None:
        self.file.close()


class Lease:
    """An account that is ours while the beats go through."""

    def __init__(self, ledger: Ledger, account: str, epoch: int, *, clock: Clock) -> None:
        self.epoch = epoch
        self._ledger = ledger
        self._account = account
        self._clock = clock
        self._good_at = clock.monotonic()
        self._lost = False

    @property
    def holds(self) -> bool:
        """Whether a send may begin: nobody can have followed us yet. Asked by any thread."""
        return not self._lost and self._clock.monotonic() - self._good_at < LEASE_S

    def beat(self, status: Mapping[str, Any]) -> None:
        """Say that we live. Raises NotRecorded, and LeaseLost when another trader followed us."""
        began = self._clock.monotonic()
        try:
            self._ledger.beat(self._account, self.epoch, at=self._clock.now(), status=status)
        except LeaseLost:
            self.lose()
            raise
        self._good_at = began

    def lose(self) -> None:
        """No send begins from now on."""
        self._lost = True

    def give_back(self) -> None:
        """Let the next trader, wherever it is, follow at once: nothing of ours is on the wire any more."""
        self._ledger.release_lease(self._account, self.epoch, at=self._clock.now())


def lock_host(state_dir: Path) -> HostLock:
    """Take the lock of a state dir. Raises LeaseLost when another trader here holds it."""
    state_dir.mkdir(parents=True, exist_ok=True)
    path = state_dir / LOCK_FILE
    file = path.open("a+")
    file.seek(0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = _signed(file)[0]
        file.close()
        words = f"another trader, process {pid or 'unknown'}, runs with this state dir ({path} is locked)"
        raise LeaseLost(f"{words}; stop it first, also where its `executor run` is gone") from error
    lock = HostLock(file, previous=_signed(file)[1])
    lock.sign(lock.previous)
    return lock


def _signed(file: IO[str]) -> tuple[str, str]:
    """What a holder wrote: its process, and who held a lease from here."""
    file.seek(0)
    lines = [*file.read().splitlines(), "", ""]
    return lines[0], lines[1]


def take_lease(
    ledger: Ledger, account: str, *, holder: str, lock: HostLock, clock: Clock, wait: Callable[[float], object]
) -> Lease:
    """Become the owner of an account: at once, or after its owner fell silent and its last send has ended.

    `holder` is HOST:PID:ID. Raises LeaseLost when another one that waited was quicker.
    """
    found = ledger.lease(account)
    watched = found is not None and not _is_gone(found, lock, holder)
    if watched and found is not None:
        found = _until_silent(ledger, account, found, clock=clock, wait=wait)
    epoch = ledger.take_lease(account, holder, at=clock.now(), follows=found)
    lease = Lease(ledger, account, epoch, clock=clock)
    lock.sign(holder)
    if watched and found is not None and found.holder:
        _let_last_sends_end(lease, found, clock=clock, wait=wait)
    return lease


def _is_gone(found: LeaseRow, lock: HostLock, holder: str) -> bool:
    """Whether a holder gave its lease back, was this very process, or held it from this state dir, whose lock is ours.

    The host is compared too: a state dir may have been copied to another one.
    """
    same_host = found.holder.split(":")[0] == holder.split(":")[0]
    return not found.holder or (same_host and found.holder in (lock.previous, holder))


def _until_silent(
    ledger: Ledger, account: str, found: LeaseRow, *, clock: Clock, wait: Callable[[float], object]
) -> LeaseRow:
    """Watch a holder until it has not beaten for the time of a lease, or gave it back; that beat is returned."""
    log.warning("lease_held account=%s by=%s: waiting until it falls silent", account, found.holder)
    seen_at = clock.monotonic()
    while found.holder and clock.monotonic() - seen_at < LEASE_S:
        wait(_LOOK_S)
        try:
            newest = ledger.lease(account)
        except NotRecorded as error:  # nobody can beat now: this silence says nothing
            log.error("lease_not_seen account=%s why=%s", account, error)
            seen_at = clock.monotonic()
            continue
        if newest is not None and newest != found:
            found, seen_at = newest, clock.monotonic()
    return found


def _let_last_sends_end(lease: Lease, before: LeaseRow, *, clock: Clock, wait: Callable[[float], object]) -> None:
    why = f"following {before.holder}: waiting {LONGEST_SEND_S:.0f} s until its last send has ended"
    log.warning("lease_taken epoch=%s %s", lease.epoch, why)
    until = clock.monotonic() + LONGEST_SEND_S
    while clock.monotonic() < until:
        try:
            lease.beat({"waiting_for": why})
        except NotRecorded as error:
            log.error("beat_not_recorded why=%s", error)
        wait(BEAT_S)
