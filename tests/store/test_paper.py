"""The paper exchange's state: the last that was saved, by who has the account, outside of the audit."""

from __future__ import annotations

import pytest

from executor.clock import ManualClock
from executor.errors import LeaseLost
from executor.store.engine import Database
from executor.store.paper import Paper
from executor.store.store import Store


@pytest.fixture
def paper(database: Database) -> Paper:
    return Paper(database)


def test_the_state_that_was_saved_last_is_read(paper: Paper, store: Store, clock: ManualClock) -> None:
    epoch = store.ledger.take_lease("paper", "here", at=clock.now(), follows=None)
    nothing = paper.load_simulator("paper")

    for state in ('{"a":1}', '{"a":2}'):
        paper.save_simulator("paper", epoch, state, at=clock.now())

    assert nothing is None
    assert paper.load_simulator("paper") == '{"a":2}'
    assert paper.load_simulator("other") is None


def test_who_was_followed_saves_no_more(paper: Paper, store: Store, clock: ManualClock) -> None:
    epoch = store.ledger.take_lease("paper", "here", at=clock.now(), follows=None)
    paper.save_simulator("paper", epoch, "mine", at=clock.now())
    store.ledger.take_lease("paper", "there", at=clock.now(), follows=store.ledger.lease("paper"))

    with pytest.raises(LeaseLost):
        paper.save_simulator("paper", epoch, "late", at=clock.now())

    assert paper.load_simulator("paper") == "mine"


def test_the_audit_says_nothing_of_it(paper: Paper, store: Store, clock: ManualClock) -> None:
    epoch = store.ledger.take_lease("paper", "here", at=clock.now(), follows=None)
    before = len(list(store.pages.audit_entries()))

    paper.save_simulator("paper", epoch, "state", at=clock.now())

    assert len(list(store.pages.audit_entries())) == before
