"""All tables. A column's `info` says how the audit keeps it.

FIXED columns are hashed when their row is introduced and never change; STATE columns are written into the audit with
each new value; SECRET ones likewise, but as a hash; FREE ones are for display or bookkeeping and not audited.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, MetaData, Table, UniqueConstraint, literal_column

from executor.domain.bracket import BracketState, Goal, Role
from executor.domain.delivery import Verdict
from executor.domain.instrument import Kind, Segment
from executor.domain.messages import HaltKind, IntentKind, IntentState, SettledBy
from executor.domain.order import OrderState, OrderType, Side
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Action, Outcome, SignalState
from executor.domain.strategy import AccountKind, Product, Protection
from executor.store.types import Day, Flag, Json, Key, LevelText, Money, Permit, Request, Stamp, Word, Words


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
    return Column("id", Words, primary_key=True)


delivery = Table(
    "delivery",
    metadata,
    _id(),
    Column("strategy", Words),
    Column("source", Words, nullable=False),
    Column("headers", Json, nullable=False),
    Column("sha256", Words, nullable=False),
    Column("body", Words, nullable=False),
    Column("layers", Json, nullable=False),
    Column("verdict", Word(Verdict), nullable=False),
    Column("code", Word(RefusalCode)),
    Column("detail", Words, nullable=False),
    Column("of", Words),
    Column("received_at", Stamp, nullable=False),
)

delivery_flood = Table(
    "delivery_flood",
    metadata,
    Column("minute", Stamp, primary_key=True),
    Column("source", Words, primary_key=True),
    Column("process", Words, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("sample", Words, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    _id(),
    Column("strategy", Words, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("issued", Stamp, nullable=False),
    Column("expires", Stamp, nullable=False),
    Column("revoked_at", Stamp, info=STATE),
)

lane = Table(
    "lane",
    metadata,
    Column("key", Words, primary_key=True),
    Column("account", Words, nullable=False),
    Column("strategy", Words, nullable=False),
    Column("ticker", Words, nullable=False),
    Column("trade", Words, nullable=False),
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
        Words,
        ForeignKey("delivery.id", name="signal_delivery", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    Column("strategy", Words, nullable=False),
    Column("strategy_version", BigInteger, nullable=False),
    Column("account", Words, nullable=False),
    Column("lane", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("action", Word(Action), nullable=False),
    Column("fields", Json, nullable=False),
    Column("fired_at", Stamp, nullable=False),
    Column("received_at", Stamp, nullable=False),
    Column("state", Word(SignalState), nullable=False, info=STATE),
    Column("outcome", Word(Outcome), info=STATE),
    Column("code", Word(RefusalCode), info=STATE),
    Column("reason", Words, info=STATE),
    Column("plan", Words, info=STATE),
    UniqueConstraint("strategy", "key", name="signal_once"),
    Index("signal_delivery_of", "delivery"),
)
#: To be said in so many words by statements too: SQLite uses a partial index only where it reads its condition.
SIGNAL_OPEN = signal.c.state != literal_column(f"'{SignalState.ENDED}'")
Index("signal_open", signal.c.account, signal.c.state, sqlite_where=SIGNAL_OPEN, postgresql_where=SIGNAL_OPEN)

command = Table(
    "command",
    metadata,
    _id(),
    Column("account", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("arguments", Json, nullable=False),
    Column("by", Words, nullable=False),
    Column("made_at", Stamp, nullable=False),
    Column("state", Words, nullable=False, info=STATE),
    Column("answer", Words, info=STATE),
)

bracket = Table(
    "bracket",
    metadata,
    _id(),
    Column("lane", Words, nullable=False),
    Column("account", Words, nullable=False),
    Column("strategy", Words, nullable=False),
    Column("instrument", Key, nullable=False),
    Column("symbol", Words, nullable=False),
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
    Column("closer", Words, info=STATE),
    Column("closing_reason", Words, info=STATE),
    Column("recovered", Flag, nullable=False, info=STATE),
)
BRACKET_ALIVE = bracket.c.state != literal_column(f"'{BracketState.CLOSED}'")
_one_a_lane = BRACKET_ALIVE & (bracket.c.recovered == False)  # noqa: E712
Index("bracket_one_a_lane", bracket.c.lane, unique=True, sqlite_where=_one_a_lane, postgresql_where=_one_a_lane)
Index("bracket_alive", bracket.c.account, sqlite_where=BRACKET_ALIVE, postgresql_where=BRACKET_ALIVE)

leg = Table(
    "leg",
    metadata,
    _id(),
    Column("bracket", Words, ForeignKey("bracket.id", name="leg_bracket"), nullable=False, index=True),
    Column("account", Words, nullable=False),
    Column("cause", Words, nullable=False, index=True),
    Column("role", Word(Role), nullable=False),
    Column("side", Word(Side), nullable=False),
    Column("quantity", BigInteger, nullable=False, info=STATE),
    Column("price", Money, info=STATE),
    Column("trigger", Money, info=STATE),
    Column("created_at", Stamp, nullable=False),
    Column("wanted", Flag, nullable=False, info=STATE),
    Column("reason", Words, info=STATE),
)

broker_order = Table(
    "broker_order",
    metadata,
    _id(),
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
    Column("text", Words, nullable=False, info=STATE),
    Column("seen_at", Stamp, info=FREE),
    UniqueConstraint("account", "day", "broker_id", name="order_once_a_day"),
)

intent = Table(
    "intent",
    metadata,
    _id(),
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
)
_unsettled = intent.c.settled_by.is_(None)
Index("intent_one_unsettled", intent.c.order, unique=True, sqlite_where=_unsettled, postgresql_where=_unsettled)
Index("intent_written", intent.c.account, intent.c.sending_at)

broker_call = Table(
    "broker_call",
    metadata,
    _id(),
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
)

strategy = Table(
    "strategy",
    metadata,
    Column("name", Words, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("account", Words, nullable=False),
    Column("settings", Json, nullable=False),
    Column("saved_at", Stamp, nullable=False),
    Column("by", Words, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("name", Words, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("kind", Word(AccountKind), nullable=False),
    Column("settings", Json, nullable=False),
    Column("credentials", Words, info=SECRET),
    Column("saved_at", Stamp, nullable=False),
    Column("by", Words, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("account", Words, primary_key=True),
    Column("tokens", Words, info=SECRET),
    Column("totp_step", BigInteger, info=STATE),
    Column("opened_at", Stamp, info=STATE),
    Column("ends_at", Stamp, info=STATE),
)

lease = Table(
    "lease",
    metadata,
    Column("account", Words, primary_key=True),
    Column("epoch", BigInteger, nullable=False, info=STATE),
    Column("holder", Words, nullable=False, info=STATE),
    Column("beat_at", Stamp, nullable=False, info=FREE),
    Column("status", Json, nullable=False, info=FREE),
)

halt = Table(
    "halt",
    metadata,
    _id(),
    Column("scope", Words, nullable=False),
    Column("kind", Word(HaltKind), nullable=False),
    Column("since", Stamp, nullable=False),
    Column("why", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("ended_at", Stamp, info=STATE),
)
_in_force = halt.c.ended_at.is_(None)
Index("halt_once", halt.c.scope, halt.c.kind, unique=True, sqlite_where=_in_force, postgresql_where=_in_force)

snapshot = Table(
    "snapshot",
    metadata,
    Column("account", Words, primary_key=True),
    Column("kind", Words, primary_key=True),
    Column("at", Stamp, nullable=False, info=FREE),
    Column("body", Json, nullable=False, info=FREE),
)

job = Table(
    "job",
    metadata,
    Column("account", Words, primary_key=True),
    Column("kind", Words, primary_key=True),
    Column("day", Day, primary_key=True),
    Column("done_at", Stamp, nullable=False),
)

instrument = Table(
    "instrument",
    metadata,
    Column("load", Words, primary_key=True),
    Column("segment", Word(Segment), primary_key=True),
    Column("token", Words, primary_key=True),
    Column("symbol", Words, nullable=False, info=FREE),
    Column("alias", Words, nullable=False, info=FREE),
    Column("name", Words, nullable=False, info=FREE),
    Column("kind", Word(Kind), nullable=False, info=FREE),
    Column("series", Words, nullable=False, info=FREE),
    Column("lot", BigInteger, nullable=False, info=FREE),
    Column("tick", Money, nullable=False, info=FREE),
    Column("expiry", Day, info=FREE),
    Column("strike", Money, info=FREE),
    Column("right", Words, info=FREE),
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
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False, index=True),
    Column("text", Words, nullable=False),
    Column("prev", Words, nullable=False),
    Column("hash", Words, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("name", Words, primary_key=True),
    Column("password_hash", Words, nullable=False, info=SECRET),
    Column("failures", BigInteger, nullable=False, info=FREE),
    Column("failed_at", Stamp, info=FREE),
)

api_token = Table(
    "api_token",
    metadata,
    _id(),
    Column("name", Words, nullable=False),
    Column("scope", Words, nullable=False),
    Column("hash", Words, nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("revoked_at", Stamp, info=STATE),
)

simulator_state = Table(
    "simulator_state",
    metadata,
    Column("account", Words, primary_key=True),
    Column("state", Words, nullable=False, info=FREE),
    Column("at", Stamp, nullable=False, info=FREE),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Words, primary_key=True),
    Column("value", Words, nullable=False, info=FREE),
)
