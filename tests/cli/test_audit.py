"""The audit commands over a store in which something happened."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from executor import bootstrap
from executor.cli import main
from executor.config.environment import open_settings
from executor.domain.delivery import Verdict
from executor.domain.ids import DeliveryId
from executor.domain.refusal import RefusalCode
from tests.builders import DELIVERY, SIGNAL, a_delivery, an_id
from tests.store.trading import trade

REFUSED = DeliveryId(an_id(99))


@pytest.fixture
def store(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SECRET_KEY", "a secret key of this test, long enough")
    store = bootstrap.open_store(open_settings())
    yield store
    store.database.close()


@pytest.fixture
def run(store):
    trade(store)
    body = '{"comment":"\x1b[31mred"}'
    refused = a_delivery(id=REFUSED, verdict=Verdict.REFUSED, code=RefusalCode.TOKEN_REVOKED, body=body)
    store.intake.record_delivery(refused, None)

    def run(*arguments, code=0):
        result = CliRunner().invoke(main, ["audit", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    return run


def lines(output):
    return [json.loads(line) for line in output.splitlines()]


def test_list_gives_a_json_line_for_each_delivery_newest_first(run):
    refused, traded = lines(run("list", "--json"))

    assert list(traded) == [
        *("signal", "delivery", "strategy", "account", "received_at", "fired_at", "action", "ticker", "instrument"),
        *("state", "outcome", "reason", "orders"),
    ]
    assert traded | {"orders": None} == {
        "signal": SIGNAL,
        "delivery": DELIVERY,
        "strategy": "trend",
        "account": "paper",
        "received_at": "2026-11-25T03:50:00Z",
        "fired_at": "2026-11-25T03:50:00Z",
        "action": "buy",
        "ticker": "NSE:TATASTEEL",
        "instrument": "TATASTEEL-EQ",
        "state": "RECEIVED",
        "outcome": None,
        "reason": None,
        "orders": None,
    }
    assert traded["orders"] == [
        {
            "orderid": None,
            "tag": f"x{an_id(4)}01",
            "leg": "ENTRY",
            "status": "INITIALIZED",
            "quantity": 10,
            "filled": 0,
            "average": None,
        }
    ]
    assert (refused["signal"], refused["state"], refused["orders"]) == (None, "REFUSED", [])
    assert refused["reason"] == "The alert was revoked."


def test_list_can_be_limited_and_narrowed(run):
    assert [line["delivery"] for line in lines(run("list", "--json", "--limit", "1"))] == [REFUSED]
    assert lines(run("list", "--json", "--strategy", "other")) == []


def test_list_as_json_goes_through_every_page(run, store, monkeypatch):
    monkeypatch.setattr("executor.store.pages._PART", 2)
    for number in range(100, 105):
        store.intake.record_delivery(a_delivery(id=DeliveryId(an_id(number)), verdict=Verdict.DUPLICATE), None)

    found = [line["delivery"] for line in lines(run("list", "--json"))]

    assert found == [*(an_id(number) for number in range(104, 99, -1)), REFUSED, DELIVERY]
    assert len(lines(run("list", "--json", "--limit", "3"))) == 3


def test_list_takes_the_filters_of_the_page(run):
    def found(*words):
        return [line["delivery"] for line in lines(run("list", "--json", *words))]

    assert found("--strategy", "trend") == [REFUSED, DELIVERY]
    assert found("--account", "paper") == found("--ticker", "tatasteel") == [DELIVERY]
    assert found("--outcome", "refused") == found("--outcome", "token_revoked") == [REFUSED]
    assert found("--day", "2026-11-25", "--before", REFUSED) == [DELIVERY]
    assert found("--day", "2026-11-26") == found("--text", "nothing") == []
    assert found("--text", "tata") == [DELIVERY]


def test_an_outcome_that_is_none_is_told_with_those_that_are(run):
    assert "NOT_PLACED" in run("list", "--outcome", "lost", code=2)


def test_list_as_csv_has_a_row_for_each_delivery(run):
    head, refused, traded = run("list", "--csv").splitlines()

    assert head.startswith("received_ist,strategy,account,asked")
    assert "REFUSED,The alert was revoked.," in refused
    assert traded.startswith("2026-11-25 09:20:00,trend,paper,buy NSE:TATASTEEL,NSE:TATASTEEL,TATASTEEL-EQ,RECEIVED,")
    assert "--json or --csv" in run("list", "--csv", "--json", code=2)


def test_a_word_that_begins_too_many_is_told_beside_the_list(run, store):
    for number in range(200, 200 + 120):
        body = "begin" + "".join(chr(97 + int(digit)) for digit in str(number))
        store.intake.record_delivery(a_delivery(id=DeliveryId(an_id(number)), verdict=Verdict.REFUSED, body=body), None)

    assert "begin with 'begin': type more of it" in run("list", "--text", "begin")


def test_the_table_fits_eighty_columns_without_colour(run):
    table = run("list")

    assert "buy NSE:TATASTEEL" in table
    assert "REFUSED" in table
    assert max(map(len, table.splitlines())) <= 80
    assert "\x1b" not in table


def test_the_table_says_how_to_go_on(run):
    first = run("list", "--limit", "1")

    assert f"older ones: --before {REFUSED}" in first
    assert "buy NSE:TATASTEEL" in run("list", "--limit", "1", "--before", REFUSED)
    assert "older ones" not in run("list")


@pytest.mark.parametrize("key", [SIGNAL, DELIVERY])
def test_show_tells_a_signals_life_by_its_own_id_or_its_deliverys(run, key):
    told = run("show", key)
    value = json.loads(run("show", key, "--json"))

    assert "Entry: PLACE sent" in told
    assert re.search(r"received .* 2026, \d\d:\d\d:\d\d IST from", told)
    assert (value["signal"], value["layers"]) == (SIGNAL, {"address": "ok", "token": "ok"})
    assert [event["title"] for event in value["events"]] == ["Test", "Test", "Entry: PLACE sent"]
    assert value["events"][-1]["evidence"] == [
        {"label": "place, answered 200 after 41 ms", "texts": ['{"quantity":"10"}', '{"status":true}']}
    ]


def test_show_tells_why_a_delivery_was_refused_and_lets_nothing_act_on_the_terminal(run):
    told = run("show", REFUSED)

    assert "The alert was revoked." in told
    assert "Make the template anew if the alert is still wanted." in told
    assert "\\x1b[31mred" in told
    assert "\x1b" not in told


def test_show_of_nothing_exits_1(run):
    assert "there is no signal and no delivery nothing" in run("show", "nothing", code=1)


def test_verify_counts_what_agrees_and_prints_the_head_that_head_prints(run):
    head = run("head").strip()
    told = run("verify", "--head", head)

    assert told == f"verified 5 entries, {told.split()[3]} rows, head {head}\n"
    assert json.loads(run("verify", "--json"))["head"] == head
    assert json.loads(run("head", "--json")) == {"seq": 5, "hash": head.partition(":")[2]}


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE delivery SET source = source || 'x'", "delivery row"),
        ("UPDATE fill SET quantity = 5", "fill row paper|2026-11-25|261125000000001|70001"),
        ("UPDATE broker_call SET answer = '{}'", "broker_call row"),
        ("UPDATE broker_order SET filled = 1", "broker_order row"),
    ],
)
def test_verify_exits_1_and_names_the_row_that_was_changed(run, store, statement, named):
    with store.database.unaudited() as connection:
        connection.execute(text(statement))

    assert named in run("verify", code=1)


def test_verify_exits_1_when_the_kept_head_is_not_in_the_chain(run):
    assert "not the head you kept" in run("verify", "--head", f"2:{'0' * 64}", code=1)


def test_verify_refuses_a_head_of_another_form(run):
    assert "is not SEQ:HASH" in run("verify", "--head", "2", code=2)


def test_export_gives_every_entry_oldest_first(run):
    entries = lines(run("export"))

    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5]
    assert list(entries[0]) == ["seq", "at", "kind", "subject", "text", "prev", "hash"]
    assert entries[1]["prev"] == entries[0]["hash"]
