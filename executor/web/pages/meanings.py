"""What a ticker would mean at this moment: alone, or as a strategy would take it. Nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from marshmallow import ValidationError

from executor.config.contracts import option_text, read_option, read_roll, roll_text
from executor.domain.calendar import Calendar
from executor.domain.instrument import Instrument, Segment, charted
from executor.domain.option import OptionChain, OptionRule
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Roll, Strategy
from executor.instruments.lookup import MasterLookup
from executor.instruments.resolve import Asked, next_meaning, resolve
from executor.instruments.roll import Turn

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a ticker means now: a contract with its next turn, a chain, or why nothing."""

    contract: Instrument | None = None
    chain: OptionChain | None = None
    turn: Turn | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Traded:
    """One ticker of one strategy, and what an alert with it would trade now; `rule`: how it gets there."""

    strategy: str
    ticker: str
    rule: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Meanings:
    master: MasterLookup
    calendar: Calendar

    def of_words(self, asked: Mapping[str, str], strategy: Strategy | None, now: datetime) -> Meaning:
        """What a person's words mean: `ticker`, and `roll` and `option` where they are not the strategy's own."""
        try:
            option = _read("option rule", read_option, asked["option"]) or (strategy.option if strategy else None)
            roll = _read("roll", read_roll, asked["roll"]) or (strategy.roll if strategy else Roll())
        except ValueError as error:
            return Meaning(refused=str(error))
        if strategy and not _allows(strategy, asked["ticker"]):
            allowed = ", ".join(sorted(strategy.rails.tickers))
            return _refused(Refusal(RefusalCode.TICKER_NOT_ALLOWED, f"{asked['ticker']}; allowed: {allowed}"))
        return self._of(_question(asked["ticker"], roll=roll, option=option), now)

    def of_strategies(self, strategies: Sequence[Strategy], now: datetime) -> list[Traded]:
        """What each ticker of each strategy means."""
        return [
            Traded(
                strategy.name,
                ticker,
                f"options {option_text(strategy.option)}" if strategy.option else roll_text(strategy.roll),
                self._of(_question(ticker, roll=strategy.roll, option=strategy.option), now),
            )
            for strategy in strategies
            for ticker in sorted(strategy.rails.tickers)
        ]

    def _of(self, question: Asked, now: datetime) -> Meaning:
        found = resolve(question, self.master, now=now, calendar=self.calendar)
        match found:
            case Refusal():
                return _refused(found)
            case OptionChain():
                return Meaning(chain=found)
            case _:
                return Meaning(found, turn=next_meaning(question, self.master, now=now, calendar=self.calendar))


def _question(text: str, *, roll: Roll, option: OptionRule | None) -> Asked:
    exchange, _, ticker = text.rpartition(":")
    return Asked(exchange or Segment.NSE, ticker, roll=roll, option=option)


def _allows(strategy: Strategy, ticker: str) -> bool:
    """Whether an alert with this ticker passes, as `desk/rails.py` asks; without an exchange any of them will do."""
    allowed = {charted(one) for one in strategy.rails.tickers}
    return charted(ticker) in allowed | {one.rpartition(":")[2] for one in allowed}


def _refused(refusal: Refusal) -> Meaning:
    return Meaning(refused=f"{refusal.sentence} {refusal.remedy}")


def _read(what: str, reader: Callable[[str], T], text: str) -> T | None:
    """Raises ValueError with a sentence."""
    try:
        return reader(text) if text else None
    except ValidationError as error:
        raise ValueError(f"The {what} {error.messages[0]}.") from None
