"""Whose loop looks at the database when it is rung: the others would compete with the one who has work to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event as Flag
from typing import Any, cast

import pytest

from executor.doorbell import EVERYBODY
from executor.trader.process import Trader


@dataclass
class OneRing:
    """Rung once, then told to stop."""

    rung: set[str]
    stop: Flag = field(default_factory=Flag)

    def wait(self, _timeout_s: float) -> set[str]:
        self.stop.set()
        return self.rung


@dataclass
class Chair:
    account: str
    woken: list[str]

    def wake(self) -> None:
        self.woken.append(self.account)


@pytest.mark.parametrize(
    ("rung", "expected"),
    [({"paper"}, ["paper"]), ({EVERYBODY, "paper"}, ["default", "paper"]), ({"gone"}, []), (set(), [])],
)
def test_only_those_are_woken_for_whom_it_was_rung(rung: set[str], expected: list[str]) -> None:
    woken: list[str] = []
    bell, seats = OneRing(rung), [Chair(name, woken) for name in ("default", "paper")]
    parts: dict[str, Any] = {"clock": None, "master": None, "lock": None}
    trader = Trader(seats=cast(Any, seats), newcomers=lambda: (), doorbell=cast(Any, bell), **parts)

    trader._listen(bell.stop)

    assert woken == expected
