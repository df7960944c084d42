"""Bring the database to this program's schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from executor.store.engine import Database

#: Beside the package, in a clone as in the wheel.
_MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(database: Database) -> str:
    """Run the migrations that are missing; returns the revision reached."""
    config = _config()
    with database.engine.execution_options(write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return newest_revision()


def newest_revision() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "the migrations folder is empty"
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
