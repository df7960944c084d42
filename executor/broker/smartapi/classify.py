"""What an answer proves. A write: accepted, refused or - the default of every surprise - unknown. A read: data or an
error; an error is never an empty book (reliability.md F-19, F-26).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, assert_never

from executor.broker.smartapi.calls import Exchange
from executor.broker.smartapi.codes import CODES, RATE_TEXTS, proved_reason, told
from executor.broker.smartapi.envelope import Envelope
from executor.broker.smartapi.wire import Lost, NeverSent, RawAnswer
from executor.domain.conversion import Taken
from executor.domain.ids import BrokerOrderId
from executor.domain.intent import Accepted, Answer, RefusalReason, Refused, Unknown
from executor.errors import BrokerUnavailable, SessionLost

_SERVER_ERROR = 500
_NO_IDS = frozenset({"", "0", "null", "none"})
_FORBIDDEN, _TOO_MANY = 403, 429

DoneT = TypeVar("DoneT")


def write_answer(exchange: Exchange, *, changed: BrokerOrderId | None) -> Answer:
    """Judge the answer to a write; `changed` is the order that a modify or cancel named, None for a place."""
    answer = _judged(exchange, lambda envelope: _accepted(envelope, changed))
    envelope = exchange.envelope
    if isinstance(answer, Refused) and changed is None and envelope is not None and _order_id(envelope.data):
        return Unknown(f"refused, yet with an order id: {answer.text}")
    return answer


def conversion_answer(exchange: Exchange) -> Taken | Refused | Unknown:
    """Judge the answer to a conversion, which names nothing: `data` is null (2.11)."""
    return _judged(exchange, lambda _envelope: Taken())


def read_data(exchange: Exchange) -> Any:
    """The `data` of a good answer to a read (MISSING if it had none). Raises BrokerUnavailable, SessionLost."""
    route, envelope = exchange.call.route, exchange.envelope
    match exchange.outcome:
        case NeverSent(why=why) | Lost(why=why):
            raise BrokerUnavailable(f"{route}: no answer: {why}", exchange.call)
        case RawAnswer(status=status):
            if envelope is None and _is_rate(exchange.text, status):
                raise BrokerUnavailable(f"{route}: too many calls: {exchange.text.strip()}", exchange.call)
            if envelope is None or envelope.ok is None or is_server_error(exchange):
                raise BrokerUnavailable(f"{route}: {_surprise(exchange, status)}", exchange.call)
            if envelope.ok and not envelope.code and _is_success(status):
                return envelope.data
            raise _failure(exchange, envelope)
        case _:
            assert_never(exchange.outcome)


def is_server_error(exchange: Exchange) -> bool:
    """Whether the answer comes from something broken, whatever its body says."""
    return exchange.call.status is not None and exchange.call.status >= _SERVER_ERROR


def _judged(exchange: Exchange, done: Callable[[Envelope], DoneT]) -> DoneT | Refused | Unknown:
    """What an answer proves; `done` reads one that says that it was done."""
    match exchange.outcome:
        case NeverSent(why=why):
            return Refused(RefusalReason.NEVER_SENT, why)
        case Lost(why=why):
            return Unknown(f"no answer: {why}")
        case RawAnswer(status=status):
            return _read(exchange, status, done)
        case _:
            assert_never(exchange.outcome)


def _read(exchange: Exchange, status: int, done: Callable[[Envelope], DoneT]) -> DoneT | Refused | Unknown:
    envelope = exchange.envelope
    if envelope is None and _is_rate(exchange.text, status):
        return Refused(RefusalReason.RATE, exchange.text.strip() or f"HTTP {status}")
    if envelope is None or envelope.ok is None or is_server_error(exchange):
        return Unknown(_surprise(exchange, status))
    if not envelope.ok:
        return _refused(envelope, status)
    if envelope.code or not _is_success(status):
        return Unknown(f"success and failure in one answer: {_surprise(exchange, status)}")
    return done(envelope)


def _refused(envelope: Envelope, status: int) -> Refused | Unknown:
    reason = proved_reason(envelope.code, envelope.message)
    if reason is None:
        return Unknown(f"HTTP {status}, proves nothing: {told(envelope.code, envelope.message)}")
    return Refused(reason, told(envelope.code, envelope.message))


def _accepted(envelope: Envelope, changed: BrokerOrderId | None) -> Accepted | Unknown:
    order_id = _order_id(envelope.data)
    if order_id is None:
        return Unknown("success without an order id")
    if changed is not None and order_id != changed:
        return Unknown(f"the answer is about order {order_id}, asked was {changed}")
    unique = envelope.data.get("uniqueorderid")
    return Accepted(order_id, unique if isinstance(unique, str) and unique.strip() else None)


def _order_id(data: Any) -> BrokerOrderId | None:
    """Order ids are text, though the docs print a number (9, no. 39)."""
    found = data.get("orderid") if isinstance(data, dict) else None
    if not isinstance(found, str | int) or isinstance(found, bool):
        return None
    text = str(found).strip()
    return None if text.lower() in _NO_IDS else BrokerOrderId(text)


def _failure(exchange: Exchange, envelope: Envelope) -> BrokerUnavailable | SessionLost:
    text = f"{exchange.call.route}: {told(envelope.code, envelope.message)}"
    known = CODES.get(envelope.code)
    if not envelope.ok and known is not None and known.reason is RefusalReason.SESSION:
        return SessionLost(text, exchange.call)
    return BrokerUnavailable(text, exchange.call)


def _surprise(exchange: Exchange, status: int) -> str:
    words = " ".join(exchange.text.split())[:160]
    return f"HTTP {status}, {words!r} is no answer of the broker's" if words else f"HTTP {status}, empty body"


def _is_rate(text: str, status: int) -> bool:
    """The gateway's refusal comes before the order system (5); a 403 that says something else proves nothing."""
    words = text.strip().lower()
    said = len(words) < 200 and any(rate in words for rate in RATE_TEXTS)
    return status == _TOO_MANY or (status == _FORBIDDEN and said)


def _is_success(status: int) -> bool:
    return 200 <= status < 300
