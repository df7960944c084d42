"""The house with the real keeper of sessions, on the loop's own thread: what a lost token costs, end to end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

from executor.broker.port import Session
from executor.broker.smartapi.client import SmartApi
from executor.config.calendar import load_calendar
from executor.domain.record import Halt
from executor.trader.accounts import SessionKeeper, SessionStore
from executor.trader.loop import Sessions
from tests.house import ACCOUNT, House


class AtOnce(Executor):
    """A thread that does each thing before it is asked for the next."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class KeptHouse(House):
    """`somebody_logs_in` is another program with the same login: it ends our session."""

    kept: dict[str, Session] | None = None

    def sessions(self, epoch: int) -> Sessions:
        return SessionKeeper(
            broker=self.broker,
            store=self.session_store(epoch),
            calendar=load_calendar(None),
            clock=self.clock,
            inbox=self.inbox,
            new_id=self.ids.new,
            thread=AtOnce(),
            seen=lambda: self.book.evidence,
        )

    def session_store(self, epoch: int) -> SessionStore:
        return SessionStore(
            ledger=self.store.ledger,
            account=ACCOUNT,
            epoch=epoch,
            seal=self._seal,
            unseal=lambda text: (self.kept or {})[text],
            unseal_code=str,
        )

    def a_client(self, epoch: int) -> SmartApi:
        kept = self.session_store(epoch)
        return SmartApi(
            self.secrets,
            wire=self.a_wire(),
            clock=self.clock,
            reserve_step=lambda step: kept.reserve_step(step, at=self.clock.now()),
            last_step=kept.last_step(),
        )

    def somebody_logs_in(self) -> None:
        SmartApi(self.secrets, wire=self.a_wire(), clock=self.clock, reserve_step=lambda step: None).open_session(None)

    def halts(self) -> tuple[Halt, ...]:
        return self.store.recovery.new_work(ACCOUNT).halts

    def _seal(self, session: Session) -> str:
        self.kept = self.kept or {}
        name = f"sealed {len(self.kept)}"
        self.kept[name] = replace(session, calls=())
        return name
