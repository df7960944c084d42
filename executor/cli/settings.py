"""The options of `strategy add` and `set`, in the groups in which they are explained; `show` prints by the same groups.

Each has its unit and an example, and the name of the field that it sets (config/strategy).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from executor.config.strategy_file import REMOVES
from executor.domain.strategy import ContractsAre, Gap, LevelOf, Protection, Short

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class CountOrNone(click.ParamType[int | str]):
    """A whole number, or the word that takes one away."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        return REMOVES if value == REMOVES else int(click.INT.convert(value, param, ctx))


@dataclass(frozen=True, slots=True)
class Setting:
    """`means` says what the field is and in which unit; `more` is for who sets it: an example, a default."""

    field: str
    form: str | None
    means: str
    more: str
    type: click.ParamType[Any] | None = None
    many: bool = False

    @property
    def option(self) -> str:
        return f"--{self.field.replace('_', '-')}"


def _words(kind: type[StrEnum], *, removable: bool = False) -> click.Choice[str]:
    return click.Choice([*(word.value for word in kind), *([REMOVES] if removable else [])])


_COUNT = CountOrNone()
TRADES, SIZE, PROTECTION, ENTRY, RAILS = "What it trades", "Size of an entry", "Protection", "Entry", "Rails"
GROUPS: dict[str, tuple[Setting, ...]] = {
    TRADES: (
        Setting("account", "NAME", "account that it trades with", "such as paper; it stays for ever"),
        Setting("tickers", "T,…", "tickers that it may trade", "as TradingView shows them: SBIN,NSE:NIFTY1!"),
        Setting(
            "product", "WORD", "product of its orders", "intraday (MIS), delivery (CNC), carryforward (NRML), margin"
        ),
        Setting("short", None, "shorts that it may open", "none unless given", _words(Short)),
        Setting(
            "roll",
            "WHEN",
            "when 1! turns to the next contract",
            'nearest: when it has expired; or "2 days at 15:00" before, or refuse',
        ),
        Setting(
            "option",
            "TYPE STRIKE EXPIRY [DAYS]",
            "option that an underlying's alert trades",
            '"auto ATM nearest", "CE OTM2 weekly 2": calls, puts or auto, strike, expiry, fewest days to it',
        ),
    ),
    SIZE: (
        Setting("quantity", "UNITS", "units of an entry", "such as 10", click.INT),
        Setting("lots", "N", "lots of an entry", "such as 2", click.INT),
        Setting("notional", "RUPEES", "rupees that an entry may cost", "such as 25000"),
        Setting("percent_of_capital", "PERCENT", "part of the capital that an entry may cost", "such as 10%"),
        Setting("risk", "RUPEES", "rupees that an entry loses if its stop hits", "such as 500"),
        Setting("capital", "RUPEES", "rupees allotted to it", "such as 100000; percent-of-capital is of it"),
        Setting(
            "contracts_are",
            None,
            "what the chart's contracts are",
            "for alerts with size.contracts",
            _words(ContractsAre, removable=True),
        ),
    ),
    PROTECTION: (
        Setting("stop_loss", "DISTANCE", "stop, away from the average", "1%, or 5 for points"),
        Setting(
            "take_profit",
            "DISTANCE[:SHARE]",
            "targets, with the share that leaves there",
            "2%, or several times, such as 1%:50 and 2%:50",
            many=True,
        ),
        Setting(
            "trail",
            "DISTANCE[:STEP]",
            "distance at which the stop follows the price",
            "1%, or 1%:0.25% to move in steps",
        ),
        Setting("breakeven_after", "DISTANCE", "profit at which the stop moves to the average", "such as 1%"),
        Setting(
            "protection",
            None,
            "how stop and target rest",
            "auto: pair for intraday cash, else single",
            _words(Protection),
        ),
        Setting(
            "levels_of",
            None,
            "whose prices stop and targets are where an option is traded",
            "contract unless given",
            _words(LevelOf),
        ),
        Setting(
            "disaster_stop",
            "PERCENT",
            "stop on the premium that rests behind one on the underlying",
            "35% of one bought, 60% of one written unless given",
        ),
        Setting("gap", None, "when a day opens beyond a carried stop", "exit unless given", _words(Gap)),
    ),
    ENTRY: (
        Setting(
            "entry_ttl", "SECONDS", "seconds that an entry may rest", "5 to 3600; 10 for market, else one bar", _COUNT
        ),
        Setting("max_slippage", "PERCENT", "furthest from the alert's price", "such as 0.3%, as for cash unless given"),
        Setting("max_spread", "PERCENT", "widest gap between buyers and sellers of an option", "such as 3%"),
        Setting("enter_from", "HH:MM", "first entry of a day, in India", "a minute after the opening unless given"),
        Setting("enter_until", "HH:MM", "end of a day's entries, in India", "15:00, for MCX 23:00 unless given"),
        Setting("expiry_day", None, "options may be entered until they expire", "else until 14:45 of their last day"),
    ),
    RAILS: (
        Setting("max_quantity", "UNITS", "largest position, in units", "such as 50", click.INT),
        Setting("max_order_quantity", "UNITS", "largest entry, in units", "such as 10", _COUNT),
        Setting("max_notional", "RUPEES", "rupees of the largest position", "such as 200000"),
        Setting("max_open", "N", "positions at a time", "such as 3", _COUNT),
        Setting("max_trades", "N", "entries a day", "20 unless given", _COUNT),
        Setting("max_daily_loss", "RUPEES", "rupees lost in a day, then it is flattened and halted", "such as 5000"),
        Setting("cooldown", "SECONDS", "seconds without entries after a loss", "such as 600", _COUNT),
    ),
}


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
    if setting.field == "expiry_day":
        return click.option("--expiry-day/--no-expiry-day", default=None, help=words)
    if setting.many:
        return click.option(setting.option, metavar=setting.form, multiple=True, callback=_all_of_them, help=words)
    return click.option(setting.option, metavar=setting.form, type=setting.type, help=words)


def _all_of_them(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> list[str] | str | None:
    """None when it was not said; the word that removes them alone."""
    return REMOVES if value == (REMOVES,) else list(value) or None
