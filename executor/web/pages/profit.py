"""Profit: what each strategy made on each of the last 30 days, with the charges estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from flask import Blueprint

from executor.clock import Clock
from executor.config.charges import load_tariff
from executor.domain.calendar import trading_day
from executor.domain.profit import DayLine, Figures, lines_of, total
from executor.store.pages import Pages
from executor.store.profit import Days
from executor.web.pages.frame import Frame

SHOWN = 30


@dataclass(frozen=True, slots=True)
class Earned:
    """A strategy in one account: paper and real money are never added up. Its days, newest first."""

    strategy: str
    account: str
    lines: Sequence[DayLine]

    @property
    def sum(self) -> Figures:
        return total(self.lines)


def add_profit(blueprint: Blueprint, pages: Pages, frame: Frame, clock: Clock) -> None:
    tariff = load_tariff()

    @blueprint.get("/profit")
    def profit() -> str:
        last = trading_day(clock.now())
        days = Days(last - timedelta(days=SHOWN - 1), last)
        lines = lines_of(pages.traded(days), tariff, first=days.first, last=days.last)
        return frame.render("profit.html", earned=by_strategy(lines), days=days, day_words=day_words, sign=sign)


def by_strategy(lines: Sequence[DayLine]) -> list[Earned]:
    """The lines of each strategy and account together."""
    newest_first = sorted(reversed(lines), key=_owner)
    return [Earned(*owner, list(group)) for owner, group in groupby(newest_first, _owner)]


def day_words(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def sign(rupees: Decimal) -> str:
    """The colour of what was made or lost."""
    return "good" if rupees > 0 else "bad" if rupees < 0 else ""


def _owner(line: DayLine) -> tuple[str, str]:
    return line.strategy, line.account
