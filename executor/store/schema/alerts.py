"""Tables of what arrives: deliveries, signals, commands, and the lanes they run in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, UniqueConstraint, literal_column

from executor.domain.command import CommandKind, CommandState
from executor.domain.delivery import Verdict
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Action, Outcome, SignalState
from executor.store.schema.keeping import CLUSTERED, STATE, id_column, metadata
from executor.store.types import Flag, Json, PlainWords, Stamp, Word, Words

delivery = Table(
    "delivery",
    metadata,
    id_column(),
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

#: Only repeats have it: the others leave the index alone.
DELIVERY_REPEATS = delivery.c.of.is_not(None)
Index("delivery_of", delivery.c.of, sqlite_where=DELIVERY_REPEATS, postgresql_where=DELIVERY_REPEATS)

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
    id_column(),
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
    **CLUSTERED,
)

signal = Table(
    "signal",
    metadata,
    id_column(),
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
    **CLUSTERED,
)

#: To be said in so many words by statements too: SQLite uses a partial index only where it reads its condition.
SIGNAL_OPEN = signal.c.state != literal_column(f"'{SignalState.ENDED}'")
Index("signal_open", signal.c.account, signal.c.state, sqlite_where=SIGNAL_OPEN, postgresql_where=SIGNAL_OPEN)

#: What the log is searched by (store/log_words.py): a word and a delivery that it tells of, in the order of the pages.
log_word = Table(
    "log_word",
    metadata,
    Column("word", PlainWords, primary_key=True),
    Column("delivery", Words, primary_key=True),
    **CLUSTERED,
)

command = Table(
    "command",
    metadata,
    id_column(),
    Column("account", Words, nullable=False),
    Column("kind", Word(CommandKind), nullable=False),
    Column("arguments", Json, nullable=False),
    Column("by", Words, nullable=False),
    Column("made_at", Stamp, nullable=False),
    Column("state", Word(CommandState), nullable=False, info=STATE),
    Column("answer", Words, info=STATE),
    **CLUSTERED,
)
COMMAND_NEW = command.c.state == literal_column(f"'{CommandState.NEW}'")
Index("command_new", command.c.account, sqlite_where=COMMAND_NEW, postgresql_where=COMMAND_NEW)
