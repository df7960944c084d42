"""Logins and their tokens (smartapi.md 1.3-1.5): PIN, TOTP one step either way, death at midnight in India."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pyotp

from executor.simulator.config import SimulatorConfig, credentials
from executor.simulator.exchange.hours import next_midnight
from executor.simulator.wire.answers import Answer, refused

_STEP_S = 30


@dataclass(slots=True)
class _Session:
    jwt: str
    refresh: str
    feed: str
    expires_at: datetime
    alive: bool = True


class Sessions:
    """The sessions of the one client. Tokens come from the seed; their signature proves nothing elsewhere."""

    def __init__(self, config: SimulatorConfig) -> None:
        self.credentials = credentials(config.seed)
        self.last_login: datetime | None = None
        self._config = config
        self._random = Random(f"{config.seed}/sessions")
        self._sessions: dict[str, _Session] = {}
        self._used_steps: set[int] = set()

    def by_its_clock(self, now: datetime) -> datetime:
        """The broker's clock may be set wrong, or the client's: it tells TOTP steps and dates answers."""
        return now + timedelta(seconds=self._config.clock_ahead_s)

    def login(self, body: Mapping[str, Any], now: datetime) -> dict[str, Any] | Answer:
        """Check client code, PIN and TOTP; return the tokens, or the refusal."""
        own = self.credentials
        if body.get("clientcode") != own.client_code or str(body.get("password")) != own.pin:
            return refused("AB1007", "LoginId or password is invalid")
        if not self._totp_fits(str(body.get("totp", "")), now):
            return refused("AB1050", "Invalid totp and client combination")
        if self._config.single_session:
            self._end_all()
        self.last_login = now
        return self._open(now, body.get("state"))

    def refresh(self, token: str, now: datetime) -> dict[str, Any] | Answer:
        """Return new tokens for a refresh token, or the refusal."""
        old = next((s for s in self._sessions.values() if s.refresh == token and s.alive), None)
        if old is None:
            return refused("AB8050", "Invalid Refresh Token")
        if now >= old.expires_at:
            return refused("AB8051", "Refresh Token Expired")
        old.alive = False
        return self._open(now, None)

    def logout(self) -> None:
        self._end_all()

    def check(self, authorization: str | None, now: datetime) -> Answer | None:
        """Return the refusal of a request with this Authorization header, or None."""
        if not authorization:
            return refused("AG8003", "Token missing")
        session = self._sessions.get(authorization.removeprefix("Bearer "))
        if session is None or not session.alive or not authorization.startswith("Bearer "):
            return refused("AG8001", "Invalid Token")
        if now >= session.expires_at:
            return refused("AG8002", "Token Expired")
        return None

    def feed_refusal(self, authorization: str | None, feed_token: str | None, now: datetime) -> int | None:
        """Return the status that a handshake is refused with, or None; feeds take a token without Bearer too."""
        session = self._sessions.get((authorization or "").removeprefix("Bearer "))
        if session is None or not session.alive or feed_token not in (None, session.feed):
            return 401
        return 403 if now >= session.expires_at else None

    def _totp_fits(self, code: str, now: datetime) -> bool:
        totp = pyotp.TOTP(self.credentials.totp_secret)
        step = int(self.by_its_clock(now).timestamp()) // _STEP_S
        fitting = [s for s in (step - 1, step, step + 1) if hmac.compare_digest(totp.at(s * _STEP_S), code)]
        if self._config.totp_once:
            fitting = [s for s in fitting if s not in self._used_steps]
        self._used_steps.update(fitting)
        return bool(fitting)

    def _end_all(self) -> None:
        for session in self._sessions.values():
            session.alive = False

    def _open(self, now: datetime, state: Any) -> dict[str, Any]:
        expires_at = next_midnight(now)
        jwt, refresh, feed = (self._token(use, now, expires_at=expires_at) for use in ("trade", "refresh", "feed"))
        self._sessions[jwt] = _Session(jwt, refresh, feed, expires_at)
        return {"jwtToken": jwt, "refreshToken": refresh, "feedToken": feed, "state": state}

    def _token(self, use: str, now: datetime, *, expires_at: datetime) -> str:
        claims = {
            "username": self.credentials.client_code,
            "usertype": "USER",
            "use": use,
            "jti": f"{self._random.getrandbits(128):032x}",
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        text = f"{_encode({'alg': 'HS512'})}.{_encode(claims)}"
        key = f"{self._config.seed}/tokens".encode()
        return f"{text}.{_base64url(hmac.digest(key, text.encode(), hashlib.sha512))}"


def _encode(value: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
