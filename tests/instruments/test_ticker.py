from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from executor.domain.instrument import Segment
from executor.domain.refusal import Refusal, RefusalCode
from executor.instruments.ticker import (
    CashTicker,
    ContinuousTicker,
    DatedTicker,
    OptionTicker,
    OwnTicker,
    norm,
    read_ticker,
    spells,
)


@pytest.mark.parametrize(
    ("exchange", "ticker", "segment", "text"),
    [
        ("NSE", "KAVERI", "NSE", "KAVERI"),
        ("bse", " m&m ", "BSE", "M&M"),
        ("NSE", "REL123", "NSE", "REL123"),
        ("NSE", "X2026", "NSE", "X2026"),
        ("NSE", "A2026", "NSE", "A2026"),
        ("NSE", "360ONE", "NSE", "360ONE"),
    ],
)
def test_a_share_is_an_exchange_and_a_name(exchange, ticker, segment, text):
    assert read_ticker(exchange, ticker) == CashTicker(Segment(segment), text)


@pytest.mark.parametrize(
    ("exchange", "ticker", "segment", "root", "n"),
    [
        ("NSE", "NIFTY1!", "NFO", "NIFTY", 1),
        ("NSE", "NIFTYNXT501!", "NFO", "NIFTYNXT50", 1),
        ("BSE", "SENSEX502!", "BFO", "SENSEX50", 2),
        ("NSE", "BAJAJ_AUTO1!", "NFO", "BAJAJ_AUTO", 1),
        ("NSE", "M&M2!", "NFO", "M&M", 2),
        ("NSE", "360ONE1!", "NFO", "360ONE", 1),
        ("MCX", "CRUDEOILM1!", "MCX", "CRUDEOILM", 1),
    ],
)
def test_the_last_digit_before_the_sign_counts_the_contract(exchange, ticker, segment, root, n):
    expected = ContinuousTicker(Segment(segment), root, n, f"{exchange}:{ticker}")

    assert read_ticker(exchange, ticker) == expected


@pytest.mark.parametrize(("month", "letter"), list(enumerate("FGHJKMNQUVXZ", start=1)))
def test_a_letter_is_a_month(month, letter):
    found = read_ticker("MCX", f"SILVERM{letter}2026")

    assert found == DatedTicker(Segment.MCX, "SILVERM", 2026, month, f"MCX:SILVERM{letter}2026")


@pytest.mark.parametrize(
    ("exchange", "ticker", "expected"),
    [
        ("NSE", "NIFTY261201C24000", ("NFO", "NIFTY", date(2026, 12, 1), "24000", "CE")),
        ("NSE", "NIFTYNXT50261229P68000", ("NFO", "NIFTYNXT50", date(2026, 12, 29), "68000", "PE")),
        ("BSE", "BSX261203P82000", ("BFO", "BSX", date(2026, 12, 3), "82000", "PE")),
        ("NSE", "IEX261229C117.5", ("NFO", "IEX", date(2026, 12, 29), "117.5", "CE")),
        ("NSE", "M_M261229C3100", ("NFO", "M_M", date(2026, 12, 29), "3100", "CE")),
        ("NSE", "360ONE261229C1260", ("NFO", "360ONE", date(2026, 12, 29), "1260", "CE")),
        ("MCX", "GOLDM261230P157000", ("MCX", "GOLDM", date(2026, 12, 30), "157000", "PE")),
    ],
)
def test_an_option_is_root_date_side_and_strike(exchange, ticker, expected):
    segment, root, expiry, strike, right = expected

    assert read_ticker(exchange, ticker) == OptionTicker(
        Segment(segment), root, expiry, Decimal(strike), right, f"{exchange}:{ticker}"
    )


def test_what_stands_under_a_segment_of_contracts_is_angel_ones_own_symbol():
    assert read_ticker("NFO", "NIFTY1!") == OwnTicker(Segment.NFO, "NIFTY1!", "NFO:NIFTY1!")


@pytest.mark.parametrize(
    ("exchange", "ticker", "words"),
    [
        ("NSE_DLY", "KAVERI", "NSE_DLY:KAVERI is a delayed feed; chart NSE in real time"),
        ("MCX_DL", "GOLD1!", "MCX_DL:GOLD1! is a delayed feed; chart MCX in real time"),
        ("NASDAQ", "AAPL", "does not trade on NASDAQ"),
        ("", "KAVERI", ":KAVERI: the exchange is missing; send {{exchange}}"),
        ("CDS", "USDINR1!", "currencies are not traded here"),
        ("NSE", "USDINR1!", "currencies are not traded here"),
        ("NCDEX", "DHANIYA1!", "farm contracts are not traded here"),
        ("NSEIX", "NIFTY1!", "GIFT Nifty is another exchange's contract; chart NSE:NIFTY1!"),
        ("NSE", "NIFTY3!", "only 1! and 2! are continuous futures; name the month, such as NIFTYX2026"),
        ("NSE", "NIFTY0!", "only 1! and 2!"),
        ("NSE", "NIFTY!", "a continuous future ends in 1! or 2!"),
        ("NSE", "M&AMP;M", "a ticker has letters, digits, & _ - . and !; send {{ticker}} as it is"),
    ],
)
def test_what_is_certainly_not_traded_is_refused_with_its_reason(exchange, ticker, words):
    refusal = read_ticker(exchange, ticker)

    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.TICKER_NOT_TRADABLE
    assert words in refusal.detail


@pytest.mark.parametrize("ticker", ["NIFTY261301C24000", "NIFTY260230P24000", "NIFTY261201C0"])
def test_a_date_or_strike_that_cannot_be_is_refused(ticker):
    refusal = read_ticker("NSE", ticker)

    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.NOT_LISTED


def test_names_are_compared_by_letters_and_digits():
    assert norm("bajaj-auto") == norm("BAJAJ_AUTO") == "BAJAJ_AUTO"
    assert norm("M&M") == norm("M_M") == "M_M"


@pytest.mark.parametrize(
    ("text", "name", "fits"),
    [
        ("M_M", "M&M", True),
        ("M_M", "M-M", True),
        ("M&M", "M&M", True),
        ("M&M", "M-M", False),
        ("M-M", "M&M", False),
        ("MXM", "M&M", False),
        ("M_M", "MXM", False),
        ("M_M", "M_MX", False),
    ],
)
def test_an_underscore_stands_for_any_sign_and_every_other_character_for_itself(text, name, fits):
    assert spells(text, name) is fits
