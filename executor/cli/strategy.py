"""`executor strategy`: who sends alerts, what they may do, and the secret addresses they are sent to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from executor.alerts.strategies import Card, Strategies
from executor.bootstrap.strategies import strategies_of
from executor.cli.command import BY, open_room
from executor.cli.noun import Noun
from executor.cli.settings import FILE, GroupedCommand, with_settings
from executor.cli.strategy_table import card_fields, line_of, print_card, print_settings
from executor.config.environment import open_settings
from executor.config.schema import read_toml
from executor.config.strategy_file import changed, laid_over, open_fields, over, read_strategies, strategies_text
from executor.domain.strategy import Strategy
from executor.store.people import People

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=Noun)
def strategy() -> None:
    """Strategies: who may send alerts, and what their alerts may do.

    \b
        executor strategy add trend --account paper --tickers NSE:SBIN \\
            --product intraday --quantity 10 --max-quantity 20 --stop-loss 1%
        executor strategy list
        executor strategy show trend
        executor strategy set trend --max-daily-loss 2000
    """


@strategy.command("add", cls=GroupedCommand)
@click.argument("name")
@with_settings
@_as_json
def add(*, name: str, file: Path | None, as_json: bool, **said: Any) -> None:
    """Make a strategy and print the secret address for its alerts.

    Needed: account, tickers, product, one size, --max-quantity, and a stop, unless --protection none says that
    positions stay unprotected. An alert can narrow all this, never widen it.

    \b
        executor strategy add dip --account default --tickers SBIN,INFY \\
            --product intraday --quantity 10 --max-quantity 50 \\
            --stop-loss 1% --take-profit 1%:50 --take-profit 2%:50 --trail 1%
    """
    with _open() as desk:
        made = desk.strategies.add(name, laid_over(read_toml(file) if file else {}, said), by=BY)
        _print_card(desk.strategies.card(made), as_json=as_json)


@strategy.command("set", cls=GroupedCommand)
@click.argument("name")
@with_settings
@_as_json
def set_(*, name: str, file: Path | None, as_json: bool, **said: Any) -> None:
    """Change settings: they count from the next signal; what is open keeps its levels.

    What is not named stays; "none" takes away what can be without, such as `--take-profit none`; a size replaces the
    one before.

    \b
        executor strategy set dip --risk 500 --max-daily-loss 2000 --trail none
    """
    with _open() as desk:
        filed = read_toml(file) if file else {}
        _print_settings(desk.strategies.change(name, over(filed, said), by=BY), as_json=as_json)


@strategy.command("list")
@_as_json
def list_(*, as_json: bool) -> None:
    """All strategies; with --json one line each."""
    with _open() as desk:
        for found in desk.people.strategies():
            click.echo(json.dumps(_shown(found)) if as_json else line_of(found))


@strategy.command("show")
@click.argument("name")
@_as_json
def show(*, name: str, as_json: bool) -> None:
    """One strategy with its secret address: whoever has that can send to it.

    \b
        executor strategy show trend
    """
    with _open() as desk:
        found = desk.strategies.named(name)
        card = desk.strategies.card(found)
        if as_json:
            click.echo(json.dumps({**_shown(found), **card_fields(card)}))
            return
        print_settings(found)
        print_card(card)


@strategy.command("rotate")
@click.argument("name")
@click.option("--end-overlap", is_flag=True, help="Make none; end the address before the present one.")
@_as_json
def rotate(*, name: str, end_overlap: bool, as_json: bool) -> None:
    """Make a new secret address; the one before goes on working until --end-overlap.

    \b
        executor strategy rotate trend
        executor strategy rotate trend --end-overlap
    """
    with _open() as desk:
        rotate = desk.strategies.end_overlap if end_overlap else desk.strategies.rotate
        _print_card(desk.strategies.card(rotate(name, by=BY)), as_json=as_json)


@strategy.command("enable")
@click.argument("name")
@_as_json
def enable(*, name: str, as_json: bool) -> None:
    """Let a strategy enter again.

    \b
        executor strategy enable trend
    """
    _switch(name, enabled=True, as_json=as_json)


@strategy.command("disable")
@click.argument("name")
@_as_json
def disable(*, name: str, as_json: bool) -> None:
    """Let a strategy enter no more; its exits and stops go on.

    \b
        executor strategy disable trend
    """
    _switch(name, enabled=False, as_json=as_json)


@strategy.command("export")
@click.argument("names", nargs=-1)
@_as_json
def export(*, names: tuple[str, ...], as_json: bool) -> None:
    """Print strategies, all or those named, as TOML; nothing of it is secret.

    \b
        executor strategy export > strategies.toml
    """
    with _open() as desk:
        found = [desk.strategies.named(name) for name in names] if names else desk.people.strategies()
    fields = {one.name: open_fields(one) for one in found}
    click.echo(json.dumps({"strategy": fields}) if as_json else strategies_text(found))


@strategy.command("import")
@click.argument("file", type=FILE)
@_as_json
def import_(*, file: Path, as_json: bool) -> None:
    """Make or change the strategies of a file as `export` prints it; when one is wrong, none is saved.

    \b
        executor strategy import strategies.toml
    """
    with _open() as desk:
        read: list[tuple[Strategy, Strategy | None]] = []
        for name, fields in read_strategies(file).items():
            before = desk.people.strategy(name)
            # a table that does not say so switches nothing on
            after = changed(before, {"enabled": before.enabled, **fields}) if before else None
            read.append((after or desk.strategies.read_new(name, fields), before))
        for after, before in read:
            desk.strategies.save(after, before, by=BY)
            click.echo(json.dumps(_shown(after)) if as_json else line_of(after))


@dataclass(frozen=True, slots=True)
class _Desk:
    people: People
    strategies: Strategies


@contextmanager
def _open() -> Iterator[_Desk]:
    with open_room(open_settings()) as room:
        yield _Desk(room.store.people, strategies_of(room.settings, room.store))


def _switch(name: str, *, enabled: bool, as_json: bool) -> None:
    with _open() as desk:
        _print_settings(desk.strategies.switch(name, enabled=enabled, by=BY), as_json=as_json)


def _shown(of: Strategy) -> dict[str, Any]:
    return {"name": of.name, "version": of.version, **open_fields(of)}


def _print_settings(of: Strategy, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_shown(of)))
    else:
        print_settings(of)


def _print_card(card: Card, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(card_fields(card)))
    else:
        print_card(card)
