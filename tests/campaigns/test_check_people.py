"""The checkers of what people order, and of charts that may only leave, speak when it was not done, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from executor.domain.command import CommandState
from tests.campaigns.checkers import check
from tests.campaigns.handmade import Made, a_day, at, made
from tests.campaigns.handmade_lives import LONG, stop_moves
from tests.campaigns.handmade_people import PEOPLE, Does, changes, killed, names_its_size, protects, reverses, stop_ends


@pytest.mark.parametrize(("checker", "sentence", "changed"), PEOPLE, ids=[said for _, said, _ in PEOPLE])
def test_they_speak(checker: str, sentence: str, changed: Callable[[], Made]) -> None:
    said = check(changed().truth(), [checker]).get(checker, [])

    assert any(one.startswith(sentence) for one in said), said


def _opened_behind(day: Made) -> None:
    day.brackets[0].opened_at = at(6)


def test_a_kill_takes_no_stop_of_what_was_opened_behind_it() -> None:
    day = a_day(changes(killed(-1), stop_ends(6), _opened_behind), hold=LONG)()

    assert "protected" in check(day.truth())


@pytest.mark.parametrize(
    ("change", "strategy", "hold"),
    [
        pytest.param(changes(killed(5), stop_ends(6)), "pair", 20.0, id="what is killed has no stop any more"),
        pytest.param(
            changes(protects(14, stop="790.50"), stop_moves("790.50")), "pair", LONG, id="a person may loosen a stop"
        ),
        pytest.param(
            changes(protects(14, stop="803"), stop_moves("803")), "shorts", LONG, id="a person may save a profit by it"
        ),
        pytest.param(protects(14, CommandState.REFUSED, stop="801"), "pair", LONG, id="what was refused is not done"),
        pytest.param(names_its_size, "pair", 20.0, id="an alert may name its size"),
        pytest.param(reverses(10, 12), "shorts", LONG, id="two in a row turn it back"),
    ],
)
def test_nobody_speaks_without_need(change: Does, strategy: str, hold: float) -> None:
    names = ["protected", "levelled", "ratcheted", "killed", "as told", "turned", "left only", "as saved"]
    assert check(a_day(change, strategy=strategy, hold=hold)().truth(), names) == {}


def test_no_checker_speaks_of_a_day_on_which_nobody_orders_anything() -> None:
    assert check(made().truth()) == {}
