"""Open a session: go on with one that the broker still accepts, renew one that ran out, else log in with PIN and TOTP.

A token that the broker goes on refusing although it confirmed it is not asked about again: one login. Nothing here
waits or tries again.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from executor.broker.port import Session
from executor.broker.smartapi import calls
from executor.broker.smartapi.calls import Caller, Exchange
from executor.broker.smartapi.classify import is_server_error, read_data
from executor.broker.smartapi.codes import PORTAL, TROUBLE, told
from executor.broker.smartapi.credentials import Credentials
from executor.broker.smartapi.envelope import parse
from executor.broker.smartapi.mask import Mask
from executor.broker.smartapi.totp import Steps, code_at, open_secret
from executor.broker.smartapi.wire import RawAnswer
from executor.clock import IST, Clock
from executor.domain.calendar import trading_day
from executor.domain.intent import Call
from executor.errors import BrokerError, BrokerUnavailable, LoginNotYet, LoginRefused, SessionLost

_PRINTABLE = re.compile(r"[!-~]+")
#: A token that is refused a third time so soon, confirmed twice in between, is dead whatever the profile says (1.5:
#: random AG8001). Twice, for both feeds may refuse it once each.
_SOON, _CONFIRMED = timedelta(seconds=60), 2


@dataclass(frozen=True, slots=True)
class _Tokens:
    jwt: str = field(repr=False)
    refresh: str = field(repr=False)
    feed: str = field(repr=False)


class Logins:
    """The one who logs in for an account. `typed_code` is asked first for the code of a login."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        caller: Caller,
        clock: Clock,
        mask: Mask,
        steps: Steps,
        typed_code: Callable[[], str | None],
    ) -> None:
        self._credentials = credentials
        self._caller = caller
        self._clock = clock
        self._mask = mask
        self._steps = steps
        self._typed_code = typed_code
        self._newest: Session | None = None
        self._unrecorded: tuple[Call, ...] = ()
        self._confirmed: list[datetime] = []

    def open(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        """A session that the broker has just confirmed. Raises LoginRefused, BrokerUnavailable; LoginNotYet."""
        now = self._clock.now()
        known = max(filter(None, (saved, self._newest)), key=lambda session: session.opened_at, default=None)
        if known is None or trading_day(known.opened_at) != trading_day(now):
            return self._log_in(saved, may=may_log_in)
        self._mask.learn((known.jwt, known.refresh, known.feed))
        self._confirmed = [at for at in self._confirmed if now - at < _SOON]
        if known.ends_at > now and (len(self._confirmed) < _CONFIRMED or not may_log_in):
            with suppress(SessionLost):  # the broker ended it
                opened = replace(known, calls=(*self._unrecorded, self._verify(known.jwt)))
                self._newest, self._unrecorded = known, ()
                self._confirmed.append(now)
                return opened
        self._confirmed = []
        if known.ends_at <= now or not self._credentials.totp_secret:
            with suppress(BrokerError):  # whatever it has against it: a login may do
                return self._renew(known)
        return self._log_in(saved, may=may_log_in)

    def close(self, session: Session) -> Call:
        """Log out (1.3). What comes of it is only recorded: at midnight the session ends in any case."""
        self._newest = None
        body = {"clientcode": self._credentials.client_code}
        return self._caller.call(calls.LOGOUT, body=body, jwt=session.jwt).call

    def _log_in(self, saved: Session | None, *, may: bool) -> Session:
        if not may:
            raise LoginNotYet("the session has ended, and no login may be made yet: there were too many")
        code = self._typed_code()
        if code is None:
            open_secret(self._credentials.totp_secret)  # before a step is reserved for nothing
        step = self._steps.take(saved=saved.totp_step if saved else None)
        now = self._clock.now()
        exchange = self._exchange_code(code or code_at(self._credentials.totp_secret, step))
        return self._begin(exchange, now, step=step)

    def _renew(self, known: Session) -> Session:
        """New tokens for those that ran out inside their day, without a code (1.3)."""
        now = self._clock.now()
        exchange = self._caller.call(calls.TOKENS, body={"refreshToken": known.refresh}, jwt=known.jwt)
        read_data(exchange)
        return self._begin(exchange, now, step=known.totp_step)

    def _begin(self, exchange: Exchange, now: datetime, *, step: int | None) -> Session:
        tokens = _tokens(exchange)
        self._mask.learn((tokens.jwt, tokens.refresh, tokens.feed))
        session = Session(
            jwt=tokens.jwt,
            refresh=tokens.refresh,
            feed=tokens.feed,
            totp_step=step,
            opened_at=now,
            ends_at=_end_of(tokens.jwt, now),
            calls=(exchange.call,),
        )
        # kept before the check: an unanswered check must not cost another login, nor this one's record
        self._newest, self._unrecorded = session, session.calls
        try:
            opened = replace(session, calls=(exchange.call, self._verify(session.jwt)))
        except SessionLost as error:
            raise LoginRefused(f"the token of a fresh login was refused: {error}", error.call) from error
        self._unrecorded = ()
        return opened

    def _exchange_code(self, code: str) -> Exchange:
        credentials = self._credentials
        body = {"clientcode": credentials.client_code, "password": credentials.pin, "totp": code}
        exchange = self._caller.call(calls.LOGIN, body=body, words=(credentials.pin, code))
        try:
            read_data(exchange)
        except BrokerError as error:
            if refusal := _refusal(exchange):
                raise LoginRefused(f"login refused: {refusal}", exchange.call) from error
            raise
        return exchange

    def _verify(self, jwt: str) -> Call:
        """Ask for the profile. Raises SessionLost, BrokerUnavailable; LoginRefused if it is someone else's."""
        exchange = self._caller.call(calls.PROFILE, jwt=jwt)
        data = read_data(exchange)
        found = data.get("clientcode") if isinstance(data, dict) else None
        if not isinstance(found, str):
            raise BrokerUnavailable("getProfile: clientcode: missing", exchange.call)
        if found.strip().upper() != self._credentials.client_code.strip().upper():
            raise LoginRefused(
                f"clientcode: the session belongs to {found}, not to {self._credentials.client_code}", exchange.call
            )
        return exchange.call


def _refusal(exchange: Exchange) -> str | None:
    """What the broker has against this login; None when it is only in trouble, and later may do."""
    envelope = exchange.envelope
    if envelope is None or envelope.ok is not False or envelope.code in TROUBLE or is_server_error(exchange):
        return None
    said = told(envelope.code, envelope.message)
    return f"{said}. {PORTAL}" if envelope.code == "AB1007" else said  # its own remedy depends on the call


def _tokens(exchange: Exchange) -> _Tokens:
    """The tokens, from the answer as it was: the rest of the program sees only its masked text."""
    assert isinstance(exchange.outcome, RawAnswer)
    envelope = parse(exchange.outcome.body.decode("utf-8-sig", "replace"))
    data = envelope.data if envelope is not None and isinstance(envelope.data, dict) else {}
    found = [str(data.get(name) or "").removeprefix("Bearer ") for name in ("jwtToken", "refreshToken", "feedToken")]
    if not all(_PRINTABLE.fullmatch(token) for token in found):
        raise BrokerUnavailable(f"{exchange.call.route}: success without its three tokens", exchange.call)
    return _Tokens(*found)


def _end_of(jwt: str, now: datetime) -> datetime:
    """The session's end: midnight by the docs (1.5), or sooner when the token says so; it may end at any moment."""
    midnight = datetime.combine(trading_day(now) + timedelta(days=1), time(0), IST).astimezone(UTC)
    told = _expiry(jwt)
    return min(midnight, told) if told is not None and told > now else midnight


def _expiry(jwt: str) -> datetime | None:
    """The `exp` of a token's claims; None when it is not to be read."""
    claims = jwt.split(".")[1:2]
    try:
        found = json.loads(base64.urlsafe_b64decode(claims[0] + "=" * (-len(claims[0]) % 4)))["exp"]
        return datetime.fromtimestamp(found, UTC)
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return None
