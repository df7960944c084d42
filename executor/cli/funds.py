"""`executor funds`, `executor holdings`: what the broker last told of an account; its trader asks every 5 minutes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executor.cli.command import as_json_option, open_room
from executor.clock import IST
from executor.config.environment import open_settings
from executor.domain.reading import QueryKind
from executor.store.accounts import Accounts, Snapshot

_account_option = click.option("--account", metavar="NAME", help="Only this account's.")
_NONE = "nothing was read yet: the trader reads it while its session is open"


@click.command()
@_account_option
@as_json_option
def funds(*, account: str | None, as_json: bool) -> None:
    """Tell each account's money as the broker counts it, in rupees; with --json one line an account."""
    found = _read(QueryKind.FUNDS, account)
    if as_json:
        for one in found:
            click.echo(json.dumps({"account": one.account, "at": one.at.isoformat(), **one.body}))
        return
    names = ("available", "cash", "collateral", "used")
    rows = [(one.account, *(f"{Decimal(one.body[name]):.2f}" for name in names), _at(one)) for one in found]
    _print(("account", *names, "read at"), rows)


@click.command()
@_account_option
@as_json_option
def holdings(*, account: str | None, as_json: bool) -> None:
    """List the shares that each account owns since before today, whoever bought them; with --json one line each."""
    rows = [(one, row) for one in _read(QueryKind.HOLDINGS, account) for row in one.body["holdings"]]
    if as_json:
        for one, row in rows:
            click.echo(json.dumps({"account": one.account, "at": one.at.isoformat(), **row}))
        return
    cells = [(one.account, row["symbol"], str(row["quantity"]), _at(one)) for one, row in rows]
    _print(("account", "symbol", "quantity", "read at"), cells)


def _read(kind: QueryKind, account: str | None) -> list[Snapshot]:
    with open_room(open_settings()) as room:
        found = Accounts(room.store.database).snapshots(kind)
    return [one for one in found if account in (None, one.account)]


def _print(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        click.echo(f"none, or {_NONE}")
        return
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)


def _at(one: Snapshot) -> str:
    return f"{one.at.astimezone(IST):%d-%m-%Y %H:%M:%S}"
