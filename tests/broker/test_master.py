from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.broker.smartapi.master import read_row
from executor.domain.instrument import Instrument, InstrumentKey, Kind, LeftOut, Segment
from executor.instruments.ticker import alias_of
from tests.broker.test_mutations import ODD
from tests.instruments.builders import bse_share, index, row

OPTION = {
    "symbol": "KAVERI29DEC26292.5CE",
    "exch_seg": "NFO",
    "instrumenttype": "OPTSTK",
    "expiry": "29DEC2026",
    "strike": "29250.000000",
    "lotsize": "650",
}


def test_a_share_has_its_series_its_tick_in_rupees_and_the_first_refused_quantity():
    assert read_row(row()) == Instrument(
        key=InstrumentKey(Segment.NSE, "77001"),
        symbol="KAVERI-EQ",
        name="KAVERI",
        kind=Kind.CASH,
        lot=1,
        tick=Decimal("0.05"),
        series="EQ",
        freeze=90001,
        closing_auction=False,
    )


def test_a_share_of_bse_has_no_series_and_no_known_freeze():
    found = read_row(bse_share("AB-CD", "500999"))

    assert isinstance(found, Instrument)
    assert (found.series, found.freeze) == ("", None)


def test_the_series_is_what_stands_behind_the_last_hyphen():
    found = read_row(row(symbol="AB-CD-BE", name="AB-CD"))

    assert isinstance(found, Instrument)
    assert found.series == "BE"
    assert alias_of(found) == "AB_CD"


def test_an_option_has_its_strike_in_rupees_its_right_and_its_expiry():
    found = read_row(row(**OPTION))

    assert isinstance(found, Instrument)
    assert (found.kind, found.strike, found.right, found.expiry) == (
        Kind.OPTION,
        Decimal("292.5"),
        "CE",
        date(2026, 12, 29),
    )
    assert found.lot == 650


def test_a_future_has_an_expiry_and_no_strike():
    found = read_row(row(**{**OPTION, "symbol": "KAVERI29DEC26FUT", "instrumenttype": "FUTSTK", "strike": "-1.000000"}))

    assert isinstance(found, Instrument)
    assert (found.kind, found.strike, found.right) == (Kind.FUTURE, None, None)


def test_an_expiry_is_read_in_any_case_of_letters():
    found = read_row(row(**{**OPTION, "expiry": "29Dec2026"}))

    assert isinstance(found, Instrument)
    assert found.expiry == date(2026, 12, 29)


def test_an_index_is_found_under_its_name():
    found = read_row(index("Nifty 50", "NIFTY", "90"))

    assert isinstance(found, Instrument)
    assert (found.kind, alias_of(found)) == (Kind.INDEX, "NIFTY")


@pytest.mark.parametrize("missing", ["name", "expiry", "strike"])
def test_a_contract_without_one_of_its_parts_cannot_be_understood(missing):
    with pytest.raises(ValueError, match=missing):
        read_row(row(**{**OPTION, missing: None}))


@pytest.mark.parametrize("missing", ["freeze_qty", "is_cas_enabled", "name", "strike"])
def test_columns_that_a_share_does_not_need_may_be_missing_and_others_may_come(missing):
    found = read_row(row(**{missing: None, "new_column": "x"}))

    assert isinstance(found, Instrument)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"exch_seg": "CDS"}, LeftOut("other segment")),
        ({"exch_seg": "nse_cm"}, LeftOut("other segment")),
        ({"exch_seg": None}, LeftOut("other segment")),
        ({"lotsize": "-1", "tick_size": "-1.000000"}, LeftOut("not traded")),
        ({"lotsize": "0"}, LeftOut("not traded")),
        ({"instrumenttype": "UNDIRT"}, LeftOut("not traded")),
        ({"exch_seg": "MCX", "instrumenttype": "COMDTY", "lotsize": None, "tick_size": None}, LeftOut("not traded")),
        ({"exch_seg": "NFO"}, LeftOut("not traded")),
        ({**OPTION, "symbol": "051NSETEST27NOV36FUT", "instrumenttype": "FUTSTK"}, LeftOut("test instrument")),
    ],
)
def test_what_nobody_trades_here_is_left_out_with_a_reason(fields, reason):
    assert read_row(row(**fields)) == reason


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"token": ""}, "token ''"),
        ({"symbol": None}, "symbol None"),
        ({"tick_size": "0"}, "tick_size '0'"),
        ({"tick_size": None}, "tick_size None"),
        ({"tick_size": "five"}, "tick_size 'five'"),
        ({"tick_size": "NaN"}, "tick_size 'NaN'"),
        ({"lotsize": "1.5"}, "lotsize '1.5'"),
        ({"freeze_qty": "-5"}, "freeze_qty -5"),
        ({**OPTION, "strike": "-1"}, "strike '-1'"),
        ({**OPTION, "expiry": ""}, "expiry ''"),
        ({**OPTION, "expiry": "2026-12-29"}, "expiry '2026-12-29'"),
        ({**OPTION, "expiry": "31FEB2026"}, "day is out of range"),
        ({**OPTION, "symbol": "KAVERI29DEC26292.5"}, "of an option"),
    ],
)
def test_what_cannot_be_understood_raises_and_names_the_field(fields, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        read_row(row(**fields))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_changed_row_is_an_instrument_or_left_out_and_never_an_error(data):
    made = {**row(), **data.draw(st.sampled_from([{}, OPTION]))}
    for name in data.draw(st.lists(st.sampled_from(sorted(made)), min_size=1, max_size=3, unique=True)):
        made[name] = data.draw(ODD)
    if data.draw(st.booleans()):
        del made[data.draw(st.sampled_from(sorted(made)))]

    with suppress(ValueError):  # which leaves the row out (read_master)
        found = read_row(made)
        assert isinstance(found, LeftOut) or (found.lot > 0 and found.symbol)
