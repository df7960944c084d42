"""What the newest instrument table tells of the freeze quantities of contracts that are held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from executor.bootstrap.account import _rails
from executor.config.calendar import load_calendar
from executor.desk.book import Book
from executor.domain.bracket import Bracket, BracketState
from executor.domain.instrument import Instrument, InstrumentKey
from executor.domain.messages import BookRows, RailsRead
from executor.domain.strategy import AccountRails
from tests.builders import ACCOUNT, a_bracket, an_instrument


@dataclass
class Table:
    listed: Mapping[InstrumentKey, Instrument]

    def find_by_key(self, key: InstrumentKey) -> Instrument | None:
        return self.listed.get(key)


def told(bracket: Bracket, listed: Instrument) -> Mapping[InstrumentKey, int | None]:
    rows = BookRows(ACCOUNT, (), (), (bracket,), (), (), (), (), frozenset(), ())
    people = SimpleNamespace(rails=lambda account: RailsRead({}, AccountRails()))
    common: Any = SimpleNamespace(store=SimpleNamespace(people=people, master=Table({listed.key: listed})))
    return _rails(common, ACCOUNT, Book(rows, load_calendar(None))).freezes


@pytest.mark.parametrize(
    ("state", "symbol", "expected"),
    [
        (BracketState.OPEN, "TATASTEEL-EQ", {an_instrument().key: 1201}),
        (BracketState.CLOSED, "TATASTEEL-EQ", {}),
        (BracketState.OPEN, "ANOTHER-EQ", {}),
    ],
)
def test_the_freeze_of_what_is_held_is_told_unless_its_token_is_another_things(
    state: BracketState, symbol: str, expected: dict[InstrumentKey, int]
) -> None:
    listed = an_instrument(freeze=1201)

    assert told(replace(a_bracket(), state=state, symbol=symbol), listed) == expected
