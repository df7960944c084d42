"""What machines ask: 200 only while a trader lives that has read the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from executor.domain.strategy import Account, AccountKind
from executor.store.engine import open_database
from executor.web.app import create_app
from tests.builders import a_store
from tests.web.conftest import Web

READY = {"session": True, "reconciled": True}


def a_beat(web: Web, *, account: str = "default", ago: float = 0, status: dict[str, bool] | None = None) -> None:
    """A trader took the account and said how it stands."""
    at = web.clock.now() - timedelta(seconds=ago)
    if web.store.people.account(account) is None:
        web.store.people.add_account(Account(account, AccountKind.SIMULATOR), by="test", at=at, new_id=str)
    epoch = web.store.ledger.take_lease(account, "host:1", at=at, follows=web.store.ledger.lease(account))
    web.store.ledger.beat(account, epoch, at=at, status=READY if status is None else status)


def ready(web: Web) -> tuple[int, dict[str, bool]]:
    answer = web.client().get("/readyz")
    return answer.status_code, answer.get_json()


def test_a_web_process_that_answers_is_healthy_whatever_the_rest_does(web: Web) -> None:
    web.store.database.close()

    answer = web.client().get("/healthz")

    assert (answer.status_code, answer.get_json()) == (200, {"ok": True})


def test_without_any_trader_it_is_not_ready(web: Web) -> None:
    assert ready(web) == (503, {"ready": False, "database": True, "trader": False, "session": False})


def test_a_trader_that_reconciled_makes_it_ready(web: Web) -> None:
    a_beat(web)

    assert ready(web) == (200, {"ready": True, "database": True, "trader": True, "session": True})


@pytest.mark.parametrize(
    "status", [{}, {"session": False, "reconciled": False}, {"session": True, "reconciled": False}]
)
def test_a_trader_that_has_not_read_the_books_is_there_but_not_ready(web: Web, status: dict[str, bool]) -> None:
    a_beat(web, status=status)

    assert ready(web) == (503, {"ready": False, "database": True, "trader": True, "session": False})


@pytest.mark.parametrize(("ago", "code"), [(4.9, 200), (5.0, 503), (3600, 503)])
def test_a_trader_that_fell_silent_is_not_ready(web: Web, ago: float, code: int) -> None:
    a_beat(web, ago=ago)

    assert ready(web)[0] == code


@pytest.mark.parametrize(("ago", "code"), [(60, 503), (90_000, 200)])
def test_an_account_that_works_hides_none_that_fell_silent_but_one_that_was_given_up_long_ago(
    web: Web, ago: float, code: int
) -> None:
    a_beat(web, account="old", ago=ago)
    a_beat(web)

    assert ready(web)[0] == code


def test_an_account_that_is_ready_does_not_hide_one_whose_trader_still_works_on_it(web: Web) -> None:
    a_beat(web, account="paper")
    a_beat(web, status={"session": False, "reconciled": False})

    assert ready(web) == (503, {"ready": False, "database": True, "trader": True, "session": False})


def test_a_database_that_does_not_answer_is_said_and_nothing_else(web: Web, tmp_path: Path) -> None:
    empty = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    parts = replace(web.parts, store=a_store(empty, new_id=str))

    answer = create_app(parts).test_client().get("/readyz")
    empty.close()

    assert (answer.status_code, answer.get_json()) == (503, {"ready": False, "database": False})


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP"])
def test_who_comes_through_a_proxy_learns_no_details(web: Web, name: str) -> None:
    a_beat(web)

    answer = web.client().get("/readyz", headers={name: "127.0.0.1"})

    assert (answer.status_code, answer.get_json()) == (200, {"ready": True})


@pytest.mark.parametrize("peer", ["203.0.113.5", "10.0.0.1", "", "not an address"])
def test_who_is_not_on_this_machine_learns_no_details(web: Web, peer: str) -> None:
    answer = web.client().get("/readyz", environ_base={"REMOTE_ADDR": peer})

    assert (answer.status_code, answer.get_json()) == (503, {"ready": False})


def test_neither_answer_may_be_changed_by_a_post(web: Web) -> None:
    assert {web.client().post(path).status_code for path in ("/healthz", "/readyz")} == {405}
