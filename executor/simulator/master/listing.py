"""All that a simulator lists: what is written down, and the contracts that are made by rule beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from typing import Any, Protocol

from executor.simulator.exchange.instrument import Instrument, InstrumentKey
from executor.simulator.master.byhand import by_hand, following
from executor.simulator.master.days import Days
from executor.simulator.master.real import RealSize
from executor.simulator.master.rows import row_of, strangers
from executor.simulator.master.universe import FEW, families


class _Block(Protocol):
    """Instruments made by rule, on one exchange; tokens of three digits and the rest."""

    @property
    def number(self) -> int: ...
    @property
    def exchange(self) -> str: ...
    def __iter__(self) -> Iterator[Instrument]: ...
    def find(self, token: str) -> Instrument | None: ...


_TOKEN_DIGITS = 9


class Listing:
    """The instruments of a file published on `today`; expiries lie on or after it."""

    def __init__(
        self, today: date, holidays: Collection[date] = (), *, size: int = 0, all_follow: bool = False
    ) -> None:
        """`size` rows as in reality, or few for 0. `all_follow`: also what is written down follows its underlying."""
        self.today = today
        days = Days(today, frozenset(holidays))
        first, later = by_hand(days)
        first = [following(one) for one in first] if all_follow else first
        self.at_once = [one for one in first if one.underlying is None]  #: these have a price from the start
        self.written = [*first, *later]
        self._by_key = {one.key: one for one in self.written}
        self._taken = {_meaning(one) for one in self.written}
        self._names = {one.name for one in self.written}
        self._real = RealSize(days, size) if size else None
        blocks: Iterable[_Block] = self._real.blocks if self._real else families(days, FEW)
        self._blocks = {(block.exchange, str(block.number)): block for block in blocks}

    def __iter__(self) -> Iterator[Instrument]:
        yield from self.written
        for block in self._blocks.values():
            yield from (one for one in block if one.name not in self._names or _meaning(one) not in self._taken)

    def find(self, key: InstrumentKey) -> Instrument | None:
        """Return what is listed under a key, or None."""
        if key in self._by_key:
            return self._by_key[key]
        exchange, token = key
        block = self._blocks.get((exchange, token[:3]))
        if block is None or len(token) != _TOKEN_DIGITS or not token.isdecimal():
            return None
        found = block.find(token)
        return None if found is None or _meaning(found) in self._taken else found

    def rows(self, is_listed: Callable[[Instrument], bool]) -> Iterator[dict[str, Any]]:
        """Yield the rows of the file: of what is still listed, and of what nobody here trades."""
        yield from (row_of(one) for one in self if is_listed(one))
        yield from strangers(self.today, **(self._real.strangers if self._real else {}))


def instruments(today: date, holidays: Collection[date] = ()) -> list[Instrument]:
    """Return the instruments of the small file."""
    return list(Listing(today, holidays))


def _meaning(one: Instrument) -> tuple[str, ...]:
    """What tells instruments apart: a share's symbol, of contracts what is agreed, whatever the symbol."""
    if not one.expiry:
        return (one.exchange, one.symbol)
    return (one.exchange, one.name, one.expiry, str(one.strike and one.strike.normalize()), one.option_type)
