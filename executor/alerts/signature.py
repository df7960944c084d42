"""Standard Webhooks: the proof of senders that can set headers.

They sign `id.timestamp.body` with their strategy's secret (HMAC-SHA256, standardwebhooks.com). Invariants: what is
held against a signature is what arrived, byte for byte; a signature counts five minutes around its timestamp; the
secret before a rotation counts as long as the address before it does.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from executor.alerts.address import rotations, signing_secret
from executor.clock import in_ist
from executor.config.secrets import Keys
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Strategy

#: How far the time of signing may lie from now, either way.
TOLERANCE = timedelta(minutes=5)

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
#: A dot would let the parts of what is signed be told apart in two ways, so the specification wants none.
_ID = re.compile(r"[!-\-/-~]{1,200}")
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,10}")


@dataclass(frozen=True, slots=True)
class Headers:
    """The three headers as they arrived, each empty where it did not."""

    id: str
    timestamp: str
    signature: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """A message that a sender of the strategy signed; `rotation` tells with which secret."""

    id: str
    at: datetime
    rotation: int


def sign(secret: str, body: str, *, id: str, at: datetime) -> dict[str, str]:
    """The headers that a sender sets."""
    signature = Webhook(secret).sign(id, at.astimezone(UTC), body)  # it takes any time for one of UTC
    return {ID: id, TIMESTAMP: str(int(at.timestamp())), SIGNATURE: signature}


def read_headers(found: Callable[[str, str], str]) -> Headers:
    """What arrived; `found` looks a header up by its name, whatever its case, and has something else without it."""
    return Headers(*(found(name, "") for name in (ID, TIMESTAMP, SIGNATURE)))


def verify(keys: Keys, strategy: Strategy, headers: Headers, body: bytes, *, now: datetime) -> Signed | Refusal:
    """The message of a sender that knows the strategy's secret and signed this very body around now."""
    given = {ID: headers.id, TIMESTAMP: headers.timestamp, SIGNATURE: headers.signature}
    if missing := [name for name, value in given.items() if not value]:
        return Refusal(RefusalCode.SIGNATURE_MISSING, f"without {', '.join(missing)}")
    if not _ID.fullmatch(headers.id):
        return _altered(f"{ID} is {headers.id[:40]!a}; give up to 200 characters of ASCII, no dot and no blank")
    if not _TIMESTAMP.fullmatch(headers.timestamp):
        return _altered(f"{TIMESTAMP} is {headers.timestamp[:40]!a}; give whole seconds since 1970")
    at = datetime.fromtimestamp(int(headers.timestamp), UTC)
    rotation = _rotation(keys, strategy, headers, body, at)
    if rotation is None:
        return _altered("")
    if abs(now - at) > TOLERANCE:
        return Refusal(RefusalCode.SIGNATURE_EXPIRED, f"signed {in_ist(at)}, received {in_ist(now)}")
    return Signed(headers.id, at, rotation)


def _rotation(keys: Keys, strategy: Strategy, headers: Headers, body: bytes, at: datetime) -> int | None:
    """Whose secret made one of the signatures; takes the same time for each."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    given = [one.encode("utf-8", "surrogatepass") for one in headers.signature.split(" ")]
    found = []
    for rotation in rotations(strategy):
        secret = signing_secret(keys, strategy.name, rotation)
        expected = Webhook(secret).sign(headers.id, at, text).encode()
        found += [rotation for one in given if hmac.compare_digest(one, expected)]
    return found[0] if found else None


def _altered(detail: str) -> Refusal:
    return Refusal(RefusalCode.SIGNATURE_ALTERED, detail)
