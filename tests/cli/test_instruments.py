from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from executor import bootstrap
from executor.broker.smartapi.master import read_master
from executor.cli import main
from executor.config.environment import open_settings
from executor.errors import BrokerUnavailable
from executor.instruments.refresh import LoadReport, refresh
from tests.instruments.builders import SENTINEL_ROWS, index, share

ROWS = [*SENTINEL_ROWS, share("AB-CD-EQ", "7"), share("ABLE-BE", "8"), index("Nifty 50", "NIFTY", "90")]


@pytest.fixture
def settings(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SECRET_KEY", "a secret key of this test, long enough")
    return open_settings()


@pytest.fixture
def loaded(settings, tmp_path, clock, ids):
    """The table of a made-up file."""
    (tmp_path / "master.json").write_text(json.dumps(ROWS))
    store = bootstrap.open_store(settings)
    report = refresh(lambda: read_master(tmp_path / "master.json"), store.loads, now=clock.now(), ids=ids)
    store.database.close()
    return report


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["instruments", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_resolve_tells_what_a_ticker_means(loaded):
    found = json.loads(run("resolve", "NSE:AB_CD", "--json"))

    assert found == {
        "exchange": "NSE",
        "token": "7",
        "symbol": "AB-CD-EQ",
        "name": "AB-CD",
        "kind": "CASH",
        "lot": 1,
        "tick": "0.05",
        "freeze": 90001,
        "expiry": None,
        "strike": None,
        "right": None,
    }
    assert json.loads(run("resolve", "BSE:SBIN", "--json"))["token"] == "500112"


def test_resolve_takes_nse_unless_an_exchange_is_said(loaded):
    assert "SBIN-EQ" in run("resolve", "sbin")


def test_resolve_ends_with_1_and_the_remedy_when_there_is_no_such_ticker(loaded):
    refused = json.loads(run("resolve", "NSE:SBIM", "--json", code=1))

    assert refused["code"] == "ticker_unknown"
    assert refused["sentence"] == "No instrument has this ticker: NSE:SBIM; nearest: SBIN"
    assert "instruments refresh" in refused["remedy"]
    assert "is the index Nifty 50" in run("resolve", "NSE:NIFTY", code=1)


def test_a_search_that_finds_nothing_says_so(loaded):
    assert run("search", "SBIN", "24000") == "nothing begins with SBIN and has 24000\n"
    assert run("search", "NOTHING") == "nothing begins with NOTHING\n"
    assert run("search", "NOTHING", "--json") == ""


def test_search_lists_what_begins_with_a_text(loaded):
    lines = [json.loads(line) for line in run("search", "ab", "--json").splitlines()]

    assert [line["symbol"] for line in lines] == ["ABLE-BE", "AB-CD-EQ"]
    assert run("search", "SBIN").count("\n") == 2
    assert run("search", "SBIN", "--limit", "1").count("\n") == 1


def test_refresh_tells_what_it_took(settings, clock, monkeypatch):
    report = LoadReport("l1", clock.now(), 12, {"NSE": 8, "BSE": 4}, {"other segment": 3}, {})
    monkeypatch.setattr("executor.cli.instruments.refresh_master", lambda _settings, _store, **_seen: report)

    assert json.loads(run("refresh", "--json")) == {
        "load": "l1",
        "at": clock.now().isoformat(),
        "rows": 12,
        "segments": {"NSE": 8, "BSE": 4},
        "left_out": {"other segment": 3},
        "changes": {},
    }
    assert "NSE 8, BSE 4" in run("refresh")


def test_a_file_that_is_not_good_ends_with_1(settings, monkeypatch):
    def refuse(_settings, _store, **_seen):
        raise BrokerUnavailable("the instrument file is not good: it breaks off; the one before stays in use")

    monkeypatch.setattr("executor.cli.instruments.refresh_master", refuse)

    assert "stays in use" in run("refresh", code=1)


def test_diff_says_what_the_table_changed(settings, loaded, tmp_path, clock, ids):
    assert run("diff") == "25 Nov 2026 09:20 IST: the first one\n"
    store = bootstrap.open_store(settings)
    (tmp_path / "master.json").write_text(json.dumps([*ROWS[:4], ROWS[5], share("NEW-EQ", "9")]))
    refresh(lambda: read_master(tmp_path / "master.json"), store.loads, now=clock.now(), ids=ids)
    store.database.close()

    found = json.loads(run("diff", "--json"))

    assert found["changes"]["new"] == {"count": 1, "examples": ["NSE NEW-EQ"]}
    assert found["changes"]["lot"] == {"count": 0, "examples": []}
    assert re.search(r"^new +1  NSE NEW-EQ$", run("diff"), re.MULTILINE)


def test_diff_without_a_table_says_how_to_take_one(settings):
    assert "instruments refresh" in run("diff", code=1)
