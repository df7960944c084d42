"""Accounts and their limits, from the command line."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from executor.domain.strategy import AccountRails
from tests.cli.office import runner

LIMITS = ["--max-order-quantity", "500", "--max-notional", "1000000", "--max-open", "10"]
LIMITS += ["--max-trades", "50", "--max-daily-loss", "20000.50"]


@pytest.fixture
def run(store):
    return runner("account")


def said_in_audit(store):
    return [note.say for note in store.pages.notes("paper")]


def test_an_account_begins_without_limits(run):
    assert json.loads(run("show", "paper", "--json")) == {
        "name": "paper",
        "kind": "PAPER",
        "max_order_quantity": None,
        "max_notional": None,
        "max_open": None,
        "max_trades": None,
        "max_daily_loss": None,
    }


def test_limits_are_set_printed_and_in_the_audit(run, store):
    shown = json.loads(run("set", "paper", *LIMITS, "--json"))

    found = store.people.account("paper")
    assert found.rails == AccountRails(500, Decimal(1_000_000), 10, 50, Decimal("20000.5"))
    assert (shown["max_order_quantity"], shown["max_daily_loss"]) == (500, "20000.5")
    assert said_in_audit(store)[-1] == "version 2 saved by cli"


def test_what_is_not_named_stays_and_none_takes_a_limit_away(run, store):
    run("set", "paper", *LIMITS)

    text = run("set", "paper", "--max-open", "none", "--max-daily-loss", "none", "--max-trades", "5")

    assert store.people.account("paper").rails == AccountRails(500, Decimal(1_000_000), None, 5, None)
    assert "max_open             no limit" in text


def test_a_change_that_changes_nothing_makes_no_version(run, store):
    run("set", "paper", *LIMITS)
    before = said_in_audit(store)

    run("set", "paper", "--max-notional", "1000000.00")
    run("set", "paper")

    assert said_in_audit(store) == before


def test_accounts_are_listed_for_people_and_for_tools(run):
    run("set", "paper", *LIMITS)

    lines = [json.loads(line) for line in run("list", "--json").splitlines()]

    assert [line["name"] for line in lines] == ["paper"]
    assert lines[0]["max_notional"] == "1000000"
    assert max(map(len, run("list").splitlines())) <= 80
    assert "20000.5" in run("list")


def test_show_says_what_each_limit_holds_on_eighty_columns(run):
    lines = run("show", "paper").splitlines()

    assert lines[0] == "paper: PAPER"
    assert "  max_trades           no limit     entries a day" in lines
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "mine"), "there is no account 'mine'; there are: paper"),
        (("set", "mine", "--max-open", "1"), "there is no account 'mine'; there are: paper"),
        (("set", "paper", "--max-open", "0"), "account paper: max_open is 0; give a whole number from 1"),
        (("set", "paper", "--max-daily-loss", "-5"), "max_daily_loss is '-5'; give rupees above zero"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_saved(run, store, arguments, words):
    before = said_in_audit(store)

    assert words in run(*arguments, code=1)

    assert said_in_audit(store) == before


def test_wrong_use_ends_with_2(run):
    run("set", code=2)
    run("set", "paper", "--max-open", "many", code=2)
