"""An account's session with the broker: one owner, one login at a time, never a loop.

lease → session → reconcile → open: a session is opened on trading days between the morning login and the evening,
verified with the profile, and only then the desk is told; it reads the books before it sends anything. After the last
close it is logged out. A person's TOTP code is taken from the command `login` and answered here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from executor.broker.port import Broker, Session
from executor.clock import IST, Clock
from executor.domain.calendar import Calendar, clock_time, trading_day
from executor.domain.command import ERRANDS, Command, CommandKind, CommandState
from executor.domain.ids import CallId
from executor.domain.intent import Call
from executor.domain.messages import Evidence, Hinted, SessionChanged
from executor.domain.reading import NetPosition, Query, QueryKind, Reading
from executor.domain.record import CallRow, Halt, HaltKind
from executor.errors import (
    BrokerError,
    ConfigError,
    LeaseLost,
    LoginNotYet,
    LoginRefused,
    NotRecorded,
)
from executor.store.ledger import Ledger, SavedSession
from executor.trader.errands import Errands
from executor.trader.workers import Inbox, log_failure

log = logging.getLogger(__name__)

LOGIN_AT = time(8, 30)
#: Not before a later close (MCX in winter, where the calendar says so), and what came with it is read.
LOGOUT_AT, _AFTER_CLOSE = time(23, 45), timedelta(minutes=3)
JOB = "login"
#: When the next opening may be tried, however this one ended; after a refusal past the TOTP step that it used up.
_PAUSE = timedelta(seconds=5)
_REFUSED_PAUSE = timedelta(seconds=31)
_MOST = 3
_WITHIN = timedelta(minutes=10)
#: How often it is asked whether a person wants something, and how long a code may wait: it is good for a minute.
_LOOK_FOR_WISHES = timedelta(seconds=1)
_CODE_LIVES = timedelta(seconds=75)
_STEP_S = 30
#: How often funds and holdings are read for people; the first time when the desk has read its books.
_LOOK_EVERY = timedelta(minutes=5)
_FIRST_LOOK = timedelta(seconds=5)
#: What the account nets is kept for people as the desk reads it, when it has changed or is so old.
_KEEP_POSITIONS = timedelta(seconds=2)
_KEPT_POSITIONS_LAST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SessionStore:
    """How sessions are kept: tokens sealed, bound to an account and an epoch."""

    ledger: Ledger
    account: str
    epoch: int
    seal: Callable[[Session], str]
    unseal: Callable[[str], Session]
    unseal_code: Callable[[str], str]

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
        """Keep a session; the newest step stays, which a login may have used up in vain since this one's."""
        used = self.last_step()
        step = session.totp_step if used is None else used
        saved = SavedSession(self.seal(session), step, session.opened_at, session.ends_at)
        self.ledger.save_session(self.account, self.epoch, saved, say="session open and verified", at=at)

    def forget(self, *, at: datetime) -> None:
        """Keep no session after a logout; the TOTP step stays."""
        gone = SavedSession(None, self.last_step(), None, None)
        self.ledger.save_session(self.account, self.epoch, gone, say="logged out", at=at)

    def asked(self) -> list[Command]:
        """What people want of this session and nobody has answered."""
        return self.ledger.asked(self.account)

    def typed_codes(self) -> list[Command]:
        return [one for one in self.asked() if one.kind is CommandKind.LOGIN]

    def typed_code(self, *, at: datetime) -> str | None:
        """The code that a person gave for a login now; None if it is old, or was given for a step that is used."""
        known = [one for one in self.typed_codes() if "totp" in one.arguments]
        given = [one for one in known if at - one.made_at < _CODE_LIVES]
        used = self.last_step()
        fresh = [one for one in given if used is None or one.made_at.timestamp() >= (used + 1) * _STEP_S]
        try:
            return self.unseal_code(fresh[-1].arguments["totp"]) if fresh else None
        except ConfigError as error:
            log.warning("code_not_opened account=%s why=%s", self.account, error)
            return None

    def answer(self, commands: Sequence[Command], *, done: bool, text: str, at: datetime) -> None:
        state = CommandState.DONE if done else CommandState.REFUSED
        for command in commands:
            self.ledger.answer(command, self.epoch, state, text, at=at)

    def keep_snapshot(self, kind: QueryKind, body: Mapping[str, Any], *, at: datetime) -> None:
        self.ledger.save_snapshot(self.account, kind, body, at=at)

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
        seen: Callable[[], Evidence] = Evidence,
    ) -> None:
        """`thread` does one thing at a time; it belongs to the keeper, who ends it. `seen`: what the desk has read."""
        self._broker = broker
        self._store = store
        self._calendar = calendar
        self._clock = clock
        self._inbox = inbox
        self._new_id = new_id
        self._thread = thread
        self._errands = Errands(broker=broker, ledger=store.ledger, epoch=store.epoch, clock=clock, new_id=new_id)
        self._seen = seen
        self._kept: tuple[tuple[NetPosition, ...], datetime] | None = None
        self._awaited: datetime | None = None
        self._work: Future[None] | None = None
        self._logins: list[datetime] = []
        self._not_before: datetime | None = None
        self._no_login_before: datetime | None = None
        self._until: datetime | None = None
        self._look_at: datetime | None = None
        self._ask_at: datetime | None = None
        self._said = ""

    def tend(self, *, is_open: bool) -> None:
        """Open the session when it is wanted and not open, close the desk's door when it has ended."""
        now = self._clock.now()
        if is_open and self._until is not None and (now >= self._until or not self.wanted(now)):
            ended, self._until = now >= self._until, None
            self._inbox.put(SessionChanged(open=False))
            if not ended:
                self._do(self._close)
            return
        if self._work is not None and not self._work.done():
            return
        asked = self._asked(now)
        code = any(one.kind is CommandKind.LOGIN for one in asked)
        errands = [one for one in asked if one.kind in ERRANDS]
        if errands:
            # one, or all that one reading answers: a lost session waits for no more
            alike = [one for one in errands if one.kind is errands[0].kind is CommandKind.REFRESH]
            self._do(lambda: self._run(alike or errands[:1], is_open=is_open))
        elif not is_open and self.wanted(now):
            if code or self._not_before is None or now >= self._not_before:
                self._do(self._open)
        elif code:
            self._do(self._turn_code_away)
        elif is_open and self._look_at is not None and now >= self._look_at:
            self._do(self._look)
        elif is_open and self._has_new_positions():
            self._do(self._keep_positions)

    def wanted(self, now: datetime) -> bool:
        """Whether a session belongs to this moment: a trading day, from the morning login to the evening."""
        day = trading_day(now)
        closes_at = self._calendar.last_close(day)
        if closes_at is None or clock_time(now) < LOGIN_AT:
            return False
        return now < max(closes_at + _AFTER_CLOSE, datetime.combine(day, LOGOUT_AT, IST))

    def stop(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    # -- on the loop's thread ----------------------------------------------------------------------------------

    def _do(self, work: Callable[[], None]) -> None:
        self._work = self._thread.submit(self._recorded, work)
        self._work.add_done_callback(log_failure)

    def _asked(self, now: datetime) -> list[Command]:
        if self._ask_at is not None and now < self._ask_at:
            return []
        self._ask_at = now + _LOOK_FOR_WISHES
        try:
            return self._store.asked()
        except NotRecorded as error:
            log.warning("commands_not_read account=%s why=%s", self._store.account, error)
            return []

    def _has_new_positions(self) -> bool:
        seen = self._seen()
        if seen.positions_at is None or self._kept is None:
            return seen.positions_at is not None
        if self._awaited is not None:
            return seen.positions_at >= self._awaited
        kept, at = self._kept
        age = seen.positions_at - at
        return age >= (_KEEP_POSITIONS if kept != seen.positions else _KEPT_POSITIONS_LAST)

    # -- on the keeper's thread --------------------------------------------------------------------------------

    def _recorded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (NotRecorded, LeaseLost) as error:
            log.error("session_not_recorded account=%s why=%s", self._store.account, error)

    def _open(self) -> None:
        """However it ends, the next opening waits: it must not become a loop, nor begin before the desk has heard."""
        try:
            codes = self._store.typed_codes()
            done, text = self._open_or_fail()
            self._store.answer(codes, done=done, text=text, at=self._clock.now())
        finally:
            self._pause(_PAUSE)

    def _open_or_fail(self) -> tuple[bool, str]:
        """Whether a session is open now, and what to tell about it."""
        began = self._clock.now()
        try:
            may = self._no_login_before is None or began >= self._no_login_before or bool(self._store.typed_codes())
            session = self._broker.open_session(self._store.load(), may_log_in=may)
        except LoginRefused as error:
            self._refused(error)
            return False, str(error)
        except BrokerError as error:
            self._failed_call(error, "unanswered")
            return False, str(error)
        now = self._clock.now()
        self._record(session.calls, "session opened", now)
        self._store.keep(session, at=now)
        self._finish_job(now)
        if session.opened_at >= began:
            self._count_login("the broker ended each session soon; is somebody else logging in?")
        self._until, self._look_at, self._said = session.ends_at, now + _FIRST_LOOK, ""
        self._inbox.put(SessionChanged(open=True))
        return True, f"a session is open until {session.ends_at.astimezone(IST):%d-%m-%Y %H:%M} IST"

    def _refused(self, error: LoginRefused) -> None:
        self._pause(_REFUSED_PAUSE)
        if isinstance(error, LoginNotYet) and str(error) == self._said:
            return  # it is said already, and holds until a code is given or a login may be made
        self._said = str(error)
        self._failed_call(error, "refused")
        if not isinstance(error, LoginNotYet):
            self._count_login(str(error))

    def _count_login(self, why: str) -> None:
        """The third login within ten minutes, refused or not, halts entries, and no fourth is made in that time: no
        login war, no locked account. A session that still holds may be gone on with.
        """
        now = self._clock.now()
        self._logins = [at for at in self._logins if now - at < _WITHIN] + [now]
        if len(self._logins) < _MOST:
            return
        self._no_login_before = self._logins[-_MOST] + _WITHIN
        why = f"{_MOST} logins within ten minutes: {why}"
        halt = Halt(f"account:{self._store.account}", HaltKind.HALT, now, why, "trader")
        self._store.ledger.set_halt(halt, at=now)

    def _close(self) -> None:
        """Log out after the last close; the rules want every session ended before the next day (smartapi.md 4.4)."""
        calls, now = self._broker.close_session(), self._clock.now()
        self._record(calls, "logged out after the last close", now)
        self._store.forget(at=now)

    def _look(self) -> None:
        """Read funds and holdings for people; one that is not answered is told with the next look."""
        self._look_at = self._clock.now() + _LOOK_EVERY
        self._read_for_people()

    def _read_for_people(self) -> list[str]:
        """What could not be read, and why."""
        failed = []
        for kind, in_words in ((QueryKind.FUNDS, _funds_of), (QueryKind.HOLDINGS, _holdings_of)):
            try:
                reading = self._broker.read(Query(kind))
            except BrokerError as error:
                log.info("not_read account=%s kind=%s why=%s", self._store.account, kind, error)
                failed.append(f"{kind.lower()}: {error}")
            else:
                self._store.keep_snapshot(kind, in_words(reading), at=reading.ended_at)
        return failed

    def _keep_positions(self) -> None:
        """Keep what the desk read last of the account's positions, for people."""
        seen = self._seen()
        if seen.positions_at is not None:
            if self._awaited is not None and seen.positions_at >= self._awaited:
                self._awaited = None
            self._kept = seen.positions, seen.positions_at
            self._store.keep_snapshot(QueryKind.POSITIONS, _positions_of(seen.positions), at=seen.positions_at)

    def _run(self, errands: Sequence[Command], *, is_open: bool) -> None:
        if not is_open:
            self._errands.refuse(errands, "no session with the broker is open; `executor login` shows why")
        elif errands[0].kind is CommandKind.REFRESH:
            self._refresh(errands)
        else:
            self._errands.run(errands)

    def _refresh(self, errands: Sequence[Command]) -> None:
        """Positions are the desk's to read, within the pace that its own reads need: it is asked to."""
        failed = self._read_for_people()
        self._awaited = self._clock.now()
        self._inbox.put(Hinted(QueryKind.POSITIONS))
        text = "funds and holdings were read anew; positions are read within seconds"
        text = f"not read: {'; '.join(failed)}" if failed else text
        self._store.answer(errands, done=not failed, text=text, at=self._clock.now())

    def _turn_code_away(self) -> None:
        now = self._clock.now()
        why = "a session is open" if self.wanted(now) else "sessions are opened on trading days, from 08:30 IST on"
        self._store.answer(self._store.typed_codes(), done=False, text=f"not used: {why}", at=now)

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


def _funds_of(reading: Reading) -> dict[str, Any]:
    funds = reading.funds
    assert funds is not None, "a reading of FUNDS has them"
    names = ("available", "cash", "collateral", "used")
    return {name: str(getattr(funds, name)) for name in names}


def _holdings_of(reading: Reading) -> dict[str, Any]:
    shares = reading.holdings
    return {
        "holdings": [
            {"instrument": one.instrument.text, "symbol": one.symbol, "quantity": one.quantity} for one in shares
        ]
    }


def _positions_of(positions: Sequence[NetPosition]) -> dict[str, Any]:
    return {
        "positions": [
            {
                "instrument": one.instrument.text,
                "symbol": one.symbol,
                "product": one.product,
                "quantity": one.quantity,
            }
            for one in positions
        ]
    }
