"""A signal: a genuine, valid alert, first of its key. It ends in exactly one outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from executor.domain.ids import DeliveryId, SignalId
from executor.domain.option import OptionType
from executor.domain.refusal import RefusalCode
from executor.domain.strategy import Level, LevelKind, LevelOf, Product, Size, SizeKind, Target, Trail


class Action(StrEnum):
    BUY = "buy"
    SELL = "sell"
    EXIT = "exit"
    REVERSE = "reverse"
    FLATTEN = "flatten"
    CANCEL = "cancel"
    MODIFY = "modify"


class Held(StrEnum):
    """A strategy's position as TradingView tells it."""

    LONG = "long"
    SHORT = "short"
    FLAT = "flat"


class EntryType(StrEnum):
    """How an entry reaches its price; `market` leaves as a limit at the last price ± the protection band."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_LIMIT = "stop_limit"


class SignalState(StrEnum):
    RECEIVED = "RECEIVED"
    WORKING = "WORKING"
    ENDED = "ENDED"


class Outcome(StrEnum):
    FILLED = "FILLED"
    PARTLY_FILLED = "PARTLY_FILLED"
    NOT_FILLED = "NOT_FILLED"
    REFUSED = "REFUSED"
    REJECTED = "REJECTED"
    NOT_PLACED = "NOT_PLACED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    NOTHING_TO_DO = "NOTHING_TO_DO"


#: Outcomes of orders that a late truth may correct.
CORRECTABLE = frozenset({Outcome.PARTLY_FILLED, Outcome.NOT_FILLED, Outcome.NOT_PLACED, Outcome.REJECTED})
#: Outcomes of what was planned and withdrawn before anything of it was taken; what was refused may have been all the
#: same.
WITHDRAWN = frozenset({Outcome.REFUSED, Outcome.EXPIRED, Outcome.SUPERSEDED})


class LaneKey(NamedTuple):
    """account × strategy × the alert's exchange:ticker, and an optional `trade` that separates positions on it."""

    account: str
    strategy: str
    ticker: str
    trade: str = ""

    @property
    def text(self) -> str:
        return "|".join(self)


@dataclass(frozen=True, slots=True)
class PositionChange:
    """TradingView's position before and after the fill that fired the alert; sizes are never negative."""

    now: Held
    now_size: Decimal
    prev: Held
    prev_size: Decimal


@dataclass(frozen=True, slots=True)
class Ask:
    """What an alert asks for, read from a signal's fields (alert schema version 1, without its token).

    `stop_of`: whose price the stop is one of, None where the alert does not say. `option`: what its own rule trades.
    """

    exchange: str
    ticker: str
    action: Action
    side: Held | None = None
    trade: str = ""
    position: PositionChange | None = None
    price: Decimal | None = None
    size: Size | None = None
    stop_loss: Level | None = None
    stop_of: LevelOf | None = None
    take_profit: tuple[Target, ...] = ()
    trail: Trail | None = None
    breakeven_after: Level | None = None
    type: EntryType = EntryType.MARKET
    limit: Decimal | None = None
    trigger: Decimal | None = None
    interval: str = ""
    option: OptionType | None = None
    product: Product | None = None
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """`fields` is the validated alert in canonical form (numbers as plain text), `lane` a LaneKey's text.

    `plan` is the arithmetic behind the order, in words; `code` tells which rule ended it, if one did.
    """

    id: SignalId
    delivery: DeliveryId
    strategy: str
    strategy_version: int
    account: str
    lane: str
    key: str
    action: Action
    fields: Mapping[str, Any]
    fired_at: datetime
    received_at: datetime
    state: SignalState = SignalState.RECEIVED
    outcome: Outcome | None = None
    code: RefusalCode | None = None
    reason: str | None = None
    plan: str | None = None


#: Fields of schema version 1 that this version records but cannot act on: asking for them is refused, not ignored.
_NOT_YET = ("legs",)
_PRODUCTS = {
    "intraday": Product.INTRADAY,
    "carryforward": Product.CARRYFORWARD,
    "delivery": Product.DELIVERY,
    "margin": Product.MARGIN,
}


def read_ask(fields: Mapping[str, Any]) -> Ask:
    """Read the canonical fields of a signal; they were validated before they were stored."""
    order = fields.get("order") or {}
    stop = fields.get("stop_loss") or {}
    targets = fields.get("take_profit") or ()
    return Ask(
        exchange=fields["exchange"],
        ticker=fields["ticker"],
        action=Action(fields["action"]),
        side=Held(fields["side"]) if "side" in fields else None,
        trade=fields.get("trade", ""),
        position=_read_position(fields.get("position")),
        price=Decimal(fields["price"]) if "price" in fields else None,
        size=_read_size(fields.get("size")),
        stop_loss=_read_level(stop),
        stop_of=_read_of(stop),
        take_profit=tuple(target for found in targets if (target := _read_target(found))),
        trail=_read_trail(stop.get("trail")),
        breakeven_after=_read_level(stop.get("breakeven_after") or {}),
        type=EntryType(order.get("type", EntryType.MARKET)),
        limit=Decimal(order["limit"]) if "limit" in order else None,
        trigger=Decimal(order["trigger"]) if "trigger" in order else None,
        interval=fields.get("interval", ""),
        option=OptionType(fields["option"]["type"]) if "option" in fields else None,
        product=_PRODUCTS[order["product"]] if "product" in order else None,
        unsupported=tuple(name for name in _NOT_YET if name in fields),
    )


def lane_of(signal: Signal) -> LaneKey:
    account, strategy, ticker, trade = signal.lane.split("|")
    return LaneKey(account, strategy, ticker, trade)


def _read_position(found: Mapping[str, Any] | None) -> PositionChange | None:
    if found is None:
        return None
    return PositionChange(
        now=Held(found["now"]),
        now_size=Decimal(found["now_size"]),
        prev=Held(found["prev"]),
        prev_size=Decimal(found["prev_size"]),
    )


def _read_of(found: Mapping[str, Any]) -> LevelOf | None:
    return LevelOf(found["of"]) if "of" in found else None


def _read_size(found: Mapping[str, Any] | None) -> Size | None:
    if not found:
        return None
    name, value = next(iter(found.items()))
    return Size(SizeKind(name), Decimal(value))


def _read_target(found: Mapping[str, Any]) -> Target | None:
    level = _read_level(found)
    return Target(level, Decimal(found.get("share", 100)), _read_of(found)) if level else None


def _read_trail(found: Mapping[str, Any] | None) -> Trail | None:
    distance = _read_level(found or {})
    if found is None or distance is None:
        return None
    return Trail(distance, Decimal(found["step"]) if "step" in found else None)


def _read_level(found: Mapping[str, Any]) -> Level | None:
    for kind in LevelKind:
        if kind in found:
            return Level(kind, Decimal(found[kind]))
    return None
