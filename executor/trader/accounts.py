"""An account's session with the broker: one owner, one login at a time, never a loop.

lease → session → reconcile → open: a session is opened on trading days between the morning login and the evening,
verified with the profile, and only then the desk is told; it reads the books before it sends anything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from executor.broker.port import Broker, Session
from executor.clock import Clock
from executor.domain.calendar import Calendar, clock_time, trading_day
from executor.domain.ids import CallId
from executor.domain.messages import Call, CallRow, Halt, HaltKind, SessionChanged
from executor.errors import BrokerError, LeaseLost, LoginRefused, NotRecorded
from executor.store.ledger import Ledger, SavedSession
from executor.trader.workers import Inbox

log = logging.getLogger(__name__)

LOGIN_AT = time(8, 30)
LOGOUT_AT = time(23, 45)
JOB = "login"
#: When the next login may be tried: after a refusal past the TOTP step that it used up.
_REFUSED_PAUSE = timedelta(seconds=31)
_UNANSWERED_PAUSE = timedelta(seconds=5)
_REFUSALS = 3
_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SessionStore:
    """How sessions are kept: tokens sealed, bound to an account and an epoch."""

    ledger: Ledger
    account: str
    epoch: int
    seal: Callable[[Session], str]
    unseal: Callable[[str], Session]

    def load(self) -> Session | None:
        saved = self.ledger.session(self.account)
        return self.unseal(saved.tokens) if saved and saved.tokens else None

    def last_step(self) -> int | None:
        saved = self.ledger.session(self.account)
        return saved.totp_step if saved else None

    def reserve_step(self, step: int, *, at: datetime) -> None:
        """Make a TOTP step durable before the login that uses it."""
        saved = self.ledger.session(self.account) or SavedSession(None, None, None, None)
        say = f"login with TOTP step {step} begins"
        self.ledger.save_session(self.account, self.epoch, replace(saved, totp_step=step), say=say, at=at)

    def keep(self, session: Session, *, at: datetime) -> None:
        step = session.totp_step if session.totp_step is not None else self.last_step()
        saved = SavedSession(self.seal(session), step, session.opened_at, session.ends_at)
        self.ledger.save_session(self.account, self.epoch, saved, say="session open and verified", at=at)

    def record(self, calls: list[CallRow], *, say: str, at: datetime) -> None:
        self.ledger.record_calls(self.account, self.epoch, calls, say=say, at=at)


class SessionKeeper:
    """Tend the session of one account; the work is done on a thread of its own."""

    def __init__(
        self,
        *,
        broker: Broker,
        store: SessionStore,
        calendar: Calendar,
        clock: Clock,
        inbox: Inbox,
        new_id: Callable[[], str],
    ) -> None:
        self._broker = broker
        self._store = store
        self._calendar = calendar
        self._clock = clock
        self._inbox = inbox
        self._new_id = new_id
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="session")
        self._opening: Future[None] | None = None
        self._refusals: list[datetime] = []
        self._not_before: datetime | None = None
        self._until: datetime | None = None

    def tend(self, *, is_open: bool) -> None:
        """Open the session when it is wanted and not open, close the desk's door when it has ended."""
        now = self._clock.now()
        if is_open and self._until is not None and now >= self._until:
            self._until = None
            self._inbox.put(SessionChanged(open=False))
            return
        if is_open or not self.wanted(now) or (self._opening is not None and not self._opening.done()):
            return
        if self._not_before is not None and now < self._not_before:
            return
        self._opening = self._thread.submit(self._open)

    def wanted(self, now: datetime) -> bool:
        """Whether a session belongs to this moment: a trading day, from the morning login to the evening."""
        return self._calendar.is_trading_day(trading_day(now)) and LOGIN_AT <= clock_time(now) < LOGOUT_AT

    def stop(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _open(self) -> None:
        try:
            self._open_or_fail()
        except (NotRecorded, LeaseLost) as error:
            log.error("session_not_recorded account=%s why=%s", self._store.account, error)

    def _open_or_fail(self) -> None:
        try:
            session = self._broker.open_session(self._store.load())
        except LoginRefused as error:
            self._refused(error)
        except BrokerError as error:
            self._not_before = self._clock.now() + _UNANSWERED_PAUSE
            self._failed_call(error, "unanswered")
        else:
            now = self._clock.now()
            self._record(session.calls, "session opened", now)
            self._store.keep(session, at=now)
            self._finish_job(now)
            self._until = session.ends_at
            self._inbox.put(SessionChanged(open=True))

    def _refused(self, error: LoginRefused) -> None:
        """The third refusal within ten minutes halts entries: a locked account is worse than a late login."""
        now = self._clock.now()
        self._not_before = now + _REFUSED_PAUSE
        self._refusals = [at for at in self._refusals if now - at < _WITHIN] + [now]
        self._failed_call(error, "refused")
        if len(self._refusals) >= _REFUSALS:
            self._not_before = now + _WITHIN
            why = f"{_REFUSALS} logins were refused within ten minutes: {error}"
            halt = Halt(f"account:{self._store.account}", HaltKind.HALT, now, why, "trader")
            self._store.ledger.set_halt(halt, at=now)

    def _failed_call(self, error: BrokerError, what: str) -> None:
        log.error("login_%s account=%s why=%s", what, self._store.account, error)
        self._record((error.call,) if error.call else (), f"login {what}: {error}", self._clock.now())

    def _record(self, calls: tuple[Call, ...], say: str, now: datetime) -> None:
        rows = [CallRow(CallId(self._new_id()), self._store.account, None, call, 1, call.at) for call in calls]
        self._store.record(rows, say=say, at=now)

    def _finish_job(self, now: datetime) -> None:
        day = trading_day(now)
        store = self._store
        if not store.ledger.job_done(store.account, JOB, day):
            store.ledger.finish_job(store.account, store.epoch, JOB, day, at=now)
