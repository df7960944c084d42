"""Idempotency-Key: what a program asks again is done once, whatever became of the first answer on its way."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update

from executor.alerts.address import hook_secret
from executor.clock import ManualClock
from executor.config.secrets import unseal
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.errors import NotRecorded, StoreError
from executor.store import schema
from executor.store.api_answers import KEPT, ApiAnswers
from executor.store.commands import Commands
from executor.store.store import Store
from tests.alerts.sending import KEYS
from tests.builders import NOW
from tests.web.api.client import Program, a_program, a_token
from tests.web.api.test_strategies import SETTINGS

HALT = {"kind": "halt", "scope": "ALL"}


@pytest.fixture
def store(store: Store, ids: Ids) -> Store:
    store.people.add_account(Account("paper", AccountKind.PAPER), by="test", at=NOW, new_id=ids.new)
    return store


def keyed(program: Program, path: str, body: Any = None, *, key: str = "k-1", method: str = "POST") -> Any:
    return program.ask(method, path, headers={"Idempotency-Key": key}, **({} if body is None else {"json": body}))


def commands(store: Store) -> int:
    return len(store.pages.commands(99))


def test_the_same_again_is_the_first_answer_and_done_once(store: Store, program: Program) -> None:
    first, again, quoted = (keyed(program, "/commands", HALT, key=key) for key in ("k-1", "k-1", '"k-1"'))
    other = keyed(program, "/commands", HALT, key="k-2")

    assert first.status_code == again.status_code == 202
    assert first.data == again.data == quoted.data != other.data
    assert again.mimetype == "application/json"
    assert [one.headers.get("Idempotency-Replayed") for one in (first, again)] == [None, "true"]
    assert (commands(store), program.bell.rings) == (2, 2)


@pytest.mark.parametrize(
    ("path", "body", "method"),
    [
        ("/commands", {**HALT, "why": "x"}, "POST"),
        ("/strategies/x", {"settings": {}}, "PATCH"),
        ("/strategies", HALT, "POST"),
    ],
)
def test_the_same_key_with_anything_else_is_422(
    store: Store, program: Program, path: str, body: Any, method: str
) -> None:
    keyed(program, "/commands", HALT)

    answer = keyed(program, path, body, method=method)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "key_reused")
    assert commands(store) == 1


def test_every_route_that_changes_something_takes_it(store: Store, program: Program) -> None:
    made = [keyed(program, "/strategies", {"name": "dip", "settings": SETTINGS}) for _ in range(2)]
    turned = [keyed(program, "/strategies/dip/rotate", {}, key="turn") for _ in range(2)]
    changed = [
        keyed(program, "/strategies/dip", {"settings": {"quantity": 7}}, key="set", method="PATCH") for _ in range(2)
    ]
    issued = [keyed(program, "/strategies/dip/alerts", {}, key="alert") for _ in range(2)]
    off = [keyed(program, "/strategies/dip/disable", key="off") for _ in range(2)]

    assert [one.status_code for one in (*made, *turned, *changed, *issued, *off)] == [201] * 2 + [200] * 4 + [
        201
    ] * 2 + [200] * 2
    assert all(one.data == two.data for one, two in (made, turned, changed, issued, off))
    found = store.people.strategy("dip")
    assert found is not None
    assert (found.rotation, found.version, len(store.people.alerts("dip", 9))) == (2, 4, 1)


def test_an_answer_is_kept_sealed(store: Store, program: Program) -> None:
    made = keyed(program, "/strategies", {"name": "dip", "settings": SETTINGS})

    with store.database.read() as connection:
        [row] = connection.execute(select(schema.api_answer)).all()

    assert hook_secret(KEYS, "dip", 1) in made.text
    assert hook_secret(KEYS, "dip", 1) not in repr(row)


def test_what_was_refused_is_judged_anew(store: Store, program: Program) -> None:
    early = keyed(program, "/strategies/dip/enable")
    program.post("/strategies", {"name": "dip", "settings": SETTINGS})
    late = keyed(program, "/strategies/dip/enable")

    assert (early.status_code, late.status_code) == (404, 200)


def test_a_key_is_of_its_token(store: Store, clock: ManualClock, program: Program) -> None:
    other = a_program(store, clock, None)
    other.token = a_token(store, name="other")

    keyed(program, "/commands", HALT)
    keyed(other, "/commands", HALT)

    assert [one.by for one, _ in store.pages.commands(9)] == ["api:other", "api:bot-trade"]


@pytest.mark.parametrize("key", ["", '"', '""', "a b", "a" * 101, "é", '"a', "a,b", "k\u0001"])
def test_a_key_of_another_form_is_422(store: Store, program: Program, key: str) -> None:
    answer = keyed(program, "/commands", HALT, key=key)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "bad_key")
    assert commands(store) == 0


def test_a_reader_and_a_stranger_leave_nothing(store: Store, clock: ManualClock, program: Program) -> None:
    program.token = "xa1_guess"

    assert keyed(program, "/commands", HALT).status_code == 401
    with store.database.read() as connection:
        assert connection.execute(select(schema.api_answer)).all() == []


def test_a_key_is_forgotten_after_its_time(store: Store, program: Program) -> None:
    keyed(program, "/commands", HALT)
    program.system.advance((KEPT - timedelta(seconds=1)).total_seconds())
    keyed(program, "/commands", HALT)
    program.system.advance(2)
    keyed(program, "/commands", HALT)

    assert commands(store) == 2


def test_while_the_first_is_not_answered_the_second_is_409(
    store: Store, clock: ManualClock, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, record, told = a_program(store, clock, None), Commands.record, []
    second.token = program.token

    def slow(*said: Any, **more: Any) -> Any:
        told.append(keyed(second, "/commands", HALT))
        return record(*said, **more)

    monkeypatch.setattr(Commands, "record", slow)
    first = keyed(program, "/commands", HALT)
    [meanwhile], after = told, keyed(second, "/commands", HALT)

    assert (meanwhile.status_code, meanwhile.get_json()["code"]) == (409, "unfinished")
    assert (first.data, commands(store)) == (after.data, 1)


def test_of_many_at_once_one_is_done(store: Store, clock: ManualClock, program: Program) -> None:
    others = [a_program(store, clock, None) for _ in range(6)]
    for other in others:
        other.get("/nowhere")  # the API is made with its first request; CPython 3.11 makes no two syntax trees at once
    start = Barrier(len(others))

    def ask(other: Program) -> Any:
        other.token = program.token
        start.wait()
        return keyed(other, "/commands", HALT)

    with ThreadPoolExecutor(len(others)) as pool:
        answers = list(pool.map(ask, others))

    done = [one for one in answers if one.status_code == 202]
    assert commands(store) == 1
    assert len({one.data for one in done}) == 1
    assert {one.status_code for one in answers} <= {202, 409}
    assert sum("Idempotency-Replayed" not in one.headers for one in done) == 1


@pytest.mark.parametrize(
    ("error", "code", "then"),
    [(NotRecorded("locked"), "not_recorded", 202), (StoreError("lost at COMMIT"), "in_doubt", 503)],
)
def test_only_what_is_known_to_be_undone_is_done_when_asked_again(
    store: Store, program: Program, monkeypatch: pytest.MonkeyPatch, error: StoreError, code: str, then: int
) -> None:
    def lost(*_: Any, **__: Any) -> Any:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(Commands, "record", lost)
        first = keyed(program, "/commands", HALT)
    again = keyed(program, "/commands", HALT)

    assert (first.status_code, first.get_json()["code"]) == (503, code)
    assert (again.status_code, commands(store)) == (then, 1 if then == 202 else 0)


def test_what_ended_without_an_answer_is_never_begun_again(
    store: Store, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any, **__: Any) -> Any:
        raise NotRecorded("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(ApiAnswers, "finish", lost)
        first = keyed(program, "/commands", HALT)
    again = keyed(program, "/commands", HALT)

    assert (first.status_code, again.status_code, commands(store)) == (202, 409, 1)
    assert "look whether it was done" in again.get_json()["remedy"]


def test_a_code_of_six_digits_cannot_be_guessed_from_what_is_kept(store: Store, program: Program) -> None:
    body = {"totp": "482913"}
    first, again = (keyed(program, "/accounts/paper/login", body) for _ in range(2))

    with store.database.read() as connection:
        [row] = connection.execute(select(schema.api_answer)).all()

    asked = b"POST\x20/api/v1/accounts/paper/login\n"
    bare = {
        hashlib.sha256(asked + json.dumps(body, **how).encode()).hexdigest() for how in ({}, {"separators": (",", ":")})
    }
    assert (first.status_code, first.data) == (202, again.data)
    assert not bare & set(row)
    assert unseal(KEYS, row.sha256) not in row.sha256


def test_what_another_key_sealed_is_never_told_as_undone(store: Store, clock: ManualClock, program: Program) -> None:
    keyed(program, "/commands", HALT)
    with store.database.unaudited() as connection:
        connection.execute(update(schema.api_answer).values(sha256="sealed by a key that is gone"))

    answer = keyed(program, "/commands", HALT)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "answer_lost")
    assert commands(store) == 1
