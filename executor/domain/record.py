"""Rows beside brackets and orders: lanes, halts, reports, fills and calls as they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from executor.domain.ids import BrokerOrderId, CallId, IntentId, OrderId
from executor.domain.intent import Call


class HaltKind(StrEnum):
    HALT = "HALT"
    KILL = "KILL"
    LOSS = "LOSS"


@dataclass(frozen=True, slots=True)
class Halt:
    """`scope` is ALL, account:NAME, strategy:NAME or lane:TEXT. `loss`: of a LOSS, the rupees its day had lost then.
    `ended_at` is None while it is in force.
    """

    scope: str
    kind: HaltKind
    since: datetime
    why: str
    by: str
    loss: Decimal | None = None
    ended_at: datetime | None = None

    def held_at(self, moment: datetime) -> bool:
        return self.since <= moment and (self.ended_at is None or moment < self.ended_at)


@dataclass(frozen=True, slots=True)
class Lane:
    """What a lane has seen; `key` is a LaneKey's text."""

    key: str
    account: str
    strategy: str
    ticker: str
    trade: str
    synced: bool = False
    last_fired_at: datetime | None = None
    last_exit_fired_at: datetime | None = None
    halted: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    account: str
    day: date
    broker_id: BrokerOrderId
    fill_id: str
    order: OrderId | None
    quantity: int
    price: Decimal
    at: datetime
    raw: str


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report as it is kept: raw, once a content and day."""

    account: str
    day: date
    hash: str
    source: str
    broker_id: BrokerOrderId
    order: OrderId | None
    raw: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call as it is kept. A read is kept when its answer differs from the last; `equal` counts the same ones."""

    id: CallId
    account: str
    intent: IntentId | None
    call: Call
    equal: int
    last_at: datetime
