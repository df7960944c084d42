from __future__ import annotations

import gzip
import json
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from executor import bootstrap
from executor.clock import ManualClock
from executor.config.environment import open_settings
from executor.domain.ids import Ids
from executor.store import chain, schema
from executor.store.engine import Database, open_database
from executor.store.tokens import Scope, Tokens
from tests.builders import a_delivery, a_signal, a_strategy
from tests.cli.office import Office, an_office
from tests.postgres import Server


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    office = an_office(sqlite_url, tmp_path, monkeypatch)
    yield office
    office.store.database.close()


@pytest.fixture
def fresh(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From here on the commands are of another state dir, with nothing in it but what the test lays there."""
    folder = tmp_path / "fresh"
    folder.mkdir()
    return folder


def move(monkeypatch: pytest.MonkeyPatch, folder: Path, url: str | None = None) -> None:
    monkeypatch.setenv("EXECUTOR_STATE_DIR", str(folder))
    monkeypatch.setenv("DATABASE_URL", url or f"sqlite:///{folder / 'executor.sqlite3'}")


def fill(office: Office, clock: ManualClock, ids: Ids) -> None:
    bootstrap.ensure_accounts(open_settings(), office.store, at=clock.now())
    office.store.people.save_strategy(a_strategy(), by="test", at=clock.now())
    office.store.people.set_password("trader", "scrypt:hash", at=clock.now())
    office.store.intake.record_delivery(a_delivery(), a_signal())


def rows(database: Database) -> dict[str, list[Any]]:
    """All there is, as stored."""
    with database.read() as connection:
        tables = [chain.as_plain(table) for table in schema.metadata.sorted_tables]
        return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables}


def test_a_copy_holds_every_row_is_verified_and_readable_by_its_owner_only(
    office: Office, clock: ManualClock, ids: Ids, fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fill(office, clock, ids)
    before = rows(office.store.database)

    told = office.run_json("backup", str(tmp_path / "copy.gz"))
    move(monkeypatch, fresh)
    restored = office.run_json("restore", str(tmp_path / "copy.gz"))

    assert stat.S_IMODE((tmp_path / "copy.gz").stat().st_mode) == 0o600
    assert told["verified"] and told["head"] == restored["head"] == heads(before)
    assert told["rows"] == sum(len(found) for found in before.values())
    after = rows_at(f"sqlite:///{fresh / 'executor.sqlite3'}")
    unchanged = set(before) - {"audit", "halt", "meta"}
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    assert after["audit"][: len(before["audit"])] == before["audit"]
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_no_token_of_the_api_lives_again_by_a_restore(
    office: Office, clock: ManualClock, ids: Ids, fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fill(office, clock, ids)
    tokens, now = Tokens(office.store.database), datetime.now(UTC)
    ends = {"bot": None, "grafana": now + timedelta(days=90)}
    texts = [
        tokens.create(name, Scope.TRADE, ends_at=end, at=now, by="test", new_id=ids.new)[1]
        for name, end in ends.items()
    ]
    office.run("backup", str(tmp_path / "copy.gz"))

    move(monkeypatch, fresh)
    office.run("restore", str(tmp_path / "copy.gz"))

    store = bootstrap.open_store(open_settings())
    later = datetime.now(UTC) + timedelta(seconds=1)
    assert [Tokens(store.database).verify(text, later) for text in texts] == [None, None]
    office.run("audit", "verify")
    store.database.close()


def rows_at(url: str) -> dict[str, list[Any]]:
    database = open_database(url)
    try:
        return rows(database)
    finally:
        database.close()


def heads(found: dict[str, list[Any]]) -> str:
    return str(dict(found["meta"])["chain_head"])


def test_what_is_restored_is_halted_verified_and_goes_on_above_the_newest_id(
    office: Office, clock: ManualClock, ids: Ids, fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fill(office, clock, ids)
    future = "7zzzzzzzzzzz0"
    office.store.intake.record_delivery(a_delivery(id=future), None)
    office.run("backup", str(tmp_path / "copy.gz"))

    move(monkeypatch, fresh)
    office.run("restore", str(tmp_path / "copy.gz"))

    store = bootstrap.open_store(open_settings())
    (halt,) = store.pages.standing().halts
    newest = store.recovery.newest_id()
    assert (halt.scope, halt.kind, halt.by) == ("ALL", "HALT", "restore")
    assert "resume" in halt.why
    assert re.search(r"the backup of \d\d \w+ 2026 \d\d:\d\d:\d\d IST", halt.why)
    assert newest is not None and newest > future
    office.run("audit", "verify")
    store.database.close()


def test_only_an_empty_database_is_restored_into(office: Office, clock: ManualClock, ids: Ids, tmp_path: Path) -> None:
    fill(office, clock, ids)
    office.run("backup", str(tmp_path / "copy.gz"))
    before = rows(office.store.database)

    told = office.run("restore", str(tmp_path / "copy.gz"), code=1)

    assert "not empty" in told and "move the state dir" in told
    assert rows(office.store.database) == before


def test_another_secret_key_is_refused_until_its_loss_is_said(
    office: Office, clock: ManualClock, ids: Ids, fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fill(office, clock, ids)
    office.run("backup", str(tmp_path / "copy.gz"))
    move(monkeypatch, fresh)
    monkeypatch.setenv("SECRET_KEY", "another key of this test, also long enough")

    refused = office.run("restore", str(tmp_path / "copy.gz"), code=1)
    office.run("restore", str(tmp_path / "copy.gz"), "--new-key")

    assert "another SECRET_KEY" in refused and "secret_key" in refused
    bootstrap.open_store(open_settings()).database.close()


def test_a_file_that_is_there_is_never_written_over(office: Office, tmp_path: Path) -> None:
    (tmp_path / "copy.gz").write_text("yesterday's")

    told = office.run("backup", str(tmp_path / "copy.gz"), code=2)

    assert "there already" in told
    assert (tmp_path / "copy.gz").read_text() == "yesterday's"


def test_a_folder_that_is_not_there_is_told_by_its_name(office: Office, tmp_path: Path) -> None:
    assert f"there is no folder {tmp_path / 'none'}" in office.run("backup", str(tmp_path / "none" / "copy.gz"), code=2)


def test_a_copy_of_a_changed_history_is_no_backup(office: Office, clock: ManualClock, ids: Ids, tmp_path: Path) -> None:
    fill(office, clock, ids)
    with office.store.database.unaudited() as connection:
        connection.execute(update(schema.signal).values(plan="made up"))

    told = office.run("backup", str(tmp_path / "copy.gz"), code=1)

    assert "signal" in told and "the audit says" in told
    assert list(tmp_path.glob("*copy*")) == list(tmp_path.glob(".*copy*")) == []


@pytest.mark.parametrize("cut", ["half", "row", "empty", "text"])
def test_a_damaged_file_restores_nothing(
    cut: str,
    office: Office,
    clock: ManualClock,
    ids: Ids,
    fresh: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    fill(office, clock, ids)
    file = tmp_path / "copy.gz"
    office.run("backup", str(file))
    damage(file, cut)
    move(monkeypatch, fresh)

    told = office.run("restore", str(file), code=1)

    assert "Traceback" not in told and str(file) in told
    database = fresh / "executor.sqlite3"
    if database.exists():
        assert rows_at(f"sqlite:///{database}")["delivery"] == []


def damage(file: Path, cut: str) -> None:
    whole = file.read_bytes()
    lines = gzip.decompress(whole).decode().splitlines()
    kept = [line for line in lines if '"/' not in line and "TATASTEEL" not in line]
    changed = {
        "half": whole[: len(whole) // 2],
        "row": gzip.compress("\n".join(kept).encode()),
        "empty": b"",
        "text": b"not a backup",
    }
    file.write_bytes(changed[cut])


@pytest.mark.postgres
def test_a_copy_from_one_kind_of_database_is_restored_into_the_other(
    office: Office,
    clock: ManualClock,
    ids: Ids,
    fresh: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    postgres: Server,
) -> None:
    fill(office, clock, ids)
    before = rows(office.store.database)
    office.run("backup", str(tmp_path / "copy.gz"))

    with postgres.empty() as url:
        move(monkeypatch, fresh, url)
        office.run("restore", str(tmp_path / "copy.gz"))
        office.run("backup", str(tmp_path / "again.gz"))
        after = rows_at(url)

    assert sorted(map(repr, after["signal"] + after["account"])) == sorted(
        map(repr, before["signal"] + before["account"])
    )
    label = json.loads(gzip.decompress((tmp_path / "again.gz").read_bytes()).decode().splitlines()[0])
    assert label["head"].split(":")[0] == str(len(before["audit"]) + 2)
