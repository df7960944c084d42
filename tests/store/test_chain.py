"""The audit: append-only, in the transaction it records, and a verification that finds one changed byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from executor.clock import ManualClock
from executor.domain.record import Halt, HaltKind
from executor.errors import ChainBroken
from executor.store import chain, schema
from executor.store.chain import GENESIS, Head, Verified
from executor.store.engine import open_database
from executor.store.ledger import SavedSession
from executor.store.store import Store
from tests.builders import ACCOUNT, NOW, SIGNAL, TODAY, a_delivery, a_store, a_strategy, an_id
from tests.store.trading import commit, decision_of, trade

Reader = Callable[[Store], Head]


def _verify(store: Store, kept: Head | None = None) -> Verified:
    with store.database.read() as connection:
        return chain.verify(connection, kept=kept)


def _tamper(store: Store, statement: Any, values: dict[str, Any] | None = None) -> None:
    """Change the database behind the program's back."""
    with store.database.unaudited() as connection:
        connection.execute(text(statement) if isinstance(statement, str) else statement, values or {})


def _disarm(store: Store) -> None:
    """Take away what keeps the audit append-only."""
    if store.database.is_sqlite:
        _tamper(store, "DROP TRIGGER audit_no_update")
        _tamper(store, "DROP TRIGGER audit_no_delete")
    else:
        _tamper(store, "ALTER TABLE audit DISABLE TRIGGER ALL")


def _rows(store: Store, table: Table) -> list[Any]:
    with store.database.read() as connection:
        return list(connection.execute(select(chain.as_plain(table))).all())


# -- appending


def test_an_empty_store_verifies(store: Store):
    assert _verify(store) == Verified(entries=0, rows=0, head=Head(0, GENESIS))


def test_parts_of_a_long_audit_are_verified_one_after_another_with_the_same_result(traded: Store):
    came: list[tuple[int, int]] = []

    with traded.database.read() as connection:
        at_once = chain.verify(connection)
        in_parts = chain.verify(connection, at_once=2, seen=lambda done, of: came.append((done, of)))

    assert in_parts == at_once
    assert came == [(number, 2 + at_once.entries // 2) for number in range(1, 2 + at_once.entries // 2)]


def test_what_was_changed_is_found_in_whichever_part_it_lies(traded: Store):
    _tamper(traded, "UPDATE delivery SET body = 'x'")

    with traded.database.read() as connection, pytest.raises(ChainBroken, match=r"delivery row \S+ was changed"):
        chain.verify(connection, at_once=2)


def test_every_transaction_verifies(traded: Store):
    traded.people.save_strategy(a_strategy(), by="cli", at=NOW)
    traded.people.save_strategy(a_strategy(version=2), by="cli", at=NOW)
    traded.people.set_password("admin", "scrypt:1", at=NOW)
    traded.people.set_password("admin", "scrypt:2", at=NOW)
    traded.people.count_failure("admin", failures=2, at=NOW)
    traded.ledger.save_session(ACCOUNT, 1, SavedSession(None, 1, None, None), say="login", at=NOW)
    traded.ledger.save_session(ACCOUNT, 1, SavedSession("sealed", 1, NOW, NOW), say="login", at=NOW)
    traded.ledger.finish_job(ACCOUNT, 1, "login", TODAY, at=NOW)
    traded.ledger.set_halt(Halt("ALL", HaltKind.HALT, NOW, "w", "b"), at=NOW)
    traded.ledger.beat(ACCOUNT, 1, at=NOW, status={"ready": True})

    verified = _verify(traded)

    assert verified.entries == len(_rows(traded, schema.audit))
    counted = sum(len(_rows(traded, table)) for table in chain.audited_tables())
    assert verified.rows == counted


def test_an_entry_follows_from_the_one_before(traded: Store):
    entries = _rows(traded, schema.audit)

    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.prev for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]


def test_a_transaction_names_the_rows_it_introduced_and_what_it_changed(traded: Store):
    first, _lease, second, _third = (json.loads(entry.text) for entry in _rows(traded, schema.audit))

    assert [row[:2] for row in first["new"]] == [["signal", SIGNAL], ["delivery", a_delivery().id]]
    assert first["new"][0][3]["state"] == "RECEIVED"
    assert {row[0] for row in second["new"]} == {"lane", "bracket", "leg", "broker_order", "intent"}


def test_no_secret_is_in_the_audit(store: Store):
    store.people.set_password("admin", "scrypt:secret", at=NOW)

    (entry,) = _rows(store, schema.audit)

    assert "secret" not in entry.text


@pytest.mark.parametrize("statement", ["UPDATE audit SET text = ''", "DELETE FROM audit"])
def test_the_audit_is_append_only(traded: Store, statement: str):
    before = _rows(traded, schema.audit)

    with pytest.raises(DBAPIError, match="append-only"), traded.database.engine.begin() as connection:
        connection.execute(text(statement))

    assert _rows(traded, schema.audit) == before


@pytest.mark.postgres
def test_both_stores_reach_the_same_head(sqlite_url: str, postgres_url: str, clock: ManualClock):
    heads = []
    for url in (sqlite_url, postgres_url):
        database = open_database(url)
        store = a_store(database, new_id=lambda: an_id(77))
        trade(store)
        store.people.save_strategy(a_strategy(), by="₹ \0 \ud83d", at=clock.now())
        heads.append(_verify(store).head)
        database.close()

    assert heads[0] == heads[1]
    assert heads[0].seq == 5


# -- verification finds what was changed


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("delivery", "body"),
        ("delivery", "received_at"),
        ("signal", "state"),
        ("broker_call", "answer"),
        ("fill", "price"),
        ("fill", "raw"),
        ("broker_order", "filled"),
        ("broker_order", "symbol"),
        ("broker_order", "sent_price"),
        ("report", "raw"),
        ("intent", "request"),
        ("bracket", "goal"),
        ("lease", "holder"),
    ],
)
def test_one_changed_byte_names_the_table_and_the_row(traded: Store, table: str, column: str):
    where = schema.metadata.tables[table]
    (row,) = _rows(traded, where)
    value = row._mapping[column]
    changed = value + 1 if isinstance(value, int) else value[:-1] + chr(ord(value[-1]) ^ 1)
    _tamper(traded, f'UPDATE {table} SET "{column}" = :value', {"value": changed})

    with pytest.raises(ChainBroken) as broken:
        _verify(traded)

    assert f"{table} row {chain.key_text(where, dict(row._mapping))}" in str(broken.value)


@pytest.mark.parametrize("column", ["at", "kind", "subject", "text", "prev", "hash"])
def test_one_changed_byte_in_the_audit_names_its_entry(traded: Store, column: str):
    _disarm(traded)
    value = _rows(traded, schema.audit)[1]._mapping[column]
    changed = value + 1 if isinstance(value, int) else value[:-1] + chr(ord(value[-1]) ^ 1)
    _tamper(traded, f"UPDATE audit SET {column} = :value WHERE seq = 2", {"value": changed})

    with pytest.raises(ChainBroken, match=r"audit row 2 "):
        _verify(traded)


def test_a_deleted_entry_in_the_middle_is_found(traded: Store):
    _disarm(traded)
    _tamper(traded, "DELETE FROM audit WHERE seq = 2")

    with pytest.raises(ChainBroken, match=r"audit row 3 "):
        _verify(traded)


def test_a_deleted_newest_entry_is_found_by_the_head_in_the_store(traded: Store, head: Reader):
    newest = head(traded)
    _disarm(traded)
    _tamper(traded, "DELETE FROM audit WHERE seq = :seq", {"seq": newest.seq})

    with pytest.raises(ChainBroken, match=f"ends at entry {newest.seq - 1}"):
        _verify(traded)


def test_a_deleted_newest_entry_is_found_by_its_rows_though_the_head_was_forged(traded: Store, head: Reader):
    _cut_newest(traded, head)

    with pytest.raises(ChainBroken, match="never recorded"):
        _verify(traded)


def test_an_entry_without_rows_that_was_deleted_with_its_head_is_found_by_a_kept_head(traded: Store, head: Reader):
    commit(traded, decision_of())
    kept = head(traded)
    _cut_newest(traded, head)

    _verify(traded)
    with pytest.raises(ChainBroken, match=f"the head you kept is {kept.seq}"):
        _verify(traded, kept)


def test_a_chain_written_anew_is_found_by_a_kept_head(traded: Store, head: Reader):
    commit(traded, decision_of())
    kept = head(traded)
    _cut_newest(traded, head)
    traded.ledger.set_halt(Halt("ALL", HaltKind.HALT, NOW, "other history", "b"), at=NOW)

    _verify(traded)
    with pytest.raises(ChainBroken, match=f"audit row {kept.seq} is not the head you kept"):
        _verify(traded, kept)


def test_a_kept_head_stays_good_while_the_chain_grows(traded: Store, head: Reader):
    kept = head(traded)
    commit(traded, decision_of())

    assert _verify(traded, kept).head.seq == kept.seq + 1


@pytest.mark.parametrize("forged", [None, "nonsense", f"0:{GENESIS}"])
def test_a_forged_head_is_found(traded: Store, forged: str | None):
    change = "DELETE FROM meta WHERE key = 'chain_head'"
    if forged:
        change = f"UPDATE meta SET value = '{forged}' WHERE key = 'chain_head'"
    _tamper(traded, change)

    with pytest.raises(ChainBroken, match="head in the meta table"):
        _verify(traded)


@pytest.mark.parametrize("table", ["fill", "report", "broker_call", "lease"])
def test_a_deleted_row_is_found(traded: Store, table: str):
    _tamper(traded, f"DELETE FROM {table}")

    with pytest.raises(ChainBroken, match=f"{table} row .* is in the audit but not in its table"):
        _verify(traded)


def test_an_inserted_row_is_found(traded: Store):
    (row,) = _rows(traded, schema.fill)
    _tamper(traded, insert(chain.as_plain(schema.fill)).values({**row._mapping, "fill_id": "forged"}))

    with pytest.raises(ChainBroken, match=r"fill row .*forged was never recorded"):
        _verify(traded)


def test_a_row_that_changed_its_key_is_found(traded: Store):
    _tamper(traded, update(schema.fill).values(fill_id="moved"))

    with pytest.raises(ChainBroken, match=r"fill row .*moved"):
        _verify(traded)


def test_every_table_is_audited_but_those_of_display(store: Store):
    audited = {table.name for table in chain.audited_tables()}

    others = {"api_answer", "audit", "meta", "instrument", "log_word", "snapshot", "simulator_state"}
    assert audited == set(schema.metadata.tables) - others


def test_a_verification_while_the_trader_writes_sees_one_moment(traded: Store):
    with traded.database.read() as connection:
        entries = connection.execute(select(func.count()).select_from(schema.audit)).scalar_one()
        traded.ledger.take_lease(ACCOUNT, "two", at=NOW, follows=traded.ledger.lease(ACCOUNT))

        verified = chain.verify(connection)

    assert verified.entries == entries
    assert _verify(traded).entries == entries + 1


def _cut_newest(store: Store, head: Reader) -> None:
    """Delete the newest entry and forge the head that says so."""
    newest = head(store).seq
    (before,) = (entry for entry in _rows(store, schema.audit) if entry.seq == newest - 1)
    _disarm(store)
    _tamper(store, "DELETE FROM audit WHERE seq = :seq", {"seq": newest})
    forged = f"{before.seq}:{before.hash}"
    _tamper(store, "UPDATE meta SET value = :head WHERE key = 'chain_head'", {"head": forged})
