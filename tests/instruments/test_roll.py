"""When a continuous ticker turns to the next contract, by each kind of roll."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from executor.clock import IST
from executor.domain.instrument import Segment
from executor.domain.strategy import Roll, RollKind
from executor.instruments.resolve import Asked, shown
from executor.instruments.roll import Turn, contract_on, next_turn
from tests.instruments.builders import CALENDAR, MasterInMemory
from tests.instruments.market import MARKET, all_rows, cases, meaning

NEAREST = Roll()
TWO_DAYS = Roll(RollKind.BEFORE, 2, time(15))
ON_THE_DAY = Roll(RollKind.BEFORE, 0, time(12))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=IST)


def nifty(*, segment=Segment.NFO, name="NIFTY"):
    return MARKET.futures_of(segment, name)


#: NIFTY's November ends on Monday the 23rd, two trading days before it is Thursday the 19th; its December on Tuesday
#: the 29th, with a holiday on Friday the 25th: two trading days before it is Thursday the 24th.
ROLLED = """
2026-11-19T14:59 1 NIFTY23NOV26FUT | 2026-11-19T15:00 1 NIFTY29DEC26FUT | 2026-11-19T14:59 2 NIFTY29DEC26FUT
2026-11-19T15:00 2 NIFTY25JAN27FUT | 2026-11-23T10:00 1 NIFTY29DEC26FUT | 2026-12-24T14:59 1 NIFTY29DEC26FUT
2026-12-24T15:00 1 NIFTY25JAN27FUT | 2026-12-25T15:00 1 NIFTY25JAN27FUT
"""


@pytest.mark.parametrize(("moment", "n", "symbol"), cases(ROLLED))
def test_a_roll_counts_trading_days_back_from_the_expiry(moment, n, symbol):
    found = contract_on(nifty(), int(n), TWO_DAYS, now=at(moment), calendar=CALENDAR)

    assert found is not None
    assert found.symbol == symbol


@pytest.mark.parametrize(("moment", "symbol"), [("11:59", "NIFTY23NOV26FUT"), ("12:00", "NIFTY29DEC26FUT")])
def test_a_roll_on_the_expiry_day_itself_has_only_its_time(moment, symbol):
    found = contract_on(nifty(), 1, ON_THE_DAY, now=at(f"2026-11-23T{moment}"), calendar=CALENDAR)

    assert found is not None
    assert found.symbol == symbol


def test_a_roll_later_than_the_end_of_trading_is_no_later_than_that():
    late = Roll(RollKind.BEFORE, 0, time(23, 59))

    found = contract_on(nifty(), 1, late, now=at("2026-11-23T15:40"), calendar=CALENDAR)

    assert found is not None
    assert found.symbol == "NIFTY29DEC26FUT"


def test_the_order_of_the_rows_does_not_matter():
    now = at("2026-11-19T15:00")

    assert contract_on(reversed(nifty()), 1, TWO_DAYS, now=now, calendar=CALENDAR) == contract_on(
        nifty(), 1, TWO_DAYS, now=now, calendar=CALENDAR
    )


@pytest.mark.parametrize(
    ("n", "roll", "moment", "then"),
    [
        (1, NEAREST, "2026-11-23T15:40", "NIFTY29DEC26FUT"),
        (2, NEAREST, "2026-11-23T15:40", "NIFTY25JAN27FUT"),
        (1, TWO_DAYS, "2026-11-19T15:00", "NIFTY29DEC26FUT"),
        (3, NEAREST, "2026-11-23T15:40", None),
    ],
)
def test_the_next_turn_tells_when_and_to_what(n, roll, moment, then):
    turn = next_turn(nifty(), n, roll, now=at("2026-11-18T10:00"), calendar=CALENDAR)

    assert turn is not None
    assert turn.at == at(moment)
    assert (turn.contract.symbol if turn.contract else None) == then


def test_a_ticker_that_means_nothing_turns_to_nothing():
    assert next_turn(nifty(), 4, NEAREST, now=at("2026-11-18T10:00"), calendar=CALENDAR) is None
    assert next_turn([], 1, NEAREST, now=at("2026-11-18T10:00"), calendar=CALENDAR) is None


def test_the_contract_after_the_turn_is_the_one_that_counts_then():
    now = at("2026-11-18T10:00")
    turn = next_turn(nifty(), 1, TWO_DAYS, now=now, calendar=CALENDAR)
    assert isinstance(turn, Turn)

    assert contract_on(nifty(), 1, TWO_DAYS, now=turn.at, calendar=CALENDAR) == turn.contract


def test_a_commodity_rolls_by_its_own_days():
    # Christmas closes both; MCX trades on 24 November, when NSE does not
    rolled = Roll(RollKind.BEFORE, 1, time(20))

    assert meaning(MARKET, "MCX:NATURALGAS1!", at="2026-11-24T19:59", roll=rolled) == "MCX:NATURALGAS25NOV26FUT"
    assert meaning(MARKET, "MCX:NATURALGAS1!", at="2026-11-24T20:00", roll=rolled) == "MCX:NATURALGAS28DEC26FUT"


def test_a_strategy_that_takes_no_continuous_future_refuses_them_and_nothing_else():
    refuses = Roll(RollKind.REFUSE)

    assert meaning(MARKET, "NSE:NIFTY1!", roll=refuses) == "The strategy trades no continuous futures: NSE:NIFTY1!"
    assert meaning(MARKET, "NSE:NIFTYZ2026", roll=refuses) == "NFO:NIFTY29DEC26FUT"
    assert meaning(MARKET, "NSE:NIFTY1!", roll=refuses, contract="NSE:NIFTYZ2026") == "NFO:NIFTY29DEC26FUT"


@pytest.mark.parametrize(
    ("ticker", "contract", "symbol"),
    [
        ("NSE:NIFTY1!", "NSE:NIFTYF2027", "NFO:NIFTY25JAN27FUT"),
        ("NSE:NIFTY1!", "NIFTYF2027", "NFO:NIFTY25JAN27FUT"),
        ("NSE:NIFTY1!", " nse:niftyf2027 ", "NFO:NIFTY25JAN27FUT"),
        ("NSE:M_M1!", "NSE:M_MF2027", "NFO:M&M25JAN27FUT"),
        ("BSE:BSX1!", "BSE:SENSEXZ2026", "BFO:SENSEX26DECFUT"),
        ("NSE:NIFTY1!", "NaN", "NFO:NIFTY29DEC26FUT"),
        ("NSE:NIFTY1!", "na", "NFO:NIFTY29DEC26FUT"),
        ("NSE:SBIN", "NSE:SBIN", "NSE:SBIN-EQ"),
        (
            "NSE:NIFTY1!",
            "NSE:NIFTYX2026",
            "The contract has expired: NSE:NIFTYX2026 is NIFTY23NOV26FUT, which expired on 23 Nov 2026",
        ),
    ],
)
def test_what_an_alert_calls_its_contract_comes_before_the_roll_and_is_of_the_same_name(ticker, contract, symbol):
    assert meaning(MARKET, ticker, contract=contract) == symbol


@pytest.mark.parametrize(
    ("ticker", "contract", "words"),
    [
        ("NSE:NIFTY1!", "NSE:BANKNIFTYZ2026", "NSE:BANKNIFTYZ2026 is no dated future of NIFTY"),
        ("NSE:NIFTY1!", "NSE:NIFTY2!", "NSE:NIFTY2! is no dated future of NIFTY"),
        ("NSE:NIFTY1!", "BSE:NIFTYZ2026", "BSE:NIFTYZ2026 is no dated future of NIFTY"),
        ("NSE:NIFTY1!", "NSE:NIFTY261201C24000", "NSE:NIFTY261201C24000 is no dated future of NIFTY"),
        ("NSE:SBIN", "NSE:SBINZ2026", "NSE:SBINZ2026 is something else than its ticker"),
        ("NSE:NIFTYZ2026", "NSE:NIFTYF2027", "NSE:NIFTYF2027 is something else than its ticker"),
    ],
)
def test_a_contract_of_another_name_is_refused(ticker, contract, words):
    sentence = meaning(MARKET, ticker, contract=contract)

    assert sentence == f"More than one instrument has this ticker: {ticker}: the alert's contract {words}"


@pytest.mark.parametrize(
    ("ticker", "more", "chart"),
    [
        ("NIFTY1!", {}, None),
        ("NIFTY1!", {"contract": "NSE:NIFTYF2027"}, "NIFTY29DEC26FUT"),
        ("NIFTY2!", {"contract": "NSE:NIFTYF2027"}, None),
        ("NIFTY1!", {"roll": Roll(RollKind.BEFORE, 20, time(9))}, None),
        ("NIFTY1!", {"roll": Roll(RollKind.BEFORE, 20, time(9)), "now": "2026-12-02T10:00"}, "NIFTY29DEC26FUT"),
        ("NIFTYF2027", {}, None),
        ("SBIN", {}, None),
    ],
)
def test_what_the_chart_shows_is_told_where_that_is_not_what_is_traded(ticker, more, chart):
    now = at(more.pop("now", "2026-11-25T10:00"))
    asked = Asked("NSE", ticker, **more)
    traded = meaning(MARKET, f"NSE:{ticker}", at=f"{now:%Y-%m-%dT%H:%M}", **more).partition(":")[2]
    contract = next(row for segment in Segment for row in MARKET.find_by_symbol(segment, traded))

    found = shown(asked, contract, MARKET, now=now, calendar=CALENDAR)

    assert (found.symbol if found else None) == chart


@pytest.mark.parametrize(
    ("fetched", "now", "fresh"),
    [
        ("2026-11-25T08:20", "2026-11-25T10:00", True),
        ("2026-11-24T08:20", "2026-11-25T10:00", False),
        ("2026-11-23T08:20", "2026-11-24T07:00", True),
        (None, "2026-11-25T10:00", False),
    ],
)
def test_contracts_are_taken_from_the_table_of_the_day_only_and_shares_from_any(fetched, now, fresh):
    master = MasterInMemory(all_rows(), at=at(fetched) if fetched else None)

    found = [meaning(master, ticker, at=now) for ticker in ("NSE:NIFTYZ2026", "NSE:NIFTY261201C24000")]

    assert meaning(master, "NSE:SBIN", at=now) == "NSE:SBIN-EQ"
    if fresh:
        assert found == ["NFO:NIFTY29DEC26FUT", "NFO:NIFTY01DEC2624000CE"]
    else:
        assert all(one.startswith("The instrument table is not of today, so no contract is taken") for one in found)
