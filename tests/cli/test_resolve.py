"""`executor instruments resolve` and `search` over a table with all segments, on 25 November 2026."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from executor import bootstrap
from executor.broker.smartapi.master import read_master
from executor.cli import main
from executor.config.environment import open_settings
from executor.instruments.refresh import refresh
from tests.instruments.market import all_rows

AT = ("--at", "2026-11-25 10:00")


@pytest.fixture(autouse=True)
def loaded(sqlite_url, tmp_path, monkeypatch, clock, ids):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SECRET_KEY", "a secret key of this test, long enough")
    (tmp_path / "master.json").write_text(json.dumps(all_rows()))
    store = bootstrap.open_store(open_settings())
    refresh(lambda: read_master(tmp_path / "master.json"), store.loads, now=clock.now(), ids=ids)
    store.database.close()


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["instruments", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_continuous_future_tells_what_it_means_and_from_when_the_next():
    lines = run("resolve", "NIFTY1!", *AT).splitlines()

    assert lines[0].startswith("NFO  NIFTY29DEC26FUT")
    assert lines[0].endswith("lot 65 tick 0.05 expires 29 Dec 2026")
    assert lines[1:] == ["until 29 Dec 2026 15:40, then NIFTY25JAN27FUT"]


def test_a_roll_is_as_the_strategy_would_have_it():
    found = json.loads(run("resolve", "NSE:NIFTY1!", "--roll", "2 days at 15:00", *AT, "--json"))

    assert found["symbol"] == "NIFTY29DEC26FUT"
    assert found["next"] == {"at": "2026-12-24T15:00:00+05:30", "symbol": "NIFTY25JAN27FUT"}
    refused = run("resolve", "NIFTY1!", "--roll", "refuse", *AT, code=1)
    assert refused.startswith("The strategy trades no continuous futures: NSE:NIFTY1! Let the alert name")


def test_the_last_listed_contract_turns_to_none():
    lines = run("resolve", "MCX:COPPER2!", *AT).splitlines()

    assert lines[1] == "until 30 Nov 2026 23:30, then a contract that is not listed yet"


def test_a_rule_tells_underlying_expiry_and_strikes():
    lines = run("resolve", "NIFTY", "--option", "auto ATM weekly 2", *AT).splitlines()

    assert lines[0].startswith("NSE  Nifty 50")
    assert lines[1] == "options of NIFTY that expire on 01 Dec 2026: 3 strikes from 23950 to 24050, lot 65"
    assert lines[2] == (
        "auto ATM is chosen among them by the price of Nifty 50 when a position opens; such as NIFTY01DEC2623950CE"
    )


def test_a_rule_is_told_as_json():
    found = json.loads(run("resolve", "BSE:SENSEX", "--option", "CE OTM1 next-weekly", *AT, "--json"))

    assert found["underlying"]["symbol"] == "SENSEX"
    assert (found["expiry"], found["strikes"]) == ("2026-12-03", ["81900", "82000"])
    assert [one["symbol"] for one in found["options"]] == [
        *("SENSEX26D0381900CE", "SENSEX26D0381900PE", "SENSEX26D0382000CE", "SENSEX26D0382000PE")
    ]
    assert (found["options"][0]["strike"], found["options"][0]["right"]) == ("81900", "CE")


def test_a_refusal_ends_with_1_and_says_what_is_listed():
    refused = json.loads(run("resolve", "NSE:NIFTY261202C24000", *AT, "--json", code=1))

    assert refused["code"] == "not_listed"
    assert "none expires on 02 Dec 2026; expiries: 01 Dec 2026, 08 Dec 2026" in refused["sentence"]
    assert "Nifty 50: trade NIFTY1!" in run("resolve", "NIFTY", *AT, code=1)


def test_contracts_of_yesterdays_table_are_refused():
    refused = run("resolve", "NIFTY1!", "--at", "2026-11-26 10:00", code=1)

    assert refused.startswith("The instrument table is not of today, so no contract is taken from it")
    assert run("resolve", "SBIN", "--at", "2026-11-26 10:00").startswith("NSE  SBIN-EQ")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--option", "auto", 'has no strike; give type, strike and expiry such as "auto ATM nearest"'),
        ("--roll", "soon", "give nearest, refuse, or trading days before the expiry with a time in India"),
        ("--at", "noon", "is 'noon'; give a time such as \"2026-11-25 10:00\""),
    ],
)
def test_a_wrong_option_is_wrong_use(option, value, words):
    assert words in " ".join(run("resolve", "NIFTY", option, value, code=2).split())


def test_search_finds_contracts_by_words_of_their_symbols():
    assert [one.split()[1] for one in run("search", "NIFTY", "FUT").splitlines()][:3] == [
        *("NIFTY23NOV26FUT", "NIFTY29DEC26FUT", "NIFTY25JAN27FUT")
    ]
    found = [json.loads(one)["symbol"] for one in run("search", "sensex", "26D03", "pe", "--json").splitlines()]
    assert found == ["SENSEX26D0381900PE", "SENSEX26D0382000PE"]
