"""`executor profit`: what each strategy made on each day, from its fills, with the charges estimated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executor.cli.command import as_json_option, open_room
from executor.config.charges import load_tariff
from executor.config.environment import open_settings
from executor.domain.calendar import trading_day
from executor.domain.profit import DayLine, Figures, lines_of, total
from executor.store.profit import Days

#: Days that are shown unless asked otherwise, today included.
SHOWN = 30

_day = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--strategy", default="", metavar="S", help="Only this strategy's.")
@click.option("--account", default="", metavar="A", help="Only this account's.")
@click.option("--from", "first", type=_day, metavar="DAY", help="First trading day; without it 30 days to the last.")
@click.option("--to", "last", type=_day, metavar="DAY", help="Last trading day; without it today, in India.")
@as_json_option
def profit(*, strategy: str, account: str, first: datetime | None, last: datetime | None, as_json: bool) -> None:
    """Tell what each strategy made on each day, in rupees; with --json one line a row.

    Gross counts what left a position on the day, against the average price at which it came in. What is still held
    counts on no day yet. Trades are the positions for which something filled.

    Charges are ESTIMATED from published rates: brokerage, STT or CTT, exchange, SEBI, stamp duty, GST. The contract
    note of your broker alone is right; what no list tells (DP charges, interest) is not in it.

    Left out: units that somebody else closed, at a price we do not know (told below the table, *), and positions that
    a paper account traded without live prices (synthetic).

    \b
        executor profit
        executor profit --strategy dip --from 2026-11-01 --to 2026-11-30
        executor profit --json
    """
    with open_room(open_settings()) as room:
        until = last.date() if last else trading_day(room.clock.now())
        since = first.date() if first else until - timedelta(days=SHOWN - 1)
        if since > until:
            raise click.UsageError(f"--from {since} is after --to {until}: exchange them")
        traded = room.store.pages.traded(Days(since, until, strategy, account))
        lines = lines_of(traded, load_tariff(), first=since, last=until)
    if as_json:
        for line in lines:
            click.echo(json.dumps(line_json(line)))
    elif lines:
        _print_table(lines)
    else:
        click.echo(f"nothing filled from {since} to {until}")


def line_json(line: DayLine) -> dict[str, Any]:
    """One row as tools rely on it; rupees as text, `unknown` units that others closed."""
    figures = line.figures
    return {
        "day": str(line.day),
        "strategy": line.strategy,
        "account": line.account,
        "trades": figures.trades,
        "gross": f"{figures.gross:.2f}",
        "charges": f"{figures.charges:.2f}",
        "net": f"{figures.net:.2f}",
        "unknown": figures.unknown,
    }


def _print_table(lines: Sequence[DayLine]) -> None:
    """Days, then a sum for each account: paper and real money are never added up."""
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column("day", no_wrap=True)
    for head, least in (("strategy", 8), ("account", 7)):
        table.add_column(head, overflow="fold", min_width=least)
    for head in ("trades", "gross", "est. charges", "net"):
        table.add_column(head, justify="right", no_wrap=True)
    for line in lines:
        table.add_row(str(line.day), Text(line.strategy), Text(line.account), *_cells(line.figures))
    for account in sorted({line.account for line in lines}):
        sums = total(line for line in lines if line.account == account)
        table.add_row("sum", "", Text(account), *_cells(sums), style="bold")
    Console(highlight=False).print(table)
    if unknown := total(lines).unknown:
        click.echo(f"* without {unknown} units that others closed at a price that is not known")


def _cells(figures: Figures) -> tuple[str, ...]:
    mark = "*" if figures.unknown else ""
    return str(figures.trades), f"{mark}{figures.gross:,.2f}", f"{figures.charges:,.2f}", f"{mark}{figures.net:,.2f}"
