from __future__ import annotations

import pytest

from executor.domain.instrument import Segment
from executor.domain.refusal import Refusal, RefusalCode
from executor.instruments.ticker import CashTicker, contract_refused, norm, read_ticker


@pytest.mark.parametrize(
    ("exchange", "ticker", "segment", "text"),
    [("NSE", "KAVERI", "NSE", "KAVERI"), ("bse", " m&m ", "BSE", "M&M"), ("NSE", "REL123", "NSE", "REL123")],
)
def test_a_share_is_an_exchange_and_a_name(exchange, ticker, segment, text):
    assert read_ticker(exchange, ticker) == CashTicker(Segment(segment), text)


@pytest.mark.parametrize(
    ("exchange", "ticker", "code", "words"),
    [
        ("NSE_DLY", "KAVERI", RefusalCode.TICKER_NOT_TRADABLE, "delayed feed; chart NSE in real time"),
        ("NSE", "NIFTY1!", RefusalCode.UNSUPPORTED, "NSE:NIFTY1! is a derivative"),
        ("BSE", "BSX2!", RefusalCode.UNSUPPORTED, "derivative"),
        ("MCX", "CRUDEOIL1!", RefusalCode.UNSUPPORTED, "derivative"),
        ("MCX", "GOLD", RefusalCode.UNSUPPORTED, "derivative"),
        ("NASDAQ", "AAPL", RefusalCode.TICKER_NOT_TRADABLE, "does not trade on NASDAQ"),
        ("", "KAVERI", RefusalCode.TICKER_NOT_TRADABLE, "does not trade on no name"),
    ],
)
def test_what_is_certainly_no_share_is_refused_with_its_reason(exchange, ticker, code, words):
    refusal = read_ticker(exchange, ticker)

    assert isinstance(refusal, Refusal)
    assert refusal.code is code
    assert words in refusal.detail


@pytest.mark.parametrize(
    ("ticker", "words"),
    [
        ("NIFTYX2026", "is a future"),
        ("M_MZ2026", "is a future"),
        ("NIFTY261201C24000", "is an option"),
        ("IEX261027P117.5", "is an option"),
    ],
)
def test_dated_contracts_are_recognised(ticker, words):
    refusal = contract_refused(CashTicker(Segment.NSE, ticker))

    assert refusal is not None
    assert refusal.code is RefusalCode.UNSUPPORTED
    assert words in refusal.detail


@pytest.mark.parametrize("ticker", ["REL123", "KAVERI", "A2026", "NIFTY", "360ONE", "X2026"])
def test_names_of_shares_are_not_taken_for_contracts(ticker):
    assert contract_refused(CashTicker(Segment.NSE, ticker)) is None


def test_names_are_compared_by_letters_and_digits():
    assert norm("bajaj-auto") == norm("BAJAJ_AUTO") == "BAJAJ_AUTO"
    assert norm("M&M") == norm("M_M") == "M_M"
