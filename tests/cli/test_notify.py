from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from executor import bootstrap
from executor.config.environment import open_settings
from executor.config.secrets import mark
from executor.store.notices import Notices, Progress, failed
from tests.builders import NOW
from tests.cli.office import Office, an_office
from tests.notify import servers


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    office = an_office(sqlite_url, tmp_path, monkeypatch)
    bootstrap.ensure_accounts(open_settings(), office.store, at=NOW)
    yield office
    office.store.database.close()


def test_a_test_goes_to_each_address_and_says_which_took_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.telegram() as telegram, servers.webhook() as hook:
        monkeypatch.setenv("EXECUTOR_NOTIFY_URLS", f"{telegram.url},{hook.url}")
        taken = office.run("notify", "test")
        hook.status = 500
        told = office.run("notify", "test", "--json", code=1)

    assert taken.splitlines() == ["telegram chat -100200300: taken", "webhook 127.0.0.1: taken"]
    assert telegram.texts[0].startswith("[PAPER paper] TEST: notices arrive here\nsent ")
    assert [json.loads(line) for line in told.splitlines()] == [
        {"address": "telegram chat -100200300", "ok": True, "failure": ""},
        {"address": "webhook 127.0.0.1", "ok": False, "failure": "the webhook answered 500"},
    ]


def test_without_an_address_nobody_is_told(office: Office) -> None:
    assert "EXECUTOR_NOTIFY_URLS is not set" in office.run("notify", "test", code=2)
    assert "EXECUTOR_NOTIFY_URLS is not set" in office.run("notify", "status")


def test_status_says_what_the_trader_found(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = ["telegram://1:token@2", "https://a.example/hush", "https://b.example/hush"]
    monkeypatch.setenv("EXECUTOR_NOTIFY_URLS", ",".join(urls))
    monkeypatch.setenv("EXECUTOR_HEARTBEAT_URL", "https://beat.example/hush")
    notices, key = Notices(office.store.database), open_settings().secret_key
    notices.remember(mark(key, urls[0]), Progress("telegram chat 2", 7, told_at="2026-11-25T09:20:00+05:30"))
    notices.remember(mark(key, urls[1]), failed(Progress("webhook a.example", 3), "it answered 404", at=NOW))

    told = office.run("notify", "status")
    lines = [json.loads(line) for line in office.run("notify", "status", "--json").splitlines()]

    assert told.splitlines() == [
        "telegram chat 2: last told 25 Nov 09:20:00",
        "webhook a.example: FAILING since 25 Nov 09:20:00, attempts 1: it answered 404",
        "webhook b.example: no trader has run with it yet",
        "heartbeat: no trader has run with it yet",
    ]
    assert [(line["address"], line["audit"], line["failures"], line["failure"]) for line in lines] == [
        ("telegram chat 2", 7, 0, None),
        ("webhook a.example", 3, 1, "it answered 404"),
        ("webhook b.example", None, 0, None),
        ("heartbeat", None, 0, None),
    ]
