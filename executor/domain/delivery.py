"""A delivery: one HTTP arrival with its verdict, and what came of recording it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from executor.domain.ids import DeliveryId, SignalId
from executor.domain.refusal import RefusalCode


class Verdict(StrEnum):
    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"
    CONFLICT = "CONFLICT"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Delivery:
    """`body` is what arrived, verbatim but for masked secrets (bytes that are not UTF-8 as \\xNN); `sha256` is of the
    received bytes. `layers` tells what each layer of authenticity found; `of` is the signal a duplicate repeats.
    """

    id: DeliveryId
    strategy: str | None
    source: str
    headers: Mapping[str, str]
    sha256: str
    body: str
    layers: Mapping[str, str]
    verdict: Verdict
    received_at: datetime
    code: RefusalCode | None = None
    detail: str = ""
    of: SignalId | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The delivery, and its signal where there is one, are durable."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The delivery is durable; its key belongs to an earlier signal with the same content."""

    of: SignalId


@dataclass(frozen=True, slots=True)
class Conflict:
    """The delivery is durable; its explicit id belongs to an earlier signal with other content."""

    of: SignalId


Recording = Recorded | Duplicate | Conflict


@dataclass(frozen=True, slots=True)
class IssuedAlert:
    """A template's token that was issued; revoked by its id."""

    id: str
    strategy: str
    version: int
    issued: datetime
    expires: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Flood:
    """Arrivals that were counted instead of kept: one row a minute, source and process. `source` may be ALL."""

    minute: datetime
    source: str
    process: str
    count: int
    sample: str
