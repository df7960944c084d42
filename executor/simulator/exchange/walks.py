"""The prices of all that is listed, each made when it is first asked for: 200,000 contracts cost nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping

from executor.simulator.exchange.instrument import Instrument, InstrumentKey
from executor.simulator.exchange.priced import Priced


class Walks(MutableMapping[InstrumentKey, Priced]):
    """By key. `in` and `[]` know all that is listed; iterating passes those over that nobody asked for."""

    def __init__(
        self, find: Callable[[InstrumentKey], Instrument | None], make: Callable[[Instrument], Priced]
    ) -> None:
        self._find = find
        self._make = make
        self._made: dict[InstrumentKey, Priced] = {}

    def __getitem__(self, key: InstrumentKey) -> Priced:
        made = self._made.get(key)
        if made is not None:
            return made
        instrument = self._find(key)
        if instrument is None:
            raise KeyError(key)
        return self._made.setdefault(key, self._make(instrument))

    def __contains__(self, key: object) -> bool:
        return key in self._made or (isinstance(key, tuple) and self._find(key) is not None)

    def __setitem__(self, key: InstrumentKey, walk: Priced) -> None:
        self._made[key] = walk

    def __delitem__(self, key: InstrumentKey) -> None:
        del self._made[key]

    def __iter__(self) -> Iterator[InstrumentKey]:
        return iter(list(self._made))

    def __len__(self) -> int:
        return len(self._made)

    def clear(self) -> None:
        """Have nothing listed any more."""
        self._made.clear()
        self._find = lambda _key: None
