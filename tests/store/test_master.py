"""The instrument table: a load counts from its switch, whole."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.store import master as room
from executor.store import schema
from executor.store.master import LoadInfo
from executor.store.store import Store
from tests.builders import NOW, an_id, an_instrument

_FIRST, _SECOND, _THIRD = an_id(11), an_id(12), an_id(13)


def _load(store: Store, load: str, *rows: tuple[Instrument, str]) -> None:
    store.master.add_instruments(load, rows)
    store.master.switch_master(load, {"rows": len(rows)}, at=NOW)


def _stock(number: int, segment: Segment = Segment.NSE) -> Instrument:
    return an_instrument(key=InstrumentKey(segment, str(number)), symbol=f"S{number}-EQ")


def test_rows_count_only_after_the_switch(store: Store):
    store.master.add_instruments(_FIRST, [(an_instrument(), "TATASTEEL")])

    assert store.master.find_by_alias("TATASTEEL", [Segment.NSE]) == []
    assert store.master.current_load() is None

    store.master.switch_master(_FIRST, {"rows": 1}, at=NOW)

    assert store.master.find_by_alias("TATASTEEL", [Segment.NSE]) == [an_instrument()]
    assert store.master.current_load() == LoadInfo(_FIRST, NOW, {"rows": 1})


def test_an_instrument_comes_back_whole(store: Store):
    option = Instrument(
        key=InstrumentKey(Segment.NFO, "43125"),
        symbol="NIFTY01DEC2624000CE",
        name="NIFTY",
        kind=Kind.OPTION,
        lot=65,
        tick=Decimal("0.05"),
        expiry=date(2026, 12, 1),
        strike=Decimal("24000"),
        right="CE",
        freeze=1801,
    )

    _load(store, _FIRST, (option, "NIFTY261201C24000"))

    assert store.master.find_by_alias("NIFTY261201C24000", [Segment.NFO]) == [option]
    assert store.master.find_by_symbol(Segment.NFO, option.symbol) == [option]


def test_an_alias_is_looked_for_in_the_given_segments(store: Store):
    nse, bse = _stock(1), _stock(2, Segment.BSE)

    _load(store, _FIRST, (nse, "TATASTEEL"), (bse, "TATASTEEL"))

    assert store.master.find_by_alias("TATASTEEL", [Segment.BSE]) == [bse]
    assert set(store.master.find_by_alias("TATASTEEL", [Segment.NSE, Segment.BSE])) == {nse, bse}


def test_a_new_load_replaces_the_old_one_whole(store: Store):
    _load(store, _FIRST, (_stock(1), "ONE"), (_stock(2), "TWO"))

    _load(store, _SECOND, (_stock(2), "TWO"))

    assert store.master.find_by_alias("ONE", [Segment.NSE]) == []
    assert store.master.find_by_symbol(Segment.NSE, "S1-EQ") == []
    assert store.master.aliases_like("", 9) == ["TWO"]


def test_yesterdays_rows_stay_and_older_ones_go(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "_PORTION", 2)
    for load in (_FIRST, _SECOND, _THIRD):
        _load(store, load, *((_stock(number), f"A{number}") for number in range(5)))

    with store.database.read() as connection:
        loads = connection.execute(select(schema.instrument.c.load).distinct()).scalars().all()

    assert set(loads) == {_SECOND, _THIRD}


def test_candidates_begin_with_the_text_and_are_few(store: Store):
    names = ["TATASTEEL", "TATAMOTORS", "TATA_POWER", "TCS", "%TATA"]
    _load(store, _FIRST, *((_stock(number), name) for number, name in enumerate(names)))

    assert set(store.master.aliases_like("TATA", 9)) == {"TATAMOTORS", "TATASTEEL", "TATA_POWER"}
    assert store.master.aliases_like("TATA", 1) == ["TATAMOTORS"]
    assert store.master.aliases_like("%", 9) == ["%TATA"]
    assert store.master.aliases_like("ZZZ", 9) == []


def test_an_empty_chunk_is_no_error(store: Store):
    store.master.add_instruments(_FIRST, [])

    assert store.master.current_load() is None
