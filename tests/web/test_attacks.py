"""Attacks on the pages: forged forms, hosts, detours, oversized and strange requests.

Routes are taken from the application itself, so a new one cannot be forgotten.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from gunicorn.http.errors import InvalidChunkSize
from pytest import LogCaptureFixture

from executor.store.chain import Head
from executor.store.store import Store
from tests.house import House
from tests.web.api.client import a_token
from tests.web.browser import PASSWORD, URL, Browser
from tests.web.whole import a_person, changing, readable, token_in

# -- forged forms


def test_there_are_routes_to_attack(app: Flask) -> None:
    assert ("POST", "/commands") in changing(app)
    assert {method for method, _ in changing(app)} == {"POST"}


def test_no_form_works_without_the_token_of_its_session(app: Flask, store: Store, trader: Browser) -> None:
    other = token_in(a_person(app))
    before = store.pages.head()

    for method, path in changing(app):
        for wrong in ({}, {"csrf": ""}, {"csrf": other}, {"csrf": token_in(trader)[:-1]}):
            fields = {"kind": "kill", "scope": "ALL", **wrong}
            answer = trader.client.open(path, method=method, data=fields, base_url=URL)

            assert answer.status_code == 400, path
    assert store.pages.head() == before


def test_the_token_counts_in_the_form_only(app: Flask, store: Store, trader: Browser) -> None:
    token, before = token_in(trader), store.pages.head()
    ways = [
        {"query_string": {"csrf": token}, "data": {"kind": "kill", "scope": "ALL"}},
        {"json": {"csrf": token, "kind": "kill", "scope": "ALL"}},
        {"data": f"csrf={token}&kind=kill&scope=ALL", "content_type": "text/plain"},
        {"headers": {"X-CSRF-Token": token}, "data": {"kind": "kill", "scope": "ALL"}},
    ]

    for _, path in changing(app):
        for way in ways:
            assert trader.client.post(path, base_url=URL, **way).status_code == 400, path
    assert store.pages.head() == before


def test_nothing_changes_without_a_login_even_with_the_token_of_the_login_form(
    app: Flask, store: Store, stranger: Browser
) -> None:
    before = store.pages.head()

    for _, path in changing(app):
        answer = stranger.post(path, kind="kill", scope="ALL")

        assert path == "/login" or answer.headers["Location"].startswith("/login"), path
    assert store.pages.head() == before


def test_no_page_changes_anything_by_being_looked_at(app: Flask, store: Store, trader: Browser) -> None:
    before = store.pages.head()

    for path in readable(app, name="trend"):
        trader.get(f"{path}?kind=kill&scope=ALL&csrf={token_in(trader)}")

    assert store.pages.head() == before


def test_no_page_is_told_to_a_stranger(app: Flask, stranger: Browser) -> None:
    told = {path: stranger.get(path) for path in readable(app) if path != "/login"}

    assert len(told) > 10
    for path, answer in told.items():
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/login"), path


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_other_methods_do_nothing(app: Flask, store: Store, trader: Browser, method: str) -> None:
    before = store.pages.head()

    for _, path in changing(app):
        assert trader.client.open(path, method=method, base_url=URL).status_code in (400, 405)
    assert store.pages.head() == before


def test_the_method_cannot_be_smuggled(store: Store, trader: Browser) -> None:
    before = store.pages.head()

    trader.get("/commands?_method=POST&kind=kill&scope=ALL", headers={"X-HTTP-Method-Override": "POST"})

    assert store.pages.head() == before


@pytest.mark.parametrize("kind", ["login", "look", "margin", "convert", "refresh", "KILL", ""])
def test_a_command_that_no_form_has_is_not_recorded(store: Store, trader: Browser, kind: str) -> None:
    answer = trader.post("/commands", csrf=token_in(trader), kind=kind, scope="ALL")

    assert (answer.status_code, store.pages.commands(9)) == (400, [])


# -- hosts, detours, files


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:8080.evil.example", "127.0.0.1:8080@evil.example", "evil\t"]
)
def test_no_page_answers_under_another_name(app: Flask, trader: Browser, host: str) -> None:
    for path in readable(app):
        answer = trader.get(path, headers={"Host": host})

        assert answer.status_code == 400, path
        assert "evil" not in answer.text + str(answer.headers)


def test_a_forwarded_host_counts_for_nothing(trader: Browser, stranger: Browser) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}

    assert trader.get("/", headers=headers).status_code == 200
    assert stranger.get("/", headers=headers).headers["Location"] == "/login?next=/"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "http:evil.example",
        "%2F%2Fevil.example",
        " //evil.example",
    ],
)
def test_no_detour_leaves_this_place(stranger: Browser, target: str) -> None:
    form = stranger.client.get("/login", query_string={"next": target}, base_url=URL)
    data = {"name": "trader", "password": PASSWORD, "csrf": stranger.token()}
    entered = stranger.client.post("/login", query_string={"next": target}, data=data, base_url=URL)

    assert "evil" not in form.text
    assert re.fullmatch(r"/(?![/\\])[ -~]*", entered.headers["Location"])
    assert "evil" not in entered.headers["Location"] or not target.startswith(("/", "h", "j", "\\", " "))


def test_no_detour_is_made_of_a_path(app: Flask, stranger: Browser) -> None:
    for path in ("//evil.example", "/\\evil.example", "///evil.example/..", "/login//evil.example", "", "/\tx"):
        answer = stranger.client.get("/", base_url=URL, environ_overrides={"PATH_INFO": path})

        assert answer.headers.get("Location", "/login?next=/") in ("/login?next=/", f"{URL}/"), path


@pytest.mark.parametrize(
    "path",
    [
        "../login.py",
        "..%2flogin.py",
        "%2e%2e/%2e%2e/app.py",
        "....//app.py",
        "/etc/passwd",
        "page.css/../../app.py",
        "\0",
    ],
)
def test_static_files_are_those_in_their_folder(stranger: Browser, path: str) -> None:
    answer = stranger.client.get(f"/static/{path}", base_url=URL)

    assert answer.status_code in (302, 400, 404, 405)
    assert "import" not in answer.text and "root:" not in answer.text


def test_every_static_file_says_what_it_is(stranger: Browser) -> None:
    folder = Path(__file__).parents[2] / "executor" / "web" / "static"
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]

    for path in files:
        with stranger.get(f"/static/{path}") as answer:
            assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (200, "nosniff"), path


# -- what every answer is wrapped in


def test_no_page_is_kept_framed_or_runs_what_is_not_ours(app: Flask, trader: Browser) -> None:
    for path in readable(app, name="trend"):
        headers = trader.get(path).headers

        assert headers["Cache-Control"] == "no-store", path
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "*" not in policy and "data:" not in policy
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_form_larger_than_any_of_ours_is_refused(app: Flask, store: Store, trader: Browser) -> None:
    before = store.pages.head()

    for _, path in changing(app):
        assert trader.post(path, csrf=token_in(trader), why="x" * 20_000).status_code == 413, path
    assert store.pages.head() == before


class BrokenBody:
    """A body as gunicorn reads one that is not framed as HTTP says."""

    def read(self, *_size: int) -> bytes:
        raise InvalidChunkSize(b"ZZ")

    readline = readinto = read


def test_a_body_that_is_not_framed_is_the_senders_fault(app: Flask, store: Store, caplog: LogCaptureFixture) -> None:
    broken = {"wsgi.input": BrokenBody(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    form, json = "application/x-www-form-urlencoded", "application/json"
    routes = [*((path, form) for _, path in changing(app)), ("/api/v1/commands", json), ("/api/v1/strategies", json)]
    headers = {"Authorization": f"Bearer {a_token(store)}"}

    for path, kind in routes:
        client = app.test_client()
        answer = client.post(path, base_url=URL, headers=headers, environ_overrides={**broken, "CONTENT_TYPE": kind})

        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), path
    assert caplog.records == []


def test_strange_queries_are_no_fault(house: House, app: Flask, trader: Browser) -> None:
    house.long()
    odd = ("%00", "%ff", "'", '"', "%F0%9F%92%A5", "{{7*7}}", "%25s", "../..", "9" * 300, "-1", "1e999")
    names = (
        "strategy",
        "account",
        "ticker",
        "outcome",
        "day",
        "text",
        "before",
        "after",
        "page",
        "option",
        "roll",
        "id",
    )

    for path in readable(app, name="trend"):
        for value in odd:
            answer = trader.get(f"{path}?{'&'.join(f'{name}={value}' for name in names)}")

            assert answer.status_code < 500, (path, value)


def test_strange_paths_are_no_fault(app: Flask, trader: Browser) -> None:
    for odd in ("%00", "%ff", "'", "%F0%9F%92%A5", "..", "a%2fb", "9" * 300):
        for path in readable(app, name=odd, signal_id=odd, delivery_id=odd, alert_id=odd):
            assert trader.client.get(path, base_url=URL).status_code < 500, path


def test_strange_forms_are_no_fault(app: Flask, store: Store, trader: Browser) -> None:
    fields = ("kind", "scope", "bracket", "ticker", "stop", "target", "why", "name", "settings", "strategy", "style")
    fields += ("version", "account", "tickers", "quantity", "stop_loss", "days", "most", "from", "to", "symbol", "id")

    for _, path in changing(app):
        for odd in ("", "\0", "\ufffd", "1e999", "x" * 300, "9" * 40, "{{7*7}}", "none"):
            if path in ("/login", "/logout"):
                continue
            answer = trader.post(path, csrf=token_in(trader), **dict.fromkeys(fields, odd))

            assert answer.status_code < 500, (path, odd)
    assert isinstance(store.pages.verify(None).head, Head)
