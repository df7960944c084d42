"""Strategies as people keep them: made, changed, switched, rotated, and their alerts; each recorded with who did it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from executor.alerts.address import rotation_of
from executor.alerts.strategies import (
    ChangedMeanwhile,
    NoSuchAlert,
    NoSuchStrategy,
    Strategies,
    StrategyExists,
    Wanted,
)
from executor.alerts.template import LIFETIME, Style
from executor.clock import ManualClock
from executor.config.schema import FieldErrors
from executor.domain.ids import Ids
from executor.domain.refusal import RefusalCode
from executor.domain.strategy import Account, AccountKind
from executor.store import schema
from executor.store.engine import open_database
from executor.store.store import Store
from tests.alerts.sending import KEYS, a_message, judged
from tests.builders import NOW, a_store

FIELDS = {
    "account": "paper",
    "tickers": "SBIN,INFY",
    "product": "intraday",
    "quantity": 10,
    "max_quantity": 50,
    "stop_loss": "1%",
}


@pytest.fixture
def store(sqlite_url: str, ids: Ids) -> Iterator[Store]:
    database = open_database(sqlite_url)
    store = a_store(database, new_id=ids.new)
    if store.people.account("paper") is None:
        store.people.add_account(Account("paper", AccountKind.PAPER), by="settings", at=NOW, new_id=ids.new)
    yield store
    database.close()


@pytest.fixture
def strategies(store: Store, clock: ManualClock, ids: Ids) -> Strategies:
    return Strategies(store.people, KEYS, clock, public_url="https://trade.example", new_id=ids.new)


def notes(store: Store) -> list[str]:
    with store.database.read() as connection:
        texts = connection.execute(select(schema.audit.c.text).order_by(schema.audit.c.seq)).scalars()
        return [json.loads(text)["say"] for text in texts]


def test_a_strategy_is_made_and_recorded_with_who_made_it(strategies: Strategies, store: Store):
    made = strategies.add("dip", FIELDS, by="trader")

    assert strategies.named("dip") == made
    assert "version 1 saved by trader" in notes(store)[-1]


def test_until_its_login_is_set_the_account_default_is_paper(strategies: Strategies):
    assert strategies.add("dip", {**FIELDS, "account": "default"}, by="trader").account == "paper"


@pytest.mark.parametrize(
    ("name", "fields", "field", "told"),
    [
        ("d p", {}, "name", "is no name"),
        ("dip", {"account": "mine"}, "account", "there is no account 'mine'; there are: paper"),
        ("dip", {"stop_loss": "x"}, "stop_loss", "stop_loss is 'x'; give a distance such as 1% or 5 (points)"),
        ("dip", {"quantity": "ten"}, "quantity", "quantity is 'ten', which is no whole number"),
        ("dip", {"quantity": 60}, "quantity", "quantity 60 is above max_quantity 50"),
        ("dip", {"lots": 1}, "lots", "lots and quantity given; give one of"),
        ("dip", {"gap": "stop-again"}, "gap", "gap is about positions carried over night"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(
    strategies: Strategies, store: Store, name: str, fields: dict[str, object], field: str, told: str
):
    with pytest.raises(FieldErrors) as raised:
        strategies.add(name, {**FIELDS, **fields}, by="trader")

    assert told in raised.value.fields[field]
    assert told in str(raised.value)
    assert store.people.strategies() == []


def test_all_wrong_fields_are_said_together(strategies: Strategies):
    with pytest.raises(FieldErrors) as raised:
        strategies.add("dip", {**FIELDS, "tickers": "", "max_quantity": 0, "protection": "hope"}, by="trader")

    assert set(raised.value.fields) == {"tickers", "max_quantity", "protection"}


def test_a_strategy_is_made_once(strategies: Strategies):
    strategies.add("dip", FIELDS, by="trader")

    with pytest.raises(StrategyExists, match="strategy dip exists"):
        strategies.add("dip", FIELDS, by="trader")


def test_a_change_is_a_new_version_and_no_change_is_none(strategies: Strategies):
    strategies.add("dip", FIELDS, by="trader")

    changed = strategies.change("dip", {"stop_loss": "2%", "lots": 1, "max_daily_loss": "500"}, by="trader")
    again = strategies.change("dip", {"stop_loss": "2%"}, by="trader")
    taken = strategies.change("dip", {"max_daily_loss": "none"}, by="trader")

    assert (changed.version, again.version, taken.version) == (2, 2, 3)
    assert taken.rails.max_daily_loss is None


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(strategies: Strategies):
    strategies.add("dip", FIELDS, by="trader")
    strategies.change("dip", {"stop_loss": "2%"}, by="cli", seen=1)

    with pytest.raises(ChangedMeanwhile, match="strategy dip was changed by somebody else since version 1"):
        strategies.change("dip", {"stop_loss": "3%"}, by="trader", seen=1)


def test_of_two_who_save_the_same_version_one_is_told(strategies: Strategies):
    made = strategies.add("dip", FIELDS, by="trader")

    with pytest.raises(ChangedMeanwhile):
        strategies.save(made, None, by="cli")


def test_a_strategy_is_switched_once(strategies: Strategies):
    strategies.add("dip", FIELDS, by="trader")

    off, still_off = (strategies.switch("dip", enabled=False, by="trader") for _ in range(2))

    assert (off.enabled, off.version, still_off.version) == (False, 2, 2)
    assert strategies.switch("dip", enabled=True, by="trader").version == 3


def test_the_old_address_works_until_it_is_ended(strategies: Strategies):
    old = strategies.card(strategies.add("dip", FIELDS, by="trader")).hook_url.rpartition("/")[2]

    rotated = strategies.rotate("dip", by="trader")
    new = strategies.card(rotated).hook_url.rpartition("/")[2]
    ended = strategies.end_overlap("dip", by="trader")

    assert (rotation_of(KEYS, rotated, old), rotation_of(KEYS, rotated, new)) == (1, 2)
    assert (rotation_of(KEYS, ended, old), rotation_of(KEYS, ended, new)) == (None, 2)
    assert strategies.end_overlap("dip", by="trader") == ended


def test_secrets_are_in_no_repr(strategies: Strategies):
    card = strategies.card(strategies.add("dip", FIELDS, by="trader"))
    issued = strategies.issue("dip", Wanted(Style.STRATEGY), by="trader")

    shown = repr((card, issued))

    assert card.hook_url.rpartition("/")[2] not in shown
    assert "whsec_" not in shown
    assert "xt1_" not in shown


def test_an_alert_is_recorded_before_it_is_handed_out(strategies: Strategies, store: Store):
    strategies.add("dip", FIELDS, by="trader")

    issued = strategies.issue("dip", Wanted(Style.STRATEGY, lifetime=timedelta(days=30)), by="trader")

    assert issued.url == strategies.card(strategies.named("dip")).hook_url
    assert store.people.issued_alert(issued.alert.id) == issued.alert
    assert issued.alert.expires - issued.alert.issued == timedelta(days=30)
    assert notes(store)[-1].endswith(", by trader")


@pytest.mark.parametrize(("chosen", "code"), [({"SBIN"}, RefusalCode.OUTSIDE_BOUNDS), ({"INFY", "SBIN"}, None)])
def test_an_alert_may_be_bound_nearer_than_its_strategy(
    strategies: Strategies, chosen: set[str], code: RefusalCode | None
):
    made = strategies.add("trend", FIELDS, by="trader")

    issued = strategies.issue("trend", Wanted(Style.STRATEGY, tickers=frozenset(chosen)), by="trader")

    body = a_message(issued, ticker="INFY")
    assert judged(body, strategy=made, issued=issued.alert, now=NOW).delivery.code is code


@pytest.mark.parametrize(("most", "code"), [(5, RefusalCode.OUTSIDE_BOUNDS), (None, None)])
def test_the_chart_asks_for_no_more_than_the_alert_allows(
    strategies: Strategies, most: int | None, code: RefusalCode | None
):
    made = strategies.add("trend", {**FIELDS, "contracts_are": "units"}, by="trader")
    size = {"size.contracts": "{{strategy.order.contracts}}"}

    issued = strategies.issue("trend", Wanted(Style.STRATEGY, size, most=most), by="trader")

    assert judged(a_message(issued), strategy=made, issued=issued.alert, now=NOW).delivery.code is code


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wanted(Style.STRATEGY, tickers=frozenset({"TCS"})), "tickers"),
        (Wanted(Style.STRATEGY, tickers=frozenset()), "tickers"),
        (Wanted(Style.STRATEGY, most=51), "most"),
        (Wanted(Style.STRATEGY, most=0), "most"),
        (Wanted(Style.INDICATOR), "action"),
        (Wanted(Style.STRATEGY, {"token": "x"}), "token"),
        (Wanted(Style.STRATEGY, {"action": "dance"}), ""),
    ],
)
def test_an_alert_that_cannot_be_issued_is_not(strategies: Strategies, store: Store, wanted: Wanted, field: str):
    strategies.add("dip", FIELDS, by="trader")

    with pytest.raises(FieldErrors) as raised:
        strategies.issue("dip", wanted, by="trader")

    assert set(raised.value.fields) == {field}
    assert store.people.alerts("dip", 10) == []


def test_an_alert_is_revoked_once_and_by_whom_is_recorded(strategies: Strategies, store: Store, clock: ManualClock):
    strategies.add("dip", FIELDS, by="trader")
    issued = strategies.issue("dip", Wanted(Style.STRATEGY), by="trader").alert

    first = strategies.revoke(issued.id, by="trader")
    clock.advance(60)
    strategies.revoke(issued.id, by="cli")

    assert store.people.issued_alert(issued.id) == first
    assert [note for note in notes(store) if "revoked" in note] == ["revoked by trader"]


def test_what_is_not_there_is_said(strategies: Strategies):
    with pytest.raises(NoSuchStrategy, match="there is no strategy 'dip'; there are: none yet"):
        strategies.named("dip")
    with pytest.raises(NoSuchAlert, match="there is no alert 'x'"):
        strategies.revoke("x", by="trader")


def test_an_alert_lives_a_year_unless_told_otherwise():
    assert Wanted(Style.STRATEGY).lifetime == LIFETIME
