"""`executor rehearse`: prove a login with two small orders far from the price, before any alert may trade with it."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executor.bootstrap import DEFAULT_ACCOUNT
from executor.bootstrap.rehearsal import Card
from executor.bootstrap.rehearsal import rehearse as take_stage
from executor.cli.command import as_json_option
from executor.config.environment import open_settings


@click.command()
@click.option("--symbol", default="SBIN-EQ", show_default=True, metavar="SYMBOL", help="A share of NSE, by its symbol.")
@click.option("--account", default=DEFAULT_ACCOUNT, show_default=True, metavar="NAME", help="Whose login.")
@click.option("--totp", metavar="CODE", help="The six digits of this moment, for a login without a TOTP secret.")
@as_json_option
def rehearse(*, symbol: str, account: str, totp: str | None, as_json: bool) -> None:
    """Prove that the login can do all that trading asks of it, with orders of one share that are cancelled again.

    Login, funds, a price; a buy 3 % under the market, seen in the order book and changed there; a stop order 3 % above
    it; both cancelled; the session renewed and logged out. REAL orders: run it while NSE is open, the trader stopped
    and no position of ours open. Every call is kept in a file of the state dir, without secrets, for who helps you.

    A live account is not un-halted before it has passed: then `executor account unhalt default --confirm default`.
    """
    card = take_stage(open_settings(), account, symbol=symbol, code=totp)
    if as_json:
        steps = [{"step": one.name, "passed": one.passed, "ms": one.ms, "said": one.said} for one in card.steps]
        told = {"account": card.account, "passed": card.passed, "steps": steps, "bundle": str(card.bundle)}
        click.echo(json.dumps(told))
    else:
        _print(card)
    if not card.passed:
        raise SystemExit(1)


def _print(card: Card) -> None:
    table = Table(box=None, pad_edge=False)
    for head in ("", "step", "ms", "what came of it"):
        table.add_column(head, overflow="fold", justify="right" if head == "ms" else "left")
    for one in card.steps:
        verdict = Text("pass", "green") if one.passed else Text("FAIL", "red")
        table.add_row(verdict, Text(one.name), Text(str(one.ms)), Text(one.said))
    Console(highlight=False).print(table)
    click.echo(f"{card.account}: the rehearsal {'passed' if card.passed else 'FAILED'}; all of it: {card.bundle}")
    if card.passed:
        click.echo(f"next: `executor account unhalt {card.account} --confirm {card.account}`")
