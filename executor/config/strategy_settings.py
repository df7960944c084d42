"""The settings of a strategy in the groups in which they are explained, for every place where a person meets them.

Each is a field of config/strategy with its unit, an example and the form in which it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from executor.domain.strategy import ContractsAre, Gap, LevelOf, Protection, Short


class Kind(StrEnum):
    """How a setting is written: as words, a whole number, one of some words, yes or no, or several times."""

    TEXT = "text"
    COUNT = "count"
    CHOICE = "choice"
    SWITCH = "switch"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Setting:
    """`means` says what the field is and in which unit; `more` is for who sets it: an example, a default.

    `removable`: a count or choice that can be taken away again; texts and lists without which a strategy is complete
    always can.
    """

    field: str
    form: str | None
    means: str
    more: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    removable: bool = False

    @property
    def option(self) -> str:
        return f"--{self.field.replace('_', '-')}"


def as_typed(value: Any) -> str:
    """A field's value in the form in which a person types it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(as_typed(one) for one in value)
        case dict():
            return ":".join(value.values())
        case _:
            return str(value)


def _choice(field: str, means: str, more: str, words: type[StrEnum], *, removable: bool = False) -> Setting:
    return Setting(field, None, means, more, Kind.CHOICE, tuple(word.value for word in words), removable)


TRADES, SIZE, PROTECTION, ENTRY, RAILS = "What it trades", "Size of an entry", "Protection", "Entry", "Rails"
GROUPS: dict[str, tuple[Setting, ...]] = {
    TRADES: (
        Setting("account", "NAME", "account that it trades with", "such as paper; it stays for ever"),
        Setting("tickers", "T,…", "tickers that it may trade", "as TradingView shows them: SBIN,NSE:NIFTY1!"),
        Setting(
            "product", "WORD", "product of its orders", "intraday (MIS), delivery (CNC), carryforward (NRML), margin"
        ),
        _choice("short", "shorts that it may open", "none unless given", Short),
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
        Setting("quantity", "UNITS", "units of an entry", "such as 10", Kind.COUNT),
        Setting("lots", "N", "lots of an entry", "such as 2", Kind.COUNT),
        Setting("notional", "RUPEES", "rupees that an entry may cost", "such as 25000"),
        Setting("percent_of_capital", "PERCENT", "part of the capital that an entry may cost", "such as 10%"),
        Setting("risk", "RUPEES", "rupees that an entry loses if its stop hits", "such as 500"),
        Setting("capital", "RUPEES", "rupees allotted to it", "such as 100000; percent-of-capital is of it"),
        _choice(
            "contracts_are",
            "what the chart's contracts are",
            "for alerts with size.contracts",
            ContractsAre,
            removable=True,
        ),
    ),
    PROTECTION: (
        Setting("stop_loss", "DISTANCE", "stop, away from the average", "1%, or 5 for points"),
        Setting(
            "take_profit",
            "DISTANCE[:SHARE]",
            "targets, with the share that leaves there",
            "2%, or several times, such as 1%:50 and 2%:50",
            Kind.LIST,
        ),
        Setting(
            "trail",
            "DISTANCE[:STEP]",
            "distance at which the stop follows the price",
            "1%, or 1%:0.25% to move in steps",
        ),
        Setting("breakeven_after", "DISTANCE", "profit at which the stop moves to the average", "such as 1%"),
        _choice(
            "protection",
            "how stop and target rest",
            "auto: pair for intraday cash, else single",
            Protection,
        ),
        _choice(
            "levels_of",
            "whose prices stop and targets are where an option is traded",
            "contract unless given",
            LevelOf,
        ),
        Setting(
            "disaster_stop",
            "PERCENT",
            "stop on the premium that rests behind one on the underlying",
            "35% of one bought, 60% of one written unless given",
        ),
        _choice("gap", "when a day opens beyond a carried stop", "exit unless given", Gap),
    ),
    ENTRY: (
        Setting(
            "entry_ttl",
            "SECONDS",
            "seconds that an entry may rest",
            "5 to 3600; 10 for market, else one bar",
            Kind.COUNT,
            removable=True,
        ),
        Setting("max_slippage", "PERCENT", "furthest from the alert's price", "such as 0.3%, as for cash unless given"),
        Setting("max_spread", "PERCENT", "widest gap between buyers and sellers of an option", "such as 3%"),
        Setting("enter_from", "HH:MM", "first entry of a day, in India", "a minute after the opening unless given"),
        Setting("enter_until", "HH:MM", "end of a day's entries, in India", "15:00, for MCX 23:00 unless given"),
        Setting(
            "expiry_day",
            None,
            "options may be entered until they expire",
            "else until 14:45 of their last day",
            Kind.SWITCH,
        ),
    ),
    RAILS: (
        Setting("max_quantity", "UNITS", "largest position, in units", "such as 50", Kind.COUNT),
        Setting("max_order_quantity", "UNITS", "largest entry, in units", "such as 10", Kind.COUNT, removable=True),
        Setting("max_notional", "RUPEES", "rupees of the largest position", "such as 200000"),
        Setting("max_open", "N", "positions at a time", "such as 3", Kind.COUNT, removable=True),
        Setting("max_trades", "N", "entries a day", "20 unless given", Kind.COUNT, removable=True),
        Setting("max_daily_loss", "RUPEES", "rupees lost in a day, then it is flattened and halted", "such as 5000"),
        Setting(
            "cooldown", "SECONDS", "seconds without entries after a loss", "such as 600", Kind.COUNT, removable=True
        ),
    ),
}
