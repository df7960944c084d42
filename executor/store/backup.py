"""A copy of all that the database holds, in one file: written from one snapshot, loaded by SQLite and Postgres alike.

It is gzip of JSON lines: what it is a copy of; for each table its columns, then its rows as stored (integers and texts,
store/types.py); at last their number, without which it was cut off. Secrets are in it as they are at rest, sealed or as
hashes: without its SECRET_KEY a copy opens none of them.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from sqlalchemy import Connection, Table, delete, insert, inspect, select, update

from executor.clock import in_ist
from executor.domain.record import Halt, HaltKind
from executor.errors import ChainBroken, ConfigError
from executor.store import chain, schema
from executor.store.engine import Database, Transaction, open_database, take_time
from executor.store.ledger import halts_in_force
from executor.store.rows import values_of
from executor.store.upgrade import upgrade
from executor.store.version import REVISION, is_current

_FORM = 1
_CHUNK = 500
_RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Label:
    """What a file is a copy of; `key` is the fingerprint of its SECRET_KEY, `head` the newest entry as SEQ:HASH."""

    form: int
    made_at: str
    revision: str
    key: str
    head: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """`newest` is the greatest id among the rows."""

    rows: int
    newest: str | None


def dump(
    database: Database, file: IO[bytes], *, key: str, at: datetime, seen: chain.Seen = chain.unseen
) -> tuple[Label, int]:
    """Write everything as it is at one moment, while others go on writing; returns the label and how many rows."""
    rows = 0
    with database.read(unhurried=True) as connection, gzip.open(file, "wt", encoding="utf-8", compresslevel=6) as out:
        head = chain.read_head(connection)
        label = Label(_FORM, at.isoformat(), REVISION, key, f"{head.seq}:{head.hash}")
        _say(out, asdict(label))
        for table in schema.metadata.sorted_tables:
            plain = chain.as_plain(table)
            _say(out, {"table": table.name, "columns": [column.name for column in plain.columns]})
            for row in connection.execute(select(plain).execution_options(yield_per=_CHUNK)):
                _say(out, list(row))
                rows += 1
                if rows % _CHUNK == 0:
                    seen(rows, 0)
        _say(out, {"rows": rows})
    return label, rows


def read_label(path: Path) -> Label:
    """What a file is a copy of. Raises ConfigError."""
    label = next(_lines(path), None)
    if not isinstance(label, dict) or label.get("form") != _FORM:
        raise ConfigError(f"{path} is no backup that this program knows; give a file that `executor backup` wrote")
    if label["revision"] != REVISION:
        raise ConfigError(
            f"{path} is of revision {label['revision']}, this program is at {REVISION}: "
            "restore it with the version that wrote it, then upgrade"
        )
    return Label(**label)


def prove(path: Path, *, seen: chain.Seen = chain.unseen) -> chain.Verified:
    """Load a copy into a database of its own beside it and verify its audit. Raises ChainBroken, ConfigError."""
    with TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
        database = open_database(f"sqlite:///{folder}/copy.sqlite3")
        try:
            upgrade(database)
            with database.unaudited() as connection:
                _load(connection, path, seen)
                return _verified(connection, path)
        finally:
            database.close()


def prepare(database: Database) -> None:
    """Make the schema in an empty database. Raises ConfigError for one in which anything ever happened."""
    with database.read() as connection:
        is_new = not inspect(connection).get_table_names()
    if is_new:
        upgrade(database)
    used = not is_current(database)
    if not used:
        with database.read() as connection:
            used = chain.read_head(connection).seq > 0
    if used:
        raise ConfigError(
            "the database is not empty, and a backup is restored into an empty one only: stop the executor, move the "
            "state dir (or name another DATABASE_URL) and do it again"
        )


def restore(
    database: Database,
    path: Path,
    *,
    at: datetime,
    new_id: Callable[[str | None], str],
    meta: Mapping[str, str],
    seen: chain.Seen = chain.unseen,
) -> chain.Verified:
    """Load a copy into a prepared database, verify its audit and halt ALL, in one transaction.

    `new_id` makes an id above a given one; `meta` are entries that are other ones from now on (the key's fingerprint).
    Raises ChainBroken, ConfigError: nothing was loaded then.
    """
    label = read_label(path)
    with database.write(at) as transaction:
        connection = transaction.connection
        take_time(connection)
        loaded = _load(connection, path, seen)
        verified = _verified(connection, path)
        for name, value in meta.items():
            connection.execute(update(schema.meta).where(schema.meta.c.key == name).values(value=value))
        made_at = in_ist(datetime.fromisoformat(label.made_at))
        why = f"restored from the backup of {made_at}: compare with the broker, then resume"
        halt = Halt("ALL", HaltKind.HALT, at, why, _RESTORE)
        if (halt.scope, halt.kind) not in {(one.scope, one.kind) for one in halts_in_force(connection, None)}:
            row = {"id": new_id(loaded.newest), **values_of(halt)}
            transaction.insert(schema.halt, row)
        _end_tokens(transaction, at)
        transaction.note(_RESTORE, "ALL", f"{loaded.rows} rows from the backup of {label.made_at}, head {label.head}")
        transaction.note("halt", halt.scope, f"{halt.kind}: {halt.why} (by {halt.by})")
    return verified


def _end_tokens(transaction: Transaction, at: datetime) -> None:
    """End every token of the API: one that was revoked after the backup would live again."""
    table = schema.api_token
    ends = table.c.revoked_at
    living = select(table.c.id).where(ends.is_(None) | (ends > at))
    for token in list(transaction.connection.execute(living).scalars()):
        transaction.change(table, {"id": token}, {"revoked_at": at})
        transaction.note("api_token", token, f"ended by {_RESTORE}: make another one with `executor api-token create`")


def _verified(connection: Connection, path: Path) -> chain.Verified:
    found = chain.verify(connection)
    head = f"{found.head.seq}:{found.head.hash}"
    if head != read_label(path).head:
        raise ChainBroken(f"{path} says that it ends with {read_label(path).head}, but its audit ends with {head}")
    return found


def _load(connection: Connection, path: Path, seen: chain.Seen) -> Loaded:
    """Insert every row of a file, in its order: tables come after those that they refer to. Raises ConfigError."""
    connection.execute(delete(schema.meta))  # the head of the empty chain
    loader = _Loader(connection)
    for said in islice(_lines(path), 1, None):
        match said:
            case list():
                loader.add(said)
                if loader.rows % _CHUNK == 0:
                    seen(loader.rows, 0)
            case {"table": str(name), "columns": list(columns)}:
                loader.begin(name, columns)
            case {"rows": int(rows)} if rows == loader.rows:
                return loader.end()
            case _:
                break
    raise ConfigError(f"{path} was cut off or changed: after {loader.rows} rows it does not go on; take another one")


class _Loader:
    """Puts rows into their tables, some hundred at a time."""

    def __init__(self, connection: Connection) -> None:
        self.rows = 0
        self._connection = connection
        self._table: Table | None = None
        self._columns: list[str] = []
        self._waiting: list[dict[str, Any]] = []
        self._newest: str | None = None

    def begin(self, name: str, columns: list[str]) -> None:
        self._flush()
        known = schema.metadata.tables.get(name)
        if known is None or {column.name for column in known.columns} != set(columns):
            raise ConfigError(f"a backup has a table {name!r} that this program knows in another form")
        self._table, self._columns = chain.as_plain(known), columns

    def add(self, row: list[Any]) -> None:
        if len(row) != len(self._columns):
            raise ConfigError(f"a backup has a row of {len(row)} values where {len(self._columns)} belong")
        self._waiting.append(dict(zip(self._columns, row, strict=True)))
        self.rows += 1
        if len(self._waiting) == _CHUNK:
            self._flush()

    def end(self) -> Loaded:
        self._flush()
        return Loaded(self.rows, self._newest)

    def _flush(self) -> None:
        if self._waiting and self._table is not None:
            self._connection.execute(insert(self._table), self._waiting)
            ours = [row["id"] for row in self._waiting if "id" in row and self._table.name != "api_token"]
            self._newest = max([*ours, *([self._newest] if self._newest else [])], default=None)
        self._waiting = []


def _lines(path: Path) -> Iterator[Any]:
    """What the lines of a file say. Raises ConfigError for what is no such file, or only the beginning of one."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except (EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigError(f"{path} cannot be read as a backup ({error}); take another one") from error


def _say(file: IO[str], said: Mapping[str, Any] | list[Any]) -> None:
    file.write(json.dumps(said, separators=(",", ":"), ensure_ascii=False) + "\n")
