"""Loads of the instrument table: what one changes, what is kept of them, and that one is taken at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Table, select

from executor.domain.calendar import trading_day
from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.errors import InvariantBroken, NotRecorded
from executor.store import loads as room
from executor.store import schema, spool
from executor.store.changes import Changed
from executor.store.engine import open_database
from executor.store.loads import EVERYBODY, JOB, Loads
from executor.store.spool import Values
from executor.store.store import Store
from tests.builders import NOW, an_id, an_instrument

_FIRST, _SECOND, _THIRD, _FOURTH = (an_id(number) for number in (11, 12, 13, 14))


def _load(store: Store, load: str, *rows: Instrument) -> None:
    store.loads.add_instruments(load, [(row, row.name) for row in rows])
    store.loads.switch_master(load, {"rows": len(rows)}, at=NOW)


def _stock(number: int, segment: Segment = Segment.NSE) -> Instrument:
    return an_instrument(key=InstrumentKey(segment, str(number)), symbol=f"S{number}-EQ", name=f"S{number}")


def _loads_with_rows(store: Store) -> set[str]:
    with store.database.read() as connection:
        return set(connection.execute(select(schema.instrument.c.load).distinct()).scalars())


def test_an_empty_chunk_is_no_error(store: Store) -> None:
    store.loads.add_instruments(_FIRST, [])

    assert store.loads.current_load() is None


def test_rows_are_written_in_the_order_of_the_indexes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        (_stock(number, segment), f"S{number}") for number in (5, 1, 4, 2, 3) for segment in (Segment.NSE, Segment.BSE)
    ]
    written: list[tuple[str, str]] = []
    put = room.put_stored

    def noted(connection: Connection, table: Table, portion: Sequence[Values]) -> None:
        written.extend((segment, token) for _, segment, token, *_ in portion)
        put(connection, table, portion)

    monkeypatch.setattr(room, "put_stored", noted)

    Loads(store.database, portion=2).add_instruments(_FIRST, rows)

    assert written == [(segment, str(number)) for segment in ("BSE", "NSE") for number in (1, 2, 3, 4, 5)]


def test_a_row_comes_back_as_it_went_in(store: Store) -> None:
    plain = an_instrument(expiry=None, strike=None, right=None, freeze=None, closing_auction=None)
    full = replace(_stock(7), series="EQ", tick=Decimal("0.05"), freeze=1801, closing_auction=True)
    option = an_instrument(
        key=InstrumentKey(Segment.NFO, "9"), symbol="O€\0", kind=Kind.OPTION, expiry=date(2026, 12, 1),
        strike=Decimal("182.5"), right="CE", closing_auction=False,
    )  # fmt: skip

    _load(store, _FIRST, plain, full, option)

    assert [store.master.find_by_key(row.key) for row in (plain, full)] == [plain, full]
    assert store.master.find_by_key(option.key) == replace(option, symbol="O€\\x00")


def test_others_go_between_two_portions(store: Store) -> None:
    begun = ended = 0

    @contextmanager
    def among() -> Iterator[None]:
        nonlocal begun, ended
        begun += 1
        yield
        with store.database.write(NOW) as transaction:  # the portion holds no lock any more
            transaction.note("test", "", "an alert")
        ended += 1

    loads = Loads(store.database, among=among, portion=2)

    loads.add_instruments(_FIRST, [(_stock(number), "S") for number in range(5)])
    assert (begun, ended) == (3, 3)
    loads.forget_unused()
    assert (begun, ended) == (6, 6)


def test_what_cannot_be_sorted_is_not_recorded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_ADD", "INSERT INTO elsewhere VALUES (?)")

    with pytest.raises(NotRecorded, match="could not be sorted"):
        store.loads.add_instruments(_FIRST, [(_stock(1), "S1")])

    assert _loads_with_rows(store) == set()


def test_yesterdays_rows_stay_and_all_others_go(store: Store) -> None:
    rows = [_stock(number) for number in range(5)]
    for load in (_FIRST, _SECOND, _THIRD):
        _load(store, load, *rows)
    store.loads.add_instruments(_FOURTH, [(row, "KILLED") for row in rows])

    Loads(store.database, portion=2).forget_unused()

    assert _loads_with_rows(store) == {_SECOND, _THIRD}
    assert store.master.find_by_symbol(Segment.NSE, "S1-EQ") == [_stock(1)]


def test_the_first_load_changes_nothing(store: Store) -> None:
    store.loads.add_instruments(_FIRST, [(_stock(1), "S1")])

    assert store.loads.changes_to(_FIRST) == {}


def test_what_a_load_changes_is_counted_and_named(store: Store) -> None:
    same, lot, freeze, tick, reused, gone = (_stock(number) for number in range(6))
    _load(store, _FIRST, same, lot, replace(freeze, freeze=None), tick, reused, gone)
    after = [
        replace(lot, lot=lot.lot + 5),
        replace(freeze, freeze=1801),
        replace(tick, tick=Decimal("0.10")),
        replace(reused, symbol="OTHER-EQ"),
        _stock(1, Segment.BSE),
    ]

    store.loads.add_instruments(_SECOND, [(row, row.name) for row in (same, *after)])

    assert store.loads.changes_to(_SECOND) == {
        "new": Changed(1, ("BSE S1-EQ",)),
        "gone": Changed(1, ("NSE S5-EQ",)),
        "lot": Changed(1, (f"NSE S1-EQ: {lot.lot} → {lot.lot + 5}",)),
        "freeze": Changed(1, ("NSE S2-EQ: none → 1801",)),
        "tick": Changed(1, (f"NSE S3-EQ: {tick.tick} → 0.1",)),
        "reused": Changed(1, ("NSE S4-EQ: S4-EQ → OTHER-EQ",)),
    }


def test_many_changes_are_counted_and_the_first_named(store: Store) -> None:
    _load(store, _FIRST, _stock(1))

    store.loads.add_instruments(_SECOND, [(_stock(number), "S") for number in range(10, 30)])

    new = store.loads.changes_to(_SECOND)["new"]
    assert (new.count, new.examples[:2]) == (20, ("NSE S10-EQ", "NSE S11-EQ"))
    assert len(new.examples) == 5


def test_rows_can_be_taken_out_of_a_load(store: Store) -> None:
    store.loads.add_instruments(_FIRST, [(_stock(number), "S") for number in range(3)])

    store.loads.drop_instruments(_FIRST, [_stock(1).key])
    store.loads.switch_master(_FIRST, {}, at=NOW)

    assert [store.master.find_by_key(_stock(number).key) is None for number in range(3)] == [False, True, False]


def test_a_failure_is_kept_and_the_load_of_before_stays(store: Store) -> None:
    _load(store, _FIRST, _stock(1))

    store.loads.record_failure(_SECOND, "the file breaks off", at=NOW)

    current = store.loads.current_load()
    assert current is not None
    assert current.id == _FIRST
    assert [(load.id, load.failure) for load in store.loads.history(9)] == [
        (_SECOND, "the file breaks off"),
        (_FIRST, ""),
    ]
    assert [load.id for load in store.loads.history(1)] == [_SECOND]


def test_a_switch_is_told_in_the_audit_and_makes_the_days_job_done(store: Store) -> None:
    _load(store, _FIRST, _stock(1))

    store.loads.switch_master(_SECOND, {}, at=NOW, say="12 instruments")

    assert [note.say for note in store.pages.notes(_SECOND)] == ["instrument table switched: 12 instruments"]
    assert store.ledger.job_done(EVERYBODY, JOB, trading_day(NOW))


def test_two_loads_cannot_both_be_current(store: Store) -> None:
    _load(store, _FIRST, _stock(1))

    with pytest.raises(InvariantBroken), store.database.write(NOW) as transaction:
        row = {"id": _SECOND, "at": NOW, "checks": {}, "current": True, "failure": None}
        transaction.insert(schema.master_load, row)


def test_one_process_takes_a_file_at_a_time(store: Store) -> None:
    other = open_database(store.database.engine.url.render_as_string(hide_password=False))

    with store.loads.refreshing(), pytest.raises(NotRecorded, match="another process"), Loads(other).refreshing():
        pass
    with Loads(other).refreshing():
        pass
    other.close()


def test_a_failure_that_repeats_itself_is_an_alarm_once(store: Store) -> None:
    for load, why in ((_FIRST, "HTTP 503"), (_SECOND, "HTTP 503"), (_THIRD, "it breaks off")):
        store.loads.record_failure(load, why, at=NOW)

    with store.database.read() as connection:
        rows = connection.execute(select(schema.audit).where(schema.audit.c.kind == "master")).all()
    assert [json.loads(row.text).get("alarm", False) for row in rows] == [True, False, True]
