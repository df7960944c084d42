"""Strategies and their alerts: read without secrets, changed as the command line does it."""

from __future__ import annotations

from typing import Any

import pytest

from executor.alerts.address import hook_secret
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.store.store import Store
from executor.store.tokens import Scope
from tests.alerts.sending import KEYS
from tests.builders import NOW
from tests.web.api.client import Program, a_program

SETTINGS = {
    "account": "paper",
    "tickers": "SBIN",
    "product": "intraday",
    "quantity": 10,
    "max_quantity": 50,
    "stop_loss": "1%",
}


@pytest.fixture
def store(store: Store, ids: Ids) -> Store:
    store.people.add_account(Account("paper", AccountKind.PAPER), by="test", at=NOW, new_id=ids.new)
    return store


def add(program: Program, name: str = "dip", **changes: Any) -> Any:
    return program.post("/strategies", {"name": name, "settings": {**SETTINGS, **changes}})


def test_a_strategy_is_made_with_its_secret_address(store: Store, program: Program) -> None:
    made = add(program)

    told = made.get_json()
    assert (made.status_code, told["name"], told["version"], told["enabled"]) == (201, "dip", 1, True)
    assert told["card"]["hook_url"].endswith(f"/hook/dip/{hook_secret(KEYS, 'dip', 1)}")
    assert [one.by for one in store.people.versions("dip", 9)] == ["api:bot-trade"]


def test_what_is_read_holds_no_secret(store: Store, clock: ManualClock, program: Program) -> None:
    add(program)
    program.post("/strategies/dip/alerts", {})
    reader = a_program(store, clock, Scope.READ)

    told = [reader.get(path).text for path in ("/strategies", "/strategies/dip", "/strategies/dip/alerts")]

    assert all(hook_secret(KEYS, "dip", 1) not in text and "xt1_" not in text for text in told)
    assert '"stop_loss":"1%"' in told[0].replace(" ", "")


def test_settings_are_changed_of_the_version_that_was_seen(program: Program) -> None:
    add(program)

    changed = program.ask("PATCH", "/strategies/dip", json={"settings": {"quantity": 20}, "version": 1})
    late = program.ask("PATCH", "/strategies/dip", json={"settings": {"quantity": 30}, "version": 1})

    assert (changed.get_json()["version"], changed.get_json()["settings"]["quantity"]) == (2, 20)
    assert (late.status_code, late.get_json()["code"]) == (409, "changed_meanwhile")


def test_each_wrong_setting_is_named(program: Program) -> None:
    add(program)

    answers = [add(program, "other", stop_loss="much", speed=3), add(program), add(program, "a/b")]
    nobody = program.ask("PATCH", "/strategies/none", json={"settings": {}})

    assert [one.status_code for one in answers] == [422, 422, 422]
    assert set(answers[0].get_json()["errors"]) == {"stop_loss", "speed"}
    assert (nobody.status_code, nobody.get_json()["code"]) == (404, "not_found")


def test_it_is_switched_and_its_address_rotated(store: Store, program: Program) -> None:
    add(program)

    off = program.post("/strategies/dip/disable").get_json()["enabled"]
    on = program.post("/strategies/dip/enable").get_json()["enabled"]
    turned = program.post("/strategies/dip/rotate", {}).get_json()
    program.post("/strategies/dip/rotate", {"end_overlap": True})

    assert (off, on) == (False, True)
    assert turned["hook_url"].endswith(hook_secret(KEYS, "dip", 2))
    found = store.people.strategy("dip")
    assert found is not None
    assert (found.rotation, found.rotation_before) == (2, None)


def test_an_alert_is_issued_told_once_and_revoked(store: Store, program: Program) -> None:
    add(program)

    issued = program.post("/strategies/dip/alerts", {"style": "indicator", "set": {"action": "buy"}, "days": 7})
    told = issued.get_json()
    revoked = program.post(f"/alerts/{told['alert']['id']}/revoke").get_json()

    assert (issued.status_code, "xt1_" in told["body"]) == (201, True)
    assert told["url"].endswith(hook_secret(KEYS, "dip", 1))
    assert revoked["revoked_at"] is not None
    assert program.get("/strategies/dip/alerts").get_json() == {"items": [revoked]}


def test_an_address_is_told_again_to_who_may_trade(store: Store, clock: ManualClock, program: Program) -> None:
    card = add(program).get_json()["card"]
    reader = a_program(store, clock, Scope.READ)

    again, refused = program.post("/strategies/dip/address"), reader.post("/strategies/dip/address")

    assert (again.status_code, again.get_json()) == (200, card)
    assert refused.status_code == 403
    assert program.post("/strategies/none/address").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"style": "other"},
        {"set": {"action": "jump"}},
        {"set": {"v": "2"}},
        {"tickers": ["INFY"]},
        {"most": 51},
        {"days": 367},
        {"set": {"action": 5}},
        {"set": {"action": {"a": "b"}}},
    ],
)
def test_an_alert_that_cannot_be_is_refused(store: Store, program: Program, body: Any) -> None:
    add(program)

    answer = program.post("/strategies/dip/alerts", body)

    assert answer.status_code == 422
    assert store.people.alerts("dip", 9) == []


def test_what_is_not_there_is_404(program: Program) -> None:
    answers = [
        program.get("/strategies/none"),
        program.get("/strategies/none/alerts"),
        program.post("/strategies/none/enable"),
        program.post("/strategies/none/rotate", {}),
        program.post("/alerts/none/revoke"),
    ]

    assert [one.status_code for one in answers] == [404] * 5
