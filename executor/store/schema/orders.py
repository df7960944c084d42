"""Tables of what is done about it: brackets, legs, orders, intents, and what the broker said."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, UniqueConstraint, literal_column

from executor.domain.bracket import BracketState, Goal, Role
from executor.domain.instrument import ContractClass
from executor.domain.intent import IntentKind, IntentState, SettledBy
from executor.domain.order import OrderState, OrderType, Side
from executor.domain.strategy import Gap, LevelOf, Product, Protection
from executor.store.schema.keeping import CLUSTERED, FREE, STATE, id_column, metadata
from executor.store.types import (
    Day,
    Flag,
    Key,
    LevelText,
    Money,
    Permit,
    Request,
    Stamp,
    TrailText,
    UnderlyingText,
    Word,
    Words,
)

bracket = Table(
    "bracket",
    metadata,
    id_column(),
    Column("lane", Words, nullable=False),
    Column("account", Words, nullable=False),
    Column("strategy", Words, nullable=False),
    Column("instrument", Key, nullable=False),
    Column("symbol", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("tick", Money, nullable=False),
    Column("lot", BigInteger, nullable=False),
    Column("kind", Word(ContractClass), nullable=False),
    Column("expiry", Day),
    Column("freeze", BigInteger, info=STATE),
    Column("product", Word(Product), nullable=False),
    Column("side", Word(Side), nullable=False),
    Column("chart", Word(Side), nullable=False),
    Column("protection", Word(Protection), nullable=False, info=STATE),
    Column("stop_loss", LevelText, info=STATE),
    Column("trail", TrailText, info=STATE),
    Column("breakeven_after", LevelText, info=STATE),
    Column("gap", Word(Gap), nullable=False),
    Column("opened_at", Stamp, nullable=False),
    Column("underlying", UnderlyingText, info=STATE),
    Column("goal", Word(Goal), nullable=False, info=STATE),
    Column("state", Word(BracketState), nullable=False, info=STATE),
    Column("closer", Words, info=STATE),
    Column("closing_reason", Words, info=STATE),
    Column("recovered", Flag, nullable=False, info=STATE),
    Column("outside", BigInteger, nullable=False, info=STATE),
    Column("closed_at", Stamp, info=STATE),
    **CLUSTERED,
)
BRACKET_ALIVE = bracket.c.state != literal_column(f"'{BracketState.CLOSED}'")
_one_a_lane = BRACKET_ALIVE & (bracket.c.recovered == False)  # noqa: E712
Index("bracket_one_a_lane", bracket.c.lane, unique=True, sqlite_where=_one_a_lane, postgresql_where=_one_a_lane)
Index("bracket_closer", bracket.c.closer)
Index("bracket_alive", bracket.c.account, sqlite_where=BRACKET_ALIVE, postgresql_where=BRACKET_ALIVE)

leg = Table(
    "leg",
    metadata,
    id_column(),
    Column("bracket", Words, ForeignKey("bracket.id", name="leg_bracket"), nullable=False, index=True),
    Column("account", Words, nullable=False),
    Column("cause", Words, nullable=False, index=True),
    Column("role", Word(Role), nullable=False),
    Column("side", Word(Side), nullable=False),
    Column("quantity", BigInteger, nullable=False, info=STATE),
    Column("price", Money, info=STATE),
    Column("trigger", Money, info=STATE),
    Column("created_at", Stamp, nullable=False),
    Column("lasts", BigInteger),
    Column("level", LevelText, info=STATE),
    Column("share", Money),
    Column("of", Word(LevelOf), nullable=False, info=STATE),
    Column("wanted", Flag, nullable=False, info=STATE),
    Column("reason", Words, info=STATE),
    **CLUSTERED,
)

broker_order = Table(
    "broker_order",
    metadata,
    id_column(),
    Column("leg", Words, ForeignKey("leg.id", name="order_leg"), index=True),
    Column("account", Words, nullable=False),
    Column("day", Day, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("tag", Words, unique=True),
    Column("instrument", Key, nullable=False),
    Column("symbol", Words, nullable=False),
    Column("side", Word(Side), nullable=False),
    Column("product", Word(Product), nullable=False),
    Column("type", Word(OrderType), nullable=False, info=STATE),
    Column("sent_quantity", BigInteger, nullable=False, info=STATE),
    Column("sent_price", Money, nullable=False, info=STATE),
    Column("sent_trigger", Money, info=STATE),
    Column("created_at", Stamp, nullable=False),
    Column("broker_id", Words, info=STATE),
    Column("unique_id", Words, info=STATE),
    Column("working_type", Word(OrderType), info=STATE),
    Column("working_quantity", BigInteger, info=STATE),
    Column("working_price", Money, info=STATE),
    Column("working_trigger", Money, info=STATE),
    Column("filled", BigInteger, nullable=False, info=STATE),
    Column("average", Money, info=STATE),
    Column("state", Word(OrderState), nullable=False, info=STATE),
    Column("triggered", Flag, nullable=False, info=STATE),
    Column("text", Words, nullable=False, info=STATE),
    Column("seen_at", Stamp, info=FREE),
    UniqueConstraint("account", "day", "broker_id", name="order_once_a_day"),
    **CLUSTERED,
)
#: A person asks for an order by its number alone; none is there yet when it is sent.
_numbered = broker_order.c.broker_id.is_not(None)
Index("order_number", broker_order.c.broker_id, sqlite_where=_numbered, postgresql_where=_numbered)

intent = Table(
    "intent",
    metadata,
    id_column(),
    Column("order", Words, ForeignKey("broker_order.id", name="intent_order"), nullable=False, index=True),
    Column("account", Words, nullable=False),
    Column("kind", Word(IntentKind), nullable=False),
    Column("permit", Permit, nullable=False),
    Column("request", Request, nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("state", Word(IntentState), nullable=False, info=STATE),
    Column("epoch", BigInteger, info=STATE),
    Column("sending_at", Stamp, info=STATE),
    Column("outcome", Words, info=STATE),
    Column("settled_by", Word(SettledBy), info=STATE),
    **CLUSTERED,
)
_unsettled = intent.c.settled_by.is_(None)
Index("intent_one_unsettled", intent.c.order, unique=True, sqlite_where=_unsettled, postgresql_where=_unsettled)
Index("intent_written", intent.c.account, intent.c.sending_at)

broker_call = Table(
    "broker_call",
    metadata,
    id_column(),
    Column("account", Words, nullable=False),
    Column("intent", Words, ForeignKey("intent.id", name="call_intent"), index=True),
    Column("route", Words, nullable=False),
    Column("request", Words, nullable=False),
    Column("answer", Words, nullable=False),
    Column("status", BigInteger),
    Column("at", Stamp, nullable=False),
    Column("ms", BigInteger, nullable=False),
    Column("equal", BigInteger, nullable=False, info=FREE),
    Column("last_at", Stamp, nullable=False, info=FREE),
)

report = Table(
    "report",
    metadata,
    Column("account", Words, primary_key=True),
    Column("day", Day, primary_key=True),
    Column("hash", Words, primary_key=True),
    Column("source", Words, nullable=False),
    Column("broker_id", Words, nullable=False),
    Column("order", Words, index=True),
    Column("raw", Words, nullable=False),
    Column("at", Stamp, nullable=False),
)

fill = Table(
    "fill",
    metadata,
    Column("account", Words, primary_key=True),
    Column("day", Day, primary_key=True),
    Column("broker_id", Words, primary_key=True),
    Column("fill_id", Words, primary_key=True),
    Column("order", Words, index=True),
    Column("quantity", BigInteger, nullable=False),
    Column("price", Money, nullable=False),
    Column("at", Stamp, nullable=False),
    Column("raw", Words, nullable=False),
    **CLUSTERED,
)
