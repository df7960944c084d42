"""`executor doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from executor import bootstrap
from executor.config.calendar import load_calendar
from executor.config.environment import Settings, open_settings
from executor.errors import ConfigError, ExecutorError
from executor.findings import Finding, findings
from executor.store.store import Store


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(*, as_json: bool) -> None:
    """Say what is wrong, and the remedy; 1 when anything is.

    It looks at settings, database, instrument table, calendar, notices, each account's trader, session, books and
    feeds, and the clock and disk of their machines: what the status page shows.
    """
    found = list(_look())
    good = all(finding.ok for finding in found)
    if as_json:
        click.echo(json.dumps({"ok": good, "findings": [asdict(finding) for finding in found]}))
    else:
        for finding in found:
            click.echo(f"{'ok   ' if finding.ok else 'WRONG'} {finding.name:15} {finding.said}")
    sys.exit(0 if good else 1)


def _look() -> Iterator[Finding]:
    try:
        settings = open_settings()
    except ConfigError as error:
        yield Finding("settings", ok=False, said=str(error))
        return
    try:
        store = bootstrap.open_store(settings)
    except (ExecutorError, OSError) as error:
        yield Finding("database", ok=False, said=str(error))
        return
    yield Finding("database", ok=True, said="answers, with the schema and the key of this program")
    try:
        yield from _look_at(settings, store)
    finally:
        store.database.close()


def _look_at(settings: Settings, store: Store) -> list[Finding]:
    now, calendar = bootstrap.clock_of(settings).now(), load_calendar(settings.calendar_file)
    return findings(store, calendar, now=now, expected=bootstrap.expected_accounts(settings))
