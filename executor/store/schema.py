"""All tables. A column's `info` says how the audit keeps it.

FIXED columns are hashed when their row is introduced and never change; STATE columns are written into the audit with
each new value; SECRET ones likewise, but as a hash; FREE ones are for display or bookkeeping and not audited.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, MetaData, Table, Text, UniqueConstraint

from executor.domain.bracket import BracketState, Goal, Role
from executor.domain.delivery import Verdict
from executor.domain.instrument import Kind, Segment
from executor.domain.messages import HaltKind, IntentKind, IntentState, SettledBy
from executor.domain.order import OrderState, OrderType, Side
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Action, Outcome, SignalState
from executor.domain.strategy import AccountKind, Product, Protection
from executor.store.types import Day, Flag, Json, Key, LevelText, Money, Request, Stamp, Word


class Keeping(StrEnum):
    FIXED = "FIXED"
    STATE = "STATE"
    SECRET = "SECRET"
    FREE = "FREE"


STATE: dict[Any, Any] = {"keeping": Keeping.STATE}
SECRET: dict[Any, Any] = {"keeping": Keeping.SECRET}
FREE: dict[Any, Any] = {"keeping": Keeping.FREE}

metadata = MetaData()


def _id() -> Column[str]:
    return Column("id", Text, primary_key=True)


delivery = Table(
    "delivery",
    metadata,
    _id(),
    Column("strategy", Text),
    Column("source", Text, nullable=False),
    Column("headers", Json, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("layers", Json, nullable=False),
    Column("verdict", Word(Verdict), nullable=False),
    Column("code", Word(RefusalCode)),
    Column("detail", Text, nullable=False),
    Column("of", Text),
    Column("received_at", Stamp, nullable=False),
)

delivery_flood = Table(
    "delivery_flood",
    metadata,
    Column("minute", Stamp, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("process", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("sample", Text, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    _id(),
    Column("strategy", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("issued", Stamp, nullable=False),
    Column("expires", Stamp, nullable=False),
    Column("revoked_at", Stamp, info=STATE),
)

lane = Table(
    "lane",
    metadata,
    Column("key", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("ticker", Text, nullable=False),
    Column("trade", Text, nullable=False),
    Column("synced", Flag, nullable=False, info=STATE),
    Column("last_fired_at", Stamp, info=STATE),
    Column("last_exit_fired_at", Stamp, info=STATE),
    Column("halted", Flag, nullable=False, info=STATE),
    UniqueConstraint("account", "strategy", "ticker", "trade", name="lane_once"),
)

signal = Table(
    "signal",
    metadata,
    _id(),
    Column(
        "delivery",
        Text,
        ForeignKey("delivery.id", name="signal_delivery", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    Column("strategy", Text, nullable=False),
    Column("strategy_version", BigInteger, nullable=False),
    Column("account", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("action", Word(Action), nullable=False),
    Column("fields", Json, nullable=False),
    Column("fired_at", Stamp, nullable=False),
    Column("received_at", Stamp, nullable=False),
    Column("state", Word(SignalState), nullable=False, info=STATE),
    Column("outcome", Word(Outcome), info=STATE),
    Column("code", Word(RefusalCode), info=STATE),
    Column("reason", Text, info=STATE),
    Column("plan", Text, info=STATE),
    UniqueConstraint("strategy", "key", name="signal_once"),
    Index("signal_delivery_of", "delivery"),
)
Index(
    "signal_open",
    signal.c.account,
    signal.c.state,
    sqlite_where=signal.c.state != SignalState.ENDED,
    postgresql_where=signal.c.state != SignalState.ENDED,
)

command = Table(
    "command",
    metadata,
    _id(),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("arguments", Json, nullable=False),
    Column("by", Text, nullable=False),
    Column("made_at", Stamp, nullable=False),
    Column("state", Text, nullable=False, info=STATE),
    Column("answer", Text, info=STATE),
)

bracket = Table(
    "bracket",
    metadata,
    _id(),
    Column("lane", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("instrument", Key, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("tick", Money, nullable=False),
    Column("lot", BigInteger, nullable=False),
    Column("product", Word(Product), nullable=False),
    Column("side", Word(Side), nullable=False),
    Column("protection", Word(Protection), nullable=False, info=STATE),
    Column("stop_loss", LevelText, info=STATE),
    Column("take_profit", LevelText, info=STATE),
    Column("opened_at", Stamp, nullable=False),
    Column("goal", Word(Goal), nullable=False, info=STATE),
    Column("state", Word(BracketState), nullable=False, info=STATE),
    Column("closer", Text, info=STATE),
    Column("closing_reason", Text, info=STATE),
    Column("recovered", Flag, nullable=False, info=STATE),
)
_one_a_lane = (bracket.c.state != BracketState.CLOSED) & (bracket.c.recovered == False)  # noqa: E712
Index("bracket_one_a_lane", bracket.c.lane, unique=True, sqlite_where=_one_a_lane, postgresql_where=_one_a_lane)
_alive = bracket.c.state != BracketState.CLOSED
Index("bracket_alive", bracket.c.account, sqlite_where=_alive, postgresql_where=_alive)

leg = Table(
    "leg",
    metadata,
    _id(),
    Column("bracket", Text, ForeignKey("bracket.id", name="leg_bracket"), nullable=False, index=True),
    Column("account", Text, nullable=False),
    Column("cause", Text, nullable=False, index=True),
    Column("role", Word(Role), nullable=False),
    Column("side", Word(Side), nullable=False),
    Column("quantity", BigInteger, nullable=False, info=STATE),
    Column("price", Money, info=STATE),
    Column("trigger", Money, info=STATE),
    Column("created_at", Stamp, nullable=False),
    Column("wanted", Flag, nullable=False, info=STATE),
    Column("reason", Text, info=STATE),
)

broker_order = Table(
    "broker_order",
    metadata,
    _id(),
    Column("leg", Text, ForeignKey("leg.id", name="order_leg"), index=True),
    Column("account", Text, nullable=False),
    Column("day", Day, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("tag", Text, unique=True),
    Column("instrument", Key, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("side", Word(Side), nullable=False),
    Column("product", Word(Product), nullable=False),
    Column("type", Word(OrderType), nullable=False, info=STATE),
    Column("sent_quantity", BigInteger, nullable=False, info=STATE),
    Column("sent_price", Money, nullable=False, info=STATE),
    Column("sent_trigger", Money, info=STATE),
    Column("created_at", Stamp, nullable=False),
    Column("broker_id", Text, info=STATE),
    Column("unique_id", Text, info=STATE),
    Column("working_type", Word(OrderType), info=STATE),
    Column("working_quantity", BigInteger, info=STATE),
    Column("working_price", Money, info=STATE),
    Column("working_trigger", Money, info=STATE),
    Column("filled", BigInteger, nullable=False, info=STATE),
    Column("average", Money, info=STATE),
    Column("state", Word(OrderState), nullable=False, info=STATE),
    Column("text", Text, nullable=False, info=STATE),
    Column("seen_at", Stamp, info=FREE),
    UniqueConstraint("account", "day", "broker_id", name="order_once_a_day"),
)

intent = Table(
    "intent",
    metadata,
    _id(),
    Column("order", Text, ForeignKey("broker_order.id", name="intent_order"), nullable=False, index=True),
    Column("account", Text, nullable=False),
    Column("kind", Word(IntentKind), nullable=False),
    Column("permit", BigInteger, nullable=False),
    Column("request", Request, nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("state", Word(IntentState), nullable=False, info=STATE),
    Column("epoch", BigInteger, info=STATE),
    Column("sending_at", Stamp, info=STATE),
    Column("outcome", Text, info=STATE),
    Column("settled_by", Word(SettledBy), info=STATE),
)
_unsettled = intent.c.settled_by.is_(None)
Index("intent_one_unsettled", intent.c.order, unique=True, sqlite_where=_unsettled, postgresql_where=_unsettled)
Index("intent_written", intent.c.account, intent.c.sending_at)

broker_call = Table(
    "broker_call",
    metadata,
    _id(),
    Column("account", Text, nullable=False),
    Column("intent", Text, ForeignKey("intent.id", name="call_intent"), index=True),
    Column("route", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("status", BigInteger),
    Column("at", Stamp, nullable=False),
    Column("ms", BigInteger, nullable=False),
    Column("equal", BigInteger, nullable=False, info=FREE),
    Column("last_at", Stamp, nullable=False, info=FREE),
)

report = Table(
    "report",
    metadata,
    Column("account", Text, primary_key=True),
    Column("day", Day, primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("broker_id", Text, nullable=False),
    Column("order", Text, index=True),
    Column("raw", Text, nullable=False),
    Column("at", Stamp, nullable=False),
)

fill = Table(
    "fill",
    metadata,
    Column("account", Text, primary_key=True),
    Column("day", Day, primary_key=True),
    Column("broker_id", Text, primary_key=True),
    Column("fill_id", Text, primary_key=True),
    Column("order", Text, index=True),
    Column("quantity", BigInteger, nullable=False),
    Column("price", Money, nullable=False),
    Column("at", Stamp, nullable=False),
    Column("raw", Text, nullable=False),
)

strategy = Table(
    "strategy",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("account", Text, nullable=False),
    Column("settings", Json, nullable=False),
    Column("saved_at", Stamp, nullable=False),
    Column("by", Text, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("kind", Word(AccountKind), nullable=False),
    Column("settings", Json, nullable=False),
    Column("credentials", Text, info=SECRET),
    Column("saved_at", Stamp, nullable=False),
    Column("by", Text, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tokens", Text, info=SECRET),
    Column("totp_step", BigInteger, info=STATE),
    Column("opened_at", Stamp, info=STATE),
    Column("ends_at", Stamp, info=STATE),
)

lease = Table(
    "lease",
    metadata,
    Column("account", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False, info=STATE),
    Column("holder", Text, nullable=False, info=STATE),
    Column("beat_at", Stamp, nullable=False, info=FREE),
    Column("status", Json, nullable=False, info=FREE),
)

halt = Table(
    "halt",
    metadata,
    _id(),
    Column("scope", Text, nullable=False),
    Column("kind", Word(HaltKind), nullable=False),
    Column("since", Stamp, nullable=False),
    Column("why", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("ended_at", Stamp, info=STATE),
)
_in_force = halt.c.ended_at.is_(None)
Index("halt_once", halt.c.scope, halt.c.kind, unique=True, sqlite_where=_in_force, postgresql_where=_in_force)

snapshot = Table(
    "snapshot",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("at", Stamp, nullable=False, info=FREE),
    Column("body", Json, nullable=False, info=FREE),
)

job = Table(
    "job",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("day", Day, primary_key=True),
    Column("done_at", Stamp, nullable=False),
)

instrument = Table(
    "instrument",
    metadata,
    Column("load", Text, primary_key=True),
    Column("segment", Word(Segment), primary_key=True),
    Column("token", Text, primary_key=True),
    Column("symbol", Text, nullable=False, info=FREE),
    Column("alias", Text, nullable=False, info=FREE),
    Column("name", Text, nullable=False, info=FREE),
    Column("kind", Word(Kind), nullable=False, info=FREE),
    Column("series", Text, nullable=False, info=FREE),
    Column("lot", BigInteger, nullable=False, info=FREE),
    Column("tick", Money, nullable=False, info=FREE),
    Column("expiry", Day, info=FREE),
    Column("strike", Money, info=FREE),
    Column("right", Text, info=FREE),
    Column("freeze", BigInteger, info=FREE),
    # the name first: SQLite without statistics takes a prefix of the primary key otherwise (libraries.md 0.4)
    Index("instrument_alias", "alias", "load", "segment"),
    Index("instrument_symbol", "symbol", "load", "segment"),
    Index("instrument_name", "name", "load", "segment", "expiry"),
)

master_load = Table(
    "master_load",
    metadata,
    _id(),
    Column("at", Stamp, nullable=False),
    Column("checks", Json, nullable=False, info=STATE),
    Column("current", Flag, nullable=False, info=STATE),
)

last_price = Table(
    "last_price",
    metadata,
    Column("instrument", Key, primary_key=True),
    Column("ltp", Money, nullable=False, info=FREE),
    Column("at", Stamp, nullable=False, info=FREE),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Stamp, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password_hash", Text, nullable=False, info=SECRET),
    Column("failures", BigInteger, nullable=False, info=FREE),
    Column("failed_at", Stamp, info=FREE),
)

api_token = Table(
    "api_token",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("revoked_at", Stamp, info=STATE),
)

simulator_state = Table(
    "simulator_state",
    metadata,
    Column("account", Text, primary_key=True),
    Column("state", Text, nullable=False, info=FREE),
    Column("at", Stamp, nullable=False, info=FREE),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False, info=FREE),
)
