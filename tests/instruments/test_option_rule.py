"""Which options an underlying's alert may choose among: the expiry that a rule means, and all that is listed on it."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from executor.clock import IST
from executor.domain.option import OptionChain, OptionRule, OptionType
from executor.domain.refusal import Refusal
from executor.instruments.option import rule_of
from tests.instruments.builders import MasterInMemory, meant
from tests.instruments.market import MARKET, all_rows, cases, options


def chain(ticker, expiry, *, at="2026-11-25T10:00", least=0, master=MARKET, **more):
    """A rule's underlying and expiry as text, or its refusal as a sentence."""
    exchange, _, text = ticker.partition(":")
    now = datetime.fromisoformat(at).replace(tzinfo=IST)
    rule = OptionRule(OptionType.AUTO, "ATM", expiry, least)
    found = meant(exchange, text, master, now=now, option=rule, **more)
    if isinstance(found, Refusal):
        return found.sentence
    assert isinstance(found, OptionChain)
    assert found.rule == rule
    assert len({(row.key.segment, row.name, row.expiry) for row in found.contracts}) == 1
    return f"{found.underlying.symbol} {found.contracts[0].expiry} {len(found.contracts)}".replace(" ", "_")


EXPIRIES = """
NSE:NIFTY nearest Nifty_50_2026-12-01_6 | NSE:NIFTY weekly Nifty_50_2026-12-01_6
NSE:NIFTY next-weekly Nifty_50_2026-12-08_6 | NSE:NIFTY monthly Nifty_50_2026-12-29_6
NSE:NIFTY 2026-12-15 Nifty_50_2026-12-15_6 | NSE:NIFTY 2027-01-25 Nifty_50_2027-01-25_6
NSE:NIFTY1! nearest NIFTY29DEC26FUT_2026-12-01_6 | NSE:NIFTYF2027 monthly NIFTY25JAN27FUT_2026-12-29_6
NSE:BANKNIFTY nearest Nifty_Bank_2026-12-29_6 | NSE:BANKNIFTY monthly Nifty_Bank_2026-12-29_6
NSE:CNXFINANCE nearest Nifty_Fin_Service_2026-12-29_6 | NSE:NIFTY_MID_SELECT nearest NIFTY_MID_SELECT_2026-12-29_6
NSE:MIDCPNIFTY nearest NIFTY_MID_SELECT_2026-12-29_6 | NSE:NIFTY_NEXT_50 nearest Nifty_Next_50_2026-12-29_6
BSE:SENSEX nearest SENSEX_2026-11-26_6 | BSE:SENSEX weekly SENSEX_2026-11-26_6
BSE:SENSEX next-weekly SENSEX_2026-12-03_4 | BSE:SENSEX monthly SENSEX_2026-11-26_6
BSE:BSX1! nearest SENSEX26NOVFUT_2026-11-26_6 | BSE:BANKEX monthly BANKEX_2026-11-26_6
BSE:SENSEX50 nearest SNSX50_2026-11-26_6 | BSE:RELIANCE nearest RELIANCE_2026-11-26_2
NSE:RELIANCE nearest RELIANCE-EQ_2026-12-29_4 | NSE:RELIANCE1! nearest RELIANCE29DEC26FUT_2026-12-29_4
NSE:M_M nearest M&M-EQ_2026-12-29_4 | NSE:M&M monthly M&M-EQ_2026-12-29_4 | NSE:SBIN-EQ nearest SBIN-EQ_2026-12-29_4
NSE:BAJAJ_AUTO nearest BAJAJ-AUTO-EQ_2026-12-29_2 | NSE:360ONE nearest 360ONE-EQ_2026-12-29_2
NFO:NIFTY29DEC26FUT nearest NIFTY29DEC26FUT_2026-12-01_6 | MCX:CRUDEOIL1! nearest CRUDEOIL18DEC26FUT_2026-12-16_4
MCX:CRUDEOIL2! nearest CRUDEOIL19JAN27FUT_2027-01-14_4 | MCX:GOLDM1! nearest GOLDM04DEC26FUT_2026-11-27_4
MCX:GOLDMF2027 monthly GOLDM05JAN27FUT_2026-12-30_4 | MCX:NATURALGAS2! nearest NATURALGAS28DEC26FUT_2026-12-23_4
"""


@pytest.mark.parametrize(("ticker", "expiry", "found"), cases(EXPIRIES))
def test_an_expiry_is_one_of_those_listed(ticker, expiry, found):
    assert chain(ticker, expiry) == found


#: On 23 November NIFTY's monthly ends at 15:40, a day early for the holiday of the 24th.
DAYS = """
2026-11-20T10:00 weekly 0 2026-11-23 | 2026-11-20T10:00 next-weekly 0 2026-12-01 | 2026-11-20T10:00 monthly 0 2026-11-23
2026-11-23T15:39 nearest 0 2026-11-23 | 2026-11-23T15:40 nearest 0 2026-12-01 | 2026-11-23T15:40 monthly 0 2026-12-29
2026-11-23T10:00 nearest 1 2026-12-01 | 2026-11-23T10:00 weekly 8 2026-12-01 | 2026-11-23T10:00 weekly 9 2026-12-08
2026-11-23T10:00 monthly 1 2026-12-29 | 2026-11-25T10:00 nearest 6 2026-12-01 | 2026-11-25T10:00 nearest 7 2026-12-08
2026-11-25T10:00 next-weekly 7 2026-12-15 | 2026-11-25T10:00 monthly 35 2027-01-25
2026-12-01T15:41 weekly 0 2026-12-08
"""


@pytest.mark.parametrize(("at", "expiry", "least", "day"), cases(DAYS))
def test_an_expiry_counts_until_it_ends_and_from_its_fewest_days_on(at, expiry, least, day):
    assert chain("NSE:NIFTY", expiry, at=at, least=int(least)) == f"Nifty_50_{day}_6"


REFUSED = [
    ("NSE:BANKNIFTY", "weekly", "BANKNIFTY has no weekly options; expiries: 29 Dec 2026, 25 Jan 2027"),
    ("NSE:BANKNIFTY", "next-weekly", "BANKNIFTY has no weekly options; expiries: 29 Dec 2026, 25 Jan 2027"),
    ("NSE:RELIANCE", "weekly", "RELIANCE has no weekly options; expiries: 29 Dec 2026, 25 Jan 2027"),
    ("BSE:BANKEX", "weekly", "BANKEX has no weekly options; expiries: 26 Nov 2026, 31 Dec 2026, 28 Jan 2027"),
    ("MCX:CRUDEOIL1!", "weekly", "CRUDEOIL has no weekly options; expiries: 16 Dec 2026"),
    (
        "NSE:NIFTY",
        "2026-12-02",
        "NIFTY has no options that expire on 02 Dec 2026; expiries: 01 Dec 2026, 08 Dec 2026, 15 Dec 2026, "
        "22 Dec 2026, 29 Dec 2026",
    ),
    (
        "NSE:BANKNIFTY",
        "2026-11-23",
        "BANKNIFTY has no options that expire on 23 Nov 2026; expiries: 29 Dec 2026, 25 Jan 2027",
    ),
    ("NSE:NIFTY", "2026-13-01", "NIFTY cannot expire on 2026-13-01, which is no date"),
    ("NSE:INFY", "nearest", "INFY has no listed options"),
    ("NSE:TCS", "2026-12-29", "TCS has no options that expire on 29 Dec 2026; none is listed"),
    ("NSE:CNXMIDCAP", "nearest", "no options are listed on the index NIFTY MIDCAP 100; the index of MIDCPNIFTY is "),
    ("NSE:INDIAVIX", "nearest", "no options are listed on the index India VIX"),
    ("NSE:NIFTY_IT", "nearest", "no options are listed on the index Nifty IT"),
    ("NSE:NIFTY261201C24000", "nearest", "NSE:NIFTY261201C24000 is an option already; chart its underlying"),
    ("NFO:NIFTY01DEC2624000CE", "nearest", "NFO:NIFTY01DEC2624000CE is an option already; chart its underlying"),
    ("MCX:NATURALGAS1!", "nearest", "NATURALGAS has no listed options"),
    ("MCX:GOLDPETAL1!", "nearest", "GOLDPETAL has no listed options"),
]


@pytest.mark.parametrize(("ticker", "expiry", "words"), REFUSED)
def test_a_rule_that_fits_nothing_listed_is_refused_with_what_there_is(ticker, expiry, words):
    assert chain(ticker, expiry).startswith(f"The option rule fits no listed options: {words}")


@pytest.mark.parametrize(
    ("expiry", "least", "words"),
    [
        ("2026-12-01", 7, "NIFTY expires on 01 Dec 2026, fewer than 7 days away"),
        ("nearest", 99, "NIFTY has no nearest expiry at least 99 days away; expiries: 01 Dec 2026, 08 Dec 2026"),
        ("next-weekly", 60, "NIFTY has no next-weekly expiry at least 60 days away"),
        ("monthly", 70, "NIFTY has no monthly expiry at least 70 days away"),
    ],
)
def test_what_expires_too_soon_is_not_taken(expiry, least, words):
    assert words in chain("NSE:NIFTY", expiry, least=least)


def test_what_the_ticker_is_refused_for_it_is_refused_for_with_a_rule_too():
    assert chain("NSE:NOSUCH", "nearest") == "No instrument has this ticker: NSE:NOSUCH"
    assert "delayed feed" in chain("NSE_DLY:NIFTY", "nearest")
    assert "is no contract" in chain("MCX:GOLD", "nearest")


def test_options_of_a_stale_table_are_not_taken():
    stale = MasterInMemory(all_rows(), at=datetime(2026, 11, 23, 8, 20, tzinfo=IST))

    assert chain("NSE:NIFTY", "nearest", master=stale).startswith("The instrument table is not of today")


def test_a_strike_that_is_listed_twice_is_refused():
    twice = list(options("NIFTY", date(2026, 12, 1), (24000,), kind="OPTIDX"))
    twice[0]["symbol"] = "NIFTY26D0124000CE"
    master = MasterInMemory([*all_rows(), twice[0]])

    assert chain("NSE:NIFTY", "weekly", master=master) == (
        "More than one instrument has this ticker: options of NIFTY are listed twice: NIFTY01DEC2624000CE, "
        "NIFTY26D0124000CE"
    )


def test_options_of_another_name_that_is_written_alike_are_no_part_of_the_chain():
    others = options("M-M", date(2026, 12, 29), (3100, 9000))
    master = MasterInMemory([*all_rows(), *others])

    assert chain("NSE:M&M", "nearest", master=master) == "M&M-EQ_2026-12-29_4"


def test_the_contracts_come_in_order_calls_and_puts_of_each_strike():
    found = meant("NSE", "NIFTY", MARKET, option=OptionRule(OptionType.CE, "OTM1", "nearest"))

    assert isinstance(found, OptionChain)
    assert [f"{row.strike.normalize():f}{row.right}" for row in found.contracts] == [
        *("23950CE", "23950PE", "24000CE", "24000PE", "24050CE", "24050PE")
    ]


def test_an_alert_brings_its_rule_in_its_own_fields():
    alert = {"option": {"type": "auto", "strike": "ATM+1", "expiry": "weekly", "min_days": "2"}}

    assert rule_of(alert) == OptionRule(OptionType.AUTO, "ATM+1", "weekly", 2)
    assert rule_of({"ticker": "NIFTY"}) is None
