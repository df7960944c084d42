"""Tokens of the API from the command line."""

from __future__ import annotations

import json

import pytest

from executor.clock import SystemClock
from executor.store.tokens import Tokens
from tests.cli.office import runner


@pytest.fixture
def tokens(store):
    return Tokens(store.database)


@pytest.fixture
def run(store):
    return runner("api-token")


def test_a_token_is_printed_once_and_works(run, tokens):
    made = json.loads(run("create", "--name", "bot", "--scope", "trade", "--json"))

    found = tokens.verify(made["token"], SystemClock().now())

    assert found is not None
    assert (found.id, found.name, found.scope, found.ends_at) == (made["id"], "bot", "trade", None)
    assert made["token"] not in run("list") + run("list", "--json")


def test_it_is_printed_alone_on_a_line_for_people(run):
    told = run("create", "--name", "bot", "--scope", "read", "--expires", "30")

    assert "scope read, until " in told
    assert told.splitlines()[-1].startswith("xa1_")


def test_the_list_says_which_are_valid(run):
    run("create", "--name", "one", "--scope", "read")
    run("create", "--name", "two", "--scope", "trade", "--expires", "1")
    run("revoke", "one")

    lines = [json.loads(line) for line in run("list", "--json").splitlines()]

    assert [(line["name"], line["valid"]) for line in lines] == [("one", False), ("two", True)]
    assert "no more" in run("list")


def test_revoking_what_is_not_there_says_so(run):
    assert "no valid token 'none'" in run("revoke", "none", code=1)


@pytest.mark.parametrize("wrong", [["--scope", "all"], ["--scope", "read", "--expires", "0"], []])
def test_a_scope_and_whole_days_are_needed(run, wrong):
    run("create", "--name", "bot", *wrong, code=2)


def test_an_empty_list_says_what_to_do(run):
    assert "executor api-token create" in run("list")
