"""The broker's postback is a hint: noted once for many, the trader rung, nothing of it believed or kept."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from executor.alerts.address import postback_url
from executor.domain.strategy import Account, AccountKind
from tests.alerts.sending import KEYS, OTHER_KEYS
from tests.web.conftest import Web

FILLED = b'{"orderid": "261125000000321", "orderstatus": "complete", "filledshares": "1000000"}'


@pytest.fixture
def web(web: Web) -> Web:
    """A web that knows an account with a login."""
    account = Account("default", AccountKind.LIVE)
    web.store.people.add_account(account, by="test", at=web.clock.now(), new_id=web.parts.new_id)
    return web


def address(account: str = "default") -> str:
    return urlsplit(postback_url(KEYS, account, "https://example.test")).path


def hint(web: Web) -> str | None:
    return web.store.recovery.new_work("default").hint


def test_a_postback_is_a_hint_and_changes_nothing_that_is_true(web: Web):
    before = len(web.rows("audit"))

    answer = web.post(FILLED, path=address())

    assert (answer.status_code, answer.json) == (200, {"state": "NOTED"})
    assert hint(web) is not None
    assert len(web.bell.signals) == 1
    assert (web.rows("delivery"), web.rows("report"), web.rows("fill")) == ([], [], [])
    assert len(web.rows("audit")) == before


def test_many_at_once_are_one_and_a_later_one_is_another(web: Web):
    for _ in range(20):
        assert web.post(FILLED, path=address()).status_code == 200
    first, rings = hint(web), len(web.bell.signals)

    web.clock.advance(1)
    web.post(FILLED, path=address())

    assert rings == 1
    assert hint(web) != first
    assert len(web.bell.signals) == 2


def test_it_is_a_hint_for_one_account_alone(web: Web):
    web.post(FILLED, path=address())

    assert web.store.recovery.new_work("paper").hint is None


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 100_000, b"x" * 70_000])
def test_what_it_says_does_not_matter(web: Web, body: bytes):
    assert web.post(body, path=address()).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        urlsplit(postback_url(OTHER_KEYS, "default", "https://x.test")).path,
        urlsplit(postback_url(KEYS, "nobody", "https://x.test")).path,
        "/postback/x",
        "/postback/\u00fc",
    ],
)
def test_an_unknown_address_is_counted_and_told_nothing(web: Web, path: str):
    answer = web.post(FILLED, path=path)

    assert answer.status_code == 404
    assert "account" not in answer.text
    assert sum(flood.count for flood in web.parts.floods.take_all()) == 1
    assert (hint(web), web.bell.signals) == (None, [])


def test_only_post_is_answered(web: Web):
    assert web.client().get(address()).status_code == 405


def test_what_could_not_be_noted_is_503(web: Web):
    with web.store.database.unaudited() as connection:
        connection.execute(text("ALTER TABLE meta RENAME TO elsewhere"))

    assert web.post(FILLED, path=address()).status_code == 503
