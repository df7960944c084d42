"""Whether a database is at this program's schema. Apart from upgrade.py: only that needs the migrations' library."""

from __future__ import annotations

from sqlalchemy import inspect, text

from executor.errors import SchemaBehind
from executor.store.engine import Database

#: The newest migration; a test compares.
REVISION = "0001"


def check_schema(database: Database) -> None:
    """Raise SchemaBehind unless the database has exactly this program's schema."""
    with database.read() as connection:
        known = inspect(connection).has_table("alembic_version")
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else None
    if found != REVISION:
        raise SchemaBehind(f"the database is at revision {found}, this program needs {REVISION}: executor db upgrade")
