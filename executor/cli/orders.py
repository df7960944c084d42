"""`executor orders`: the orders of a day, ours and others', as the broker last showed them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executor.cli.command import Room, as_json_option, ask, finding, open_room
from executor.clock import IST, in_ist
from executor.config.environment import open_settings
from executor.domain.calendar import trading_day
from executor.domain.command import CommandKind
from executor.errors import ConfigError
from executor.store.accounts import Accounts, ListedOrder


@click.command()
@click.option("--account", metavar="NAME", help="Only this account's.")
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="A trading day; without it today, in India."
)
@click.option("--id", "one", metavar="ORDERID", help="Ask the broker about this order of today, by its number there.")
@as_json_option
def orders(*, account: str | None, day: datetime | None, one: str | None, as_json: bool) -> None:
    """List the orders of a day, the oldest first; with --json one line each.

    Orders that somebody else gave in the same account are listed as foreign: this program never touches them.
    With --id the broker is asked how one order stands now; that changes nothing.

    \b
        executor orders
        executor orders --account default --json
    """
    with open_room(open_settings()) as room:
        asked = day.date() if day else trading_day(room.clock.now())
        found = [row for row in Accounts(room.store.database).orders(asked) if account in (None, row.order.account)]
        told = _look(room, found, one) if one is not None else None
    if told is not None:
        at = {"at": in_ist(datetime.fromisoformat(told["at"]))}
        lines = (f"{name:10} {'-' if value is None else value}" for name, value in {**told, **at}.items())
        click.echo(json.dumps(told) if as_json else "\n".join(lines))
    elif as_json:
        for row in found:
            click.echo(json.dumps(_json(row)))
    elif found:
        _print(found)
    else:
        click.echo(f"no orders on {asked:%d %b %Y}")


def _look(room: Room, found: list[ListedOrder], number: str) -> dict[str, Any]:
    """What the broker says of one order now; it is asked by the second name that it gave the order."""
    named = [row.order for row in found if row.order.broker_id == number]
    if not named or named[0].unique_id is None:
        raise ConfigError(f"no order of that day is known under the number {number}: see `executor orders --json`")
    order = named[0]
    why = f"how stands order {number}?"
    return finding(ask(room, CommandKind.LOOK, order.account, {"unique_id": order.unique_id}, why=why))


def _json(one: ListedOrder) -> dict[str, Any]:
    order = one.order
    prices = {"price": order.working_price or order.sent_price, "trigger": order.working_trigger or order.sent_trigger}
    return {
        "id": order.id,
        "orderid": order.broker_id,
        "tag": order.tag,
        "account": order.account,
        "strategy": one.strategy,
        "leg": one.role,
        "symbol": order.symbol,
        "side": order.side,
        "type": order.type,
        "product": order.product,
        "quantity": order.working_quantity or order.sent_quantity,
        **{name: None if price is None else str(price) for name, price in {**prices, "average": order.average}.items()},
        "filled": order.filled,
        "status": order.state,
        "text": order.text,
        "created_at": order.created_at.isoformat(),
    }


def _print(found: list[ListedOrder]) -> None:
    table = Table(box=None, pad_edge=False)
    for head in ("at", "account", "whose", "order", "filled", "price", "state", "the broker's words"):
        table.add_column(head, overflow="fold")
    for one in found:
        order, said = one.order, _json(one)
        whose = f"{one.strategy} {one.role}" if one.role else "foreign"
        price = said["price"] if said["trigger"] is None else f"{said['price']} at {said['trigger']}"
        cells = (
            f"{order.created_at.astimezone(IST):%H:%M:%S}",
            order.account,
            whose,
            f"{order.side} {said['quantity']} {order.symbol}",
            str(order.filled),
            price,
            order.state,
            order.text,
        )
        table.add_row(*map(Text, cells))
    Console(highlight=False).print(table)
