"""Open a session: go on with one that the broker still accepts, else one login with PIN and TOTP.

No TOTP step is used twice: it is reserved (durably, by the caller's function) before the login call, so a crash or a
lost answer costs the code and not the account. Nothing here waits or tries again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

import pyotp

from executor.broker.port import Session
from executor.broker.smartapi import calls
from executor.broker.smartapi.calls import Caller, Exchange
from executor.broker.smartapi.classify import is_server_error, read_data
from executor.broker.smartapi.codes import PORTAL, TROUBLE, told
from executor.broker.smartapi.credentials import Credentials
from executor.broker.smartapi.envelope import parse
from executor.broker.smartapi.mask import Mask
from executor.broker.smartapi.wire import RawAnswer
from executor.clock import IST, Clock
from executor.domain.calendar import trading_day
from executor.domain.intent import Call
from executor.errors import BrokerError, BrokerUnavailable, LoginNotYet, LoginRefused, SessionLost

_SETTING = "SMARTAPI_TOTP_SECRET"
_PRINTABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class _Tokens:
    jwt: str = field(repr=False)
    refresh: str = field(repr=False)
    feed: str = field(repr=False)


class Logins:
    """The one who logs in for an account. `last_step` is the newest TOTP step ever reserved, if known."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        caller: Caller,
        clock: Clock,
        mask: Mask,
        reserve_step: Callable[[int], None],
        last_step: int | None,
    ) -> None:
        self._credentials = credentials
        self._caller = caller
        self._clock = clock
        self._mask = mask
        self._reserve_step = reserve_step
        self._last_step = last_step
        self._newest: Session | None = None

    def open(self, saved: Session | None) -> Session:
        """A session that the broker has just confirmed. Raises LoginRefused, BrokerUnavailable."""
        known = max(filter(None, (saved, self._newest)), key=lambda session: session.opened_at, default=None)
        if known is not None and known.ends_at > self._clock.now():
            self._mask.learn((known.jwt, known.refresh, known.feed))
            with suppress(SessionLost):  # the broker ended it: one login
                self._newest = replace(known, calls=(self._verify(known.jwt),))
                return self._newest
        return self._log_in(saved)

    def _log_in(self, saved: Session | None) -> Session:
        code, step = self._next_code(saved)
        now = self._clock.now()
        tokens, call = self._exchange_code(code)
        self._mask.learn((tokens.jwt, tokens.refresh, tokens.feed))
        session = Session(
            jwt=tokens.jwt,
            refresh=tokens.refresh,
            feed=tokens.feed,
            totp_step=step,
            opened_at=now,
            ends_at=_midnight_after(now),
            calls=(call,),
        )
        self._newest = session  # kept before the check: an unanswered check must not cost another login
        try:
            return replace(session, calls=(call, self._verify(session.jwt)))
        except SessionLost as error:
            raise LoginRefused(f"the token of a fresh login was refused: {error}", error.call) from error

    def _next_code(self, saved: Session | None) -> tuple[str, int]:
        """The TOTP code of this step, reserved. Raises LoginRefused when the step was used already."""
        totp = _totp(self._credentials.totp_secret)
        used = max(filter(None, (self._last_step, saved.totp_step if saved else None)), default=-1)
        step = int(self._clock.now().timestamp()) // totp.interval
        if step <= used:
            again = datetime.fromtimestamp((used + 1) * totp.interval, UTC).astimezone(IST)
            raise LoginNotYet(f"the TOTP code of this moment was used already; try again at {again:%H:%M:%S} IST")
        self._reserve_step(step)
        self._last_step = step
        return totp.generate_otp(step), step

    def _exchange_code(self, code: str) -> tuple[_Tokens, Call]:
        credentials = self._credentials
        body = {"clientcode": credentials.client_code, "password": credentials.pin, "totp": code}
        exchange = self._caller.call(calls.LOGIN, body=body, words=(credentials.pin, code))
        try:
            read_data(exchange)
        except BrokerError as error:
            if refusal := _refusal(exchange):
                raise LoginRefused(f"login refused: {refusal}", exchange.call) from error
            raise
        return _tokens(exchange), exchange.call

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


def _totp(secret: str | None) -> pyotp.TOTP:
    """Raises LoginRefused for a secret that is missing or not one."""
    if not secret:
        raise LoginRefused(f"{_SETTING}: missing, so the program cannot log in by itself; set it")
    try:
        return pyotp.TOTP(secret)
    except ValueError:  # its text may quote the secret
        raise LoginRefused(f"{_SETTING}: not a TOTP secret; copy it (base32) from the portal's TOTP page") from None


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
        raise BrokerUnavailable("loginByPassword: success without its three tokens", exchange.call)
    return _Tokens(*found)


def _midnight_after(now: datetime) -> datetime:
    """The session's end by the docs (1.5); the broker may end it sooner at any moment."""
    return datetime.combine(trading_day(now) + timedelta(days=1), time(0), IST).astimezone(UTC)
