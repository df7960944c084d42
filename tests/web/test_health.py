"""What machines ask: 200 only while a trader lives that has read the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from executor.clock import ManualClock
from executor.domain.delivery import Verdict
from executor.domain.ids import DeliveryId
from executor.domain.refusal import RefusalCode
from executor.domain.strategy import Account, AccountKind
from executor.store.engine import open_database
from executor.store.tokens import Scope, Tokens
from executor.web.app import create_app
from executor.web.authenticity import Floods
from executor.web.parts import WebParts
from tests.alerts.sending import KEYS
from tests.builders import NOW, a_delivery, a_store
from tests.house import House
from tests.web.conftest import Bell, Web

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


def expecting(web: Web, *names: str) -> Web:
    """The same web, configured to trade these accounts."""
    return replace(web, parts=replace(web.parts, expected=lambda: names))


def test_an_account_that_nobody_trades_any_more_is_left_out_at_once(web: Web) -> None:
    a_beat(web, account="old", ago=60)
    a_beat(web)

    assert ready(web)[0] == 200


@pytest.mark.parametrize("ago", [60, 90_000])
def test_an_account_that_works_hides_none_that_is_configured_and_silent(web: Web, ago: float) -> None:
    a_beat(web, account="paper", ago=ago)
    a_beat(web)

    assert ready(expecting(web, "paper", "default"))[0] == 503


def test_an_account_that_is_configured_but_was_never_made_is_missed(web: Web) -> None:
    a_beat(web)

    assert ready(expecting(web, "default"))[0] == 200
    assert ready(expecting(web, "default", "paper"))[0] == 503


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


@pytest.mark.parametrize(
    ("host", "learns"),
    [("127.0.0.1:8080", True), ("localhost", True), ("[::1]:8080", True)]
    + [(host, False) for host in ("evil.example:8080", "localhost.evil.example", "[::1", "", "203.0.113.5")],
)
def test_a_page_of_another_site_that_resolves_to_us_learns_no_details(web: Web, host: str, learns: bool) -> None:
    ready = web.client().get("/readyz", headers={"Host": host}).get_json()
    metrics = web.client().get("/metrics", headers={"Host": host})

    assert ("trader" in ready, metrics.status_code) == ((True, 200) if learns else (False, 401))


def a_token(web: Web, scope: Scope = Scope.READ) -> dict[str, str]:
    made = Tokens(web.store.database).create(
        f"watch-{scope}", scope, ends_at=NOW + timedelta(days=1), at=NOW, by="test", new_id=web.parts.new_id
    )
    return {"Authorization": f"Bearer {made[1]}", "X-Forwarded-For": "203.0.113.5"}


@pytest.mark.parametrize("scope", Scope)
def test_who_shows_a_token_learns_details_from_anywhere(web: Web, scope: Scope) -> None:
    answer = web.client().get("/readyz", headers=a_token(web, scope))

    assert answer.get_json() == {"ready": False, "database": True, "trader": False, "session": False}


def test_a_token_that_ended_or_is_none_tells_nothing(web: Web) -> None:
    headers, late = a_token(web), replace(web.parts, system=ManualClock(NOW + timedelta(days=1)))
    wrong = {**headers, "Authorization": "Bearer xa1_wrong"}

    answers = [
        create_app(late).test_client().get("/metrics", headers=headers),
        web.client().get("/metrics", headers=wrong),
    ]

    assert [(one.status_code, b"executor_" in one.data) for one in answers] == [(401, False)] * 2
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"


# -- numbers


def test_metrics_tell_what_the_rows_tell(house: House) -> None:
    house.long()
    store, clock, now = house.store, house.clock, house.clock.now()
    refused = a_delivery(verdict=Verdict.REFUSED, code=RefusalCode.TOKEN_EXPIRED, id=DeliveryId(house.ids.new()))
    store.intake.record_delivery(refused, None)
    status = {
        "session": True,
        "reconciled": True,
        "feeds": {"orders": {"up": True}, "prices": {"up": False}},
        "unprotected": {"x": (now - timedelta(seconds=3)).isoformat()},
        "disk": {"free": 4096},
        "clock_ahead": 2,
    }
    store.ledger.beat("default", 1, at=now, status=status)
    windows = [(8, timedelta(seconds=1)), (950, timedelta(hours=1))]
    parts = WebParts(
        store, KEYS, clock, house.ids.new, Bell(store), Floods("web-1"), expected=lambda: ("default",), windows=windows
    )

    answer = create_app(parts).test_client().get("/metrics")

    assert answer.mimetype == "text/plain"
    told = answer.text.splitlines()
    for line in (
        "executor_ready 1.0",
        'executor_deliveries_today{verdict="ACCEPTED"} 1.0',
        'executor_deliveries_today{verdict="REFUSED"} 1.0',
        'executor_signals_today{account="default",outcome="FILLED"} 1.0',
        'executor_orders_today{account="default",state="ACCEPTED"} 2.0',
        'executor_orders_today{account="default",state="FILLED"} 1.0',
        'executor_session_up{account="default"} 1.0',
        'executor_unprotected_seconds{account="default"} 3.0',
        'executor_feed_up{account="default",feed="prices"} 0.0',
        'executor_disk_free_bytes{account="default"} 4096.0',
        'executor_unsettled_intents{account="default"} 0.0',
        'executor_limit_used{account="default",window_seconds="3600"} 3.0',
        'executor_limit{window_seconds="1"} 8.0',
    ):
        assert line in told
    assert "python_info" not in answer.text


def test_numbers_of_a_database_that_does_not_answer_are_none(web: Web, tmp_path: Path) -> None:
    empty = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    parts = replace(web.parts, store=a_store(empty, new_id=str))

    answer = create_app(parts).test_client().get("/metrics")
    empty.close()

    assert answer.status_code == 503


def test_no_answer_may_be_changed_by_a_post(web: Web) -> None:
    assert {web.client().post(path).status_code for path in ("/healthz", "/readyz", "/metrics")} == {405}
