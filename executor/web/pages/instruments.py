"""Instruments: the table in use and how it changed, a search in it, and what a ticker and an option rule mean now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import Blueprint, request
from marshmallow import ValidationError

from executor.clock import Clock
from executor.config.contracts import read_option, read_roll
from executor.domain.calendar import Calendar
from executor.domain.instrument import Instrument, Segment
from executor.domain.option import OptionChain
from executor.domain.refusal import Refusal
from executor.domain.strategy import Roll
from executor.instruments.freshness import stale, troubles
from executor.instruments.resolve import Asked, next_meaning, resolve
from executor.instruments.roll import Turn
from executor.instruments.ticker import norm
from executor.store.loads import Loads
from executor.store.master import Master
from executor.web.pages.frame import Frame

T = TypeVar("T")

_MOST, _HISTORY = 40, 10
_LONGEST = 100
#: What changed, in words.
CHANGES = {
    "new": "new",
    "gone": "gone",
    "lot": "another lot",
    "freeze": "another freeze quantity",
    "tick": "another tick",
    "reused": "a token that means another contract",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a ticker means now: a contract with its next turn, a chain, or why nothing."""

    contract: Instrument | None = None
    chain: OptionChain | None = None
    turn: Turn | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class InstrumentParts:
    master: Master
    loads: Loads
    calendar: Calendar
    clock: Clock

    def troubles(self, now: datetime) -> Sequence[str]:
        """What a person should know of the table, on every page."""
        newest = next(iter(self.loads.history(1)), None)
        return troubles(self.master.current_load(), newest, self.calendar, now)


def add_instruments(blueprint: Blueprint, parts: InstrumentParts, frame: Frame) -> None:
    @blueprint.get("/instruments")
    def instruments() -> str:
        asked = {name: request.args.get(name, "").strip()[:_LONGEST] for name in ("text", "ticker", "option", "roll")}
        current = parts.master.current_load()
        return frame.render(
            "instruments.html",
            current=current,
            stale=stale(current, parts.calendar, parts.clock.now()),
            history=parts.loads.history(_HISTORY),
            asked=asked,
            most=_MOST,
            found=_search(parts.master, asked["text"]),
            meaning=_meaning(parts, asked) if asked["ticker"] else None,
            changes=CHANGES,
        )


def _search(master: Master, text: str) -> list[Instrument]:
    begins, *words = text.split() or [""]
    return master.search(norm(begins), words, _MOST) if begins else []


def _meaning(parts: InstrumentParts, asked: dict[str, str]) -> Meaning:
    exchange, _, ticker = asked["ticker"].rpartition(":")
    try:
        option = _read("option rule", read_option, asked["option"])
        roll = _read("roll", read_roll, asked["roll"]) or Roll()
    except ValueError as error:
        return Meaning(refused=str(error))
    question = Asked(exchange or Segment.NSE, ticker, roll=roll, option=option)
    now = parts.clock.now()
    found = resolve(question, parts.master, now=now, calendar=parts.calendar)
    match found:
        case Refusal():
            return Meaning(refused=f"{found.sentence} {found.remedy}")
        case OptionChain():
            return Meaning(chain=found)
        case _:
            return Meaning(found, turn=next_meaning(question, parts.master, now=now, calendar=parts.calendar))


def _read(what: str, reader: Callable[[str], T], text: str) -> T | None:
    """Raises ValueError with a sentence."""
    try:
        return reader(text) if text else None
    except ValidationError as error:
        raise ValueError(f"The {what} {error.messages[0]}.") from None
