"""A Postgres that went away and came back: the first transaction after it succeeds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from executor.errors import NotRecorded
from executor.store import schema
from executor.store.engine import Database, open_database
from executor.store.statements import ask, put
from executor.store.upgrade import upgrade
from tests.postgres import Cluster

pytestmark = pytest.mark.postgres
_META = select(schema.meta)


def glance(database: Database) -> None:
    with database.glance() as connection:
        ask(connection, _META)


def write(database: Database) -> None:
    with database.unaudited() as connection:
        ask(connection, _META)


@pytest.mark.parametrize("before", [(write,), (glance, write)], ids=["nothing glanced", "glanced"])
def test_what_was_idle_when_the_server_went_away_is_given_up_at_the_first_sign(
    cluster: Cluster, before: tuple[Callable[[Database], None], ...]
) -> None:
    database = open_database(cluster.url.render_as_string(hide_password=False))
    upgrade(database)
    for way_in in before:
        way_in(database)
    cluster.stop()
    with pytest.raises(NotRecorded):
        glance(database)

    cluster.start()
    glance(database)
    write(database)

    database.close()


def test_a_process_that_sleeps_in_a_transaction_holds_its_locks_for_seconds_only(postgres_url: str) -> None:
    sleeper, other = open_database(postgres_url), open_database(postgres_url)
    head = text("SELECT value FROM meta WHERE key = 'chain_head' FOR UPDATE")
    with sleeper.engine.connect() as asleep:
        asleep.execute(text("SET idle_in_transaction_session_timeout = 300"))  # 15 s but for the test's sake
        limit = asleep.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
        asleep.execute(head)

        with other.engine.connect() as connection:
            connection.execute(text("SET lock_timeout = 5000"))
            connection.execute(head)
            with pytest.raises(DBAPIError):
                asleep.execute(text("SELECT 1"))
        asleep.invalidate()

    shown = []
    for unhurried in (False, True):
        with other.read(unhurried=unhurried) as connection:
            shown.append(connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one())
    assert (limit, shown) == ("300ms", ["15s", "0"])
    sleeper.close()
    other.close()


def put_meta(database: Database) -> None:
    with database.unaudited() as connection:
        put(connection, schema.meta, {"key": "a", "value": "b"})


def test_a_standby_that_is_not_yet_the_master_takes_nothing_and_nothing_is_lost_by_it(postgres_url: str) -> None:
    """After a failover the name of the server may lead to one that is read only for some seconds."""
    database, master = open_database(postgres_url), open_database(postgres_url)
    name = database.engine.url.database
    standby = f'ALTER DATABASE "{name}" SET default_transaction_read_only = '
    with master.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"{standby} on"))
    database.close()  # it was opened before

    with pytest.raises(NotRecorded):
        put_meta(database)

    with master.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"{standby} off"))
    put_meta(database)  # by a new connection: that of before stays with the standby
    master.close()
    database.close()
