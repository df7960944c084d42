"""`executor margin`, `executor convert`: what a person asks of the broker itself. The account's trader asks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from executor.bootstrap import DEFAULT_ACCOUNT
from executor.cli.command import Room, as_json_option, ask, finding, open_room
from executor.config.calendar import load_calendar
from executor.config.environment import open_settings
from executor.domain.command import Command, CommandKind, CommandState
from executor.domain.instrument import Instrument, Segment
from executor.domain.option import OptionChain
from executor.domain.order import Side
from executor.domain.refusal import Refusal
from executor.domain.strategy import Product
from executor.errors import ConfigError
from executor.instruments.resolve import Asked, resolve

_account = click.option("--account", default=DEFAULT_ACCOUNT, show_default=True, metavar="NAME", help="Whose.")
_quantity = click.option("--quantity", type=click.IntRange(min=1), required=True, metavar="UNITS", help="In units.")


def _product(name: str, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(name, type=click.Choice(list(Product), case_sensitive=False), **more)


@click.command()
@click.argument("ticker")
@_quantity
@click.option("--side", type=click.Choice(list(Side), case_sensitive=False), default=Side.BUY, show_default=True)
@_product("--product", default=Product.INTRADAY, show_default=True)
@click.option("--price", metavar="RUPEES", help="A price of yours; without it the last one.")
@_account
@as_json_option
def margin(
    *, ticker: str, quantity: int, side: str, product: str, price: str | None, account: str, as_json: bool
) -> None:
    """Ask the broker what an order would tie up and cost; nothing is ordered.

    Its answer is the broker's estimate: what a contract note says may differ.

    \b
        executor margin NSE:SBIN --quantity 100
        executor margin NFO:NIFTY1! --quantity 65 --side sell \\
            --product carryforward
    """
    with open_room(open_settings()) as room:
        found = _contract(room, ticker)
        said = {"instrument": found.key.text, "symbol": found.symbol, "side": Side(side.upper()).value}
        said |= {"product": Product(product.upper()).value}
        arguments = {**said, "quantity": quantity, **({"price": _price(price)} if price is not None else {})}
        asked = ask(room, CommandKind.MARGIN, account, arguments, why="what would an order take?")
    told = finding(asked)
    if as_json:
        click.echo(json.dumps({"account": account, "symbol": found.symbol, "quantity": quantity, **told}))
    else:
        _print(found.symbol, quantity, told)


@click.command()
@click.argument("symbol")
@_product("--from", required=True, help="What it is held as.")
@_product("--to", required=True, help="What it goes on as.")
@_quantity
@click.option("--exchange", type=click.Choice(list(Segment)), default=Segment.NSE, show_default=True)
@_account
@click.option("--why", default="", metavar="TEXT", help="Your reason; it stands in the audit.")
@as_json_option
def convert(
    *, symbol: str, quantity: int, exchange: str, account: str, why: str, as_json: bool, **products: str
) -> None:
    """Have a position of the account go on under another product: bought for the day, kept for delivery.

    Only what was bought by hand: in a contract that a strategy holds it is refused, for its stop and its exit would
    then be orders of the wrong product. SYMBOL is the broker's, such as SBIN-EQ.

    \b
        executor convert SBIN-EQ --from intraday --to delivery --quantity 10
    """
    old, new = (Product(products[name].upper()) for name in ("from", "to"))
    if old is new:
        raise click.UsageError("--from and --to are the same")
    arguments = {"segment": exchange, "symbol": symbol, "old": old.value, "new": new.value, "quantity": quantity}
    with open_room(open_settings()) as room:
        answered = ask(room, CommandKind.CONVERT, account, arguments, why=why)
    _finish(answered, as_json=as_json)


def _finish(answered: Command, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"id": answered.id, "state": answered.state, "answer": answered.answer}))
    else:
        refused = "REFUSED: " if answered.state is CommandState.REFUSED else ""
        click.echo(f"{answered.account}: {refused}{answered.answer}")
    if answered.state is not CommandState.DONE:
        raise SystemExit(1)


def _contract(room: Room, ticker: str) -> Instrument:
    exchange, _, name = ticker.upper().rpartition(":")
    if not exchange:
        raise click.UsageError(f"expected its exchange too, such as NSE:{name}")
    calendar = load_calendar(room.settings.calendar_file)
    found = resolve(Asked(exchange, name), room.store.master, now=room.clock.now(), calendar=calendar)
    match found:
        case Refusal():
            raise ConfigError(f"{found.sentence} {found.remedy}")
        case OptionChain():
            raise ConfigError(f"{ticker} means many options; give one contract")
        case _:
            return found


def _price(text: str) -> str:
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal(0)
    if not price.is_finite() or price <= 0:
        raise click.UsageError(f"--price: expected rupees such as 812.50, was {text!r}")
    return str(price)


def _print(symbol: str, quantity: int, told: dict[str, Any]) -> None:
    ties, costs = told["margin"], told["charges"]
    margin, charges = _rupees(ties["total"]), _rupees(costs["total"])
    click.echo(f"{quantity} {symbol} at {_rupees(told['price'])}: {margin} rupees of margin, {charges} of charges")
    for name in ("span", "premium", "delivery", "benefit"):
        if Decimal(ties[name]):
            click.echo(f"  margin: {name} {_rupees(ties[name])}")
    for name, amount in costs["parts"]:
        click.echo(f"  charges: {name} {_rupees(amount)}")


def _rupees(text: str) -> str:
    return f"{Decimal(text):.2f}"
