"""The client of a real login (Angel One's, or a simulator's), wired."""

from __future__ import annotations

from collections.abc import Callable

from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.wire import Wire
from executor.clock import Clock
from executor.config.broker import BrokerSettings
from executor.trader.accounts import SessionStore


def open_wire(login: BrokerSettings) -> Wire:
    """A kept connection to the login's host, with the headers that every call carries."""
    return Wire(login.base_url, headers=headers_of(_credentials(login)))


def open_client(
    login: BrokerSettings, wire: Wire, sessions: SessionStore, clock: Clock, *, typed_code: Callable[[], str | None]
) -> SmartApi:
    """A client whose TOTP steps are durable in the account's sessions."""
    return SmartApi(
        _credentials(login),
        wire=wire,
        clock=clock,
        reserve_step=lambda step: sessions.reserve_step(step, at=clock.now()),
        last_step=sessions.last_step(),
        typed_code=typed_code,
    )


def _credentials(login: BrokerSettings) -> Credentials:
    return Credentials(
        api_key=login.api_key,
        client_code=login.client_code,
        pin=login.pin,
        totp_secret=login.totp_secret,
        public_ip=login.public_ip,
        local_ip=login.local_ip,
        mac=login.mac,
    )
