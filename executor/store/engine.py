"""The connection to SQLite or Postgres, and the transaction: rows and their audit, all or nothing.

SQLite: WAL, synchronous=FULL (one fsync a commit), BEGIN IMMEDIATE for writers, foreign keys. Postgres:
synchronous_commit and fsync are checked, not assumed. A write that could not be made durable is NotRecorded. While
the reserve is spent only urgent writes are let in: what reduces or protects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, ExceptionContext, Table, create_engine, event, make_url, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from executor.errors import ConfigError, DiskFull, InvariantBroken, NotRecorded, StoreError
from executor.store import chain
from executor.store.kept import Kept
from executor.store.reserve import Reserve
from executor.store.statements import begin, change, put, put_new, row_as_stored, some_as_stored

T = TypeVar("T")

#: TradingView cancels at 3 s: a lock is waited for shorter than that, and the answer is then 503, within 2 s.
LOCK_WAIT_MS = 1300
#: Postgres counts twice: the wait for one's turn, then the wait for the holder.
_EACH_LOCK_WAIT_MS = 900
#: The wait for a free connection comes on top of it.
_POOL_WAIT_S = 0.5
#: Connections that wait outside of the pool, for writes and for glances each; it has fifteen.
_KEPT_OPEN = 3
#: How SQLite says that there is no space: for a page, or for its index of the log.
_FULL = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}
#: How it says that the file is none of its, or not whole any more.
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
#: What leaves nobody able to say whether a COMMIT was done.
_UNTRUSTED = ("SQLITE_IOERR", *_DAMAGED)
#: Postgres ends the transaction of a process that fell asleep in it: its locks would hold up who takes its place.
_ASLEEP_MS = 15_000
#: A server that vanished without a word is given up within seconds (a local socket needs none of it).
_KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 5000}


class Transaction:
    """Write rows and say why; the audit entries are appended when it closes."""

    def __init__(self, connection: Connection, at: datetime) -> None:
        self.connection = connection
        self.at = at
        self._rows = chain.RowLog()
        self._entries: list[chain.Entry] = []

    def insert(self, table: Table, values: Mapping[str, Any]) -> None:
        stored = row_as_stored(table, values)
        put(self.connection, table, stored)
        self._rows.introduce(table, stored)

    def insert_if_new(self, table: Table, values: Mapping[str, Any]) -> bool:
        """Insert a row unless a constraint knows it already; returns whether it was inserted."""
        stored = row_as_stored(table, values)
        is_new = put_new(self.connection, table, stored)
        if is_new:
            self._rows.introduce(table, stored)
        return is_new

    def change(self, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        """Set columns of one row; returns how many rows there were."""
        which, new = some_as_stored(table, key), some_as_stored(table, values)
        changed = change(self.connection, table, which, new)
        if changed:
            self._rows.change(table, which, new)
        return changed

    def note(self, kind: str, subject: str, say: str, *, alarm: bool = False) -> None:
        self._entries.append(chain.Entry(kind, subject, say, alarm))

    def close(self) -> chain.Head | None:
        """Append the audit; nothing may be written after it. Returns the new head, None when nothing was audited."""
        if not self._entries and (self._rows.new or self._rows.changed):
            self._entries.append(chain.Entry("rows", "", ""))
        if not self._entries:
            return None
        return chain.append(self.connection, self._entries, self._rows, self.at)


class Database:
    """An engine with the two ways in: `read` and `write`. No exception of SQLAlchemy's leaves it."""

    def __init__(self, engine: Engine, reserve: Reserve | None = None, *, glancing: Engine | None = None) -> None:
        """`glancing` has connections of its own, in no transaction: switching one costs a fifth of a glance."""
        self.engine = engine
        self.reserve = reserve
        self._writing = Kept(engine.execution_options(write=True), _KEPT_OPEN)
        # several statements of one read agree with each other, as they do on SQLite
        self._reading = engine if self.is_sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
        self._glancing = Kept((glancing or engine).execution_options(alone=True), _KEPT_OPEN)
        self._pools = (engine, glancing or engine)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self, *, unhurried: bool = False) -> Iterator[Connection]:
        """One snapshot for any number of statements; `unhurried` where much is done between them. Raises NotRecorded
        when the database does not answer.
        """
        with _translated(), self._reading.connect() as connection:
            if unhurried:
                take_time(connection)
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """For single statements, which need no transaction around them: two round trips less to a Postgres."""
        with _translated(), self._glancing.lend() as connection:
            yield connection

    @contextmanager
    def write(self, at: datetime, *, urgent: bool = False) -> Iterator[Transaction]:
        """One transaction with its audit; `urgent` is what may be written from the reserve.

        Raises NotRecorded when the database could not take it (DiskFull when that is why) and InvariantBroken when a
        constraint says no: nothing was done then. Raises StoreError when nobody can tell what came of the COMMIT.
        """
        self._let_in(urgent)
        with _translated(), self._writing.lend() as connection:
            transaction = Transaction(connection, at)
            yield transaction
            self._commit(connection, transaction.close())

    @contextmanager
    def unaudited(self, *, urgent: bool = False) -> Iterator[Connection]:
        """A write that changes nothing that is true (beats, prices, the master's rows)."""
        self._let_in(urgent)
        with _translated(), self._writing.lend() as connection:
            yield connection
            self._commit(connection, None)

    @contextmanager
    def in_advance(self) -> Iterator[Connection]:
        """A write that counts only by a later one, and becomes durable with that one at the latest: no fsync here.

        Both databases write one log, in order: what a later COMMIT makes durable includes all before it.
        """
        self._let_in(urgent=False)
        with _translated(), self._writing.lend() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                yield connection
                self._commit(connection, None)
                return
            driver: Any = connection.connection.dbapi_connection  # no transaction is open yet, so it takes a pragma
            driver.execute("PRAGMA synchronous=NORMAL")
            try:
                yield connection
                self._commit(connection, None)
            finally:
                if not connection.invalidated:
                    connection.rollback()
                    driver.execute("PRAGMA synchronous=FULL")

    def from_reserve(self, write: Callable[[], T]) -> T:
        """Do what is urgent; when the disk is full, give up the reserve and do it again."""
        try:
            return write()
        except DiskFull:
            # whoever gave it up, here or at this moment elsewhere: there may be space now
            if self.reserve is None or not (self.reserve.release() or self.reserve.is_spent):
                raise
            return write()

    def _let_in(self, urgent: bool) -> None:
        if not urgent and self.reserve is not None and self.reserve.is_spent:
            raise DiskFull("the disk is full, and what is left of the reserve is for exits, stops and kill")

    def _commit(self, connection: Connection, head: chain.Head | None) -> None:
        try:
            connection.commit()
        except DBAPIError as error:
            connection.invalidate()  # SQLite leaves a refused COMMIT's transaction open, and its locks
            if _sqlite_name(error).startswith(
                ("SQLITE_IOERR", *_DAMAGED)
            ):  # a second fsync may lie (reliability.md 1.5)
                raise StoreError(f"the disk failed at COMMIT, it cannot be trusted: {_plain(error)}") from error
            if head is None or not isinstance(error, OperationalError) or not self._landed(head):
                raise

    def _landed(self, head: chain.Head) -> bool:
        """Whether a COMMIT without an answer was done: its audit entry is there."""
        try:
            with self._writing.lend() as connection:
                chain.lock_head(connection)  # waits for a COMMIT that is still under way
                return chain.holds(connection, head)
        except (OperationalError, PoolTimeout) as error:
            raise StoreError(f"lost the database at COMMIT, it cannot be asked what it did: {_plain(error)}") from error

    def close(self) -> None:
        for kept in (self._writing, self._glancing):
            kept.close()
        for engine in self._pools:
            engine.dispose()


def open_database(url: str) -> Database:
    """Open the store's database. Raises ConfigError for an URL of another kind or an unsafe Postgres."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            path = parsed.database
            return Database(_sqlite(url, path), Reserve(Path(path).parent) if path and path != ":memory:" else None)
        case "postgresql":
            engine, glancing = _postgres(url)
            return Database(engine, glancing=glancing)
        case other:
            raise ConfigError(f"DATABASE_URL: expected sqlite or postgresql, was {other}")


def _sqlite(url: str, path: str | None) -> Engine:
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    wait = {"timeout": LOCK_WAIT_MS / 1000}
    engine = create_engine(url, connect_args=wait, pool_timeout=_POOL_WAIT_S, pool_use_lifo=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=2000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        # a deferred transaction that turns writer fails at once with BUSY_SNAPSHOT, whatever the timeout
        writing = connection.get_execution_options().get("write", False)
        begin(connection, "BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def take_time(connection: Connection) -> None:
    """Let a transaction be idle for as long as it likes, on Postgres; on SQLite it may."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def _postgres(url: str) -> tuple[Engine, Engine]:
    """For transactions, and for single statements."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    options = (
        f"-c lock_timeout={_EACH_LOCK_WAIT_MS} -c timezone=UTC -c idle_in_transaction_session_timeout={_ASLEEP_MS}"
    )
    connect: dict[str, Any] = {"options": options, "connect_timeout": 2, **_KEEPALIVE}
    # the connection that was used last knows our statements
    pool: dict[str, Any] = {"pool_timeout": _POOL_WAIT_S, "pool_use_lifo": True}
    engine = create_engine(parsed, connect_args=connect, **pool)
    try:
        with _translated(), engine.connect() as connection:
            names = ("fsync", "synchronous_commit", "full_page_writes")
            unsafe = [name for name in names if connection.execute(text(f"SHOW {name}")).scalar_one() == "off"]
    except NotRecorded as error:
        raise NotRecorded(f"{error}; start that Postgres, or correct DATABASE_URL") from error
    if unsafe:
        engine.dispose()
        raise ConfigError(f"Postgres has {unsafe[0]}=off: an acknowledged signal could be lost. Set it to on.")
    autocommit: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    glancing = create_engine(parsed, connect_args=connect, **pool, **autocommit)
    _lose_together(engine, glancing)
    return engine, glancing


def _lose_together(one: Engine, other: Engine) -> None:
    """When one connection is lost or cannot be made, all idle ones are given up: no alert after a restart of the server
    shall be the one that finds it out.
    """

    def lose(*_told: Any) -> None:
        one.dispose()
        other.dispose()

    def failed(context: ExceptionContext) -> None:
        if context.connection is None:
            lose()

    for engine in (one, other):
        event.listen(engine, "invalidate", lose)
        event.listen(engine, "handle_error", failed)


@contextmanager
def _translated() -> Iterator[None]:
    """SQLAlchemy's exceptions in our words."""
    try:
        yield
    except IntegrityError as error:
        raise InvariantBroken(f"a constraint of the store says no: {_plain(error)}") from error
    except (OperationalError, InternalError, PoolTimeout) as error:  # internal: a standby that is not the master yet
        if _sqlite_name(error) in _FULL:  # SQLite's own words may be "disk I/O error"
            raise DiskFull(f"the database could not take it, the disk is full: {_plain(error)}") from error
        raise NotRecorded(f"the database could not take it: {_plain(error)}") from error
    except (DataError, OverflowError) as error:
        raise InvariantBroken(f"a value does not fit the store: {_plain(error)}") from error
    except DBAPIError as error:
        if _sqlite_name(error).startswith(_DAMAGED):
            remedy = "stop the executor, and restore the newest backup into a new state dir (`executor restore`)"
            raise NotRecorded(f"the database file is damaged: {_plain(error)}; {remedy}") from error
        if error.connection_invalidated:
            raise NotRecorded(f"the database connection was lost: {_plain(error)}") from error
        raise


def _sqlite_name(error: Exception) -> str:
    return getattr(getattr(error, "orig", None), "sqlite_errorname", "")


def _plain(error: Exception) -> str:
    return str(getattr(error, "orig", error)).strip().split("\n")[0]
