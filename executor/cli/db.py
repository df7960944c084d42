"""`executor db`: the database's schema."""

from __future__ import annotations

import json

import click

from executor.bootstrap.setup import upgrade_database
from executor.cli.noun import Noun
from executor.config.environment import open_settings


@click.group(cls=Noun)
def db() -> None:
    """The database: DATABASE_URL, or SQLite in EXECUTOR_STATE_DIR."""


@db.command("upgrade")
@click.option("--json", "as_json", is_flag=True, help="Print the revision as JSON.")
def upgrade(*, as_json: bool) -> None:
    """Bring the schema to this program's version; safe to repeat. Run it before every start of a new version.

    \b
        executor db upgrade
    """
    revision = upgrade_database(open_settings())
    click.echo(json.dumps({"revision": revision}) if as_json else f"the database is at revision {revision}")
