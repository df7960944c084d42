"""A rehearsal, wired: the account's lease is taken for it, so that no trader sends anything meanwhile."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event as Flag

from executor.bootstrap import clock_of, ensure_accounts, make_ids, open_store
from executor.bootstrap.account import session_store
from executor.bootstrap.login import open_client, open_wire
from executor.bootstrap.logins import login_of
from executor.broker.port import Frames, Session
from executor.broker.smartapi.order_feed import OrderFrames, feed_headers
from executor.broker.smartapi.socket import open_socket
from executor.clock import IST, Clock
from executor.config.broker import BrokerSettings
from executor.config.calendar import load_calendar
from executor.config.environment import Settings
from executor.domain.calendar import trading_day
from executor.domain.ids import CallId, Ids
from executor.domain.instrument import Instrument, Segment
from executor.domain.intent import Call
from executor.domain.record import CallRow
from executor.errors import ConfigError
from executor.store.accounts import REHEARSAL, Accounts
from executor.store.store import Store
from executor.trader.accounts import SessionStore
from executor.trader.lease import Lease, lock_host, take_lease
from executor.trader.rehearsal import Rehearsal, Step


@dataclass(frozen=True, slots=True)
class Card:
    """What a rehearsal showed; `bundle` holds every call of it, secrets masked."""

    account: str
    passed: bool
    steps: Sequence[Step]
    bundle: Path


def rehearse(settings: Settings, account: str, *, symbol: str, code: str | None) -> Card:
    """Rehearse with an account's login. Raises ConfigError when it cannot begin, LeaseLost beside a trader."""
    store, clock = open_store(settings), clock_of(settings)
    with closing(store.database), closing(lock_host(settings.state_dir)) as lock:
        login = login_of(settings, store, account)
        ensure_accounts(settings, store, at=clock.now())
        share = _ready(settings, store, clock, account, symbol)
        ids = make_ids(clock, store.recovery)
        holder = f"{socket.gethostname()}:{os.getpid()}:{ids.new()}"
        lease = take_lease(store.ledger, account, holder=holder, lock=lock, clock=clock, wait=_refuse)
        sessions = session_store(settings, store.ledger, account, lease.epoch)
        try:
            with closing(open_wire(login)) as wire:
                rehearsal = Rehearsal(
                    broker=open_client(login, wire, sessions, clock, typed_code=lambda: code),
                    clock=clock,
                    ids=ids,
                    account=account,
                    share=share,
                    saved=sessions.load(),
                    wait=_beating(lease),
                    keep=_keeping(sessions, clock),
                    listen=_listening(login),
                    read_frame=OrderFrames().read,
                )
                passed = rehearsal.run()
            return _recorded(settings, sessions, rehearsal, clock=clock, ids=ids, passed=passed)
        finally:
            lease.give_back()


def _ready(settings: Settings, store: Store, clock: Clock, account: str, symbol: str) -> Instrument:
    """The share to rehearse with. Raises ConfigError when this is not the moment."""
    if Accounts(store.database).open_positions(account):
        raise ConfigError("the account holds positions of ours: a rehearsal is for a flat account")
    calendar, now = load_calendar(settings.calendar_file), clock.now()
    square_off = calendar.square_off(Segment.NSE, trading_day(now))
    if not calendar.is_open(Segment.NSE, now) or square_off is None or now >= square_off:
        local = f"{now.astimezone(IST):%d-%m-%Y %H:%M}"
        raise ConfigError(f"it is {local} in India: rehearse while NSE is open, and before INTRADAY is squared off")
    found = store.master.find_by_symbol(Segment.NSE, symbol)
    if not found:
        raise ConfigError(f"no instrument of NSE is called {symbol!r}; `executor instruments refresh`, or --symbol")
    return found[0]


def _refuse(_seconds: float) -> None:
    raise ConfigError("a trader has this account right now: stop it for the rehearsal (`executor run` or `trader`)")


def _beating(lease: Lease) -> Callable[[float], None]:
    pause = Flag()

    def wait(seconds: float) -> None:
        lease.beat({"rehearsal": True})
        if seconds:
            pause.wait(seconds)

    return wait


def _keeping(sessions: SessionStore, clock: Clock) -> Callable[[Session], None]:
    def keep(session: Session) -> None:
        sessions.keep(session, at=clock.now())

    return keep


def _listening(login: BrokerSettings) -> Callable[[Session], Frames] | None:
    url = login.order_feed_url
    if url is None:
        return None

    def listen(session: Session) -> Frames:
        return open_socket(url, feed_headers(session, api_key=login.api_key, client_code=login.client_code))

    return listen


def _recorded(
    settings: Settings, sessions: SessionStore, rehearsal: Rehearsal, *, clock: Clock, ids: Ids, passed: bool
) -> Card:
    now, account = clock.now(), sessions.account
    rows = [CallRow(CallId(ids.new()), account, None, call, 1, call.at) for call in rehearsal.calls]
    sessions.record(rows, say=f"rehearsal {'passed' if passed else 'FAILED'}", at=now)
    sessions.forget(at=now)
    day = trading_day(now)
    if passed and not sessions.ledger.job_done(account, REHEARSAL, day):
        sessions.ledger.finish_job(account, sessions.epoch, REHEARSAL, day, at=now)
    bundle = settings.state_dir / f"rehearsal-{account}-{now.astimezone(IST):%Y%m%d-%H%M%S}.json"
    _write(bundle, rehearsal.steps, rehearsal.calls)
    return Card(account, passed, tuple(rehearsal.steps), bundle)


def _write(path: Path, steps: Sequence[Step], calls: Sequence[Call]) -> None:
    told = {"steps": [asdict(step) for step in steps], "calls": [asdict(call) for call in calls]}
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(told, file, indent=1, default=str)
