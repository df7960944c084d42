from __future__ import annotations

from datetime import timedelta

import pytest

from executor.domain.delivery import Verdict
from executor.domain.ids import Ids
from executor.domain.messages import Decision, Note
from executor.domain.record import Halt, HaltKind
from executor.domain.refusal import RefusalCode
from executor.domain.strategy import Account, AccountKind
from executor.store.engine import Database
from executor.store.notices import UNDECIDED, Heard, Notices, Progress
from executor.store.store import Store
from tests.builders import ACCOUNT, BRACKET, NOW, ORDER, SIGNAL, a_delivery, a_strategy, an_id
from tests.store.trading import commit, trade


@pytest.fixture
def notices(database: Database) -> Notices:
    return Notices(database)


def say(store: Store, *notes: Note) -> None:
    commit(store, Decision(notes=notes))


def heard(store: Store, notices: Notices, *, after: int = 0) -> list[Heard]:
    found, _ = notices.heard(after, store.pages.head().seq, limit=100)
    return found


def test_alarms_outcomes_halts_and_refused_deliveries_are_heard_and_nothing_else(store: Store, notices: Notices):
    trade(store)
    say(store, Note("plan", SIGNAL, "a plan"), Note("outcome", SIGNAL, "REFUSED: why"))
    say(store, Note("unprotected", BRACKET, "no stop", alarm=True), Note("unprotected", BRACKET, "told", alarm=False))
    store.ledger.set_halt(Halt("ALL", HaltKind.HALT, NOW, "why", "test"), at=NOW)
    refused = a_delivery(id=an_id(90), verdict=Verdict.REFUSED, code=RefusalCode.TOKEN_EXPIRED)
    store.intake.record_delivery(refused, None)

    found = heard(store, notices)

    assert [(one.kind, one.say, one.alarm) for one in found] == [
        ("outcome", "REFUSED: why", False),
        ("unprotected", "no stop", True),
        ("halt", "HALT: why (by test)", False),
        ("delivery", "refused (token_expired): ", False),
    ]
    assert (found[0].signal and found[0].signal.id, found[3].delivery and found[3].delivery.id) == (SIGNAL, an_id(90))


def test_each_belongs_to_the_account_of_what_it_is_about(store: Store, notices: Notices, ids: Ids):
    store.people.add_account(Account(ACCOUNT, AccountKind.PAPER), by="test", at=NOW, new_id=ids.new)
    store.people.save_strategy(a_strategy(), by="test", at=NOW)
    trade(store)
    subjects = [SIGNAL, BRACKET, ORDER, ACCOUNT, f"account:{ACCOUNT}", "strategy:trend", f"lane:{ACCOUNT}|trend|T|"]
    say(store, *[Note("x", subject, "", alarm=True) for subject in [*subjects, "ALL", "nobody's"]])
    store.intake.record_delivery(a_delivery(id=an_id(90), verdict=Verdict.REFUSED, code=RefusalCode.STALE), None)

    accounts = [one.account for one in heard(store, notices)]

    assert accounts == [ACCOUNT] * len(subjects) + [None, None, ACCOUNT]


def test_of_very_many_only_the_newest_are_looked_at_and_the_others_counted(store: Store, notices: Notices):
    trade(store)
    say(store, *[Note("x", BRACKET, str(number), alarm=True) for number in range(25)])
    head = store.pages.head().seq

    found, older = notices.heard(0, head, limit=10)
    some, none_older = notices.heard(head - 3, head, limit=10)

    assert ([one.say for one in found], older) == ([str(number) for number in range(15, 25)], 15)
    assert ([one.say for one in some], none_older) == (["22", "23", "24"], 0)
    assert notices.heard(head, head, limit=10) == ([], 0)


def test_outcomes_are_counted_by_account(store: Store, notices: Notices):
    trade(store)

    assert notices.outcomes(NOW, NOW + timedelta(days=1)) == [(ACCOUNT, UNDECIDED, 1)]
    assert notices.outcomes(NOW - timedelta(days=1), NOW - timedelta(seconds=1)) == []


def test_a_cursor_is_kept_replaced_and_forgotten(store: Store, notices: Notices):
    first = Progress("telegram", 7, {"report": "2026-11-25"}, told_at="now", failures=2, failure="why")
    notices.remember("a", Progress("telegram", 3))
    notices.remember("a", first)
    notices.remember("b", Progress("mail", 1))

    assert notices.progress() == {"a": first, "b": Progress("mail", 1)}
    notices.forget(but=["a"])
    assert notices.progress() == {"a": first}
    store.pages.verify(None)


def test_a_morning_of_which_nothing_is_known(notices: Notices):
    known = notices.readiness("nobody")

    assert (known.login_at, known.funds, known.master_at, known.master) == (None, {}, None, {})
