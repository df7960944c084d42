"""What people set: strategies by version, accounts, issued alerts, passwords."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Event

import pytest

from executor.domain.delivery import IssuedAlert
from executor.domain.ids import Ids
from executor.domain.record import HaltKind
from executor.domain.strategy import Account, AccountKind, AccountRails, Rails, Size, SizeKind
from executor.errors import InvariantBroken
from executor.store.people import Person, SavedStrategy
from executor.store.store import Store
from tests.builders import LANE, NOW, a_strategy, an_id


def test_the_newest_version_of_a_strategy_counts(store: Store):
    wider = a_strategy(version=2, rails=Rails(tickers=frozenset({LANE.ticker}), max_quantity=500))

    store.people.save_strategy(a_strategy(), by="cli", at=NOW)
    store.people.save_strategy(wider, by="cli", at=NOW)

    assert store.people.strategy("trend") == wider
    assert store.people.strategy("none") is None


def test_strategies_are_listed_once_by_name(store: Store):
    for strategy in (a_strategy(name="zeta"), a_strategy(), a_strategy(version=2), a_strategy(name="alpha", version=7)):
        store.people.save_strategy(strategy, by="cli", at=NOW)

    found = [(strategy.name, strategy.version) for strategy in store.people.strategies()]

    assert found == [("alpha", 7), ("trend", 2), ("zeta", 1)]


def test_a_version_is_saved_once(store: Store):
    store.people.save_strategy(a_strategy(), by="cli", at=NOW)

    with pytest.raises(InvariantBroken):
        store.people.save_strategy(a_strategy(enabled=False), by="page", at=NOW)

    assert store.people.strategy("trend") == a_strategy()


def test_versions_are_told_newest_first_with_who_saved_them(store: Store):
    first, second = a_strategy(), a_strategy(version=2, enabled=False)
    store.people.save_strategy(first, by="cli", at=NOW)
    store.people.save_strategy(a_strategy(name="other"), by="cli", at=NOW)
    store.people.save_strategy(second, by="trader", at=NOW + timedelta(seconds=1))

    newest, oldest = SavedStrategy(second, NOW + timedelta(seconds=1), "trader"), SavedStrategy(first, NOW, "cli")
    assert store.people.versions("trend", 9) == [newest, oldest]
    assert store.people.versions("trend", 1) == [newest]
    assert store.people.versions("none\0", 9) == []


def test_alerts_of_a_strategy_are_told_newest_first(store: Store):
    issued = [IssuedAlert(an_id(n), name, 1, NOW, NOW) for n, name in ((7, "trend"), (8, "other"), (9, "trend"))]
    for alert in issued:
        store.people.issue_alert(alert, by="trader")

    assert store.people.alerts("trend", 9) == [issued[2], issued[0]]
    assert store.people.alerts("trend", 1) == [issued[2]]


def test_accounts_are_kept_with_their_kind(store: Store, ids: Ids):
    paper, live = Account("paper", AccountKind.PAPER), Account("mine", AccountKind.LIVE)

    for account in (paper, live):
        store.people.add_account(account, by="cli", at=NOW, new_id=ids.new)

    assert store.people.accounts() == [live, paper]
    assert store.people.account("mine") == live
    assert store.people.account("none") is None


def test_a_live_account_starts_halted_and_a_paper_one_does_not(store: Store, ids: Ids):
    store.people.add_account(Account("mine", AccountKind.LIVE), by="cli", at=NOW, new_id=ids.new)
    store.people.add_account(Account("paper", AccountKind.PAPER), by="cli", at=NOW, new_id=ids.new)

    halts = store.recovery.new_work("mine").halts
    assert [(halt.scope, halt.kind) for halt in halts] == [("account:mine", HaltKind.HALT)]
    assert store.recovery.new_work("paper").halts == ()


def test_an_account_is_made_once(store: Store, ids: Ids):
    store.people.add_account(Account("mine", AccountKind.LIVE), by="cli", at=NOW, new_id=ids.new)

    with pytest.raises(InvariantBroken):
        store.people.add_account(Account("mine", AccountKind.PAPER), by="cli", at=NOW, new_id=ids.new)

    assert store.people.accounts() == [Account("mine", AccountKind.LIVE)]


def test_rails_of_an_account_are_a_new_version_of_it(store: Store, ids: Ids):
    rails = AccountRails(
        max_order_quantity=50, max_notional=Decimal("250000.50"), max_open=3, max_trades=9, max_daily_loss=Decimal(5)
    )
    for name in ("mine", "paper"):
        store.people.add_account(Account(name, AccountKind.LIVE), by="settings", at=NOW, new_id=ids.new)

    store.people.change_rails("mine", lambda _: AccountRails(max_order_quantity=10), by="cli", at=NOW)
    store.people.change_rails("mine", lambda _: rails, by="cli", at=NOW)

    mine, paper = Account("mine", AccountKind.LIVE, rails), Account("paper", AccountKind.LIVE)
    assert store.people.account("mine") == mine
    assert store.people.accounts() == [mine, paper]
    assert [account.name for account, _ in store.pages.standing().accounts] == ["mine", "paper"]


def test_two_who_change_rails_at_the_same_time_lose_neither_change(store: Store, ids: Ids):
    store.people.add_account(Account("mine", AccountKind.LIVE), by="settings", at=NOW, new_id=ids.new)
    within = Event()

    def slowly(rails: AccountRails) -> AccountRails:
        within.set()
        time.sleep(0.3)
        return replace(rails, max_open=3)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(store.people.change_rails, "mine", slowly, by="cli", at=NOW)
        assert within.wait(5)
        store.people.change_rails("mine", lambda rails: replace(rails, max_trades=9), by="cli", at=NOW)
        first.result(5)

    assert store.people.account("mine") == Account("mine", AccountKind.LIVE, AccountRails(max_open=3, max_trades=9))


def test_what_an_account_is_and_how_it_logs_in_outlives_new_rails(store: Store, ids: Ids):
    store.people.add_account(Account("mine", AccountKind.LIVE), by="settings", at=NOW, new_id=ids.new)
    with store.database.unaudited() as connection:
        connection.exec_driver_sql("update account set credentials = 'sealed'")

    store.people.change_rails("mine", lambda _: AccountRails(max_open=1), by="cli", at=NOW)

    with store.database.read() as connection:
        rows = connection.exec_driver_sql("select version, kind, credentials from account order by version").all()
    assert [tuple(row) for row in rows] == [(1, "LIVE", "sealed"), (2, "LIVE", "sealed")]


def test_new_rails_are_in_the_audit(store: Store, ids: Ids):
    store.people.add_account(Account("paper", AccountKind.PAPER), by="settings", at=NOW, new_id=ids.new)

    store.people.change_rails("paper", lambda _: AccountRails(max_daily_loss=Decimal(5000)), by="cli", at=NOW)

    assert [note.say for note in store.pages.notes("paper")][-1] == "version 2 saved by cli"
    assert store.pages.verify(None).rows


def test_rails_can_be_given_when_an_account_is_made(store: Store, ids: Ids):
    made = Account("paper", AccountKind.PAPER, AccountRails(max_trades=5))

    store.people.add_account(made, by="settings", at=NOW, new_id=ids.new)

    assert store.people.account("paper") == made


def test_a_trader_reads_the_newest_rails_of_strategies_and_of_its_account(store: Store, ids: Ids):
    store.people.add_account(Account("mine", AccountKind.PAPER), by="settings", at=NOW, new_id=ids.new)
    store.people.save_strategy(a_strategy(), by="test", at=NOW)
    before = store.recovery.new_work("mine").versions
    narrow = Rails(frozenset({"NSE:SBIN"}), 5, max_daily_loss=Decimal(100))

    store.people.save_strategy(
        a_strategy(version=2, rails=narrow, size=Size(SizeKind.QUANTITY, Decimal(1))), by="test", at=NOW
    )
    store.people.change_rails("mine", lambda _: AccountRails(max_open=2), by="test", at=NOW)

    rails = store.people.rails("mine")
    assert (rails.strategies[LANE.strategy], rails.account) == (narrow, AccountRails(max_open=2))
    assert store.people.rails("nobody").account == AccountRails()
    assert store.recovery.new_work("mine").versions == before + 2


def test_an_issued_alert_is_revoked_for_ever(store: Store):
    issued = IssuedAlert(an_id(9), "trend", 1, NOW, NOW + timedelta(days=365))
    store.people.issue_alert(issued)

    assert store.people.issued_alert(issued.id) == issued
    assert store.people.revoke_alert(issued.id, NOW)
    assert store.people.issued_alert(issued.id) == IssuedAlert(
        an_id(9), "trend", 1, NOW, NOW + timedelta(days=365), revoked_at=NOW
    )


def test_an_unknown_alert_cannot_be_revoked(store: Store):
    assert not store.people.revoke_alert(an_id(9), NOW)
    assert store.people.issued_alert(an_id(9)) is None


def test_a_new_password_forgets_the_failures(store: Store):
    store.people.set_password("admin", "hash-1", at=NOW)
    store.people.count_failure("admin", failures=3, at=NOW)

    assert store.people.person("admin") == Person("admin", "hash-1", 3, NOW)
    store.people.set_password("admin", "hash-2", at=NOW)
    assert store.people.person("admin") == Person("admin", "hash-2", 0, None)
    assert store.people.person("nobody") is None


def test_a_note_of_ours_is_set_and_replaced(store: Store):
    assert store.people.meta("key_fingerprint") is None

    for value in ("one", "two"):
        store.people.set_meta("key_fingerprint", value)

    assert store.people.meta("key_fingerprint") == "two"
