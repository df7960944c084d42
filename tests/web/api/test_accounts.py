"""What a program may do to an account itself: have it read anew, log it in by a code, end its first halt."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.config.secrets import unseal
from executor.domain.command import CommandKind
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind, AccountRails
from executor.errors import NotRecorded
from executor.store.accounts import REHEARSAL
from executor.store.pages import Pages
from executor.store.store import Store
from executor.store.tokens import Scope
from tests.alerts.sending import KEYS
from tests.builders import NOW, TODAY
from tests.web.api.client import Program, a_program

RAILS = AccountRails(max_notional=Decimal(100_000), max_daily_loss=Decimal(5000))
SAID = {"confirm": "mine", "why": "rehearsed this morning"}


@pytest.fixture
def store(store: Store, ids: Ids) -> Store:
    store.people.add_account(Account("mine", AccountKind.LIVE), by="test", at=NOW, new_id=ids.new)
    return store


def rehearse(store: Store) -> None:
    epoch = store.ledger.take_lease("mine", "one", at=NOW, follows=None)
    store.ledger.finish_job("mine", epoch, REHEARSAL, TODAY, at=NOW)


def is_halted(store: Store) -> bool:
    return bool(store.pages.standing().halts)


def test_the_first_halt_is_ended_with_limits_a_rehearsal_and_the_name(store: Store, program: Program) -> None:
    store.people.change_rails("mine", lambda _: RAILS, by="test", at=NOW)
    rehearse(store)

    ended = program.post("/accounts/mine/unhalt", SAID)
    again = program.post("/accounts/mine/unhalt", SAID)

    assert (ended.status_code, ended.get_json()) == (200, {"account": "mine", "ended": True, "halts": []})
    assert again.get_json()["ended"] is False
    assert not is_halted(store)
    with store.database.read() as connection:
        said = connection.exec_driver_sql("SELECT text FROM audit WHERE kind = 'halt' ORDER BY seq").scalars().all()
    assert "ended by api:bot-trade, who typed the account's name: rehearsed this morning" in said[-1]


def test_a_halt_that_was_ended_is_never_told_as_standing(
    store: Store, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.people.change_rails("mine", lambda _: RAILS, by="test", at=NOW)
    rehearse(store)

    def lost(_: Pages) -> Any:
        raise NotRecorded("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(Pages, "standing", lost)
        answer = program.post("/accounts/mine/unhalt", SAID)

    assert (answer.status_code, answer.get_json()["code"]) == (503, "recorded")
    assert not is_halted(store)


@pytest.mark.parametrize(("limits", "rehearsed"), [(False, True), (True, False), (False, False)])
def test_it_takes_what_the_command_takes(store: Store, program: Program, limits: bool, rehearsed: bool) -> None:
    if limits:
        store.people.change_rails("mine", lambda _: RAILS, by="test", at=NOW)
    if rehearsed:
        rehearse(store)

    answer = program.post("/accounts/mine/unhalt", SAID)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "refused")
    assert ("has no limits yet" in answer.get_json()["detail"]) is not limits
    assert is_halted(store)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**SAID, "confirm": "Mine"}, "confirm"),
        ({"why": "x"}, "confirm"),
        ({"confirm": "mine"}, "why"),
        ({**SAID, "why": ""}, "why"),
        ({**SAID, "why": "x" * 201}, "why"),
    ],
)
def test_it_takes_the_name_and_a_reason(store: Store, program: Program, body: Any, field: str) -> None:
    store.people.change_rails("mine", lambda _: RAILS, by="test", at=NOW)
    rehearse(store)

    answer = program.post("/accounts/mine/unhalt", body)

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    assert is_halted(store)


def test_a_code_reaches_the_trader_sealed_and_no_list_tells_it(store: Store, program: Program) -> None:
    given = program.post("/accounts/mine/login", {"totp": "012345"})

    [asked] = store.ledger.asked("mine")
    assert (given.status_code, program.bell.rings, asked.kind) == (202, 1, CommandKind.LOGIN)
    assert unseal(KEYS, asked.arguments["totp"]) == "012345"
    assert "012345" not in given.text + program.get("/commands").text


@pytest.mark.parametrize("code", ["12345", "1234567", "12 345", "١٢٣٤٥٦", "12345\n", "", None, 123456])
def test_a_code_is_six_digits(store: Store, program: Program, code: Any) -> None:
    answer = program.post("/accounts/mine/login", {"totp": code})

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["totp"])
    assert store.ledger.asked("mine") == []


def test_the_broker_is_asked_anew(store: Store, program: Program) -> None:
    given = program.post("/accounts/mine/refresh")

    [asked] = store.ledger.asked("mine")
    assert (given.status_code, program.bell.rings) == (202, 1)
    assert (asked.kind, asked.account, asked.by) == (CommandKind.REFRESH, "mine", "api:bot-trade")


@pytest.mark.parametrize(("way", "body"), [("unhalt", SAID), ("login", {"totp": "123456"}), ("refresh", None)])
def test_who_only_reads_does_none_of_it_and_nobody_to_an_account_that_is_not(
    store: Store, clock: ManualClock, program: Program, way: str, body: Any
) -> None:
    reader = a_program(store, clock, Scope.READ)

    assert reader.post(f"/accounts/mine/{way}", body).status_code == 403
    assert program.post(f"/accounts/none/{way}", body).status_code == 404
    assert store.pages.commands(9) == []
