"""Whether a database is at this program's schema. Apart from upgrade.py: only that needs the migrations' library."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, make_url, text

from executor.errors import NoSchema, SchemaBehind
from executor.store.engine import Database

#: The newest migration; a test compares.
REVISION = "0001"
_BEGIN = "run the command in the folder of your .env, or make the database: executor db upgrade"


def is_current(database: Database) -> bool:
    return _revision(database) == REVISION


def check_exists(url: str) -> None:
    """Raise NoSchema where SQLite would make a new file: a look into the wrong folder shall leave nothing there."""
    parsed = make_url(url)
    path = parsed.database if parsed.get_backend_name() == "sqlite" else None
    if path and path != ":memory:" and not Path(path).exists():
        raise NoSchema(f"there is no database {Path(path).resolve()}: {_BEGIN}")


def check_schema(database: Database) -> None:
    """Raise SchemaBehind unless the database has exactly this program's schema."""
    found = _revision(database)
    if found is None:
        raise NoSchema(f"the database {_where(database)} is empty: {_BEGIN}")
    if found == REVISION:
        return
    words = f"the database {_where(database)} is at revision {found}, this program needs {REVISION}"
    if found > REVISION:
        raise SchemaBehind(f"{words}: it was made by a newer program; take that one, or restore the backup before it")
    raise SchemaBehind(f"{words}: executor db upgrade")


def _where(database: Database) -> str:
    """The file with its whole path, or the address without its password."""
    url = database.engine.url
    return str(Path(url.database or "").resolve()) if database.is_sqlite else url.render_as_string()


def _revision(database: Database) -> str | None:
    """The first that is asked of a database. Where nobody has it open that takes space on the disk: from the reserve,
    for else nobody could begin to protect what is held.
    """
    return database.from_reserve(lambda: _found(database))


def _found(database: Database) -> str | None:
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
