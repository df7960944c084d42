"""Values for tests: each builder gives a usable one, keywords override its fields.

They belong together: the delivery carried the signal, which opened the bracket, whose entry leg has the order, which
the intent places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from executor.clock import IST
from executor.config.strategy import strategy_fields, strategy_from
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.delivery import Delivery, Verdict
from executor.domain.ids import (
    BracketId,
    BrokerOrderId,
    CallId,
    DeliveryId,
    IntentId,
    LegId,
    OrderId,
    SignalId,
    encode,
    tag_of,
)
from executor.domain.instrument import ContractClass, Instrument, InstrumentKey, Kind, Segment
from executor.domain.intent import Call, Intent, IntentKind, OrderRequest, PermitClass
from executor.domain.order import Order, OrderType, Side
from executor.domain.record import CallRow, Fill, Lane, ReportRow
from executor.domain.signal import Action, LaneKey, Signal
from executor.domain.strategy import (
    Gap,
    Level,
    LevelKind,
    Product,
    Protection,
    Rails,
    Size,
    SizeKind,
    Strategy,
    Target,
)
from executor.store.engine import Database
from executor.store.store import Store, build_store

TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 9, 20, tzinfo=IST)
ACCOUNT = "paper"
LANE = LaneKey(ACCOUNT, "trend", "NSE:TATASTEEL")
CONTRACT = InstrumentKey(Segment.NSE, "1001")


def an_id(number: int) -> str:
    """The id with this number: small, so that every id made by `Ids` is above it."""
    return encode(number)


DELIVERY = DeliveryId(an_id(1))
SIGNAL = SignalId(an_id(2))
BRACKET = BracketId(an_id(3))
LEG = LegId(an_id(4))
ORDER = OrderId(an_id(5))
INTENT = IntentId(an_id(6))


def a_strategy(**changes: Any) -> Strategy:
    fields: dict[str, Any] = {
        "name": LANE.strategy,
        "version": 1,
        "account": ACCOUNT,
        "product": Product.INTRADAY,
        "size": Size(SizeKind.QUANTITY, Decimal(10)),
        "rails": Rails(tickers=frozenset({LANE.ticker}), max_quantity=100),
        "stop_loss": Level(LevelKind.PERCENT, Decimal(1)),
        "take_profit": (Target(Level(LevelKind.PERCENT, Decimal(2))),),
    }
    return Strategy(**{**fields, **changes})


def an_instrument(**changes: Any) -> Instrument:
    fields: dict[str, Any] = {
        "key": CONTRACT,
        "symbol": "TATASTEEL-EQ",
        "name": "TATASTEEL",
        "kind": Kind.CASH,
        "lot": 1,
        "tick": Decimal("0.05"),
        "series": "EQ",
    }
    return Instrument(**{**fields, **changes})


def a_delivery(**changes: Any) -> Delivery:
    fields: dict[str, Any] = {
        "id": DELIVERY,
        "strategy": LANE.strategy,
        "source": "52.89.214.238",
        "headers": {"User-Agent": "test"},
        "sha256": "ab" * 32,
        "body": '{"v": 1, "token": "xt1_…"}',
        "layers": {"address": "ok", "token": "ok"},
        "verdict": Verdict.ACCEPTED,
        "received_at": NOW,
    }
    return Delivery(**{**fields, **changes})


def a_signal(**changes: Any) -> Signal:
    fields: dict[str, Any] = {
        "id": SIGNAL,
        "delivery": DELIVERY,
        "strategy": LANE.strategy,
        "strategy_version": 1,
        "account": ACCOUNT,
        "lane": LANE.text,
        "key": "content:1",
        "action": Action.BUY,
        "fields": {"v": 1, "exchange": "NSE", "ticker": "TATASTEEL", "action": "buy", "price": "150.00"},
        "fired_at": NOW,
        "received_at": NOW,
    }
    return Signal(**{**fields, **changes})


def a_lane(**changes: Any) -> Lane:
    fields: dict[str, Any] = {
        "key": LANE.text,
        "account": LANE.account,
        "strategy": LANE.strategy,
        "ticker": LANE.ticker,
        "trade": LANE.trade,
    }
    return Lane(**{**fields, **changes})


def a_bracket(**changes: Any) -> Bracket:
    fields: dict[str, Any] = {
        "id": BRACKET,
        "lane": LANE.text,
        "account": ACCOUNT,
        "strategy": LANE.strategy,
        "instrument": CONTRACT,
        "symbol": "TATASTEEL-EQ",
        "name": "TATASTEEL",
        "tick": Decimal("0.05"),
        "lot": 1,
        "kind": ContractClass.CASH,
        "expiry": None,
        "freeze": None,
        "product": Product.INTRADAY,
        "side": Side.BUY,
        "chart": changes.get("side", Side.BUY),
        "protection": Protection.PAIR,
        "stop_loss": Level(LevelKind.PERCENT, Decimal(1)),
        "trail": None,
        "breakeven_after": None,
        "gap": Gap.EXIT,
        "opened_at": NOW,
    }
    return Bracket(**{**fields, **changes})


def a_leg(**changes: Any) -> Leg:
    fields: dict[str, Any] = {
        "id": LEG,
        "bracket": BRACKET,
        "account": ACCOUNT,
        "cause": SIGNAL,
        "role": Role.ENTRY,
        "side": Side.BUY,
        "quantity": 10,
        "price": Decimal("150.15"),
        "trigger": None,
        "created_at": NOW,
    }
    return Leg(**{**fields, **changes})


def an_order(**changes: Any) -> Order:
    """Attempt 1 of its leg; the tag follows from both unless it is given."""
    leg, attempt = changes.get("leg", LEG), changes.get("attempt", 1)
    fields: dict[str, Any] = {
        "id": ORDER,
        "leg": leg,
        "account": ACCOUNT,
        "day": TODAY,
        "attempt": attempt,
        "tag": tag_of(leg, attempt) if leg else None,
        "instrument": CONTRACT,
        "symbol": "TATASTEEL-EQ",
        "side": Side.BUY,
        "product": Product.INTRADAY,
        "type": OrderType.LIMIT,
        "sent_quantity": 10,
        "sent_price": Decimal("150.15"),
        "sent_trigger": None,
        "created_at": NOW,
    }
    return Order(**{**fields, **changes})


def a_request(**changes: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "instrument": CONTRACT,
        "symbol": "TATASTEEL-EQ",
        "side": Side.BUY,
        "product": Product.INTRADAY,
        "type": OrderType.LIMIT,
        "quantity": 10,
        "price": Decimal("150.15"),
        "trigger": None,
        "tag": tag_of(LEG, 1),
    }
    return OrderRequest(**{**fields, **changes})


def an_intent(**changes: Any) -> Intent:
    fields: dict[str, Any] = {
        "id": INTENT,
        "order": ORDER,
        "account": ACCOUNT,
        "kind": IntentKind.PLACE,
        "permit": PermitClass.ENTER,
        "request": a_request(),
        "created_at": NOW,
    }
    return Intent(**{**fields, **changes})


def a_report_row(**changes: Any) -> ReportRow:
    fields: dict[str, Any] = {
        "account": ACCOUNT,
        "day": TODAY,
        "hash": "cd" * 32,
        "source": "BOOK",
        "broker_id": BrokerOrderId("261125000000001"),
        "order": ORDER,
        "raw": '{"status":"open"}',
        "at": NOW,
    }
    return ReportRow(**{**fields, **changes})


def a_fill(**changes: Any) -> Fill:
    fields: dict[str, Any] = {
        "account": ACCOUNT,
        "day": TODAY,
        "broker_id": BrokerOrderId("261125000000001"),
        "fill_id": "70001",
        "order": ORDER,
        "quantity": 4,
        "price": Decimal("150.10"),
        "at": NOW,
        "raw": '{"fillsize":"4"}',
    }
    return Fill(**{**fields, **changes})


def a_call_row(**changes: Any) -> CallRow:
    fields: dict[str, Any] = {
        "id": CallId(an_id(7)),
        "account": ACCOUNT,
        "intent": INTENT,
        "call": Call(route="place", request='{"quantity":"10"}', answer='{"status":true}', status=200, at=NOW, ms=41),
        "equal": 0,
        "last_at": NOW,
    }
    return CallRow(**{**fields, **changes})


def settings_of(strategy: Strategy) -> Mapping[str, Any]:
    return strategy_fields(strategy)


def read_settings(settings: Mapping[str, Any], name: str, version: int) -> Strategy:
    return strategy_from(settings, name=name, version=version)


def a_store(database: Database, *, new_id: Callable[[], str]) -> Store:
    return build_store(database, new_id=new_id, read_strategy=read_settings, write_strategy=settings_of)
