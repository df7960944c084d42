"""How values lie in the store: only 64-bit integers and text, the same on SQLite and Postgres.

Times are microseconds since 1970 UTC, money is in 10⁻⁴ rupees, JSON is canonical text: so the hash of a row is the
same on both, and no driver can round anything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from executor.domain.ids import BrokerOrderId, OrderTag
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import OrderRequest, PermitClass
from executor.domain.order import OrderType, Side
from executor.domain.strategy import Level, LevelKind, Product, Trail
from executor.domain.underlying import Underlying

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONEY = Decimal(10_000)

WordT = TypeVar("WordT", bound=StrEnum)


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no escapes but those needed."""
    return storable(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def storable(text: str) -> str:
    """A text that both stores can hold: half surrogates and NUL, which JSON can carry, are spelled out."""
    plain = text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
    return plain.replace("\0", "\\x00")


class Words(TypeDecorator[str]):
    """Text, also from outside."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class PlainWords(TypeDecorator[str]):
    """Text in the order of its characters' numbers, whatever language a Postgres is set to: SQLite's own order."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text(collation="C") if dialect.name == "postgresql" else Text()


class Stamp(TypeDecorator[datetime]):
    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Money(TypeDecorator[Decimal]):
    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        return None if value is None else round(value * _MONEY)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> Decimal | None:
        return None if value is None else (value / _MONEY).normalize() + Decimal(0)


def _named(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are not kept once more for every row: the day's signals all have the same."""
    return {sys.intern(name): value for name, value in pairs}


_JSON = json.JSONDecoder(object_pairs_hook=_named)


class Json(TypeDecorator[Mapping[str, Any]]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Any] | None, _dialect: Dialect) -> str | None:
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Mapping[str, Any] | None:
        return None if value is None else _JSON.decode(value)


class Flag(TypeDecorator[bool]):
    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: bool | None, _dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


class Day(TypeDecorator[date]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, _dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Word(TypeDecorator[WordT], Generic[WordT]):
    """A member of an enumeration, by its value."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[WordT]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: WordT | None, _dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, _dialect: Dialect) -> WordT | None:
        return None if value is None else self.words(value)


class Permit(TypeDecorator[PermitClass]):
    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: PermitClass | None, _dialect: Dialect) -> int | None:
        return None if value is None else value.value

    def process_result_value(self, value: int | None, _dialect: Dialect) -> PermitClass | None:
        return None if value is None else PermitClass(value)


class Key(TypeDecorator[InstrumentKey]):
    """An instrument's key as SEGMENT:token."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: InstrumentKey | None, _dialect: Dialect) -> str | None:
        return None if value is None else value.text

    def process_result_value(self, value: str | None, _dialect: Dialect) -> InstrumentKey | None:
        return None if value is None else read_key(value)


class LevelText(TypeDecorator[Level]):
    """A level as kind:value, for example percent:1.5."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Level | None, _dialect: Dialect) -> str | None:
        return None if value is None else f"{value.kind}:{value.value}"

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Level | None:
        if value is None:
            return None
        kind, number = value.split(":")
        return Level(LevelKind(kind), Decimal(number))


class TrailText(TypeDecorator[Trail]):
    """A trail as kind:distance:step, the step empty when there is none."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Trail | None, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        return f"{value.distance.kind}:{value.distance.value}:{'' if value.step is None else value.step}"

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Trail | None:
        if value is None:
            return None
        kind, distance, step = value.split(":")
        return Trail(Level(LevelKind(kind), Decimal(distance)), Decimal(step) if step else None)


class UnderlyingText(TypeDecorator[Underlying]):
    """What a position's chart shows, as JSON in our words."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Underlying | None, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        fields = {"instrument": value.instrument.text, "symbol": value.symbol, "side": value.side.value}
        some = {"stop": value.stop, "expiry": value.expiry}
        return canonical(fields | {name: str(one) for name, one in some.items() if one is not None})

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Underlying | None:
        if value is None:
            return None
        found = json.loads(value)
        stop = Decimal(found["stop"]) if "stop" in found else None
        expiry = date.fromisoformat(found["expiry"]) if "expiry" in found else None
        return Underlying(read_key(found["instrument"]), found["symbol"], Side(found["side"]), stop, expiry)


class Request(TypeDecorator[OrderRequest]):
    """An order request as JSON in our words."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: OrderRequest | None, _dialect: Dialect) -> str | None:
        return None if value is None else canonical(_request_fields(value))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> OrderRequest | None:
        return None if value is None else _read_request(json.loads(value))


def read_key(text: str) -> InstrumentKey:
    segment, token = text.split(":", 1)
    return InstrumentKey(Segment(segment), token)


def _request_fields(request: OrderRequest) -> dict[str, str | int]:
    fields: dict[str, str | int] = {
        "instrument": request.instrument.text,
        "symbol": request.symbol,
        "side": request.side.value,
        "product": request.product.value,
        "type": request.type.value,
        "quantity": request.quantity,
        "price": str(request.price),
        "tag": request.tag,
    }
    if request.trigger is not None:
        fields["trigger"] = str(request.trigger)
    if request.broker_id is not None:
        fields["broker_id"] = request.broker_id
    return fields


def _read_request(fields: dict[str, Any]) -> OrderRequest:
    return OrderRequest(
        instrument=read_key(fields["instrument"]),
        symbol=fields["symbol"],
        side=Side(fields["side"]),
        product=Product(fields["product"]),
        type=OrderType(fields["type"]),
        quantity=fields["quantity"],
        price=Decimal(fields["price"]),
        trigger=Decimal(fields["trigger"]) if "trigger" in fields else None,
        tag=OrderTag(fields["tag"]),
        broker_id=BrokerOrderId(fields["broker_id"]) if "broker_id" in fields else None,
    )
