"""What the executor asks of a broker. There is one implementation; only the transport under it differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from executor.domain.conversion import Conversion, Converted
from executor.domain.instrument import InstrumentKey, Price
from executor.domain.intent import Call, Intent, Sent
from executor.domain.reading import Query, Reading


@dataclass(frozen=True, slots=True)
class Session:
    """An open login. `totp_step` is the TOTP step it used up; `calls` opened it, for the record, and are not stored."""

    jwt: str = field(repr=False)
    refresh: str = field(repr=False)
    feed: str = field(repr=False)
    totp_step: int | None
    opened_at: datetime
    ends_at: datetime
    calls: tuple[Call, ...] = field(default=(), repr=False, compare=False)


class Broker(Protocol):
    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        """Go on with a session that still holds, or log in. Raises LoginRefused, BrokerUnavailable; LoginNotYet where
        only a login would do and none may be made.
        """

    def close_session(self) -> tuple[Call, ...]:
        """Log out, and forget the session; the calls, for the record. Never raises for an answer."""

    def send(self, intent: Intent) -> Sent:
        """Send one intent once: outcome and calls. Never raises for an answer, never retries."""

    def read(self, query: Query) -> Reading:
        """Read a book or a price. Raises BrokerUnavailable, SessionLost; never takes an error for an empty book."""

    def convert(self, wanted: Conversion) -> Converted:
        """Have a position go on under another product, once. Raises BrokerUnavailable, SessionLost only before that:
        when the positions could not be read.
        """


class Frames(Protocol):
    """One web socket, or a queue in this process."""

    def receive(self, timeout_s: float) -> bytes | str | None:
        """The next frame; None when none came in time. Raises FeedLost."""

    def send(self, frame: bytes | str) -> None:
        """Raises FeedLost."""

    def close(self) -> None:
        """End the connection; never raises."""


class PriceSource(Protocol):
    """Prices as a feed tells them, beside the desk's events; asked by other threads than the one that hears them."""

    def watch(self, instruments: frozenset[InstrumentKey]) -> None:
        """Listen to these from now on, and to no others."""

    def changed(self) -> Mapping[InstrumentKey, Price]:
        """The newest price of each contract that was told of since the last call."""
