"""Tables of what people set: strategies, accounts, halts, passwords."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, literal_column

from executor.domain.record import HaltKind
from executor.domain.strategy import AccountKind
from executor.store.schema.keeping import FREE, SECRET, STATE, id_column, metadata
from executor.store.types import Json, Money, Stamp, Word, Words

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

halt = Table(
    "halt",
    metadata,
    id_column(),
    Column("scope", Words, nullable=False),
    Column("kind", Word(HaltKind), nullable=False),
    Column("since", Stamp, nullable=False),
    Column("why", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("loss", Money),
    Column("ended_at", Stamp, info=STATE),
)
_in_force = halt.c.ended_at.is_(None)
Index("halt_once", halt.c.scope, halt.c.kind, unique=True, sqlite_where=_in_force, postgresql_where=_in_force)
HALT_LOSS = halt.c.kind == literal_column(f"'{HaltKind.LOSS}'")
Index("halt_loss", halt.c.since, sqlite_where=HALT_LOSS, postgresql_where=HALT_LOSS)

person = Table(
    "person",
    metadata,
    Column("name", Words, primary_key=True),
    Column("password_hash", Words, nullable=False, info=SECRET),
    Column("failures", BigInteger, nullable=False, info=FREE),
    Column("failed_at", Stamp, info=FREE),
)

#: Requests of the API by their key, as a hash, and what they were answered, both sealed: each is done once.
api_answer = Table(
    "api_answer",
    metadata,
    Column("token", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("sha256", Words, nullable=False, info=FREE),
    Column("at", Stamp, nullable=False, info=FREE),
    Column("answer", Words, info=FREE),
    Index("api_answer_at", "at"),
)

api_token = Table(
    "api_token",
    metadata,
    id_column(),
    Column("name", Words, nullable=False),
    Column("scope", Words, nullable=False),
    Column("hash", Words, nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("revoked_at", Stamp, info=STATE),
)
