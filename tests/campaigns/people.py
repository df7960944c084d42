"""What people order on a simulated day, and what they have told until an alert comes: beside the HTTP log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from executor.clock import Clock
from executor.domain.command import CommandKind
from executor.domain.strategy import Size, SizeKind, Strategy
from executor.store.store import Store
from tests.house import ACCOUNT

PERSON = "person"
_HALTING = frozenset({CommandKind.HALT, CommandKind.FLATTEN, CommandKind.KILL})


@dataclass(frozen=True, slots=True)
class Ordered:
    """A person's command, and when it was recorded by the exchange's clock."""

    at: datetime
    id: str
    kind: CommandKind
    scope: str
    arguments: Mapping[str, Any]

    @property
    def everything(self) -> bool:
        """Whether it is a kill that ends stops as well."""
        return self.kind is CommandKind.KILL and bool(self.arguments.get("everything"))

    def covers(self, strategy: str) -> bool:
        return self.scope in _scopes_of(strategy)


class People:
    """Records what people order; the trader finds it with its next sweep. `ordered` is all of it."""

    def __init__(self, store: Store, clock: Clock, exchange_clock: Clock, strategies: Iterable[Strategy]) -> None:
        self._store = store
        self._clock = clock
        self._exchange_clock = exchange_clock
        self._strategies = {strategy.name: strategy for strategy in strategies}
        self._halted: set[str] = set()
        self._units: dict[str, int] = {}
        self.ordered: list[Ordered] = []

    def record(self, kind: CommandKind, scope: str, **arguments: Any) -> None:
        """A command, durable when this returns."""
        now = self._clock.now()
        made = self._store.commands.record(kind, scope=scope, arguments=arguments, by=PERSON, why="campaign", at=now)
        self.ordered += [Ordered(self._exchange_clock.now(), one, kind, scope, arguments) for one in made]
        if kind is CommandKind.RESUME:
            self._halted.discard(scope)
        elif kind in _HALTING:
            self._halted.add(scope)

    def set_units(self, name: str, units: int) -> None:
        """A new version of a strategy, whose entries are for so many units, and never for more than before."""
        known, units = self._strategies[name], min(units, self._units.get(name, units))
        version = replace(known, version=known.version + 1, size=Size(SizeKind.QUANTITY, Decimal(units)))
        self._store.people.save_strategy(version, by=PERSON, at=self._clock.now())
        self._strategies[name], self._units[name] = version, units

    def told_of(self, strategy: str) -> tuple[bool, int]:
        """Whether they have halted a strategy as it stands, and its entries' units; 0 for those of the morning."""
        return bool(self._halted & _scopes_of(strategy)), self._units.get(strategy, 0)


def _scopes_of(strategy: str) -> frozenset[str]:
    """The scopes of commands that a strategy lies in."""
    return frozenset({"ALL", f"account:{ACCOUNT}", f"strategy:{strategy}"})
