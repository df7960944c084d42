"""The only place that wires: settings → clock, store, broker, desk, trader, web."""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from random import Random
from threading import Event as Flag
from typing import Any

from flask import Flask

from executor.broker.limits import PermitBook, load_limits
from executor.broker.port import Broker, Session
from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.master import read_master
from executor.broker.smartapi.wire import Wire, download
from executor.clock import Clock, SystemClock, open_clock
from executor.config.calendar import load_calendar
from executor.config.environment import Settings, account_kind, load_settings
from executor.config.secrets import Keys, fingerprint, seal, unseal
from executor.config.strategy import strategy_fields, strategy_from
from executor.desk.book import Book
from executor.domain.calendar import trading_day
from executor.domain.ids import Ids
from executor.domain.messages import Event, Resolved
from executor.domain.signal import Signal
from executor.domain.strategy import Account, AccountKind
from executor.doorbell import DatagramBell, DatagramListener, Listener
from executor.errors import ConfigError
from executor.instruments.refresh import LoadReport, refresh
from executor.instruments.resolve import resolve
from executor.store.bell import NotifyBell, NotifyListener
from executor.store.engine import Database, open_database
from executor.store.recovery import Recovery
from executor.store.store import Store, build_store
from executor.store.upgrade import check_schema, upgrade
from executor.trader.accounts import SessionKeeper, SessionStore
from executor.trader.halts import recorded
from executor.trader.lease import HostLock, Lease, lock_host, take_lease
from executor.trader.loop import Loop, LoopParts
from executor.trader.process import Trader
from executor.trader.workers import ThreadWorkers
from executor.web.app import create_app
from executor.web.authenticity import Floods
from executor.web.pages import PageParts, register_pages
from executor.web.parts import WebParts

log = logging.getLogger(__name__)

DEFAULT_ACCOUNT = "default"
PAPER_ACCOUNT = "paper"
#: Lies in the state dir: kill, also when the database cannot be written.
KILL_FILE = "KILL"
_FINGERPRINT = "key_fingerprint"


# -- shared by all processes -------------------------------------------------------------------------------------


def open_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment and `.env`. Raises ConfigError."""
    return load_settings(os.environ if environ is None else environ, env_file=Path(".env"))


def open_keys(settings: Settings) -> Keys:
    return Keys.derive(settings.secret_key, old=settings.secret_key_old)


def clock_of(settings: Settings) -> Clock:
    return open_clock(settings.clock_file)


def open_store(settings: Settings) -> Store:
    """Open a database of the right schema, sealed with the right key. Raises SchemaBehind, ConfigError."""
    database = open_database(settings.database_url)
    check_schema(database)
    ids = make_ids(clock_of(settings), Recovery(database))
    store = build_store(
        database,
        new_id=ids.new,
        read_strategy=lambda fields, name, version: strategy_from(fields, name=name, version=version),
        write_strategy=strategy_fields,
    )
    _check_key(settings, store)
    return store


def open_bell(settings: Settings, store: Store) -> DatagramBell | NotifyBell:
    """The side that rings, after a commit, so that the trader looks."""
    return DatagramBell(settings.state_dir) if store.database.is_sqlite else NotifyBell(store.database)


def make_ids(clock: Clock, recovery: Recovery) -> Ids:
    """Ids of this process, above every id in the store."""
    return Ids(clock.now, Random(secrets.randbits(128)), above=recovery.newest_id())


def upgrade_database(settings: Settings) -> str:
    """Bring the schema up to date and make the accounts that the settings name; returns the revision."""
    database = open_database(settings.database_url)
    revision = upgrade(database)
    database.close()
    store = open_store(settings)
    ensure_accounts(settings, store, at=clock_of(settings).now())
    store.database.close()
    return revision


def ensure_accounts(settings: Settings, store: Store, *, at: datetime) -> None:
    """Make `paper`, and `default` once its login is set. An account's kind is for ever: ConfigError otherwise."""
    wanted = [Account(PAPER_ACCOUNT, AccountKind.PAPER)]
    if settings.credentials is not None:
        wanted.append(Account(DEFAULT_ACCOUNT, account_kind(settings)))
    ids = make_ids(clock_of(settings), store.recovery)
    for account in wanted:
        found = store.people.account(account.name)
        if found is None:
            store.people.add_account(account, by="settings", at=at, new_id=ids.new)
        elif found.kind is not account.kind:
            raise ConfigError(
                f"account {account.name} was made as {found.kind} and SMARTAPI_BASE_URL now says {account.kind}: "
                "an account's kind is for ever; use another database for another kind"
            )


def start_logging() -> None:
    """One line an event to stderr; libraries only when something is wrong."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("httpx", "httpcore", "apscheduler", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _check_key(settings: Settings, store: Store) -> None:
    """Refuse a SECRET_KEY other than the one the store was sealed with, unless SECRET_KEY_OLD hands over."""
    own = fingerprint(settings.secret_key)
    known = store.people.meta(_FINGERPRINT)
    old = fingerprint(settings.secret_key_old) if settings.secret_key_old else None
    if known in (None, old):
        store.people.set_meta(_FINGERPRINT, own)
    elif known != own:
        raise ConfigError(
            "SECRET_KEY is not the key this database was made with: give back the old one, or set SECRET_KEY_OLD to it"
        )


def refresh_master(settings: Settings, store: Store) -> LoadReport:
    """Fetch the broker's instrument file and switch to it. Raises BrokerUnavailable; the old rows stay then."""
    clock = clock_of(settings)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    path = settings.state_dir / "instruments.json"
    download(settings.master_url, path)
    try:
        return refresh(read_master(path), store.master, now=clock.now(), ids=make_ids(clock, store.recovery))
    finally:
        path.unlink(missing_ok=True)


# -- web ---------------------------------------------------------------------------------------------------------


def create_web_app() -> Flask:
    """What gunicorn serves, one a worker process."""
    start_logging()
    settings = open_settings()
    clock, store = clock_of(settings), open_store(settings)
    ids = make_ids(clock, store.recovery)
    parts = WebParts(
        store=store,
        keys=open_keys(settings),
        clock=clock,
        new_id=ids.new,
        doorbell=open_bell(settings, store),
        floods=Floods(f"{socket.gethostname()}:{os.getpid()}"),
        trusted_proxies=settings.trusted_proxies,
    )
    app = create_app(parts)
    register_pages(
        app,
        PageParts(
            pages=store.pages,
            people=store.people,
            commands=store.commands,
            doorbell=parts.doorbell,
            clock=clock,
            system=SystemClock(),
            session_key=parts.keys.session,
            public_url=settings.public_url,
            port=settings.port,
            trusted_proxies=settings.trusted_proxies,
        ),
    )
    return app


# -- trader ------------------------------------------------------------------------------------------------------


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
        permits=PermitBook(load_limits(), store.recovery.recent_writes(DEFAULT_ACCOUNT, now - timedelta(hours=1))),
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
