"""A Postgres that went away and came back: the first transaction after it succeeds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from executor.errors import NotRecorded
from executor.store import schema
from executor.store.engine import Database, open_database
from executor.store.statements import ask
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
