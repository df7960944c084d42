"""What a program orders: the same rows as a page's, with its name, followed to the trader's answer."""

from __future__ import annotations

from typing import Any

import pytest

from executor.errors import NotRecorded, StoreError
from executor.store.commands import Commands
from executor.store.engine import Database
from tests.house import House
from tests.web.api.client import Program


def test_an_exit_is_recorded_rung_and_followed_to_its_answer(house: House, program: Program) -> None:
    house.long()
    [position] = program.get("/positions").get_json()["items"]

    given = program.post("/commands", {"kind": "exit", "bracket": position["id"], "why": "enough"})
    [made] = given.get_json()["items"]
    before = program.get(f"/commands/{made['id']}").get_json()
    house.run(8)
    after = program.get(f"/commands/{made['id']}").get_json()

    assert (given.status_code, program.bell.rings) == (202, 1)
    assert (before["state"], before["answer"], before["by"]) == ("NEW", None, "api:bot-trade")
    assert (after["state"], after["answer"]) == ("DONE", "1 positions leave")
    assert house.net() == 0


def test_a_halt_is_in_force_with_the_answer_and_ended_by_resume(house: House, program: Program) -> None:
    halted = program.post("/commands", {"kind": "halt", "scope": "ALL"}).status_code
    in_force = program.get("/halts").get_json()["items"]
    program.post("/commands", {"kind": "resume", "scope": "ALL"})

    assert (halted, [halt["scope"] for halt in in_force]) == (202, ["ALL"])
    assert program.get("/halts").get_json() == {"items": []}


def test_a_stop_is_moved(house: House, program: Program) -> None:
    house.long()
    [position] = program.get("/positions").get_json()["items"]

    program.post("/commands", {"kind": "protect", "bracket": position["id"], "stop": "796"})
    house.run(4)

    assert program.get(f"/positions/{position['id']}").get_json()["stop"]["trigger"] == "796"


def test_a_kill_of_everything_takes_the_word(house: House, program: Program) -> None:
    program.post("/commands", {"kind": "kill", "scope": "ALL", "confirm": "everything"})

    [[command, _]] = house.store.pages.commands(1)

    assert command.arguments == {"everything": True, "scope": "ALL"}


def test_the_list_tells_what_the_audit_says(house: House, program: Program) -> None:
    program.post("/commands", {"kind": "halt", "scope": "ALL", "why": "a\nreason"})

    [told] = program.get("/commands").get_json()["items"]

    assert told["notes"] == ["halt on ALL by api:bot-trade: a reason"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "halt"}, "scope"),
        ({"kind": "login", "scope": "ALL"}, "kind"),
        ({"kind": "halt", "scope": "ALL", "bracket": "x"}, "bracket"),
        ({"kind": "exit", "scope": "ALL", "stop": "800"}, "stop"),
        ({"kind": "exit", "bracket": "none"}, "bracket"),
        ({"kind": "protect", "scope": "ALL", "stop": "800"}, "bracket"),
        ({"kind": "kill", "scope": "ALL", "confirm": "yes"}, "confirm"),
        ({"kind": "kill", "scope": "ALL", "why": "x" * 201}, "why"),
        ({"scope": "ALL"}, "kind"),
        ({"kind": None, "scope": "ALL"}, "kind"),
    ],
)
def test_a_field_that_is_wrong_is_named_and_nothing_is_done(
    house: House, program: Program, body: Any, field: str
) -> None:
    answer = program.post("/commands", body)

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    assert (house.store.pages.commands(9), program.bell.rings) == ([], 0)


@pytest.mark.parametrize("wrong", [{"scope": "account:none"}, {"scope": "lane:x"}, {"bracket": "x", "stop": "NaN"}])
def test_what_cannot_be_done_says_so_as_the_command_line_does(
    house: House, program: Program, wrong: dict[str, str]
) -> None:
    kind = "protect" if "stop" in wrong else "halt"

    answer = program.post("/commands", {"kind": kind, "scope": "account:default", **wrong})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "refused")
    assert house.store.pages.commands(9) == []


def test_no_database_is_503_and_says_what_works_without_it(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: Any) -> Any:
        raise NotRecorded("the database could not take it: a secret path")

    monkeypatch.setattr(Database, "read", lost)

    answer = program.get("/status")

    assert (answer.status_code, answer.get_json()["code"]) == (503, "not_recorded")
    assert "executor kill" in answer.get_json()["remedy"]
    assert "secret path" not in answer.text


ORDERS = {
    "/commands": {"kind": "kill", "scope": "ALL"},
    "/accounts/default/convert": {"segment": "NSE", "symbol": "SBIN-EQ", "old": "INTRADAY", "new": "DELIVERY"}
    | {"quantity": 10},
}


@pytest.mark.parametrize("path", ORDERS)
def test_what_is_recorded_is_never_said_to_be_undone(
    house: House, program: Program, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def lost(*_: Any) -> Any:
        raise NotRecorded("the database could not take it: QueuePool limit reached")

    monkeypatch.setattr(Commands, "answers", lost)

    answer = program.post(path, ORDERS[path])

    [[command, _]] = house.store.pages.commands(9)
    assert (answer.status_code, answer.get_json()["code"], program.bell.rings) == (503, "recorded", 1)
    assert command.id in answer.get_json()["detail"]
    assert "Nothing was done" not in answer.text


@pytest.mark.parametrize("path", ORDERS)
def test_what_nobody_can_tell_is_not_said_to_be_undone(
    house: House, program: Program, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def lost(*_: Any, **__: Any) -> Any:
        raise StoreError("lost the database at COMMIT, it cannot be asked what it did")

    monkeypatch.setattr(Commands, "record", lost)

    answer = program.post(path, ORDERS[path])

    assert (answer.status_code, answer.get_json()["code"]) == (503, "in_doubt")
    assert "Nothing was done" not in answer.text


def test_a_conversion_is_ordered_at_its_account(house: House, program: Program) -> None:
    body = {"segment": "NSE", "symbol": "SBIN-EQ", "old": "DELIVERY", "new": "INTRADAY", "quantity": 3}

    given = program.post("/accounts/default/convert", body)
    same = program.post("/accounts/default/convert", {**body, "new": "DELIVERY"})
    nobody = program.post("/accounts/none/convert", body)
    parts = program.post("/accounts/default/convert", {**body, "quantity": 3.9})

    [[command, _]] = house.store.pages.commands(1)
    assert (given.status_code, program.bell.rings) == (202, 1)
    assert (command.kind, dict(command.arguments)) == ("convert", {**body, "scope": "account:default"})
    assert (same.status_code, list(same.get_json()["errors"]), nobody.status_code) == (422, ["new"], 404)
    assert (parts.status_code, list(parts.get_json()["errors"])) == (422, ["quantity"])


@pytest.mark.parametrize("kind", ["login", "look", "margin", "convert", "refresh"])
def test_errands_of_a_person_are_no_commands_of_programs(program: Program, kind: str) -> None:
    assert list(program.post("/commands", {"kind": kind, "scope": "ALL"}).get_json()["errors"]) == ["kind"]
