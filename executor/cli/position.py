"""`executor positions`, `exit`, `protect`: what is held, and what a person does about one position."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executor.cli.command import Answers, Room, as_json_option, await_answers, open_room, print_answers, record
from executor.config.environment import open_settings
from executor.domain.bracket import Bracket
from executor.domain.command import CommandKind
from executor.domain.order import Order
from executor.errors import ConfigError
from executor.store.positions import Aim, OpenPosition

_why = click.option("--why", default="", metavar="TEXT", help="Your reason; it stands in the audit.")


@click.command()
@as_json_option
def positions(*, as_json: bool) -> None:
    """List open positions, each with the stop that rests behind it; with --json one line each.

    The first column is the id that `executor protect` and `executor exit --bracket` take.
    """
    with open_room(open_settings()) as room:
        found = room.store.pages.positions()
    if as_json:
        for position in found:
            click.echo(json.dumps(position_json(position)))
    elif found:
        _print_table(found)
    else:
        click.echo("nothing is held")


@click.command("exit")
@click.argument("strategy")
@click.option("--ticker", metavar="NSE:SBIN", help="Only what it holds of this, as its alerts name it.")
@click.option("--bracket", metavar="ID", help="Only this position, by its id of `executor positions`.")
@_why
@as_json_option
def exit(*, strategy: str, ticker: str | None, bracket: str | None, why: str, as_json: bool) -> None:
    """Leave what a strategy holds, at a marketable limit; its stops and targets go with it.

    It passes a halt. Under a kill nothing leaves until `executor resume`. Exit code 1 when nothing is held there.

    \b
        executor exit dip
        executor exit dip --ticker NSE:SBIN
    """
    if ticker is not None and ":" not in ticker:
        raise click.UsageError(f"--ticker: expected its exchange too, such as NSE:{ticker.upper()}")
    said = {"ticker": ticker.upper() if ticker else None, "bracket": bracket}
    with open_room(open_settings()) as room:
        answers = _give(room, CommandKind.EXIT, f"strategy:{strategy}", said, why)
    _finish(answers, as_json=as_json)


@click.command()
@click.argument("bracket")
@click.option("--stop", metavar="PRICE", help="Where the stop triggers from now on.")
@click.option("--target", metavar="PRICE", help="Where the target lies from now on.")
@_why
@as_json_option
def protect(*, bracket: str, stop: str | None, target: str | None, why: str, as_json: bool) -> None:
    """Move the stop or the target of a position, by its id of `executor positions`.

    Its orders are changed where they rest. A price off the tick, or a stop that would trigger at once, is refused with
    exit code 1 and changes nothing.

    \b
        executor protect 0k5mlx8p2r3vt --stop 796 --target 830.50
    """
    if stop is None and target is None:
        raise click.UsageError("give --stop, --target or both")
    with open_room(open_settings()) as room:
        scope = f"account:{_account_of(room, bracket)}"
        answers = _give(room, CommandKind.PROTECT, scope, {"bracket": bracket, "stop": stop, "target": target}, why)
    _finish(answers, as_json=as_json)


def position_json(position: OpenPosition) -> dict[str, Any]:
    """One position as tools rely on it; prices as text."""
    bracket, stop, targets = position.bracket, position.stop, position.targets
    return {
        "id": bracket.id,
        "account": bracket.account,
        "strategy": bracket.strategy,
        "symbol": bracket.symbol,
        "side": bracket.side,
        "chart": bracket.chart,
        "underlying": _underlying_json(bracket),
        "held": position.holding.held,
        "average": _price(position.holding.average),
        "stop": _price(_trigger(stop)) if stop else None,
        "stop_order": stop.broker_id if stop else None,
        "stop_state": stop.state if stop else None,
        "target": _price(targets[0].price if targets else None),
        "target_order": next((aim.order.broker_id for aim in targets if aim.order), None),
        "targets": [_target_json(aim) for aim in targets],
        "state": bracket.state,
        "protected": position.is_protected,
    }


def _target_json(aim: Aim) -> dict[str, Any]:
    share = None if aim.share is None else f"{aim.share.normalize():f}"
    order = aim.order.broker_id if aim.order else None
    return {"price": _price(aim.price), "share": share, "order": order, "of": aim.of}


def _underlying_json(bracket: Bracket) -> dict[str, Any] | None:
    """What the chart shows where that is not the contract, and the price of it at which the position leaves."""
    what = bracket.underlying
    return None if what is None else {"symbol": what.symbol, "stop": _price(what.stop)}


def _give(room: Room, kind: CommandKind, scope: str, said: dict[str, str | None], why: str) -> Answers:
    arguments = {name: value for name, value in said.items() if value is not None}
    made = record(room, kind, scope=scope, arguments=arguments, why=why)
    return await_answers(room, kind, scope, made)


def _finish(answers: Answers, *, as_json: bool) -> None:
    print_answers(answers, as_json=as_json)
    if answers.refused:
        sys.exit(1)


def _account_of(room: Room, bracket: str) -> str:
    found = [one.bracket.account for one in room.store.pages.positions() if one.bracket.id == bracket]
    if not found:
        raise ConfigError(f"there is no open position {bracket!r}; `executor positions` lists them with their ids")
    return found[0]


def _print_table(found: list[OpenPosition]) -> None:
    table = Table(box=None, pad_edge=False)
    for head in ("id", "strategy", "held", "average", "stop", "targets", "state"):
        table.add_column(head, overflow="fold", no_wrap=head == "id")
    for one in found:
        bracket = one.bracket
        held = f"{bracket.symbol} {bracket.side} {one.holding.held}"
        cells = (bracket.id, bracket.strategy, held, _price(one.holding.average) or "-", _stop_words(one))
        state = Text(bracket.state) if one.is_protected else Text(f"{bracket.state} UNPROTECTED", "red")
        table.add_row(*map(Text, cells), Text(", ".join(map(_target_words, one.targets)) or "-"), state)
    Console(highlight=False).print(table)


def _stop_words(position: OpenPosition) -> str:
    stop, what = position.stop, position.bracket.underlying
    rests = "-" if stop is None else f"{_price(_trigger(stop))} {stop.state}"
    return rests if what is None or what.stop is None else f"{what.symbol} at {_price(what.stop)}; {rests}"


def _target_words(aim: Aim) -> str:
    return f"{aim.of} at {_price(aim.price)}" if aim.of else _price(aim.price) or ""


def _trigger(stop: Order) -> Decimal | None:
    """Where it triggers, as the broker showed it or else as we sent it."""
    return stop.working_trigger if stop.shown else stop.sent_trigger


def _price(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}" if value == round(value, 2) else str(value)
