"""One call of SmartAPI: made, timed and put down with its secrets masked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from executor.broker.smartapi.envelope import Envelope, parse
from executor.broker.smartapi.mask import Mask
from executor.broker.smartapi.wire import Outcome, RawAnswer, Wire
from executor.clock import Clock
from executor.domain.intent import Call

_JSON_KEPT = 256 * 1024
_OTHER_KEPT = 4 * 1024
#: The header has whole seconds, and an answer takes its time: within this the clocks agree.
_AGREE = timedelta(seconds=3)


class Route(NamedTuple):
    """Method and path (1.3, 2.2); the path's last part is its name."""

    method: str
    path: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


_SECURE = "/rest/secure/angelbroking"

LOGIN = Route("POST", "/rest/auth/angelbroking/user/v1/loginByPassword")
TOKENS = Route("POST", "/rest/auth/angelbroking/jwt/v1/generateTokens")
LOGOUT = Route("POST", f"{_SECURE}/user/v1/logout")
PROFILE = Route("GET", f"{_SECURE}/user/v1/getProfile")
FUNDS = Route("GET", f"{_SECURE}/user/v1/getRMS")
PLACE = Route("POST", f"{_SECURE}/order/v1/placeOrder")
MODIFY = Route("POST", f"{_SECURE}/order/v1/modifyOrder")
CANCEL = Route("POST", f"{_SECURE}/order/v1/cancelOrder")
ORDER_BOOK = Route("GET", f"{_SECURE}/order/v1/getOrderBook")
TRADE_BOOK = Route("GET", f"{_SECURE}/order/v1/getTradeBook")
POSITIONS = Route("GET", f"{_SECURE}/order/v1/getPosition")
HOLDINGS = Route("GET", f"{_SECURE}/portfolio/v1/getHolding")
LTP = Route("POST", f"{_SECURE}/order/v1/getLtpData")
QUOTE = Route("POST", f"{_SECURE}/market/v1/quote")
DETAILS = Route("GET", f"{_SECURE}/order/v1/details")
CONVERT = Route("POST", f"{_SECURE}/order/v1/convertPosition")
MARGIN = Route("POST", f"{_SECURE}/margin/v1/batch")
CHARGES = Route("POST", f"{_SECURE}/brokerage/v1/estimateCharges")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and what came of it. `text` and `envelope` are masked, `outcome` is not."""

    call: Call
    outcome: Outcome = field(repr=False)
    text: str
    envelope: Envelope | None
    ended_at: datetime


class Caller:
    """Makes calls on one wire; hides the account's secrets from everything it returns but the outcome."""

    def __init__(self, wire: Wire, clock: Clock, *, mask: Mask, pin: str) -> None:
        self._wire = wire
        self._clock = clock
        self._mask = mask
        self._pin = pin
        self._said: tuple[str, datetime] | None = None  # the newest Date header, and when it came

    def broker_now(self) -> datetime:
        """The time by the broker's clock, as far as its answers have told it; ours before the first (F-47)."""
        now = self._clock.now()
        if self._said is None:
            return now
        text, came = self._said
        try:
            ahead = parsedate_to_datetime(text).astimezone(UTC) - came
        except ValueError:
            return now
        return now if abs(ahead) < _AGREE else now + ahead

    def call(
        self,
        route: Route,
        *,
        tail: str | None = None,
        body: Mapping[str, Any] | None = None,
        jwt: str = "",
        words: Iterable[str] = (),
    ) -> Exchange:
        """Make one call. `tail`: a last part of its path; `words`: short secrets that belong to it alone."""
        request = "" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        at, began = self._clock.now(), self._clock.monotonic()
        outcome = self._wire.call(
            route.method,
            route.path if tail is None else f"{route.path}/{quote(tail, safe='')}",
            headers={"Authorization": f"Bearer {jwt}"} if jwt else {},
            content=request.encode() if body is not None else None,
        )
        ms = round((self._clock.monotonic() - began) * 1000)
        text, envelope = self._read(outcome, words)
        ended = self._clock.now()
        if isinstance(outcome, RawAnswer) and envelope is not None and "date" in outcome.headers:
            self._said = (outcome.headers["date"], ended)
        call = Call(
            route=route.name,
            request=self._mask.hide(request, words=words),
            answer=_clipped(text, _OTHER_KEPT if envelope is None else _JSON_KEPT),
            status=outcome.status if isinstance(outcome, RawAnswer) else None,
            at=at,
            ms=ms,
        )
        return Exchange(call, outcome, text, envelope, ended)

    def _read(self, outcome: Outcome, words: Iterable[str]) -> tuple[str, Envelope | None]:
        """The masked text and its envelope. A PIN is looked for only where no price or quantity can be meant."""
        if not isinstance(outcome, RawAnswer):
            return "", None
        text = outcome.body.decode("utf-8-sig", "replace").replace("\x00", "\ufffd")
        masked = self._mask.hide(text, words=words)
        envelope = parse(masked)
        return (masked, envelope) if envelope else (self._mask.hide(masked, words=(self._pin,)), None)


def _clipped(text: str, size: int) -> str:
    """The text's first `size` bytes; not copied where it cannot be longer."""
    return text if 4 * len(text) <= size else text.encode()[:size].decode("utf-8", "ignore")
