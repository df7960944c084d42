"""The trader, wired: no Flask in it (14 MB that it need not hold)."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue
from threading import Event as Flag
from typing import Any

from executor.bootstrap import (
    DEFAULT_ACCOUNT,
    KILL_FILE,
    clock_of,
    ensure_accounts,
    make_ids,
    open_keys,
    open_store,
)
from executor.broker.limits import PermitBook, load_limits
from executor.broker.port import Broker, Session
from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.wire import Wire
from executor.clock import Clock
from executor.config.calendar import load_calendar
from executor.config.environment import Settings
from executor.config.secrets import seal, unseal
from executor.desk.book import Book
from executor.domain.calendar import trading_day
from executor.domain.ids import Ids
from executor.domain.messages import Event, Resolved
from executor.domain.signal import Signal
from executor.doorbell import DatagramListener, Listener
from executor.errors import ConfigError
from executor.instruments.resolve import resolve
from executor.store.bell import NotifyListener
from executor.store.engine import Database
from executor.store.store import Store
from executor.trader.accounts import SessionKeeper, SessionStore
from executor.trader.halts import recorded
from executor.trader.lease import HostLock, Lease, lock_host, take_lease
from executor.trader.loop import Loop, LoopParts
from executor.trader.process import Trader
from executor.trader.workers import ThreadWorkers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wraps:
    """Where a test may put itself between the trader and its store or broker; the product never does."""

    ledger: Callable[[Any], Any] = lambda ledger: ledger
    broker: Callable[[Broker], Broker] = lambda broker: broker


def build_trader(settings: Settings, *, wraps: Wraps | None = None) -> Trader:
    """Wire the trader of the account `default`. Raises ConfigError, LeaseLost."""
    wraps = wraps or Wraps()
    if settings.credentials is None:
        raise ConfigError(
            "no broker login: set SMARTAPI_API_KEY, SMARTAPI_CLIENT_CODE and SMARTAPI_PIN "
            "(`executor simulator --json` prints a set to play with); paper trading comes in a later version"
        )
    clock, store = clock_of(settings), open_store(settings)
    lock = lock_host(settings.state_dir)
    ensure_accounts(settings, store, at=clock.now())
    ledger = wraps.ledger(store.ledger)
    lease = _take_lease(ledger, lock, clock, make_ids(clock, store.recovery))
    _make_reserve(store.database)
    inbox: SimpleQueue[Event] = SimpleQueue()
    ids = make_ids(clock, store.recovery)
    sessions = _session_store(settings, ledger, lease.epoch)
    broker = wraps.broker(_broker(settings, clock, sessions))
    workers = ThreadWorkers(broker, inbox, may_send=lambda: lease.holds)
    calendar = load_calendar(settings.calendar_file)
    keeper = SessionKeeper(
        broker=broker,
        store=sessions,
        calendar=calendar,
        clock=clock,
        inbox=inbox,
        new_id=ids.new,
        thread=ThreadPoolExecutor(1, thread_name_prefix="session"),
    )
    now = clock.now()
    parts = LoopParts(
        ledger=ledger,
        recovery=store.recovery,
        book=Book(store.recovery.load_book(DEFAULT_ACCOUNT, trading_day(now)), calendar),
        workers=workers,
        sessions=keeper,
        permits=PermitBook(load_limits(), store.recovery.recent_writes(DEFAULT_ACCOUNT, now)),
        clock=clock,
        ids=ids,
        inbox=inbox,
        resolve=_resolver(store),
        lease=lease,
        kill_file=settings.state_dir / KILL_FILE,
        reserve=store.database.reserve,
        status=_status,
    )
    return Trader(
        loop=Loop(parts),
        workers=workers,
        sessions=keeper,
        doorbell=_listener(settings, store.database),
        inbox=inbox,
        lease=lease,
        lock=lock,
    )


def _take_lease(ledger: Any, lock: HostLock, clock: Clock, ids: Ids) -> Lease:
    holder = f"{socket.gethostname()}:{os.getpid()}:{ids.new()}"
    return take_lease(ledger, DEFAULT_ACCOUNT, holder=holder, lock=lock, clock=clock, wait=Flag().wait)


def _make_reserve(database: Database) -> None:
    if database.reserve is not None and not database.reserve.make():
        log.warning("no_reserve: there is too little space on the disk for one; when it is full exits will suffer too")


def _listener(settings: Settings, database: Database) -> Listener:
    return DatagramListener(settings.state_dir) if database.is_sqlite else NotifyListener(database)


def _resolver(store: Store) -> Callable[[Signal], Resolved]:
    """Find a signal's strategy as it is now, and its contract (read only)."""

    def resolve_signal(signal: Signal) -> Resolved:
        strategy = store.people.strategy(signal.strategy)
        assert strategy is not None, "a signal is recorded only for a strategy that exists; none is ever deleted"
        return Resolved(signal, strategy, resolve(signal.fields["exchange"], signal.fields["ticker"], store.master))

    return resolve_signal


def _broker(settings: Settings, clock: Clock, sessions: SessionStore) -> Broker:
    found = settings.credentials
    assert found is not None
    credentials = Credentials(
        api_key=found.api_key,
        client_code=found.client_code,
        pin=found.pin,
        totp_secret=found.totp_secret,
        public_ip=found.public_ip,
        local_ip=found.local_ip,
        mac=found.mac,
    )
    return SmartApi(
        credentials,
        wire=Wire(found.base_url, headers=headers_of(credentials)),
        clock=clock,
        reserve_step=lambda step: sessions.reserve_step(step, at=clock.now()),
        last_step=sessions.last_step(),
    )


def _session_store(settings: Settings, ledger: Any, epoch: int) -> SessionStore:
    keys = open_keys(settings)
    return SessionStore(
        ledger=ledger,
        account=DEFAULT_ACCOUNT,
        epoch=epoch,
        seal=lambda session: seal(keys, _session_text(session)),
        unseal=lambda text: _read_session(unseal(keys, text)),
    )


def _session_text(session: Session) -> str:
    return json.dumps(
        {
            "jwt": session.jwt,
            "refresh": session.refresh,
            "feed": session.feed,
            "totp_step": session.totp_step,
            "opened_at": session.opened_at.isoformat(),
            "ends_at": session.ends_at.isoformat(),
        }
    )


def _read_session(text: str) -> Session:
    found = json.loads(text)
    return Session(
        jwt=found["jwt"],
        refresh=found["refresh"],
        feed=found["feed"],
        totp_step=found["totp_step"],
        opened_at=datetime.fromisoformat(found["opened_at"]),
        ends_at=datetime.fromisoformat(found["ends_at"]),
    )


def _status(book: Book) -> Mapping[str, Any]:
    """What the beat tells pages about the desk."""
    evidence = book.evidence
    return {
        "session": evidence.session_open,
        "reconciled": evidence.reconciled,
        "waiting": len(evidence.waiting),
        "failed_reads": evidence.failed_reads,
        "halts": [
            {"kind": one.kind, "scope": one.scope, "since": one.since.isoformat(), "why": one.why, "by": one.by}
            for one in book.halts
            if not recorded([one])
        ],
    }
