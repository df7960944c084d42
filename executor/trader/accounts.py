"""An account's session with the broker: one owner, one login at a time, never a loop.

lease → session → reconcile → open: a session is opened on trading days between the morning login and the evening,
verified with the profile, and only then the desk is told; it reads the books before it sends anything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from executor.broker.port import Broker, Session
from executor.clock import Clock
from executor.domain.calendar import Calendar, clock_time, trading_day
from executor.domain.ids import CallId
from executor.domain.intent import Call
from executor.domain.messages import SessionChanged
from executor.domain.record import CallRow, Halt, HaltKind
from executor.errors import BrokerError, ConfigError, LeaseLost, LoginNotYet, LoginRefused, NotRecorded
from executor.store.ledger import Ledger, SavedSession
from executor.trader.workers import Inbox, log_failure

log = logging.getLogger(__name__)

LOGIN_AT = time(8, 30)
LOGOUT_AT = time(23, 45)
JOB = "login"
#: When the next opening may be tried, however this one ended; after a refusal past the TOTP step that it used up.
_PAUSE = timedelta(seconds=5)
_REFUSED_PAUSE = timedelta(seconds=31)
_MOST = 3
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
        """The saved session; None when there is none that opens with our key: a login makes a new one."""
        saved = self.ledger.session(self.account)
        try:
            return self.unseal(saved.tokens) if saved and saved.tokens else None
        except ConfigError as error:
            log.warning("session_not_opened account=%s why=%s", self.account, error)
            return None

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
    """Tend the session of one account; the work is done on a thread of its own, so that the loop never waits."""

    def __init__(
        self,
        *,
        broker: Broker,
        store: SessionStore,
        calendar: Calendar,
        clock: Clock,
        inbox: Inbox,
        new_id: Callable[[], str],
        thread: Executor,
    ) -> None:
        """`thread` does one thing at a time; it belongs to the keeper, who ends it."""
        self._broker = broker
        self._store = store
        self._calendar = calendar
        self._clock = clock
        self._inbox = inbox
        self._new_id = new_id
        self._thread = thread
        self._opening: Future[None] | None = None
        self._logins: list[datetime] = []
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
        self._opening.add_done_callback(log_failure)

    def wanted(self, now: datetime) -> bool:
        """Whether a session belongs to this moment: a trading day, from the morning login to the evening."""
        return self._calendar.is_trading_day(trading_day(now)) and LOGIN_AT <= clock_time(now) < LOGOUT_AT

    def stop(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _open(self) -> None:
        """However it ends, the next opening waits: it must not become a loop, nor begin before the desk has heard."""
        try:
            self._open_or_fail()
        except (NotRecorded, LeaseLost) as error:
            log.error("session_not_recorded account=%s why=%s", self._store.account, error)
        finally:
            self._pause(_PAUSE)

    def _open_or_fail(self) -> None:
        began = self._clock.now()
        try:
            session = self._broker.open_session(self._store.load())
        except LoginRefused as error:
            self._refused(error)
        except BrokerError as error:
            self._failed_call(error, "unanswered")
        else:
            now = self._clock.now()
            self._record(session.calls, "session opened", now)
            self._store.keep(session, at=now)
            self._finish_job(now)
            if session.opened_at >= began:
                self._count_login("the broker ended each session soon; is somebody else logging in?")
            self._until = session.ends_at
            self._inbox.put(SessionChanged(open=True))

    def _refused(self, error: LoginRefused) -> None:
        self._pause(_REFUSED_PAUSE)
        self._failed_call(error, "refused")
        if not isinstance(error, LoginNotYet) and self._count_login(str(error)):
            self._pause(_WITHIN)

    def _count_login(self, why: str) -> bool:
        """The third login within ten minutes, refused or not, halts entries: no login war, no locked account."""
        now = self._clock.now()
        self._logins = [at for at in self._logins if now - at < _WITHIN] + [now]
        if len(self._logins) < _MOST:
            return False
        why = f"{_MOST} logins within ten minutes: {why}"
        halt = Halt(f"account:{self._store.account}", HaltKind.HALT, now, why, "trader")
        self._store.ledger.set_halt(halt, at=now)
        return True

    def _pause(self, pause: timedelta) -> None:
        later = self._clock.now() + pause
        self._not_before = later if self._not_before is None else max(self._not_before, later)

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
