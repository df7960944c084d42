"""`SmartApi`: the broker's port, put together from its parts. Calls may come from several threads; logins from one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from executor.broker.port import Session
from executor.broker.smartapi import books, conversion, orders
from executor.broker.smartapi.books import LastBook
from executor.broker.smartapi.calls import Caller
from executor.broker.smartapi.credentials import Credentials
from executor.broker.smartapi.mask import Mask
from executor.broker.smartapi.session import Logins
from executor.broker.smartapi.totp import Steps
from executor.broker.smartapi.wire import Wire
from executor.clock import Clock
from executor.domain.conversion import Conversion, Converted
from executor.domain.intent import Call, Intent, RefusalReason, Refused, Sent
from executor.domain.reading import Query, Reading
from executor.errors import BrokerUnavailable, SessionLost

_CLOSED = "no session is open; log in first"
_REPLACED = "its token was replaced meanwhile: {}"


class SmartApi:
    """Angel One's SmartAPI as a `Broker` (executor.broker.port)."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        wire: Wire,
        clock: Clock,
        reserve_step: Callable[[int], None],
        last_step: int | None = None,
        typed_code: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`typed_code` is asked at a login: the TOTP code that a person gave for it, if one did."""
        mask = Mask(filter(None, (credentials.api_key, credentials.totp_secret)))
        self._caller = Caller(wire, clock, mask=mask, pin=credentials.pin)
        self._logins = Logins(
            credentials,
            caller=self._caller,
            clock=clock,
            mask=mask,
            steps=Steps(self._caller.broker_now, reserve=reserve_step, last=last_step),
            typed_code=typed_code,
        )
        self._clock = clock
        self._session: Session | None = None
        self._last_book = LastBook()

    @property
    def session(self) -> Session | None:
        """The session that is open, for who opens a feed with its tokens."""
        return self._session

    @property
    def clock_ahead(self) -> timedelta:
        """How far the broker's clock is ahead of ours; zero when it cannot be told apart (its answers say seconds)."""
        return self._caller.broker_now() - self._clock.now()

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        """Go on with a session that still holds, or log in. Raises LoginRefused, BrokerUnavailable."""
        self._session = self._logins.open(saved, may_log_in=may_log_in)
        self._last_book = LastBook()  # not for longer than a session: it would grow
        return self._session

    def close_session(self) -> tuple[Call, ...]:
        """Log out, and forget the session."""
        session, self._session = self._session, None
        return () if session is None else (self._logins.close(session),)

    def send(self, intent: Intent) -> Sent:
        """Send one intent once; every end is an answer. A token that was replaced while it was on its way says nothing
        of the session that is open now.
        """
        session = self._session
        if session is None:
            return Sent(Refused(RefusalReason.SESSION, _CLOSED), ())
        sent = orders.send(intent, caller=self._caller, jwt=session.jwt)
        match sent.answer:
            case Refused(reason=RefusalReason.SESSION, text=text) if self._has_replaced(session):
                return Sent(Refused(RefusalReason.NEVER_SENT, _REPLACED.format(text)), sent.calls)
            case _:
                return sent

    def read(self, query: Query) -> Reading:
        """Read a book or a price. Raises BrokerUnavailable, SessionLost."""
        session = self._session
        if session is None:
            raise BrokerUnavailable(_CLOSED)  # none was lost: it may open before this is heard
        try:
            return books.read(query, caller=self._caller, jwt=session.jwt, last=self._last_book)
        except SessionLost as error:
            if self._has_replaced(session):
                raise BrokerUnavailable(_REPLACED.format(error), error.call) from error
            raise

    def convert(self, wanted: Conversion) -> Converted:
        """Have a position go on under another product. Raises BrokerUnavailable, SessionLost when none can be read."""
        session = self._session
        if session is None:
            raise BrokerUnavailable(_CLOSED)
        return conversion.convert(wanted, caller=self._caller, jwt=session.jwt)

    def _has_replaced(self, session: Session) -> bool:
        """Whether another token is in use by now."""
        now = self._session
        return now is not None and now.jwt != session.jwt
