"""The trader, wired: the account `paper` always, `default` once its login is set, and every account with its own."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from executor.bootstrap import (
    DEFAULT_ACCOUNT,
    PAPER_ACCOUNT,
    clock_of,
    ensure_accounts,
    make_ids,
    open_store,
)
from executor.bootstrap.account import Common, Desk, find_contract, take_account
from executor.bootstrap.feeds import open_feeds
from executor.bootstrap.login import open_client, open_wire
from executor.bootstrap.logins import accounts_with_login, check_client, login_of
from executor.bootstrap.refreshing import refresh_apart
from executor.broker.port import Broker
from executor.config.broker import BrokerSettings
from executor.config.calendar import load_calendar
from executor.config.environment import Settings
from executor.doorbell import DatagramListener, Listener
from executor.errors import ConfigError, StoreError
from executor.instruments.freshness import stale
from executor.store.bell import NotifyListener
from executor.store.engine import Database
from executor.trader.accounts import SessionStore
from executor.trader.lease import lock_host
from executor.trader.master import MasterKeeper
from executor.trader.process import Trader
from executor.trader.seat import Seat

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wraps:
    """Where a test may put itself: before the ledger of all accounts, before the broker of `default`."""

    ledger: Callable[[Any], Any] = lambda ledger: ledger
    broker: Callable[[Broker], Broker] = lambda broker: broker


def build_trader(settings: Settings, *, wraps: Wraps | None = None) -> Trader:
    """Wire the trader of this state dir. Raises ConfigError; LeaseLost when another one runs with it."""
    wraps = wraps or Wraps()
    clock, store = clock_of(settings), open_store(settings)
    lock = lock_host(settings.state_dir)
    ensure_accounts(settings, store, at=clock.now())
    _make_reserve(store.database)
    ids = make_ids(clock, store.recovery)
    common = Common(
        settings=settings,
        clock=clock,
        store=store,
        ledger=wraps.ledger(store.ledger),
        ids=ids,
        calendar=load_calendar(settings.calendar_file),
        lock=lock,
        holder=f"{socket.gethostname()}:{os.getpid()}:{ids.new()}",
    )
    seating = Seating(common, wraps)
    return Trader(
        seats=seating.begin(),
        newcomers=seating.newcomers,
        clock=clock,
        master=_keeper(common),
        doorbell=_listener(settings, store.database),
        lock=lock,
    )


def _keeper(common: Common) -> MasterKeeper:
    """Who takes the day's instrument file."""

    def is_due() -> bool:
        return bool(stale(common.store.master.current_load(), common.calendar, common.clock.now()))

    return MasterKeeper(is_due=is_due, take=partial(refresh_apart, common.settings), clock=common.clock)


class Seating:
    """The seats of one trader: accounts with a login, of which the first also prices the paper exchange; `paper`."""

    def __init__(self, common: Common, wraps: Wraps) -> None:
        self._common = common
        self._wraps = wraps
        self._with_login: list[Seat] = []
        self._refused: set[str] = set()

    def begin(self) -> list[Seat]:
        """All accounts that there are."""
        from executor.bootstrap.paper import open_paper_desk  # the simulator with it: for who runs a trader, once

        paper = partial(open_paper_desk, self._common, priced_by=self._with_login)
        return [*self.newcomers(), _seat(self._common, PAPER_ACCOUNT, paper)]

    def newcomers(self) -> Sequence[Seat]:
        """The accounts that were added since."""
        known = {seat.account for seat in self._with_login}
        try:
            names = accounts_with_login(self._common.settings, self._common.store)
            new = [seat for name in names if name not in known and (seat := self._seat_of(name)) is not None]
        except StoreError as error:
            log.error("accounts_not_read why=%s", error)
            return ()
        self._with_login += new
        return new

    def _seat_of(self, account: str) -> Seat | None:
        """None where its login cannot be used: that is said once, and no other account waits for it."""
        try:
            login = login_of(self._common.settings, self._common.store, account)
            check_client(self._common.settings, self._common.store, account, login)
        except ConfigError as error:
            if account not in self._refused:
                log.error("account_not_traded account=%s why=%s", account, error)
            self._refused.add(account)
            return None
        return _seat(self._common, account, partial(_open_login_desk, self._common, login, self._wrap(account)))

    def _wrap(self, account: str) -> Callable[[Broker], Broker]:
        return self._wraps.broker if account == DEFAULT_ACCOUNT else lambda broker: broker


def _seat(common: Common, account: str, open_desk: Callable[[SessionStore], Desk]) -> Seat:
    return Seat(account, partial(take_account, common, account, open_desk), common.clock)


def _open_login_desk(
    common: Common, login: BrokerSettings, wrap: Callable[[Broker], Broker], sessions: SessionStore
) -> Desk:
    clock = common.clock
    broker = open_client(
        login, open_wire(login), sessions, clock, typed_code=lambda: sessions.typed_code(at=clock.now())
    )
    resolve = find_contract(common.store, common.clock, common.calendar)
    return Desk(wrap(broker), resolve, open_feeds(login, broker, clock), lambda: broker.clock_ahead)


def _make_reserve(database: Database) -> None:
    if database.reserve is not None and not database.reserve.make():
        log.warning("no_reserve: there is too little space on the disk for one; when it is full exits will suffer too")


def _listener(settings: Settings, database: Database) -> Listener:
    return DatagramListener(settings.state_dir) if database.is_sqlite else NotifyListener(database)
