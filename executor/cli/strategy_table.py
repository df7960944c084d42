"""A strategy for people: one line of a list, or all its settings by group, each as it could be typed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executor.alerts.strategies import Card
from executor.config.strategy import SIZE_FIELDS
from executor.config.strategy_file import open_fields
from executor.config.strategy_settings import GROUPS, as_typed
from executor.domain.strategy import Strategy


def line_of(strategy: Strategy) -> str:
    fields = open_fields(strategy)
    stop = f"stop {fields['stop_loss']}" if "stop_loss" in fields else "NO STOP"
    kind = strategy.size.kind
    size = f"{kind} {fields[kind]}, most {strategy.rails.max_quantity}"
    state, tickers = "on" if strategy.enabled else "OFF", ",".join(fields["tickers"])
    return f"{strategy.name:12} {state:3} {strategy.account:8} {fields['product']}  {size}  {stop}  {tickers}"


def print_settings(strategy: Strategy) -> None:
    """Print what is set with its unit, and name what could be."""
    fields = open_fields(strategy)
    click.echo(f"{strategy.name}: version {strategy.version}, {'on' if strategy.enabled else 'OFF'}")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column()
    for group, settings in GROUPS.items():
        table.add_row(Text(group, "bold"))
        for setting in settings:
            if setting.field in fields:
                cells = (f"  {setting.field}", as_typed(fields[setting.field]), setting.means)
                table.add_row(*map(Text, cells))
    Console(highlight=False).print(table)
    known = [setting.field for settings in GROUPS.values() for setting in settings]
    missing = [field for field in known if field not in fields and field not in SIZE_FIELDS]
    Console(highlight=False).print(Text(f"not set: {', '.join(missing)}" if missing else "everything is set"))


def card_fields(card: Card) -> dict[str, Any]:
    """The same as JSON; `before_works` only while it does."""
    return {name: value for name, value in asdict(card).items() if name != "before_works" or value}


def print_card(card: Card) -> None:
    """Print what its sender needs, each unbroken on a line of its own, to be copied."""
    for key, secret in (("hook_url", card.hook_url), ("standard_webhook_secret", card.standard_webhook_secret)):
        click.echo(f"{key}\n  {secret}")
    if card.before_works:
        click.echo(f"The address before works too, until: executor strategy rotate {card.strategy} --end-overlap")
