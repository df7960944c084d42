"""Secrets in answers: none but where a person asks for one by a form, or a program with the scope trade."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask

from executor.alerts.address import hook_secret, postback_url, standard_webhook_secret
from executor.alerts.strategies import Strategies, Wanted
from executor.alerts.template import Style
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.store.log_search import Filters
from executor.store.store import Store
from tests.alerts.sending import KEYS
from tests.builders import NOW
from tests.house import House
from tests.web.api.client import a_token
from tests.web.browser import PASSWORD, URL
from tests.web.whole import a_person, a_whole_web, readable


@pytest.fixture
def app(house: House, store: Store, clock: ManualClock, ids: Ids) -> Flask:
    store.people.add_account(Account("paper", AccountKind.PAPER), by="test", at=NOW, new_id=ids.new)
    house.long()
    house.command("halt")
    house.run(2)
    return a_whole_web(store, clock)


def secrets_of(house: House, store: Store, clock: ManualClock, ids: Ids) -> dict[str, str]:
    """Everything that must not be told, by its name."""
    login = house.secrets
    strategy = store.people.strategy("trend")
    assert strategy is not None
    kept = Strategies(store.people, KEYS, clock, public_url=URL, new_id=ids.new)
    body = kept.issue("trend", Wanted(Style.STRATEGY), by="test").body
    person = store.people.person("trader")
    assert person is not None
    with store.database.read() as connection:
        tokens = str(connection.exec_driver_sql("SELECT tokens FROM session").scalar() or "")
    found = {
        "api key": login.api_key,
        "pin": login.pin,
        "totp secret": login.totp_secret or "",
        "hook": hook_secret(KEYS, "trend", strategy.rotation),
        "standard webhook": standard_webhook_secret(KEYS, strategy),
        "postback": postback_url(KEYS, "default", URL).rpartition("/")[2],
        "alert token": json.loads(body)["token"],
        "password": PASSWORD,
        "password hash": person.password_hash,
        "sealed session": tokens,
    }
    return {name: text for name, text in found.items() if text}


def assert_silent(told: dict[str, str], secrets: dict[str, str]) -> None:
    assert len(told) > 15
    for path, text in told.items():
        found = [name for name, secret in secrets.items() if re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text)]

        assert found == [], path
        assert "eyJhbGciOi" not in text, f"a JWT at {path}"


def test_no_page_tells_a_secret_by_being_looked_at(
    app: Flask, house: House, store: Store, clock: ManualClock, ids: Ids
) -> None:
    trader, secrets = a_person(app), secrets_of(house, store, clock, ids)
    lines = store.pages.deliveries(Filters(), before=None, limit=50)
    stories = [f"/signals/{line.signal.id}" for line in lines if line.signal]
    paths = [*readable(app, name="trend"), *stories, *(f"/deliveries/{line.delivery.id}" for line in lines)]

    assert_silent({path: trader.get(path).text for path in paths}, secrets)


def test_no_answer_to_a_program_that_reads_tells_a_secret(
    app: Flask, house: House, store: Store, clock: ManualClock, ids: Ids
) -> None:
    client, secrets = app.test_client(), secrets_of(house, store, clock, ids)
    headers = {"Authorization": f"Bearer {a_token(store)}"}
    document = client.get("/api/v1/openapi.json", base_url=URL).get_json()
    line = store.pages.deliveries(Filters(signals=True), before=None, limit=1)[0]
    assert line.signal is not None
    names = {"signal": line.signal.id, "delivery": line.delivery.id, "strategy": "trend", "account": "default"}
    names |= {"position": house.brackets()[0].id, "command": "x"}
    asked = {"/api/v1/instruments": "?text=S", "/api/v1/instruments/resolve": "?ticker=SBIN"}

    told = {}
    for path, operations in document["paths"].items():
        if "get" in operations:
            answer = client.get(path.format(**names) + asked.get(path, ""), headers=headers, base_url=URL)
            told[path] = f"{answer.text}{answer.headers}"

    assert_silent(told, secrets)


def test_a_token_of_the_api_is_told_by_nothing(app: Flask, store: Store) -> None:
    text = a_token(store)
    client, headers = app.test_client(), {"Authorization": f"Bearer {text}"}

    told = [client.get(f"/api/v1/{path}", headers=headers, base_url=URL).text for path in ("audit/entries", "status")]
    told.append(client.post(f"/api/v1/commands?{text}", headers=headers, base_url=URL, data=text).text)

    assert not any(text in one for one in told)


def test_the_pages_cookie_opens_nothing_of_the_api(app: Flask) -> None:
    trader = a_person(app)

    assert trader.get("/").status_code == 200
    assert trader.get("/api/v1/status").status_code == 401
    assert (
        trader.client.post("/api/v1/commands", json={"kind": "kill", "scope": "ALL"}, base_url=URL).status_code == 401
    )


def test_a_token_of_the_api_opens_no_page(app: Flask, store: Store) -> None:
    headers = {"Authorization": f"Bearer {a_token(store)}"}

    for path in readable(app, name="trend"):
        if path != "/login":
            assert app.test_client().get(path, headers=headers, base_url=URL).status_code == 302, path
