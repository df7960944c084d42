"""The instrument table: a load counts from its switch, whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product

from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.store.master import LoadInfo
from executor.store.store import Store
from tests.builders import NOW, an_id, an_instrument

_FIRST, _SECOND = an_id(11), an_id(12)


def _load(store: Store, load: str, *rows: tuple[Instrument, str]) -> None:
    store.loads.add_instruments(load, rows)
    store.loads.switch_master(load, {"rows": len(rows)}, at=NOW)


def _stock(number: int, segment: Segment = Segment.NSE) -> Instrument:
    return an_instrument(key=InstrumentKey(segment, str(number)), symbol=f"S{number}-EQ")


def _option(number: int, strike: str) -> Instrument:
    return Instrument(
        key=InstrumentKey(Segment.NFO, str(number)),
        symbol=f"NIFTY01DEC26{strike}CE",
        name="NIFTY",
        kind=Kind.OPTION,
        lot=65,
        tick=Decimal("0.05"),
        expiry=date(2026, 12, 1),
        strike=Decimal(strike),
        right="CE",
        freeze=1801,
        closing_auction=False,
    )


def _future(number: int) -> Instrument:
    option = _option(number, "0")
    return replace(option, symbol=f"NIFTY{number}FUT", kind=Kind.FUTURE, strike=None, right=None)


def test_rows_count_only_after_the_switch(store: Store):
    store.loads.add_instruments(_FIRST, [(an_instrument(), "TATASTEEL")])

    assert store.master.find_by_alias("TATASTEEL", [Segment.NSE]) == []
    assert store.master.current_load() is None

    store.loads.switch_master(_FIRST, {"rows": 1}, at=NOW)

    assert store.master.find_by_alias("TATASTEEL", [Segment.NSE]) == [an_instrument()]
    assert store.master.current_load() == LoadInfo(_FIRST, NOW, {"rows": 1})


def test_an_instrument_comes_back_whole(store: Store):
    option = _option(43125, "24000")

    _load(store, _FIRST, (option, "NIFTY"))

    assert store.master.find_by_key(option.key) == option
    assert store.master.find_by_symbol(Segment.NFO, option.symbol) == [option]
    assert store.master.options_of(Segment.NFO, "NIFTY", date(2026, 12, 1)) == [option]
    assert store.master.option_of(Segment.NFO, "NIFTY", date(2026, 12, 1), Decimal(24000), "CE") == [option]


def test_the_expiries_of_options_come_once_and_in_order(store: Store):
    days = [date(2026, 12, 8), date(2026, 12, 1), date(2027, 1, 26)]
    options = [
        replace(_option(number, strike), expiry=day)
        for number, (day, strike) in enumerate(product(days, ("24000", "24100", "24200.5")))
    ]
    future = replace(_future(99), expiry=date(2026, 12, 29))

    _load(store, _FIRST, *((one, "NIFTY") for one in (*options, future)))

    assert store.master.expiries_of(Segment.NFO, "NIFTY") == sorted(days)
    assert store.master.expiries_of(Segment.NFO, "BANKNIFTY") == []
    assert store.master.expiries_of(Segment.BFO, "NIFTY") == []
    assert store.master.futures_of(Segment.NFO, "NIFTY") == [future]
    assert [one.strike for one in store.master.options_of(Segment.NFO, "NIFTY", days[0])] == [
        Decimal("24000"),
        Decimal("24100"),
        Decimal("24200.5"),
    ]


def test_contracts_of_the_load_before_are_not_found(store: Store):
    old, new = _future(1), replace(_future(2), expiry=date(2027, 1, 26))
    gone = replace(_option(3, "24000"), expiry=date(2026, 11, 24))

    _load(store, _FIRST, (old, "NIFTY"), (gone, "NIFTY"))
    _load(store, _SECOND, (new, "NIFTY"))

    assert store.master.futures_of(Segment.NFO, "NIFTY") == [new]
    assert store.master.expiries_of(Segment.NFO, "NIFTY") == []
    assert store.master.find_by_key(old.key) is None
    assert store.master.search("NIFTY", [], 9) == [new]


def test_shares_and_indices_have_aliases_and_derivatives_names(store: Store):
    index = an_instrument(key=InstrumentKey(Segment.NSE, "90"), symbol="Nifty 50", name="NIFTY", kind=Kind.INDEX)

    _load(store, _FIRST, (index, "NIFTY"), (_future(1), "NIFTY"), (_stock(2), "NIRMA"))

    assert store.master.find_by_alias("NIFTY", [Segment.NSE, Segment.NFO]) == [index]
    assert store.master.aliases_like("NI", 9) == ["NIFTY", "NIRMA"]
    assert store.master.names_like("NI", 9) == ["NIFTY"]


def test_a_search_finds_by_alias_and_symbol_and_further_words(store: Store):
    index = an_instrument(key=InstrumentKey(Segment.NSE, "90"), symbol="Nifty 50", name="NIFTY", kind=Kind.INDEX)
    options = [_option(number, strike) for number, strike in enumerate(("24000", "24100", "25000"))]
    rows = [(index, "NIFTY"), (_future(9), "NIFTY"), *((one, "NIFTY") for one in options)]

    _load(store, _FIRST, *rows, (_stock(5), "NIFTYBEES"))

    assert store.master.search("NIFTY", [], 9) == [index, _stock(5), _future(9), *options]
    assert store.master.search("NIFTY", ["24", "ce"], 9) == options[:2]
    assert store.master.search("NIFTY01DEC2624", [], 9) == options[:2]
    assert store.master.search("NIFTY", [], 2) == [index, _stock(5)]
    assert store.master.search("NIFTY", ["%"], 9) == []
    assert store.master.search("S5", [], 9) == [_stock(5)]


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


def test_candidates_begin_with_the_text_and_are_few(store: Store):
    names = ["TATASTEEL", "TATAMOTORS", "TATA_POWER", "TCS", "%TATA"]
    _load(store, _FIRST, *((_stock(number), name) for number, name in enumerate(names)))

    assert set(store.master.aliases_like("TATA", 9)) == {"TATAMOTORS", "TATASTEEL", "TATA_POWER"}
    assert store.master.aliases_like("TATA", 1) == ["TATAMOTORS"]
    assert store.master.aliases_like("%", 9) == ["%TATA"]
    assert store.master.aliases_like("ZZZ", 9) == []
