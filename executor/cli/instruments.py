"""`executor instruments`: the table of what can be traded, and what a chart's ticker means in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from executor import bootstrap
from executor.bootstrap.master import refresh_master
from executor.config.calendar import load_calendar
from executor.config.environment import open_settings
from executor.domain.instrument import Instrument, Segment
from executor.domain.refusal import Refusal
from executor.instruments.resolve import Asked, resolve
from executor.instruments.ticker import norm
from executor.store.store import Store

_MOST = 20
_CASH = (Segment.NSE, Segment.BSE)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def instruments() -> None:
    """The instrument table: refreshed every trading morning from the broker's file."""


@instruments.command("refresh")
@_as_json
def refresh(*, as_json: bool) -> None:
    """Fetch the broker's file and switch to it when it is good; else the table of before stays in use."""
    settings = open_settings()
    with _open() as store:
        report = refresh_master(settings, store)
    found = {
        "load": report.load,
        "at": report.at.isoformat(),
        "rows": report.rows,
        "segments": dict(report.segments),
        "left_out": dict(report.left_out),
    }
    click.echo(json.dumps(found) if as_json else "\n".join(f"{key:10} {_words(value)}" for key, value in found.items()))


@instruments.command("search")
@click.argument("text")
@click.option("--limit", type=click.IntRange(1, 500), default=_MOST, show_default=True, help="Names at most.")
@_as_json
def search(*, text: str, limit: int, as_json: bool) -> None:
    """Shares and indices of NSE and BSE whose name begins with TEXT; with --json one line each."""
    with _open() as store:
        for alias in store.master.aliases_like(norm(text), limit):
            for found in store.master.find_by_alias(alias, _CASH):
                click.echo(json.dumps(_shown(found)) if as_json else _line(found))


@instruments.command("resolve")
@click.argument("ticker")
@_as_json
def resolve_(*, ticker: str, as_json: bool) -> None:
    """What a chart's TICKER means, such as NSE:SBIN, BSE:TCS or Angel One's own SBIN-EQ; NSE unless said.

    Ends with 1 when it means nothing that can be traded, or more than one thing.
    """
    exchange, _, name = ticker.rpartition(":")
    settings = open_settings()
    with _open() as store:
        asked, now = Asked(exchange or Segment.NSE, name), bootstrap.clock_of(settings).now()
        found = resolve(asked, store.master, now=now, calendar=load_calendar(settings.calendar_file))
    if isinstance(found, Refusal):
        refused = {"code": found.code.value, "sentence": found.sentence, "remedy": found.remedy}
        click.echo(json.dumps(refused) if as_json else f"{found.sentence} {found.remedy}")
        sys.exit(1)
    click.echo(json.dumps(_shown(found)) if as_json else _line(found))


@contextmanager
def _open() -> Iterator[Store]:
    store = bootstrap.open_store(open_settings())
    try:
        yield store
    finally:
        store.database.close()


def _shown(found: Instrument) -> dict[str, Any]:
    return {
        "exchange": found.key.segment.value,
        "token": found.key.token,
        "symbol": found.symbol,
        "name": found.name,
        "kind": found.kind.value,
        "lot": found.lot,
        "tick": f"{found.tick.normalize():f}",
        "freeze": found.freeze,
    }


def _line(found: Instrument) -> str:
    shown = _shown(found)
    return f"{shown['exchange']:4} {found.symbol:24} {shown['kind']:6} token {found.key.token:10} tick {shown['tick']}"


def _words(value: Any) -> str:
    return ", ".join(f"{key} {count}" for key, count in value.items()) or "-" if isinstance(value, dict) else str(value)
