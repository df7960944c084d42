"""How accounts stand and how fast it went, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from executor.domain.bracket import Role
from executor.domain.command import CommandKind
from executor.domain.ids import BrokerOrderId, CallId, DeliveryId, IntentId, LegId, OrderId, SignalId, first_of
from executor.domain.intent import IntentKind, IntentState
from executor.domain.order import OrderState
from executor.domain.signal import Outcome, SignalState
from executor.domain.strategy import Account, AccountKind
from executor.store.health import Backlog, Health, counted
from executor.store.ledger import SavedSession
from executor.store.pace import Paces
from executor.store.pages import Beat, Standing
from executor.store.store import Store
from tests.builders import (
    ACCOUNT,
    NOW,
    TODAY,
    a_bracket,
    a_call_row,
    a_delivery,
    a_lane,
    a_leg,
    a_signal,
    an_intent,
    an_order,
)
from tests.store.trading import commit, decision_of, made, take_lease

READY = {"session": True, "reconciled": True}
PAPER, DEFAULT = Account("paper", AccountKind.PAPER), Account("default", AccountKind.LIVE)


def a_beat(ago: float = 0, **status: bool) -> Beat:
    return Beat("host:1", NOW - timedelta(seconds=ago), {**READY, **status})


def standing(paper: Beat | None, default: Beat | None) -> Standing:
    return Standing(((DEFAULT, default), (PAPER, paper)), (), frozenset())


@pytest.mark.parametrize(
    ("paper", "default", "expected", "ready"),
    [
        (a_beat(), None, ["paper"], True),
        (a_beat(), a_beat(), ["paper"], True),
        (a_beat(), a_beat(5), ["paper"], True),
        (a_beat(), a_beat(reconciled=False), ["paper"], False),
        (a_beat(), None, ["paper", "default"], False),
        (a_beat(), a_beat(5), ["paper", "default"], False),
        (a_beat(), a_beat(4.9), ["paper", "default"], True),
        (a_beat(), a_beat(-4.9), ["paper", "default"], True),
        (a_beat(), a_beat(-5), ["paper", "default"], False),
        (a_beat(), a_beat(), ["paper", "other"], False),
        (None, None, [], False),
    ],
)
def test_ready_is_who_is_expected_or_lives(
    paper: Beat | None, default: Beat | None, expected: list[str], ready: bool
) -> None:
    assert counted(standing(paper, default), NOW, expected).is_ready is ready


def ids_of(minute: int) -> list[str]:
    """Ids as they are made at a minute of the day."""
    first = first_of(NOW + timedelta(minutes=minute))
    return [first[:-1] + letter for letter in "123456"]


def an_alert(store: Store, minute: int, *, sent_ms: int | None = 40, **changes: Any) -> None:
    """A signal of a minute, received a second after it fired; its entry leaves so many milliseconds later."""
    at = NOW + timedelta(minutes=minute)
    delivery, signal, leg, order, intent, call = ids_of(minute)
    store.intake.record_delivery(
        a_delivery(id=DeliveryId(delivery), received_at=at),
        a_signal(
            id=SignalId(signal),
            delivery=DeliveryId(delivery),
            key=signal,
            received_at=at,
            fired_at=at - timedelta(seconds=1),
            **changes,
        ),
    )
    if sent_ms is None:
        return
    sending = at + timedelta(milliseconds=sent_ms)
    placed = an_intent(
        id=IntentId(intent),
        order=OrderId(order),
        kind=IntentKind.PLACE,
        state=IntentState.SENDING,
        created_at=at,
        sending_at=sending,
    )
    call_row = a_call_row(id=CallId(call), intent=IntentId(intent))
    commit(
        store,
        decision_of(
            *made(
                a_leg(id=LegId(leg), cause=SignalId(signal), role=Role.ENTRY),
                an_order(id=OrderId(order), leg=LegId(leg), tag=None, broker_id=BrokerOrderId(order), day=TODAY),
                placed,
                replace(call_row, call=replace(call_row.call, ms=25)),
            )
        ),
    )


@pytest.fixture
def alerted(store: Store) -> Store:
    store.people.add_account(Account(ACCOUNT, AccountKind.PAPER), by="test", at=NOW, new_id=str)
    take_lease(store)
    an_alert(store, 1, sent_ms=None, state=SignalState.ENDED, outcome=Outcome.REFUSED)
    commit(store, decision_of(*made(a_lane(), a_bracket())))
    an_alert(store, 2)
    an_alert(store, 3, sent_ms=70)
    return store


def test_the_pace_of_a_day_is_that_of_its_alerts_oldest_first(alerted: Store) -> None:
    pace = Paces(alerted.database).pace(NOW)

    assert [span.total_seconds() for span in pace.received] == [1, 1, 1]
    assert [span.total_seconds() for span in pace.sent] == [0.04, 0.07]
    assert [span.total_seconds() for span in pace.answered] == [0.025, 0.025]


def test_what_was_before_the_day_is_not_of_it(alerted: Store) -> None:
    pace = Paces(alerted.database).pace(NOW + timedelta(minutes=3))

    assert (len(pace.received), len(pace.sent), len(pace.answered)) == (1, 1, 1)


def test_counts_are_by_end_and_by_state_until_then(alerted: Store) -> None:
    counts = Paces(alerted.database).counts(NOW, TODAY)

    assert counts.deliveries == {"ACCEPTED": 3}
    assert counts.signals == {(ACCOUNT, "REFUSED"): 1, (ACCOUNT, "RECEIVED"): 2}
    assert counts.orders == {(ACCOUNT, OrderState.INITIALIZED): 2}
    assert Paces(alerted.database).counts(NOW + timedelta(minutes=9), date(2026, 11, 26)).orders == {}


def test_an_account_tells_its_session_its_last_login_and_what_waits(alerted: Store) -> None:
    until = NOW + timedelta(hours=12)
    alerted.ledger.save_session(
        ACCOUNT, 1, SavedSession("sealed", 7, NOW, until), say="session open and verified", at=NOW
    )
    alerted.commands.record(CommandKind.HALT, scope=f"account:{ACCOUNT}", arguments={}, by="x", why="", at=NOW)

    (found,) = Health(alerted.database).accounts(NOW + timedelta(minutes=4))

    assert (found.account.name, found.epoch, found.opened_at, found.ends_at) == (ACCOUNT, 1, NOW, until)
    assert found.login is not None
    assert found.login.say == "session open and verified"
    assert found.feed is None
    assert len(found.writes) == 2
    waits = NOW + timedelta(minutes=2)
    assert found.backlog == Backlog(2, waits, commands=1, intents=2, oldest_intent=waits)


def test_the_database_tells_its_kind_and_size(store: Store) -> None:
    found = Health(store.database).database()

    assert found.kind in {"SQLite", "Postgres"}
    assert found.size > 10_000
