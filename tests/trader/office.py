"""A keeper of sessions over a real store, with a broker at the gate that does what the test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from queue import SimpleQueue
from typing import Any

from sqlalchemy import select

from executor.broker.port import Session
from executor.clock import IST, ManualClock
from executor.config.calendar import load_calendar
from executor.domain.calendar import Calendar, trading_day
from executor.domain.ids import Ids
from executor.domain.intent import Call, Intent, Sent
from executor.domain.messages import SessionChanged
from executor.domain.reading import Query, Reading
from executor.domain.record import Halt
from executor.errors import BrokerUnavailable, LoginNotYet
from executor.store import schema
from executor.store.store import Store
from executor.trader.accounts import SessionKeeper, SessionStore
from tests.trader.harness import ACCOUNT

PATIENCE_S = 5.0


def a_session(now: datetime) -> Session:
    midnight = datetime.combine(trading_day(now) + timedelta(days=1), time(0), IST).astimezone(UTC)
    call = Call("loginByPassword", "{}", "{}", 200, now, 200)
    return Session("a.b.c", "r", "f", int(now.timestamp()) // 30, now, midnight, (call,))


@dataclass
class Gate:
    """A broker whose login does what the test says: a session by default, else what `script` says.

    `holds`: the saved session still does, so that no login is needed.
    """

    clock: ManualClock
    script: list[Callable[[], Session]] = field(default_factory=list)
    asked_at: list[datetime] = field(default_factory=list)
    saved: list[Session | None] = field(default_factory=list)
    closed_at: list[datetime] = field(default_factory=list)
    holds: bool = False

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        if self.holds and saved is not None:
            return saved
        if not may_log_in:
            raise LoginNotYet("no login may be made yet")
        self.asked_at.append(self.clock.now())
        self.saved.append(saved)
        return self.script.pop(0)() if self.script else a_session(self.clock.now())

    def close_session(self) -> tuple[Call, ...]:
        self.closed_at.append(self.clock.now())
        return (Call("logout", "{}", "{}", 200, self.clock.now(), 20),)

    def send(self, intent: Intent) -> Sent:
        raise AssertionError("not a matter of sessions")

    def read(self, query: Query) -> Reading:
        raise BrokerUnavailable("not a matter of sessions")

    def fails(self, *errors: Exception) -> None:
        def script(error: Exception) -> Callable[[], Session]:
            def fail() -> Session:
                raise error

            return fail

        self.script += [script(error) for error in errors]


class Office:
    """A keeper over a real store; `tend` waits until an opening that it began has ended."""

    def __init__(self, store: Store, clock: ManualClock, ids: Ids, *, calendar: Calendar | None = None) -> None:
        self.store, self.clock, self.ids = store, clock, ids
        self.calendar = calendar or load_calendar(None)
        self.gate = Gate(clock)
        self.inbox: SimpleQueue[Any] = SimpleQueue()
        self.epoch = store.ledger.take_lease(ACCOUNT, "office", at=clock.now(), follows=store.ledger.lease(ACCOUNT))
        self.kept: dict[str, Session] = {}
        self.keeper = self.a_keeper()

    def a_keeper(self, *, ledger: Any = None, unseal: Callable[[str], Session] | None = None) -> SessionKeeper:
        sessions = SessionStore(
            ledger=ledger or self.store.ledger,
            account=ACCOUNT,
            epoch=self.epoch,
            seal=self._seal,
            unseal=unseal or self.kept.__getitem__,
            unseal_code=str,
        )
        return SessionKeeper(
            broker=self.gate,
            store=sessions,
            calendar=self.calendar,
            clock=self.clock,
            inbox=self.inbox,
            new_id=self.ids.new,
            thread=ThreadPoolExecutor(1),
        )

    def _seal(self, session: Session) -> str:
        text = f"sealed {len(self.kept)}"
        self.kept[text] = replace(session, calls=())
        return text

    def tend(self, *, is_open: bool = False) -> None:
        self.keeper.tend(is_open=is_open)
        self.settle()

    def settle(self) -> None:
        if self.keeper._work is not None:
            assert wait([self.keeper._work], timeout=PATIENCE_S).done

    def told(self) -> list[bool]:
        """What the desk was told since the last time."""
        found = []
        while not self.inbox.empty():
            event = self.inbox.get()
            assert isinstance(event, SessionChanged)
            found.append(event.open)
        return found

    def pass_time(self, seconds: float, *, step: float = 0.25) -> None:
        """Tend as the loop does, with a desk that believes what it was told."""
        is_open = False
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            self.tend(is_open=is_open)
            is_open = [is_open, *self.told()][-1]

    def said(self, kind: str) -> list[str]:
        """What the audit says under a kind, oldest first."""
        with self.store.database.read() as connection:
            rows = connection.execute(select(schema.audit).order_by(schema.audit.c.seq)).all()
        return [json.loads(row.text)["say"] for row in rows if row.kind == kind]

    def halts(self) -> tuple[Halt, ...]:
        return self.store.recovery.new_work(ACCOUNT).halts
