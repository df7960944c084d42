"""Without a token an alert may narrow what its strategy may do, and never widen it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from executor.alerts.beyond import beyond
from executor.alerts.schema import understand
from executor.domain.option import OptionRule, OptionType
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Roll, RollKind, Strategy
from tests.alerts.sending import STRATEGY

RULE = {"type": "CE", "strike": "ATM", "expiry": "nearest"}
LONG = {"now": "long", "now_size": "10", "prev": "flat", "prev_size": "0"}
FLAT = {"now": "flat", "now_size": "0", "prev": "long", "prev_size": "10"}
WIDENS = [
    ("option", RULE, replace(STRATEGY, option=OptionRule(OptionType.AUTO, "ATM", "nearest"))),
    ("contract", "NSE:NIFTYZ2026", replace(STRATEGY, roll=Roll(RollKind.REFUSE))),
    ("trade", "a", replace(STRATEGY, rails=replace(STRATEGY.rails, max_open=2))),
]
ENTRIES = [
    {"action": "buy"},
    {"action": "sell"},
    {"action": "reverse"},
    {"action": "modify"},
    {"action": "exit", "position": LONG},
]
EXITS = [{"action": "exit"}, {"action": "flatten"}, {"action": "cancel"}, {"action": "buy", "position": FLAT}]


def asked(**more: Any) -> dict[str, Any]:
    fields = {"v": "1", "ticker": "SBIN", "exchange": "NSE", "fired_at": "2026-11-25T03:49:58Z", **more}
    found = understand(fields)
    assert not isinstance(found, Refusal), found.sentence
    return found


@pytest.mark.parametrize(("name", "value", "allowing"), WIDENS)
@pytest.mark.parametrize("entry", ENTRIES)
def test_what_only_a_token_could_allow_is_refused_unless_the_strategy_allows_it(
    name: str, value: Any, allowing: Strategy, entry: dict[str, Any]
):
    fields = asked(**entry, **{name: value})

    refusal = beyond(STRATEGY, fields)

    assert refusal is not None and refusal.code is RefusalCode.BEYOND_STRATEGY
    assert refusal.detail.startswith(f"{name}: ")
    assert beyond(allowing, fields) is None


@pytest.mark.parametrize(("name", "value", "allowing"), WIDENS)
def test_one_allowance_is_not_another(name: str, value: Any, allowing: Strategy):
    others = {key: given for key, given, _ in WIDENS if key != name}

    assert beyond(allowing, asked(action="buy", **others)) is not None


@pytest.mark.parametrize(("name", "value", "_allowing"), WIDENS)
@pytest.mark.parametrize("exit_", EXITS)
def test_what_can_only_reduce_passes_whatever_it_names(name: str, value: Any, _allowing: Strategy, exit_):
    assert beyond(STRATEGY, asked(**exit_, **{name: value})) is None


def test_what_the_desk_holds_against_the_rails_is_left_to_it():
    fields = asked(
        action="buy",
        size={"quantity": "1000000"},
        stop_loss={"percent": "50"},
        take_profit=[{"percent": "5"}],
        order={"type": "limit", "limit": "800", "product": "delivery"},
    )

    assert beyond(STRATEGY, fields) is None
