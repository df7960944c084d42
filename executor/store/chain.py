"""The audit: a chain of entries, each holding the hash of the one before, appended in the transaction it records.

An entry's text is canonical JSON `{say, new, set}`: `new` has [table, key, SHA-256 of the fixed columns, {state
columns}] for each row introduced, `set` [table, key, {new values}] for each row changed; `alarm` is there, and true,
when a person has to know. Secret columns appear as hashes. `verify` recomputes every link, replays all values and
compares them with what the tables hold now.
Sources: reliability.md 1.6.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, MetaData, Select, Table, select
from sqlalchemy.types import TypeDecorator

from executor.errors import ChainBroken, InvariantBroken
from executor.store import schema
from executor.store.schema import Keeping
from executor.store.statements import ask, change, put
from executor.store.types import Stamp, canonical, storable

GENESIS = "0" * 64
#: So many entries' rows are held in memory while an audit is verified: some 100 MB.
AT_ONCE = 50_000
#: Is told how far something has come: so much of so much.
Seen = Callable[[int, int], None]
_T = TypeVar("_T", bound=tuple[Any, ...])
_Said = tuple[str, dict[str, Any]]
_HEAD = "chain_head"
_HEAD_TEXT = select(schema.meta.c.value).where(schema.meta.c.key == _HEAD)
_LOCKED_HEAD = _HEAD_TEXT.with_for_update()


@dataclass(frozen=True, slots=True)
class Entry:
    """What one note of a transaction puts into the audit."""

    kind: str
    subject: str
    say: str
    alarm: bool = False


@dataclass(slots=True)
class RowLog:
    """The rows a transaction introduced and changed, as the audit records them."""

    new: list[tuple[str, str, str, Mapping[str, Any]]] = field(default_factory=list)
    changed: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)

    def introduce(self, table: Table, stored: Mapping[str, Any]) -> None:
        """Record a row; all its columns, as stored."""
        self.new.append((table.name, key_text(table, stored), fixed_hash(table, stored), state_values(table, stored)))

    def change(self, table: Table, key: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
        """Record new values of a row, as stored. Raises InvariantBroken for a column that never changes."""
        fixed = set(stored) & set(_names(table, Keeping.FIXED))
        if fixed:
            raise InvariantBroken(f"{table.name}: {', '.join(sorted(fixed))} never changes once recorded")
        changed = state_values(table, stored)
        if changed:
            self.changed.append((table.name, key_text(table, key), changed))


@dataclass(frozen=True, slots=True)
class Head:
    seq: int
    hash: str


def append(connection: Connection, entries: Iterable[Entry], rows: RowLog, at: datetime) -> Head:
    """Append entries under the head's lock; the rows go with the first. The last statements of a transaction."""
    head = lock_head(connection)
    stamp = Stamp().process_bind_param(at, connection.dialect)
    links = []
    for entry in entries:
        subject = storable(entry.subject)
        alarm = {"alarm": True} if entry.alarm else {}
        text = canonical({**alarm, "say": entry.say, "new": rows.new, "set": rows.changed})
        rows = RowLog()
        following = link(head, stamp, entry.kind, subject, text)
        links.append(
            {
                "seq": following.seq,
                "at": stamp,
                "kind": entry.kind,
                "subject": subject,
                "text": text,
                "prev": head.hash,
                "hash": following.hash,
            }
        )
        head = following
    put(connection, schema.audit, *links)
    change(connection, schema.meta, {"key": _HEAD}, {"value": f"{head.seq}:{head.hash}"})
    return head


def link(before: Head, at: int | None, kind: str, subject: str, text: str) -> Head:
    """The head after an entry: SHA-256 over the previous hash and everything the entry says."""
    seq = before.seq + 1
    content = canonical([before.hash, seq, at, kind, subject, text])
    return Head(seq, hashlib.sha256(content.encode()).hexdigest())


def lock_head(connection: Connection) -> Head:
    """The newest entry; whoever appends waits here. The first migration wrote the head of the empty chain."""
    return _read_head(ask(connection, _LOCKED_HEAD)[0]["value"])


def read_head(connection: Connection) -> Head:
    return _read_head(connection.execute(_HEAD_TEXT).scalar_one())


def holds(connection: Connection, head: Head) -> bool:
    """Whether this very entry is in the chain."""
    statement = select(schema.audit.c.hash).where(schema.audit.c.seq == head.seq)
    return connection.execute(statement).scalar_one_or_none() == head.hash


def _read_head(text: str) -> Head:
    seq, hashed = text.split(":")
    return Head(int(seq), hashed)


# -- verification ------------------------------------------------------------------------------------------------


def unseen(_done: int, _of: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Verified:
    """`entries` links and `rows` rows agree; `head` is the newest link, to be kept elsewhere."""

    entries: int
    rows: int
    head: Head


def verify(
    connection: Connection, *, kept: Head | None = None, seen: Seen = unseen, at_once: int = AT_ONCE
) -> Verified:
    """Recompute every link and compare every audited row with the replay.

    Raises ChainBroken, naming the entry or the row and its table, at the first disagreement. `kept` is a head the
    reader holds outside this machine: it must still be part of the chain. The audit is read once for its links and
    once more for every `at_once` entries, each time for other rows: memory does not grow with its length.
    """
    noted = connection.execute(_HEAD_TEXT).scalar_one_or_none()
    head = _linked(connection, kept)
    if noted != f"{head.seq}:{head.hash}":
        raise ChainBroken(f"the audit ends at entry {head.seq}, but its head in the meta table says {noted}")
    if kept is not None and kept.seq > head.seq:
        raise ChainBroken(f"the audit ends at entry {head.seq}; the head you kept is {kept.seq}: entries were removed")
    parts = 1 + head.seq // at_once
    rows = 0
    for part in range(parts):
        seen(part + 1, parts + 1)
        rows += _agreed(connection, part, parts)
    return Verified(head.seq, rows, head)


def audited_tables() -> list[Table]:
    """Every table with a row key that is recorded; the audit cannot record itself, and what is derived needs none."""
    unrecorded = {"api_answer", "audit", "meta", "instrument", "log_word", "snapshot", "simulator_state"}
    return [table for table in schema.metadata.sorted_tables if table.name not in unrecorded]


def _linked(connection: Connection, kept: Head | None) -> Head:
    """The newest entry, when each follows from the one before it."""
    plain = as_plain(schema.audit)
    head = Head(0, GENESIS)
    with connection.execute(_streamed(select(plain).order_by(plain.c.seq))) as found:
        for row in found:
            following = link(head, row.at, row.kind, row.subject, row.text)
            if row.seq != following.seq or row.prev != head.hash or row.hash != following.hash:
                raise ChainBroken(
                    f"audit row {row.seq} does not follow from the one before it: changed, moved or removed"
                )
            if kept is not None and row.seq == kept.seq and row.hash != kept.hash:
                raise ChainBroken(f"audit row {row.seq} is not the head you kept: history was rewritten")
            head = following
    return head


def _agreed(connection: Connection, part: int, parts: int) -> int:
    """How many rows of a part are in their tables as the audit says."""
    replay = _replayed(connection, part, parts)
    rows = len(replay)
    for table in audited_tables():
        with connection.execute(_streamed(select(as_plain(table)))) as found:
            for row in found:
                stored = dict(row._mapping)
                key = key_text(table, stored)
                if _part_of(key, parts) == part:
                    _compare(table, key, stored, replay.pop((table.name, key), None))
    if replay:
        name, key = next(iter(replay))
        raise ChainBroken(f"{name} row {key} is in the audit but not in its table")
    return rows


def _replayed(connection: Connection, part: int, parts: int) -> dict[tuple[str, str], _Said]:
    """What the audit says of the rows of a part: table and key → hash of the fixed columns, the others' values."""
    replay: dict[tuple[str, str], _Said] = {}
    with connection.execute(_streamed(select(schema.audit.c.text).order_by(schema.audit.c.seq))) as found:
        for (text,) in found:
            said = json.loads(text)
            for name, key, fixed, state in said["new"]:
                if _part_of(key, parts) == part:
                    replay[name, key] = (fixed, dict(state))
            for name, key, values in said["set"]:
                if _part_of(key, parts) == part:
                    replay[name, key][1].update(values)
    return replay


def _part_of(key: str, parts: int) -> int:
    return zlib.crc32(key.encode()) % parts


def _streamed(statement: Select[_T]) -> Select[_T]:
    """Rows as they are read: without it Postgres hands over all of them at once."""
    return statement.execution_options(yield_per=1000)


def _compare(table: Table, key: str, stored: Mapping[str, Any], said: _Said | None) -> None:
    if said is None:
        raise ChainBroken(f"{table.name} row {key} was never recorded in the audit")
    fixed, state = said
    if fixed != fixed_hash(table, stored):
        raise ChainBroken(f"{table.name} row {key} was changed after it was recorded")
    for name, value in state_values(table, stored).items():
        if state.get(name) != value:
            raise ChainBroken(f"{table.name} row {key}: {name} is {value!r}, the audit says {state.get(name)!r}")


# -- how a row is written into the audit -------------------------------------------------------------------------


def as_plain(table: Table) -> Table:
    """The same table with columns as stored, for reading without conversion."""
    columns = [
        Column(column.name, column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type)
        for column in table.columns
    ]
    return Table(table.name, MetaData(), *columns)


def key_text(table: Table, stored: Mapping[str, Any]) -> str:
    return "|".join(str(stored[name]) for name in key_names(table))


@cache
def key_names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key.columns)


def fixed_hash(table: Table, stored: Mapping[str, Any]) -> str:
    # without empty columns: one that a later migration adds leaves the hashes of old rows as they are
    fixed = {name: stored[name] for name in _names(table, Keeping.FIXED) if stored[name] is not None}
    return hashlib.sha256(canonical(fixed).encode()).hexdigest()


def state_values(table: Table, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The audited changing columns among `stored`; secrets as hashes."""
    values = {name: stored[name] for name in _names(table, Keeping.STATE) if name in stored}
    for name in _names(table, Keeping.SECRET):
        if name in stored:
            values[name] = None if stored[name] is None else hashlib.sha256(stored[name].encode()).hexdigest()
    return values


@cache
def _names(table: Table, keeping: Keeping) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if column.info.get("keeping", Keeping.FIXED) is keeping)
