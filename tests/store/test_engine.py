"""What a commit promises, and what is said when it could not be kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, select, text
from sqlalchemy.exc import OperationalError

from executor.errors import ConfigError, NotRecorded, StoreError
from executor.store import engine as room
from executor.store import schema
from executor.store.engine import Database, open_database
from executor.store.store import Store
from executor.store.upgrade import upgrade
from tests.builders import a_delivery, a_signal
from tests.postgres import Server
from tests.store.trading import take_lease

#: TradingView cancels at 3 s, and the answer has its own way to go.
_SOON_S = 2.0


@contextmanager
def _locked_by_another(url: str) -> Iterator[None]:
    """Another process is in the middle of a write."""
    other = create_engine(url)
    with other.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT value FROM meta WHERE key = 'chain_head' FOR UPDATE"))
        yield
    other.dispose()


def test_a_database_locked_by_another_writer_is_not_recorded_in_time(store: Store, database_url: str):
    with _locked_by_another(database_url):
        began = time.monotonic()
        with pytest.raises(NotRecorded):
            store.intake.record_delivery(a_delivery(), a_signal())
        took = time.monotonic() - began

    assert took < _SOON_S
    assert store.recovery.new_work("paper").signals == []
    store.intake.record_delivery(a_delivery(), a_signal())
    assert store.recovery.new_work("paper").signals == [a_signal()]


def test_readers_do_not_wait_for_a_writer(store: Store, database_url: str):
    with _locked_by_another(database_url):
        began = time.monotonic()

        assert store.recovery.new_work("paper").signals == []

    assert time.monotonic() - began < room.LOCK_WAIT_MS / 1000


def test_a_read_sees_one_moment(database: Database, store: Store):
    with database.read() as connection:
        before = connection.execute(select(schema.signal.c.id)).all()
        store.intake.record_delivery(a_delivery(), a_signal())

        assert connection.execute(select(schema.signal.c.id)).all() == before == []


def test_an_error_in_the_middle_leaves_nothing(database: Database, store: Store, head: Callable[[Store], Any]):
    values = {"key": "theme", "value": "dark"}

    with pytest.raises(ValueError, match="changed my mind"), database.write(a_delivery().received_at) as transaction:
        transaction.insert(schema.meta, values)
        transaction.note("test", "", "said")
        raise ValueError("changed my mind")

    assert store.people.meta("theme") is None
    assert head(store).seq == 0


@pytest.mark.postgres
def test_a_postgres_that_went_away_is_not_recorded_and_comes_back(postgres_url: str):
    database = open_database(postgres_url)
    with database.read() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    killer = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with killer.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:backend)"), {"backend": backend})
    killer.dispose()

    with pytest.raises(NotRecorded), database.read() as connection:
        connection.execute(select(schema.meta.c.value))

    with database.read() as connection:
        assert connection.execute(select(schema.meta.c.value)).scalars().all()
    database.close()


def test_an_unreachable_database_is_named_without_its_password():
    with pytest.raises(NotRecorded) as refused:
        open_database("postgresql://someone:secret@127.0.0.1:1/none")

    assert "secret" not in str(refused.value)


def damage(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * 300_000)


@pytest.mark.parametrize("at", [0, 100, 4096])
def test_a_damaged_file_is_told_as_one_that_takes_nothing(tmp_path: Path, at: int):
    path = tmp_path / "executor.db"
    whole = open_database(f"sqlite:///{path}")
    upgrade(whole)
    whole.close()
    damage(path, at)

    with pytest.raises(NotRecorded, match=r"the database file is damaged: .* restore"):
        database = open_database(f"sqlite:///{path}")
        with database.unaudited() as connection:
            for table in schema.metadata.sorted_tables:
                connection.execute(select(table)).all()


def test_another_kind_of_database_is_refused():
    with pytest.raises(ConfigError, match="sqlite or postgresql, was mysql"):
        open_database("mysql://host/name")


# -- a COMMIT without an answer


@contextmanager
def _answer_lost(database: Database, before: Callable[[Any], None]) -> Iterator[None]:
    """The next COMMIT fails after `before` was done with the raw connection."""

    @event.listens_for(database.engine, "commit", once=True)
    def cut(connection: Connection) -> None:
        before(connection.connection.dbapi_connection)
        raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    yield


def test_a_commit_that_was_done_counts_though_its_answer_was_lost(store: Store):
    with _answer_lost(store.database, lambda raw: raw.commit()):
        epoch = take_lease(store)

    store.ledger.beat("paper", epoch, at=a_delivery().received_at, status={})


def test_a_commit_that_was_not_done_is_not_recorded(store: Store):
    with _answer_lost(store.database, lambda raw: None), pytest.raises(NotRecorded):
        store.intake.record_delivery(a_delivery(), a_signal())

    assert store.recovery.new_work("paper").signals == []
    store.intake.record_delivery(a_delivery(), a_signal())


def test_a_commit_of_which_nobody_can_tell_is_not_called_unrecorded(store: Store, database_url: str):
    locked = _locked_by_another(database_url)

    def lost_in_the_middle(raw: Any) -> None:
        raw.rollback()
        locked.__enter__()

    with _answer_lost(store.database, lost_in_the_middle), pytest.raises(StoreError) as unknown:
        store.intake.record_delivery(a_delivery(), a_signal())
    locked.__exit__(None, None, None)

    assert not isinstance(unknown.value, NotRecorded)


# -- durability


def test_sqlite_writes_through_to_the_disk(sqlite_url: str):
    database = open_database(sqlite_url)

    with database.read() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()


def test_a_sqlite_file_is_made_with_its_folder(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/new/state/executor.db")

    with database.read():
        pass

    assert (tmp_path / "new" / "state" / "executor.db").exists()
    database.close()


@pytest.mark.postgres
def test_a_postgres_that_may_lose_commits_is_refused(postgres: Server):
    with postgres.empty() as url:
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            name = admin.url.database
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
        admin.dispose()

        with pytest.raises(ConfigError, match="synchronous_commit=off"):
            open_database(url)


@pytest.mark.postgres
def test_a_plain_postgres_address_is_understood(postgres_url: str):
    database = open_database(postgres_url.replace("postgresql+psycopg://", "postgresql://"))

    assert not database.is_sqlite
    database.close()


def test_what_is_written_in_advance_leaves_the_connection_as_it_was(empty_sqlite: Database) -> None:
    def synchronous() -> int:
        with empty_sqlite.read() as connection:
            return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    with empty_sqlite.in_advance() as connection:
        connection.exec_driver_sql("CREATE TABLE later (n INTEGER)")
        during = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    after = synchronous()
    with pytest.raises(ZeroDivisionError), empty_sqlite.in_advance() as connection:
        connection.exec_driver_sql("INSERT INTO later VALUES (1)")
        1 / 0  # noqa: B018

    assert (during, after, synchronous()) == (1, 2, 2)
    with empty_sqlite.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM later").scalar_one() == 0
