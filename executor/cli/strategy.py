"""`executor strategy`: who sends alerts, what they may do, and the secret addresses they are sent to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from executor import bootstrap
from executor.alerts.address import hook_url, standard_webhook_secret
from executor.cli.settings import FILE, GroupedCommand, with_settings
from executor.cli.strategy_table import line_of, print_card, print_settings
from executor.config.environment import Settings, open_settings
from executor.config.schema import read_toml
from executor.config.strategy import strategy_from
from executor.config.strategy_file import changed, laid_over, open_fields, read_strategies, strategies_text
from executor.domain.strategy import Strategy
from executor.errors import ConfigError
from executor.store.store import Store

_BY = "cli"

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def strategy() -> None:
    """Strategies: who may send alerts, and what their alerts may do."""


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
        if desk.store.people.strategy(name) is not None:
            raise ConfigError(f"strategy {name} exists; change it with `executor strategy set {name}`")
        made = desk.new(name, laid_over(read_toml(file) if file else {}, said))
        desk.save(made)
        _print_card(desk.card(made), as_json=as_json)


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
        before = desk.strategy(name)
        filed = laid_over(open_fields(before), read_toml(file) if file else {})
        after = desk.save(changed(before, laid_over(filed, said)), before)
        _print_settings(after, as_json=as_json)


@strategy.command("list")
@_as_json
def list_(*, as_json: bool) -> None:
    """All strategies; with --json one line each."""
    with _open() as desk:
        for found in desk.store.people.strategies():
            click.echo(json.dumps(_shown(found)) if as_json else line_of(found))


@strategy.command("show")
@click.argument("name")
@_as_json
def show(*, name: str, as_json: bool) -> None:
    """One strategy with its secret address: whoever has that can send to it."""
    with _open() as desk:
        found = desk.strategy(name)
        if as_json:
            click.echo(json.dumps({**_shown(found), **desk.card(found)}))
            return
        print_settings(found)
        print_card(desk.card(found))


@strategy.command("rotate")
@click.argument("name")
@click.option("--end-overlap", is_flag=True, help="Make none; end the address before the present one.")
@_as_json
def rotate(*, name: str, end_overlap: bool, as_json: bool) -> None:
    """Make a new secret address; the one before goes on working until --end-overlap."""
    with _open() as desk:
        before = desk.strategy(name)
        rotation = before.rotation if end_overlap else before.rotation + 1
        still = None if end_overlap else before.rotation
        after = replace(before, version=before.version + 1, rotation=rotation, rotation_before=still)
        _print_card(desk.card(desk.save(after)), as_json=as_json)


@strategy.command("enable")
@click.argument("name")
@_as_json
def enable(*, name: str, as_json: bool) -> None:
    """Let a strategy enter again."""
    _switch(name, enabled=True, as_json=as_json)


@strategy.command("disable")
@click.argument("name")
@_as_json
def disable(*, name: str, as_json: bool) -> None:
    """Let a strategy enter no more; its exits and stops go on."""
    _switch(name, enabled=False, as_json=as_json)


@strategy.command("export")
@click.argument("names", nargs=-1)
@_as_json
def export(*, names: tuple[str, ...], as_json: bool) -> None:
    """Print strategies, all or those named, as TOML; nothing of it is secret."""
    with _open() as desk:
        found = [desk.strategy(name) for name in names] if names else desk.store.people.strategies()
    fields = {one.name: open_fields(one) for one in found}
    click.echo(json.dumps({"strategy": fields}) if as_json else strategies_text(found))


@strategy.command("import")
@click.argument("file", type=FILE)
@_as_json
def import_(*, file: Path, as_json: bool) -> None:
    """Make or change the strategies of a file as `export` prints it; when one is wrong, none is saved."""
    with _open() as desk:
        read: list[tuple[Strategy, Strategy | None]] = []
        for name, fields in read_strategies(file).items():
            before = desk.store.people.strategy(name)
            read.append((changed(before, fields) if before else desk.new(name, fields), before))
        for after, before in read:
            desk.save(after, before)
            click.echo(json.dumps(_shown(after)) if as_json else line_of(after))


@dataclass(frozen=True, slots=True)
class _Desk:
    settings: Settings
    store: Store

    def strategy(self, name: str) -> Strategy:
        found = self.store.people.strategy(name)
        if found is None:
            known = ", ".join(one.name for one in self.store.people.strategies()) or "none yet"
            raise ConfigError(f"there is no strategy {name!r}; there are: {known}")
        return found

    def new(self, name: str, fields: Mapping[str, Any]) -> Strategy:
        """Version 1. Until its login is set, the account `default` is an alias of `paper`."""
        made = strategy_from(fields, name=name, version=1)
        known = [account.name for account in self.store.people.accounts()]
        if made.account == bootstrap.DEFAULT_ACCOUNT and made.account not in known:
            made = replace(made, account=bootstrap.PAPER_ACCOUNT)
        if made.account not in known:
            raise ConfigError(f"strategy {name}: there is no account {made.account!r}; there are: {', '.join(known)}")
        return made

    def save(self, after: Strategy, before: Strategy | None = None) -> Strategy:
        """Save what is not the same as before."""
        if after != before:
            self.store.people.save_strategy(after, by=_BY, at=bootstrap.clock_of(self.settings).now())
        return after

    def card(self, of: Strategy) -> dict[str, Any]:
        """What the sender needs; whoever has it can send to this strategy."""
        keys = bootstrap.open_keys(self.settings)
        return {
            "strategy": of.name,
            "hook_url": hook_url(keys, of, self.settings.public_url),
            "standard_webhook_secret": standard_webhook_secret(keys, of),
        }


@contextmanager
def _open() -> Iterator[_Desk]:
    settings = open_settings()
    store = bootstrap.open_store(settings)
    try:
        yield _Desk(settings, store)
    finally:
        store.database.close()


def _switch(name: str, *, enabled: bool, as_json: bool) -> None:
    with _open() as desk:
        before = desk.strategy(name)
        after = before if before.enabled is enabled else replace(before, enabled=enabled, version=before.version + 1)
        _print_settings(desk.save(after, before), as_json=as_json)


def _shown(of: Strategy) -> dict[str, Any]:
    return {"name": of.name, "version": of.version, **open_fields(of)}


def _print_settings(of: Strategy, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_shown(of)))
    else:
        print_settings(of)


def _print_card(card: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(card))
    else:
        print_card(card)
