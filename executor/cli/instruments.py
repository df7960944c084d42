"""`executor instruments`: the table of what can be traded, and what a chart's ticker means in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from marshmallow import ValidationError

from executor import bootstrap
from executor.bootstrap.master import refresh_master
from executor.cli.noun import Noun
from executor.cli.progress import progress
from executor.cli.resolved import line, resolved, shown, told
from executor.clock import IST
from executor.config.calendar import load_calendar
from executor.config.contracts import read_option, read_roll
from executor.config.environment import open_settings
from executor.domain.instrument import Segment
from executor.domain.option import OptionRule
from executor.domain.refusal import Refusal
from executor.domain.strategy import Roll
from executor.errors import ConfigError
from executor.instruments.resolve import Asked, next_meaning, resolve
from executor.instruments.ticker import norm
from executor.store.store import Store

_MOST = 20
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _read(reader: Callable[[Any], Any]) -> Callable[..., Any]:
    """A click callback over a reader of settings, which says itself what to give."""

    def read(_ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        try:
            return None if value is None else reader(value)
        except ValidationError as error:
            raise click.BadParameter(f"{error.messages[0]}", param=param) from None

    return read


def _moment(_ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    try:
        return None if value is None else datetime.fromisoformat(value).replace(tzinfo=IST)
    except ValueError:
        raise click.BadParameter(f'is {value!r}; give a time such as "2026-11-25 10:00"', param=param) from None


@click.group(cls=Noun)
def instruments() -> None:
    """The instrument table: refreshed every trading morning from the broker's file.

    \b
        executor instruments resolve 'NIFTY1!'
        executor instruments search NIFTY DEC FUT
        executor instruments refresh
    """


@instruments.command("refresh")
@_as_json
def refresh(*, as_json: bool) -> None:
    """Fetch the broker's file and switch to it when it is good; else the table of before stays in use."""
    settings = open_settings()
    with _open() as store, progress("instruments") as seen:
        report = refresh_master(settings, store, seen=seen)
    found = {
        "load": report.load,
        "at": report.at.isoformat(),
        "rows": report.rows,
        "segments": dict(report.segments),
        "left_out": dict(report.left_out),
        "changes": {kind: changed.count for kind, changed in report.changes.items()},
    }
    click.echo(json.dumps(found) if as_json else "\n".join(f"{key:10} {_words(value)}" for key, value in found.items()))


@instruments.command("search")
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 500), default=_MOST, show_default=True, help="Rows at most.")
@_as_json
def search(*, text: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Shares, indices, futures and options whose name begins with the first word and whose symbol holds the others.

    \b
        executor instruments search NIFTY DEC FUT
    """
    begins, *words = text
    with _open() as store:
        rows = list(store.master.search(norm(begins), words, limit))
    for found in rows:
        click.echo(json.dumps(shown(found)) if as_json else line(found))
    if not rows and not as_json:
        click.echo(" and has ".join([f"nothing begins with {begins}", *words]))


@instruments.command("resolve")
@click.argument("ticker")
@click.option("--option", "rule", callback=_read(read_option), help='By a rule such as "auto ATM nearest".')
@click.option("--roll", callback=_read(read_roll), help='nearest unless given; or "2 days at 15:00", refuse.')
@click.option("--at", callback=_moment, metavar="TIME", help='At another time in India, such as "2026-11-25 10:00".')
@_as_json
def resolve_(*, ticker: str, rule: OptionRule | None, roll: Roll | None, at: datetime | None, as_json: bool) -> None:
    """What a chart's TICKER means, such as NSE:SBIN, BSE:BSX1! or Angel One's own SBIN-EQ; NSE unless said.

    A continuous future tells from when it means the next contract; a rule which options it chooses among. Ends with 1
    when the ticker means nothing that can be traded, or more than one thing.

    \b
        executor instruments resolve NSE:NIFTY --option "auto ATM weekly 2"
    """
    exchange, _, name = ticker.rpartition(":")
    settings = open_settings()
    asked = Asked(exchange or Segment.NSE, name, roll=roll or Roll(), option=rule)
    now, calendar = at or bootstrap.clock_of(settings).now(), load_calendar(settings.calendar_file)
    with _open() as store:
        found = resolve(asked, store.master, now=now, calendar=calendar)
        turn = next_meaning(asked, store.master, now=now, calendar=calendar)
    click.echo(json.dumps(resolved(found, turn)) if as_json else told(found, turn))
    if isinstance(found, Refusal):
        sys.exit(1)


@instruments.command("diff")
@_as_json
def diff(*, as_json: bool) -> None:
    """What the table in use changed in the one before it: how many of each kind, and the first of them."""
    with _open() as store:
        current = store.loads.current_load()
    if current is None:
        raise ConfigError("there is no instrument table yet; take it with `executor instruments refresh`")
    changes = current.checks.get("changes", {})
    if as_json:
        click.echo(json.dumps({"load": current.id, "at": current.at.isoformat(), "changes": changes}))
        return
    click.echo(f"{current.at.astimezone(IST):%d %b %Y %H:%M} IST{'' if changes else ': the first one'}")
    for kind, changed in changes.items():
        click.echo(f"{kind:6} {changed['count']:7}  {'; '.join(changed['examples'])}".rstrip())


@contextmanager
def _open() -> Iterator[Store]:
    store = bootstrap.open_store(open_settings())
    try:
        yield store
    finally:
        store.database.close()


def _words(value: Any) -> str:
    return ", ".join(f"{key} {count}" for key, count in value.items()) or "-" if isinstance(value, dict) else str(value)
