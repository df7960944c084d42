"""Tokens of the API: told once, kept as hashes, ended for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from executor.domain.ids import Ids
from executor.errors import ConfigError
from executor.store import schema
from executor.store.store import Store
from executor.store.tokens import ApiToken, Scope, Tokens
from tests.builders import NOW

DAY = timedelta(days=1)


def make(
    store: Store, ids: Ids, name: str = "grafana", scope: Scope = Scope.READ, ends_at: datetime | None = None
) -> tuple[ApiToken, str]:
    return Tokens(store.database).create(name, scope, ends_at=ends_at, at=NOW, by="cli", new_id=ids.new)


def test_a_token_is_known_by_its_text_alone(store: Store, ids: Ids):
    made, text = make(store, ids)
    make(store, ids, "other", Scope.TRADE)

    tokens = Tokens(store.database)

    assert tokens.verify(text, NOW) == made
    assert [tokens.verify(wrong, NOW) for wrong in ("", "xa1_", text[:-1], text + "x", text.upper(), "\ud800")] == (
        [None] * 6
    )


def test_the_text_is_nowhere_in_the_store(store: Store, ids: Ids):
    _, text = make(store, ids)

    with store.database.read() as connection:
        kept = [
            str(row)
            for name in ("api_token", "audit")
            for row in connection.execute(select(schema.metadata.tables[name]))
        ]

    assert kept and not any(text in row or text[4:] in row for row in kept)


def test_who_may_trade_may_read_but_not_the_other_way(store: Store, ids: Ids):
    reader, _ = make(store, ids)
    trader, _ = make(store, ids, "bot", Scope.TRADE)

    reach = [one.may(scope) for one in (reader, trader) for scope in (Scope.READ, Scope.TRADE)]

    assert reach == [True, False, True, True]


def test_a_token_ends_when_it_expires(store: Store, ids: Ids):
    made, text = make(store, ids, ends_at=NOW + DAY)

    tokens = Tokens(store.database)

    assert tokens.verify(text, NOW + DAY - timedelta(microseconds=1)) == made
    assert tokens.verify(text, NOW + DAY) is None


def test_a_revoked_token_is_none_from_then_on_and_its_name_is_free_again(store: Store, ids: Ids):
    tokens = Tokens(store.database)
    made, text = make(store, ids, ends_at=NOW + DAY)

    revoked = tokens.revoke("grafana", at=NOW, by="cli")
    again = tokens.revoke("grafana", at=NOW, by="cli")

    assert (revoked, again, tokens.verify(text, NOW)) == (made, None, None)
    assert make(store, ids)[0].name == "grafana"
    assert [one.ends_at for one in tokens.all()] == [NOW, None]


def test_making_and_revoking_stand_in_the_audit(store: Store, ids: Ids):
    made, _ = make(store, ids, ends_at=NOW + DAY)
    Tokens(store.database).revoke("grafana", at=NOW, by="cli")

    said = [note.say for note in store.pages.notes(made.id)]

    assert said == [
        "API token grafana with scope read made by cli, until 2026-11-26T09:20:00+05:30",
        "API token grafana revoked by cli",
    ]
    assert store.pages.verify(None).entries >= 2


def test_a_name_in_use_or_none_is_refused(store: Store, ids: Ids):
    make(store, ids)

    with pytest.raises(ConfigError, match="already"):
        make(store, ids)
    with pytest.raises(ConfigError, match="is no name"):
        make(store, ids, "a b")
