"""One account's trading, wired anew each time its lease is taken: all memory is made from what the store holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from queue import SimpleQueue
from threading import Event as Flag
from typing import Any

from executor.bootstrap import KILL_FILE, open_keys
from executor.bootstrap.status import StatusTeller
from executor.broker.limits import PermitBook, load_limits
from executor.broker.port import Broker, Session
from executor.clock import Clock
from executor.config.environment import Settings
from executor.config.secrets import seal, unseal
from executor.desk.book import Book
from executor.desk.rows import LIVE
from executor.domain.calendar import Calendar, trading_day
from executor.domain.ids import Ids
from executor.domain.messages import Event, RailsRead, Resolved
from executor.domain.option import OptionChain, OptionRule
from executor.domain.refusal import Refusal
from executor.domain.signal import Signal
from executor.domain.strategy import Strategy
from executor.errors import LeaseLost
from executor.instruments.option import rule_between, rule_of
from executor.instruments.resolve import Asked, resolve, shown
from executor.store.ledger import LeaseRow
from executor.store.store import Store
from executor.trader.accounts import SessionKeeper, SessionStore
from executor.trader.feeds import ThreadFeeds
from executor.trader.lease import BEAT_S, HostLock, take_lease
from executor.trader.loop import Loop, LoopParts
from executor.trader.seat import Trading
from executor.trader.workers import Inbox, ThreadWorkers

Resolve = Callable[[Signal], Resolved]


@dataclass(frozen=True, slots=True)
class Common:
    """What the accounts of one trader share. `holder` is unique to the process; a test may stand before `ledger`."""

    settings: Settings
    clock: Clock
    store: Store
    ledger: Any
    ids: Ids
    calendar: Calendar
    lock: HostLock
    holder: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What is an account's own: how its broker is reached, and how its signals find their contracts.

    `clock_ahead`: how far the broker's clock is ahead of ours; None where both are one.
    """

    broker: Broker
    resolve: Resolve
    feeds: Callable[[Inbox], ThreadFeeds] = lambda _inbox: ThreadFeeds()
    clock_ahead: Callable[[], timedelta] | None = None


def take_account(common: Common, account: str, open_desk: Callable[[SessionStore], Desk], stop: Flag) -> Trading:
    """Take an account's lease and wire its trading. Raises LeaseLost, also when told to stop; NotRecorded."""
    before = common.ledger.lease(account)
    lease = take_lease(
        common.ledger,
        account,
        holder=common.holder,
        lock=common.lock,
        clock=common.clock,
        wait=_waiting(stop),
    )
    inbox: SimpleQueue[Event] = SimpleQueue()
    sessions = session_store(common.settings, common.ledger, account, lease.epoch)
    desk = open_desk(sessions)
    workers = ThreadWorkers(desk.broker, inbox, common.clock, may_send=lambda: lease.holds)
    book = Book(common.store.recovery.load_book(account, trading_day(common.clock.now())), common.calendar)
    keeper = SessionKeeper(
        broker=desk.broker,
        store=sessions,
        calendar=common.calendar,
        clock=common.clock,
        inbox=inbox,
        new_id=common.ids.new,
        thread=ThreadPoolExecutor(1, thread_name_prefix="session"),
        seen=lambda: book.evidence,
    )
    feeds = desk.feeds(inbox)
    reserve = common.store.database.reserve
    teller = StatusTeller(common.clock, common.settings.state_dir, reserve, feeds, keeper.wanted, desk.clock_ahead)
    parts = LoopParts(
        ledger=common.ledger,
        recovery=common.store.recovery,
        book=book,
        workers=workers,
        sessions=keeper,
        permits=_permits(common, account, before),
        clock=common.clock,
        ids=common.ids,
        inbox=inbox,
        resolve=desk.resolve,
        rails=lambda: _rails(common, account, book),
        lease=lease,
        kill_file=common.settings.state_dir / KILL_FILE,
        reserve=reserve,
        status=teller.status,
        feeds=feeds,
    )
    return Trading(Loop(parts), workers, keeper, feeds, desk.broker, inbox, lease)


def find_contract(store: Store, clock: Clock, calendar: Calendar) -> Resolve:
    """Find a signal's strategy as it is now, and its contract (read only)."""

    def resolve_signal(signal: Signal) -> Resolved:
        strategy = store.people.strategy(signal.strategy)
        assert strategy is not None, "a signal is recorded only for a strategy that exists; none is ever deleted"
        rule, now = rule_between(rule_of(signal.fields), strategy.option), clock.now()
        asked = _asked(signal, strategy, None if isinstance(rule, Refusal) else rule)
        contract = rule if isinstance(rule, Refusal) else resolve(asked, store.master, now=now, calendar=calendar)
        meant = contract.underlying if isinstance(contract, OptionChain) else contract
        return Resolved(signal, strategy, contract, shown(asked, meant, store.master, now=now, calendar=calendar))

    return resolve_signal


def _asked(signal: Signal, strategy: Strategy, rule: OptionRule | None) -> Asked:
    """An alert's own contract comes before what its strategy says."""
    return Asked(
        exchange=signal.fields["exchange"],
        ticker=signal.fields["ticker"],
        contract=signal.fields.get("contract"),
        roll=strategy.roll,
        option=rule,
    )


def _rails(common: Common, account: str, book: Book) -> RailsRead:
    """The rails of people, and the exchange's of what is held; a contract under its token that is another one tells
    nothing.
    """
    held = {bracket.instrument: bracket.symbol for bracket in book.rows.watched(LIVE)}
    listed = [found for key in held if (found := common.store.master.find_by_key(key)) is not None]
    freezes = {one.key: one.freeze for one in listed if one.symbol == held[one.key]}
    return replace(common.store.people.rails(account), freezes=freezes)


def _permits(common: Common, account: str, before: LeaseRow | None) -> PermitBook:
    """What the trader before this one used up counts on; its last read came no later than it could still beat."""
    now = common.clock.now()
    last_read = min(now, before.beat_at + timedelta(seconds=BEAT_S)) if before else None
    return PermitBook(load_limits(), common.store.recovery.recent_writes(account, now), last_read=last_read)


def _waiting(stop: Flag) -> Callable[[float], None]:
    def wait(seconds: float) -> None:
        if stop.wait(seconds):
            raise LeaseLost("told to stop while waiting for the lease")

    return wait


def session_store(settings: Settings, ledger: Any, account: str, epoch: int) -> SessionStore:
    """How an account's sessions are kept, sealed with the keys of these settings."""
    keys = open_keys(settings)
    return SessionStore(
        ledger=ledger,
        account=account,
        epoch=epoch,
        seal=lambda session: seal(keys, _session_text(session)),
        unseal=lambda text: _read_session(unseal(keys, text)),
        unseal_code=lambda text: unseal(keys, text),
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
