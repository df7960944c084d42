"""Tables of the running service: leases, sessions, jobs, the instrument master, and the audit itself."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, literal_column

from executor.domain.instrument import Kind, Segment
from executor.store.schema.keeping import FREE, SECRET, STATE, id_column, metadata
from executor.store.types import Day, Flag, Json, Money, Stamp, Word, Words

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
    Column("closing_auction", Flag, info=FREE),
    # the load last: there are few, and with it in front SQLite may take the primary key instead (store/master.py)
    Index("instrument_alias", "alias", "segment", "kind", "expiry", "strike", "load"),
    Index("instrument_symbol", "symbol", "segment", "load"),
)

master_load = Table(
    "master_load",
    metadata,
    id_column(),
    Column("at", Stamp, nullable=False),
    Column("checks", Json, nullable=False, info=STATE),
    Column("current", Flag, nullable=False, info=STATE),
    # why the file was not good; such a load is never the current one
    Column("failure", Words),
)
MASTER_CURRENT = master_load.c.current == literal_column("1")
Index(
    "master_load_current",
    master_load.c.current,
    unique=True,
    sqlite_where=MASTER_CURRENT,
    postgresql_where=MASTER_CURRENT,
)

audit = Table(
    "audit",
    metadata,
    # on SQLite exactly this word makes it the key of the table itself
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Stamp, nullable=False),
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False, index=True),
    Column("text", Words, nullable=False),
    Column("prev", Words, nullable=False),
    Column("hash", Words, nullable=False),
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
