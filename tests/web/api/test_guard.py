"""Who may ask: tokens by scope, wrong ones counted, hosts, and what every answer is wrapped in."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.store.store import Store
from executor.store.tokens import Scope, Tokens
from executor.web.api.bearer import Guesses
from executor.web.attempts import FREE, SOURCES_KEPT
from tests.builders import NOW
from tests.web.api.client import a_program, an_app, api_parts

PROBLEM = "application/problem+json"


def test_without_a_token_nothing_is_told(store: Store, clock: ManualClock):
    answer = a_program(store, clock, None).get("/status")

    assert (answer.status_code, answer.mimetype) == (401, PROBLEM)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="executor"'
    assert answer.get_json()["code"] == "no_token"


@pytest.mark.parametrize("header", ["xa1_nothing", "Basic dHJhZGVyOng=", "Bearer", "Bearer ", "bearer\txa1_x"])
def test_anything_but_a_bearer_token_is_none(store: Store, clock: ManualClock, header: str):
    program = a_program(store, clock, None)

    assert program.get("/status", headers={"Authorization": header}).status_code == 401


def test_a_reader_reads_and_does_nothing(store: Store, clock: ManualClock):
    reader = a_program(store, clock, Scope.READ)

    read = reader.get("/status")
    done = reader.post("/commands", {"kind": "halt", "scope": "ALL"})

    assert (read.status_code, done.status_code) == (200, 403)
    assert done.get_json()["code"] == "narrow_scope"
    assert 'scope="trade"' in done.headers["WWW-Authenticate"]
    assert store.pages.standing().halts == ()


def test_a_revoked_or_expired_token_is_none(store: Store, clock: ManualClock, ids: Ids):
    program = a_program(store, clock)
    tokens = Tokens(store.database)
    _, program.token = tokens.create(
        "short", Scope.READ, ends_at=NOW + timedelta(days=1), at=NOW, by="", new_id=ids.new
    )

    before = program.get("/status").status_code
    program.system.advance(86_400)
    after = program.get("/status")

    assert (before, after.status_code) == (200, 401)
    assert 'error="invalid_token"' in after.headers["WWW-Authenticate"]


def test_wrong_tokens_make_their_source_wait_but_never_a_right_one(store: Store, clock: ManualClock):
    program = a_program(store, clock)
    right, program.token = program.token, "xa1_guess"

    guesses = [program.get("/status").status_code for _ in range(FREE + 1)]
    elsewhere = program.get("/status", address="203.0.113.9").status_code
    waiting = program.get("/status")
    program.token = right

    assert guesses == [401] * FREE + [429]
    assert (elsewhere, waiting.status_code, waiting.headers["Retry-After"]) == (401, 429, "2")
    assert program.get("/status").status_code == 200


def test_a_wrong_token_is_counted_without_the_lock_that_alerts_wait_for(store: Store, clock: ManualClock):
    program = a_program(store, clock)
    program.token = "xa1_guess"

    with store.database.unaudited() as somebody_writes:
        somebody_writes.exec_driver_sql("SELECT 1")
        answers = [program.get("/status").status_code for _ in range(FREE + 1)]

    assert answers == [401] * FREE + [429]


def test_a_source_that_waited_may_guess_again_and_then_waits_longer(store: Store, clock: ManualClock):
    program = a_program(store, clock)
    program.token = "xa1_guess"
    for _ in range(FREE):
        program.get("/status")

    program.system.advance(2)
    again, waiting = program.get("/status"), program.get("/status")
    program.system.advance(3600)
    forgotten = [program.get("/status").status_code for _ in range(FREE)]

    assert (again.status_code, waiting.headers["Retry-After"]) == (401, "4")
    assert forgotten == [401] * FREE


def test_guesses_from_ever_new_sources_fill_no_memory():
    guesses = Guesses()
    for n in range(FREE):
        guesses.wait("the first", NOW + timedelta(microseconds=n))

    held = guesses.wait("the first", NOW)
    for n in range(SOURCES_KEPT):
        guesses.wait(f"source {n}", NOW)

    assert held > timedelta(0)
    assert guesses.wait("the first", NOW) == timedelta(0)


def test_guesses_at_tokens_do_not_shut_the_login(store: Store, clock: ManualClock):
    program = a_program(store, clock)
    program.token = "xa1_guess"
    for _ in range(FREE + 1):
        program.get("/status")

    assert store.people.meta("login_sources") is None


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:9999", ""])
def test_another_host_is_refused_before_the_token_is_looked_at(store: Store, clock: ManualClock, host: str):
    answer = a_program(store, clock).get("/status", headers={"Host": host})

    assert (answer.status_code, answer.get_json()["code"]) == (400, "other_host")
    assert "evil" not in answer.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/status", 405)])
def test_what_is_not_there_is_a_problem_too(store: Store, clock: ManualClock, method: str, path: str, status: int):
    answer = a_program(store, clock).ask(method, path)

    told = answer.get_json()
    assert (answer.status_code, answer.mimetype, told["status"]) == (status, PROBLEM, status)
    assert told["code"] == {404: "not_found", 405: "method_not_allowed"}[status]
    assert told["detail"].startswith({404: "There is no", 405: "DELETE is not for"}[status])
    assert "/api/v1/openapi.json" in told["remedy"]


def test_every_answer_is_kept_by_nobody_and_runs_nothing(store: Store, clock: ManualClock):
    program = a_program(store, clock)

    for path in ("/status", "/nothing", "/openapi.json"):
        headers = program.get(path).headers

        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers
        assert "Access-Control-Allow-Origin" not in headers


def test_a_body_that_is_no_json_or_too_large_is_refused(store: Store, clock: ManualClock):
    program = a_program(store, clock)
    json = {"Content-Type": "application/json"}

    other = program.ask("POST", "/commands", data="kind=halt", headers={"Content-Type": "text/plain"})
    broken = program.ask("POST", "/commands", data="{", headers=json)
    large = program.ask("POST", "/commands", data=b" " * 70_000, headers=json)
    array = program.ask("POST", "/commands", data="[]", headers=json)

    assert [one.status_code for one in (other, broken, large, array)] == [415, 400, 413, 422]
    assert {one.mimetype for one in (other, broken, large, array)} == {PROBLEM}


def test_unknown_fields_and_parameters_are_named(store: Store, clock: ManualClock):
    program = a_program(store, clock)

    query = program.get("/orders?acount=paper")
    body = program.post("/commands", {"kind": "halt", "scope": "ALL", "brackt": "x"})

    assert (query.status_code, query.get_json()["errors"]) == (
        422,
        {"acount": ["is no field of this; correct or remove it"]},
    )
    assert list(body.get_json()["errors"]) == ["brackt"]


def test_the_document_is_open_and_names_every_route(store: Store, clock: ManualClock):
    document = a_program(store, clock, None).get("/openapi.json").get_json()

    assert document["openapi"].startswith("3.")
    assert {"/api/v1/signals/{signal}", "/api/v1/commands", "/api/v1/audit/head"} <= set(document["paths"])
    told = [one for path in document["paths"].values() for one in path.values() if "responses" in one]
    assert all(one["security"] and one["summary"] for one in told)


def test_the_page_about_the_api_names_every_route(store: Store, clock: ManualClock):
    document = a_program(store, clock, None).get("/openapi.json").get_json()
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")

    told = set(re.findall(r"`(/[a-z/{}]+)`", page))

    assert {path.removeprefix("/api/v1") for path in document["paths"]} == told - {"/api/v1", "/api/v1/openapi.json"}


def test_every_field_says_what_it_means(store: Store, clock: ManualClock):
    schemas = a_program(store, clock, None).get("/openapi.json").get_json()["components"]["schemas"]

    silent = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, told in schema.get("properties", {}).items()
        if "description" not in told
    ]

    assert silent == []


def test_the_mount_loads_nothing_until_somebody_asks(store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "executor.web.api.app", raising=False)
    client = an_app(api_parts(store, clock)).test_client()

    client.get("/api/v2")
    client.get("/api/v1x")
    before = "executor.web.api.app" in sys.modules
    client.get("/api/v1/status")

    assert (before, "executor.web.api.app" in sys.modules) == (False, True)
