"""The options of `strategy add` and `set`, in the groups in which they are explained; `show` prints by the same groups.

They are those of config/strategy_settings, which pages and documents read too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from executor.config.strategy_file import REMOVES
from executor.config.strategy_settings import GROUPS, SIZE, Kind, Setting

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class CountOrNone(click.ParamType[int | str]):
    """A whole number, or the word that takes one away."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        return REMOVES if value == REMOVES else int(click.INT.convert(value, param, ctx))


class GroupedCommand(click.Command):
    """A command whose help lists its options by group, what is in none of them last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        records = {option.name: found for option in options if (found := option.get_help_record(ctx))}
        for group, settings in GROUPS.items():
            title = f"{group}, one of the first five" if group == SIZE else group
            with formatter.section(title):
                formatter.write_dl([records.pop(setting.field) for setting in settings])
        with formatter.section("Options"):
            formatter.write_dl(list(records.values()))


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Add every setting as an option, and --file."""
    file = 'TOML with the same fields (stop_loss = "1%"); options win over it.'
    command = click.option("--file", type=FILE, help=file)(command)
    for settings in reversed(GROUPS.values()):
        for setting in reversed(settings):
            command = _option(setting)(command)
    return command


def _option(setting: Setting) -> Callable[[Callable[..., None]], Callable[..., None]]:
    words = f"{setting.means[0].upper()}{setting.means[1:]} ({setting.more})."
    match setting.kind:
        case Kind.SWITCH:
            return click.option(f"{setting.option}/--no{setting.option[1:]}", default=None, help=words)
        case Kind.LIST:
            return click.option(setting.option, metavar=setting.form, multiple=True, callback=_all_of_them, help=words)
        case _:
            return click.option(setting.option, metavar=setting.form, type=_type(setting), help=words)


def _type(setting: Setting) -> click.ParamType[Any] | None:
    match setting.kind:
        case Kind.COUNT:
            return CountOrNone() if setting.removable else click.INT
        case Kind.CHOICE:
            return click.Choice([*setting.choices, *([REMOVES] if setting.removable else [])])
        case _:
            return None


def _all_of_them(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> list[str] | str | None:
    """None when it was not said; the word that removes them alone."""
    return REMOVES if value == (REMOVES,) else list(value) or None
