from __future__ import annotations

import pytest

from executor.domain.instrument import Instrument, InstrumentKey, Segment
from executor.domain.refusal import Refusal, RefusalCode
from tests.instruments.builders import MasterInMemory, bse_share, index, meant, row, share

MASTER = MasterInMemory(
    [
        share("KAVERI-EQ", "1"),
        bse_share("KAVERI", "1"),
        share("KAVERIPUMP-EQ", "2"),
        share("TWIN-EQ", "3"),
        share("TWIN-BE", "4"),
        share("SLOW-BE", "5"),
        share("TINY-SM", "6", lotsize="400"),
        share("AB-CD-EQ", "7"),
        share("K&L-EQ", "8"),
        share("P&Q-EQ", "9"),
        share("P-Q-EQ", "10"),
        share("WINDF2026-EQ", "11"),
        index("Nifty 50", "NIFTY", "90"),
        index("SENSEX", "SENSEX", "91", "BSE"),
        row(
            symbol="KAVERI29DEC26FUT",
            name="KAVERI",
            token="1",
            exch_seg="NFO",
            instrumenttype="FUTSTK",
            expiry="29DEC2026",
        ),
    ]
)


def found(exchange, ticker):
    instrument = meant(exchange, ticker, MASTER)
    assert isinstance(instrument, Instrument), instrument
    return instrument.key.text


def refused(exchange, ticker):
    refusal = meant(exchange, ticker, MASTER)
    assert isinstance(refusal, Refusal), refusal
    return refusal


def test_a_share_is_found_on_the_exchange_of_its_chart():
    assert found("NSE", "KAVERI") == "NSE:1"
    assert found("BSE", "KAVERI") == "BSE:1"


@pytest.mark.parametrize(
    ("ticker", "key"),
    [
        ("AB_CD", "NSE:7"),
        ("AB-CD", "NSE:7"),
        ("K_L", "NSE:8"),
        ("K&L", "NSE:8"),
        ("kaveri", "NSE:1"),
        ("KAVERI-EQ", "NSE:1"),
        ("AB-CD-EQ", "NSE:7"),
        ("TWIN-BE", "NSE:4"),
        ("TINY-SM", "NSE:6"),
        ("WINDF2026", "NSE:11"),
    ],
)
def test_tradingviews_spelling_and_angel_ones_own_symbol_both_find_it(ticker, key):
    assert found("NSE", ticker) == key


def test_eq_comes_before_be_and_be_alone_is_enough():
    assert found("NSE", "TWIN") == "NSE:3"
    assert found("NSE", "SLOW") == "NSE:5"


def test_another_series_is_not_taken_by_itself_but_named():
    refusal = refused("NSE", "TINY")

    assert refusal.code is RefusalCode.TICKER_AMBIGUOUS
    assert "TINY-SM" in refusal.detail


def test_a_spelling_that_fits_two_shares_is_refused_and_the_exact_name_is_not():
    refusal = refused("NSE", "P_Q")

    assert refusal.code is RefusalCode.TICKER_AMBIGUOUS
    assert "P&Q-EQ, P-Q-EQ" in refusal.detail
    assert found("NSE", "P&Q") == "NSE:9"
    assert found("NSE", "P-Q") == "NSE:10"


def test_an_unknown_ticker_is_refused_with_the_nearest():
    refusal = refused("NSE", "KAVARI")

    assert refusal.code is RefusalCode.TICKER_UNKNOWN
    assert refusal.detail == "NSE:KAVARI; nearest: KAVERI, KAVERIPUMP"
    assert refused("NSE", "QQQQQQ").detail == "NSE:QQQQQQ"


def test_the_beginning_of_a_name_is_not_the_name():
    assert refused("NSE", "KAVER").code is RefusalCode.TICKER_UNKNOWN
    assert refused("BSE", "KAVERIPUMP").code is RefusalCode.TICKER_UNKNOWN


@pytest.mark.parametrize(("exchange", "ticker"), [("NSE", "NIFTY"), ("BSE", "SENSEX")])
def test_an_index_is_not_tradable(exchange, ticker):
    refusal = refused(exchange, ticker)

    assert refusal.code is RefusalCode.TICKER_NOT_TRADABLE
    assert "is the index" in refusal.detail


def test_a_token_that_another_segment_uses_too_does_not_confuse():
    instrument = meant("NSE", "KAVERI", MASTER)

    assert isinstance(instrument, Instrument)
    assert instrument.key == InstrumentKey(Segment.NSE, "1")
    assert instrument.symbol == "KAVERI-EQ"
