"""Migrations: the schema of schema.py, the same on both stores."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from executor.errors import SchemaBehind
from executor.store import schema
from executor.store.chain import GENESIS
from executor.store.engine import Database, open_database
from executor.store.store import Store
from executor.store.upgrade import newest_revision, upgrade
from executor.store.version import REVISION, check_schema


def _described(database: Database) -> dict[str, Any]:
    """Tables as both stores can tell them."""
    looker = inspect(database.engine)
    return {
        table: {
            "columns": [(c["name"], _type(c), c["nullable"]) for c in looker.get_columns(table)],
            "key": looker.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(tuple(u["column_names"]) for u in looker.get_unique_constraints(table)),
            "foreign": sorted(
                (k["constrained_columns"][0], k["referred_table"], str(sorted(k["options"].items())).lower())
                for k in looker.get_foreign_keys(table)
            ),
            "indexes": sorted(
                (i["name"], tuple(i["column_names"]), bool(i["unique"]))
                for i in looker.get_indexes(table)
                if "duplicates_constraint" not in i
            ),
        }
        for table in sorted(looker.get_table_names())
        if table != "alembic_version"
    }


def _type(column: Any) -> str:
    """SQLite's INTEGER has 64 bits too, and its text the order that is called C at Postgres."""
    same = {"INTEGER": "BIGINT", 'TEXT COLLATE "C"': "TEXT"}
    return same.get(str(column["type"]), str(column["type"]))


def _clustered(database: Database) -> set[str]:
    """SQLite's tables without a tree of their own beside that of their key."""
    statement = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%WITHOUT ROWID%'"
    with database.read() as connection:
        return set(connection.execute(text(statement)).scalars())


def _indexes(database: Database) -> dict[str, str]:
    """Every index as the database writes it, conditions included."""
    sqlite = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    postgres = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with database.read() as connection:
        rows = connection.execute(text(sqlite if database.is_sqlite else postgres)).all()
    return {name: " ".join(sql.split()) for name, sql in rows if not name.startswith("alembic")}


def test_the_migrations_lead_to_the_schema(database: Database):
    with database.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), schema.metadata)

    assert found == []


def test_the_migrations_make_the_indexes_of_the_schema_with_their_conditions(empty_database: Database):
    upgrade(empty_database)
    migrated = _indexes(empty_database)
    schema.metadata.drop_all(empty_database.engine)

    schema.metadata.create_all(empty_database.engine)

    assert migrated == _indexes(empty_database)


def test_the_migrations_lay_the_tables_out_as_the_schema_says(sqlite_url: str):
    database = open_database(sqlite_url)
    migrated = _clustered(database)

    assert migrated == {
        name for name, table in schema.metadata.tables.items() if not table.dialect_options["sqlite"]["with_rowid"]
    }
    assert "intent" in migrated
    database.close()


@pytest.mark.postgres
def test_both_stores_have_the_same_schema(sqlite_url: str, postgres_url: str):
    described = []
    for url in (sqlite_url, postgres_url):
        database = open_database(url)
        described.append(_described(database))
        database.close()

    assert described[0] == described[1]
    assert set(described[0]) == set(schema.metadata.tables)


@pytest.mark.postgres
def test_words_of_the_log_stand_in_one_order_whatever_language_a_postgres_speaks(postgres_url: str):
    database = open_database(postgres_url)
    found = [str(column["type"]) for column in inspect(database.engine).get_columns("log_word")]
    database.close()

    assert found == ['TEXT COLLATE "C"', "TEXT"]


def test_columns_are_integers_and_text_alone(database: Database):
    looker = inspect(database.engine)

    types = {_type(column) for table in schema.metadata.tables for column in looker.get_columns(table)}

    assert types == {"BIGINT", "TEXT"}


def test_a_new_database_needs_an_upgrade(empty_database: Database):
    with pytest.raises(SchemaBehind, match="executor db upgrade"):
        check_schema(empty_database)

    reached = upgrade(empty_database)

    assert reached == newest_revision() == REVISION
    check_schema(empty_database)


def test_a_second_upgrade_changes_nothing(database: Database):
    before = _described(database)

    upgrade(database)

    assert _described(database) == before


def test_a_database_of_an_older_program_is_refused_with_the_command(database: Database):
    with database.unaudited() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    with pytest.raises(SchemaBehind, match=r"0000, this program needs .*: executor db upgrade"):
        check_schema(database)


def test_a_database_of_a_newer_program_is_refused(database: Database):
    with database.unaudited() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaBehind, match=f"9999, this program needs {REVISION}: it was made by a newer program"):
        check_schema(database)


def test_a_new_store_has_an_empty_chain(store: Store):
    assert store.people.meta("chain_head") == f"0:{GENESIS}"
