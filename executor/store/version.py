"""Whether a database is at this program's schema. Apart from upgrade.py: only that needs the migrations' library."""

from __future__ import annotations

from sqlalchemy import inspect, text

from executor.errors import SchemaBehind
from executor.store.engine import Database

#: The newest migration; a test compares.
REVISION = "0001"


def is_current(database: Database) -> bool:
    return _revision(database) == REVISION


def check_schema(database: Database) -> None:
    """Raise SchemaBehind unless the database has exactly this program's schema."""
    found = _revision(database)
    if found != REVISION:
        raise SchemaBehind(f"the database is at revision {found}, this program needs {REVISION}: executor db upgrade")


def _revision(database: Database) -> str | None:
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
