"""A full disk: what opens is refused at once, what reduces or protects is written from the reserve."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from executor.domain.delivery import Flood, Recorded
from executor.domain.ids import DeliveryId, SignalId
from executor.domain.signal import Action, Signal
from executor.errors import DiskFull, NotRecorded, StoreError
from executor.store import reserve as room
from executor.store.engine import open_database
from executor.store.reserve import SIZE, Reserve
from executor.store.store import Store
from tests.builders import NOW, a_delivery, a_signal, a_store, an_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def disk(sqlite_url: str, ids: Any) -> Iterator[Store]:
    """A store on SQLite beside a reserve."""
    database = open_database(sqlite_url)
    assert database.reserve is not None
    assert database.reserve.make()
    yield a_store(database, new_id=ids.new)
    database.close()


def reserve_of(store: Store) -> Reserve:
    assert store.database.reserve is not None
    return store.database.reserve


@contextmanager
def full(store: Store, *, helps: bool = True) -> Iterator[None]:
    """No page can be added; with `helps` there is space again as soon as the reserve is given up."""
    most = 2**30

    def limit(connection: Connection) -> None:
        is_full = not (helps and reserve_of(store).is_spent)
        connection.exec_driver_sql(f"PRAGMA max_page_count={1 if is_full else most}")

    event.listen(store.database.engine, "begin", limit)
    try:
        yield
    finally:
        event.remove(store.database.engine, "begin", limit)
        with store.database.read() as connection:
            connection.execute(text(f"PRAGMA max_page_count={most}"))


def delivered(store: Store, number: int, **fields: Any) -> Any:
    """Record an alert as web does; its body fills some pages."""
    signal_id, delivery_id = SignalId(an_id(number)), DeliveryId(an_id(number + 1))
    signal: Signal = a_signal(
        id=signal_id,
        delivery=delivery_id,
        key=f"id:{number}",
        action=Action(fields.get("action", "buy")),
        fields={"exchange": "NSE", "ticker": "SBIN", "action": "buy", **fields},
    )
    return store.intake.record_delivery(a_delivery(id=delivery_id, body="x" * 20_000), signal)


# -- the file


def test_it_is_made_once_and_takes_its_space(folder: Path) -> None:
    reserve = Reserve(folder)

    assert (reserve.make(), reserve.make()) == (True, True)
    assert (folder / "reserve").stat().st_blocks * 512 >= SIZE
    assert not reserve.is_spent


def test_it_is_given_up_once_and_frees_its_space(folder: Path) -> None:
    reserve = Reserve(folder)
    reserve.make()

    assert (reserve.release(), reserve.release()) == (True, False)
    assert reserve.is_spent
    assert sum(path.stat().st_blocks for path in folder.iterdir()) == 0


def test_without_one_there_is_nothing_to_give_up(folder: Path) -> None:
    reserve = Reserve(folder)

    assert not reserve.release()
    assert not reserve.is_spent


def test_it_is_made_again_only_when_there_is_space_for_two(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = Reserve(folder)
    reserve.make()
    reserve.release()
    found = os.statvfs(folder)
    little = os.statvfs_result((*found[:4], 2 * SIZE // found.f_frsize - 1, *found[5:]))

    with monkeypatch.context() as patch:
        patch.setattr(room.os, "statvfs", lambda path: little)
        assert not reserve.make()
        assert reserve.is_spent

    assert reserve.make()
    assert not reserve.is_spent


def test_all_processes_see_it_by_its_name(folder: Path) -> None:
    one, other = Reserve(folder), Reserve(folder)
    one.make()

    other.release()

    assert one.is_spent
    assert one.make()
    assert not other.is_spent


# -- the store


def test_an_entry_is_not_recorded_and_told_at_once_and_the_reserve_stays(disk: Store) -> None:
    with full(disk):
        began = time.monotonic()
        with pytest.raises(DiskFull, match="the disk is full"):
            delivered(disk, 100)

        assert time.monotonic() - began < 1
    assert not reserve_of(disk).is_spent
    assert disk.recovery.new_work("paper").signals == []


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "exit"},
        {"action": "sell", "position": {"now": "flat", "now_size": "0", "prev": "long", "prev_size": "10"}},
    ],
)
def test_an_exit_is_recorded_from_the_reserve(disk: Store, fields: dict[str, Any]) -> None:
    with full(disk):
        recording = delivered(disk, 100, **fields)

    assert recording == Recorded()
    assert reserve_of(disk).is_spent
    assert len(disk.recovery.new_work("paper").signals) == 1


def test_an_exit_is_recorded_though_another_one_gives_the_reserve_up_at_this_moment(
    disk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up = Reserve.release
    monkeypatch.setattr(Reserve, "release", lambda reserve: give_up(reserve) and give_up(reserve))

    with full(disk):
        assert delivered(disk, 100, action="exit") == Recorded()


def test_while_the_reserve_is_spent_nothing_else_is_written_though_there_were_space(disk: Store) -> None:
    reserve_of(disk).release()

    for write in (
        lambda: delivered(disk, 100),
        lambda: delivered(disk, 100, position={"now": "long", "now_size": "1", "prev": "flat", "prev_size": "0"}),
        lambda: disk.intake.record_delivery(a_delivery(), None),
        lambda: disk.intake.record_flood([Flood(NOW, "ALL", "web:1", 5, "rubbish")], NOW),
        lambda: disk.people.set_meta("theme", "dark"),
    ):
        with pytest.raises(DiskFull):
            write()

    assert delivered(disk, 200, action="exit") == Recorded()


def test_everything_is_written_again_when_space_returned(disk: Store) -> None:
    reserve_of(disk).release()
    with pytest.raises(DiskFull):
        delivered(disk, 100)

    reserve_of(disk).make()

    assert delivered(disk, 100) == Recorded()


def test_a_reserve_that_does_not_help_leaves_the_exit_unrecorded(disk: Store) -> None:
    with full(disk, helps=False):
        for _ in range(2):
            with pytest.raises(DiskFull):
                delivered(disk, 100, action="exit")

    assert disk.recovery.new_work("paper").signals == []


def test_a_disk_that_fails_at_commit_is_not_called_unrecorded(disk: Store) -> None:
    """reliability.md 1.5: a second fsync may lie, so the process must end and read again."""
    failure = Exception("disk I/O error")
    failure.sqlite_errorname = "SQLITE_IOERR_FSYNC"  # type: ignore[attr-defined]

    @event.listens_for(disk.database.engine, "commit", once=True)
    def fail(connection: Connection) -> None:
        raise OperationalError("COMMIT", {}, failure)

    with pytest.raises(StoreError, match="cannot be trusted") as failed:
        delivered(disk, 100)
    assert not isinstance(failed.value, NotRecorded)
