"""`executor doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from executor import bootstrap
from executor.config.calendar import load_calendar
from executor.config.environment import Settings, open_settings
from executor.errors import ConfigError, ExecutorError
from executor.instruments.freshness import troubles
from executor.store.store import Store


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `said` names what is wrong and the remedy where it is not ok."""

    name: str
    ok: bool
    said: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(*, as_json: bool) -> None:
    """Say what is wrong with database, instrument table and calendar, and the remedy; 1 when anything is."""
    found = list(_look())
    good = all(finding.ok for finding in found)
    if as_json:
        click.echo(json.dumps({"ok": good, "findings": [asdict(finding) for finding in found]}))
    else:
        for finding in found:
            click.echo(f"{'ok   ' if finding.ok else 'WRONG'} {finding.name:11} {finding.said}")
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


def _look_at(settings: Settings, store: Store) -> Iterator[Finding]:
    now, calendar = bootstrap.clock_of(settings).now(), load_calendar(settings.calendar_file)
    current, newest = store.loads.current_load(), next(iter(store.loads.history(1)), None)
    wrong = troubles(current, newest, calendar, now)
    rows = current.checks.get("rows", 0) if current else 0
    yield Finding("instruments", ok=not wrong, said=" ".join(wrong) or f"{rows} of this trading day")
    ends = calendar.ends_soon(now)
    yield Finding("calendar", ok=not ends, said=ends or f"known until {calendar.valid_until:%d %b %Y}")
