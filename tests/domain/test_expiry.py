from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from executor.clock import IST
from executor.domain.bracket import Bracket
from executor.domain.calendar import Calendar, Hours
from executor.domain.expiry import entry_ended, must_leave
from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from tests.builders import a_bracket, an_instrument

CALENDAR = Calendar(
    hours={Segment.NFO: ((date.min, Hours(time(9, 15), time(15, 40), time(15, 10), time(15, 0))),)},
    holidays={},
    specials={},
    valid_until=date(2026, 12, 31),
)
EXPIRY = date(2026, 12, 29)  # a Tuesday


def contract(name: str, kind: Kind, **changes: Any) -> Instrument:
    key = InstrumentKey(Segment.NFO, "53001")
    return an_instrument(key=key, name=name, symbol=f"{name}29DEC26", kind=kind, expiry=EXPIRY, **changes)


STOCK_FUTURE = contract("RELIANCE", Kind.FUTURE)
STOCK_OPTION = contract("RELIANCE", Kind.OPTION)
INDEX_FUTURE = contract("NIFTY", Kind.FUTURE)
INDEX_OPTION = contract("NIFTY", Kind.OPTION)


def ist(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=IST)


def held(what: Instrument) -> Bracket:
    return a_bracket(instrument=what.key, symbol=what.symbol, kind=what.contract_class, expiry=what.expiry)


def ended(what: Instrument, now: datetime, *, on_expiry_day: bool = False) -> str:
    return entry_ended(CALENDAR, what, now=now, on_expiry_day=on_expiry_day)


@pytest.mark.parametrize("what", [STOCK_FUTURE, STOCK_OPTION])
def test_a_stocks_derivative_is_not_entered_from_three_trading_days_before_expiry(what: Instrument) -> None:
    assert ended(what, ist(23, 15)) == ""
    assert ended(what, ist(24, 9, 15)) == (
        "RELIANCE29DEC26 expires on 29 Dec 2026 and is settled by delivery: last entry 23 Dec 2026"
    )
    assert ended(what, ist(29, 10), on_expiry_day=True) != ""


def test_an_index_option_is_entered_until_a_quarter_to_three_of_its_last_day() -> None:
    assert ended(INDEX_OPTION, ist(28, 15)) == ""
    assert ended(INDEX_OPTION, ist(29, 14, 44)) == ""
    assert ended(INDEX_OPTION, ist(29, 14, 45)) == "NIFTY29DEC26 expires today: entries end at 14:45"


def test_a_strategy_may_be_allowed_the_last_hour_of_index_options() -> None:
    assert ended(INDEX_OPTION, ist(29, 15, 30), on_expiry_day=True) == ""


def test_an_index_future_is_entered_until_it_expires() -> None:
    assert ended(INDEX_FUTURE, ist(29, 15)) == ""


@pytest.mark.parametrize("what", [STOCK_FUTURE, INDEX_OPTION, INDEX_FUTURE])
def test_nothing_is_entered_after_its_expiry(what: Instrument) -> None:
    assert "expired on 29 Dec 2026" in ended(what, ist(30, 10), on_expiry_day=True)


def test_cash_never_expires() -> None:
    cash = an_instrument()

    assert ended(cash, ist(29, 10)) == ""
    assert must_leave(CALENDAR, a_bracket(), now=ist(29, 10)) == ""


def test_a_stocks_derivative_is_left_at_the_square_off_of_the_day_before() -> None:
    assert must_leave(CALENDAR, held(STOCK_FUTURE), now=ist(28, 15, 4)) == ""
    assert must_leave(CALENDAR, held(STOCK_FUTURE), now=ist(28, 15, 5)) == (
        "RELIANCE29DEC26 expires on 29 Dec 2026 and is settled by delivery: out by 28 Dec 15:05"
    )


def test_an_index_contract_may_be_held_into_its_expiry() -> None:
    assert must_leave(CALENDAR, held(INDEX_FUTURE), now=ist(29, 15)) == ""
