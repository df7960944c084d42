"""Instruments: a search in the table, what a ticker means now, what strategies would trade, how the table changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, request

from executor.clock import Clock
from executor.domain.calendar import Calendar
from executor.domain.instrument import Instrument
from executor.instruments.freshness import stale, troubles
from executor.instruments.ticker import norm
from executor.store.loads import Loads
from executor.store.master import Master
from executor.store.people import People
from executor.web.pages.frame import Frame
from executor.web.pages.meanings import Meanings

_MOST, _HISTORY = 40, 10
_LONGEST = 100
_ASKED = ("text", "ticker", "strategy", "option", "roll")
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
class InstrumentParts:
    master: Master
    loads: Loads
    calendar: Calendar
    clock: Clock
    people: People

    def troubles(self, now: datetime) -> Sequence[str]:
        """What a person should know of the table, on every page."""
        newest = next(iter(self.loads.history(1)), None)
        return troubles(self.master.current_load(), newest, self.calendar, now)


def add_instruments(blueprint: Blueprint, parts: InstrumentParts, frame: Frame) -> None:
    meanings = Meanings(parts.master, parts.calendar)

    @blueprint.get("/instruments")
    def instruments() -> str:
        asked = {name: request.args.get(name, "").strip()[:_LONGEST] for name in _ASKED}
        current, now = parts.master.current_load(), parts.clock.now()
        strategies = parts.people.strategies()
        chosen = next((one for one in strategies if one.name == asked["strategy"]), None)
        return frame.render(
            "instruments.html",
            current=current,
            stale=stale(current, parts.calendar, now),
            history=parts.loads.history(_HISTORY),
            asked=asked,
            most=_MOST,
            found=_search(parts.master, asked["text"]),
            strategies=[one.name for one in strategies],
            meaning=meanings.of_words(asked, chosen, now) if asked["ticker"] else None,
            traded=meanings.of_strategies(strategies, now) if current else [],
            changes=CHANGES,
        )


def _search(master: Master, text: str) -> list[Instrument]:
    begins, *words = text.split() or [""]
    return master.search(norm(begins), words, _MOST) if begins else []
