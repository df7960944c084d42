"""What is refused, with the whole text of each refusal: what was found, and the nearest that there is.

A line is a refusal's detail; it begins with the ticker that was asked for.
"""

from __future__ import annotations

import pytest

from executor.domain.refusal import WORDS, RefusalCode
from tests.instruments.market import MARKET, meaning

UNKNOWN = """
NSE:NOSUCHSYMBOL
NSE:RELIANC; nearest: RELIANCE
NSE:SBIM; nearest: SBIN
NSE:BAJAJAUTO; nearest: BAJAJ_AUTO
NSE:MM; nearest: M_M
NSE:M-M; nearest: M_M, M_MFIN
NSE:BAJAJ&AUTO; nearest: BAJAJ_AUTO
NSE:KOTAK
NSE:SBI; nearest: SBIN
NSE:EMBASSY.IV; nearest: EMBASSY
NSE:SBIN-BE; nearest: SBIN
NSE:SBIN.XX; nearest: SBIN
NSE:500112
BSE:INFY; NSE lists it
BSE:999999
BSE:SBIN-EQ; nearest: SBIN
BSE:NIFTY; NSE lists it
NSE:SENSEX; BSE lists it
NSE:BSX
NSE:CNX500
NSE:NIFTY11; nearest: NIFTY, NIFTY_IT, NIFTYBEES
NSE:NIFTX1!: no futures are listed under NIFTX on NFO; nearest: NIFTY, NIFTYNXT50
NSE:TCS1!: no futures are listed under TCS on NFO
NSE:SENSEX1!: no futures are listed under SENSEX on NFO; BSE lists it
NSE:BSX1!: no futures are listed under BSX on NFO; BSE lists it
BSE:NIFTY1!: no futures are listed under NIFTY on BFO; NSE lists it
BSE:M_M1!: no futures are listed under M_M on BFO; NSE lists it
NSE:CRUDEOIL1!: no futures are listed under CRUDEOIL on NFO; MCX lists it
MCX:NIFTY1!: no futures are listed under NIFTY on MCX; NSE lists it
MCX:CRUDEOILX1!: no futures are listed under CRUDEOILX on MCX; nearest: CRUDEOIL, CRUDEOILM
NSE:MM1!: no futures are listed under MM on NFO; nearest: M_M
NSE:M-M1!: no futures are listed under M-M on NFO; nearest: M_M
NSE:SUZLON1!: no futures are listed under SUZLON on NFO
NSE:TCSZ2026: no futures are listed under TCS on NFO
NSE:NIFTYA2026; nearest: NIFTY, NIFTYNXT50
NSE:NIFTYZ26; nearest: NIFTY, NIFTY_IT
NSE:NIFTYZ1999; nearest: NIFTY
NSE:NIFTY261201X24000
NSE:TCS261229C3500: no options are listed under TCS on NFO
NSE:M-M261229C3100: no options are listed under M-M on NFO; nearest: M_M
BSE:NIFTY261201C24000: no options are listed under NIFTY on BFO; NSE lists it
NSE:BSX261203C82000: no options are listed under BSX on NFO; BSE lists it
MCX:GOLDPETAL261231C100: no options are listed under GOLDPETAL on MCX; nearest: GOLD
"""

AMBIGUOUS = """
NSE:EMBASSY is in no usual series; send the one you mean: EMBASSY-RR
NSE:FROG is in no usual series; send the one you mean: FROG-ST
NSE:SGBJUL27 is in no usual series; send the one you mean: SGBJUL27-GB
"""

NOT_TRADABLE = """
NSE:NIFTY is the index Nifty 50: trade NIFTY1!, or options by a rule (`--option`)
NSE:BANKNIFTY is the index Nifty Bank: trade BANKNIFTY1!, or options by a rule (`--option`)
NSE:CNXFINANCE is the index Nifty Fin Service: trade FINNIFTY1!, or options by a rule (`--option`)
NSE:FINNIFTY is the index Nifty Fin Service: trade FINNIFTY1!, or options by a rule (`--option`)
NSE:NIFTY_MID_SELECT is the index NIFTY MID SELECT: trade MIDCPNIFTY1!, or options by a rule (`--option`)
NSE:MIDCPNIFTY is the index NIFTY MID SELECT: trade MIDCPNIFTY1!, or options by a rule (`--option`)
NSE:NIFTY_NEXT_50 is the index Nifty Next 50: trade NIFTYNXT501!, or options by a rule (`--option`)
NSE:NIFTYNXT50 is the index Nifty Next 50: trade NIFTYNXT501!, or options by a rule (`--option`)
NSE:CNXMIDCAP is the index NIFTY MIDCAP 100: no contracts are listed on it; the index of MIDCPNIFTY is NIFTY_MID_SELECT
NSE:INDIAVIX is the index India VIX: no contracts are listed on it
NSE:NIFTY_IT is the index Nifty IT: no contracts are listed on it
BSE:SENSEX is the index SENSEX: trade BSX1!, or options by a rule (`--option`)
BSE:BANKEX is the index BANKEX: trade BKX1!, or options by a rule (`--option`)
BSE:SENSEX50 is the index SNSX50: trade SENSEX501!, or options by a rule (`--option`)
NSE:NIFTY3!: only 1! and 2! are continuous futures; name the month, such as NIFTYX2026
NSE:NIFTY9!: only 1! and 2! are continuous futures; name the month, such as NIFTYX2026
NSE:NIFTY0!: only 1! and 2! are continuous futures; name the month, such as NIFTYX2026
NSE:NIFTY!: a continuous future ends in 1! or 2!
NSE:NIFTY1!X: a continuous future ends in 1! or 2!
MCX:CRUDEOIL is no contract; name one, such as CRUDEOIL1!
MCX:GOLD is no contract; name one, such as GOLD1!
NSE_DLY:NIFTY is a delayed feed; chart NSE in real time
NSE_DL:SBIN is a delayed feed; chart NSE in real time
BSE_DLY:SENSEX is a delayed feed; chart BSE in real time
MCX_DLY:GOLD1! is a delayed feed; chart MCX in real time
NSE:USDINR1!: currencies are not traded here: Angel One's order page names NSE, BSE, NFO, BFO and MCX only
NSE:USDINR: currencies are not traded here: Angel One's order page names NSE, BSE, NFO, BFO and MCX only
NSE:EURINRZ2026: currencies are not traded here: Angel One's order page names NSE, BSE, NFO, BFO and MCX only
BSE:GBPINR261229C110: currencies are not traded here: Angel One's order page names NSE, BSE, NFO, BFO and MCX only
CDS:USDINR1!: currencies are not traded here: Angel One's order page names NSE, BSE, NFO, BFO and MCX only
NCDEX:DHANIYA1!: farm contracts are not traded here: Angel One's order page names NSE, BSE, NFO, BFO and MCX only
NSEIX:NIFTY1!: GIFT Nifty is another exchange's contract; chart NSE:NIFTY1!
NASDAQ:AAPL: Angel One does not trade on NASDAQ
BINANCE:BTCUSDT: Angel One does not trade on BINANCE
NSE:M&AMP;M: a ticker has letters, digits, & _ - . and !; send {{ticker}} as it is
"""

EXPIRED = """
NSE:NIFTYX2026 is NIFTY23NOV26FUT, which expired on 23 Nov 2026
NSE:NIFTYV2026 was of 10/2026
NSE:NIFTYZ2025 was of 12/2025
NSE:NIFTY261124C24000 expired on 24 Nov 2026
NSE:NIFTY261123C24000 is NIFTY23NOV2624000CE, which expired on 23 Nov 2026
NSE:NIFTY23NOV26FUT is NIFTY23NOV26FUT, which expired on 23 Nov 2026
NSE:NIFTY23NOV2624000PE is NIFTY23NOV2624000PE, which expired on 23 Nov 2026
"""

NOT_LISTED = """
NSE:NIFTYG2027; there are NIFTY29DEC26FUT, NIFTY25JAN27FUT
BSE:BSXG2027; there are SENSEX26NOVFUT, SENSEX26DECFUT, SENSEX27JANFUT
MCX:CRUDEOILX2026; there are CRUDEOIL18DEC26FUT, CRUDEOIL19JAN27FUT, CRUDEOIL19FEB27FUT
MCX:SILVERF2027; there are SILVER04DEC26FUT, SILVER05MAR27FUT
MCX:SILVERMZ2026; there are SILVERM30NOV26FUT, SILVERM26FEB27FUT
NSE:NIFTY261202C24000: none expires on 02 Dec 2026; expiries: 01 Dec 2026, 08 Dec 2026, 15 Dec 2026, 22 Dec 2026
NSE:NIFTY261126C24000: none expires on 26 Nov 2026; expiries: 01 Dec 2026, 08 Dec 2026, 15 Dec 2026, 22 Dec 2026
NSE:NIFTY261201C24025; nearest: NIFTY01DEC2624000CE, NIFTY01DEC2624050CE, NIFTY01DEC2623950CE
NSE:NIFTY261201P30000; nearest: NIFTY01DEC2624050PE, NIFTY01DEC2624000PE, NIFTY01DEC2623950PE
NSE:NIFTY261301C24000: 261301 is no date (YYMMDD)
NSE:NIFTY260230C24000: 260230 is no date (YYMMDD)
NSE:NIFTY261201C0: an option has a strike above zero
NSE:BANKNIFTY261201C24000: none expires on 01 Dec 2026; expiries: 29 Dec 2026, 25 Jan 2027
NSE:FINNIFTY261208P24000: none expires on 08 Dec 2026; expiries: 29 Dec 2026, 25 Jan 2027
NSE:VEDL261229C292; nearest: VEDL29DEC26292.5CE, VEDL29DEC26295CE
NSE:VEDL261229C292.55; nearest: VEDL29DEC26292.5CE, VEDL29DEC26295CE
BSE:BSX261201C82000: none expires on 01 Dec 2026; expiries: 26 Nov 2026, 03 Dec 2026, 10 Dec 2026, 17 Dec 2026
BSE:BSX261203C82050; nearest: SENSEX26D0382000CE, SENSEX26D0381900CE
BSE:BKX261203C82000: none expires on 03 Dec 2026; expiries: 26 Nov 2026, 31 Dec 2026, 28 Jan 2027
BSE:SENSEX50261203C82000: none expires on 03 Dec 2026; expiries: 26 Nov 2026, 31 Dec 2026, 28 Jan 2027
MCX:CRUDEOIL261218C6600: none expires on 18 Dec 2026; expiries: 16 Dec 2026, 14 Jan 2027
MCX:GOLDM261127C150000; nearest: GOLDM27NOV26157000CE, GOLDM27NOV26158000CE
NSE:NIFTY22DEC18000CE is spelled as no contract of Angel One; TradingView writes NIFTY261201C24000, NIFTY1!
NSE:NIFTY01DEC2624025CE is spelled as no contract of Angel One; TradingView writes NIFTY261201C24000, NIFTY1!
NSE:NIFTY24NOV26FUT is spelled as no contract of Angel One; TradingView writes NIFTY261201C24000, NIFTY1!
BSE:SENSEX26O0882000PE is spelled as no contract of Angel One; TradingView writes NIFTY261201C24000, NIFTY1!
MCX:CRUDEOIL19OCT26FUT is spelled as no contract of Angel One; TradingView writes NIFTY261201C24000, NIFTY1!
NFO:NIFTY1! is no symbol of Angel One; TradingView's {{exchange}} is NSE or BSE
NFO:NIFTY261201C24000 is no symbol of Angel One; TradingView's {{exchange}} is NSE or BSE
NFO:NIFTY is no symbol of Angel One; TradingView's {{exchange}} is NSE or BSE
BFO:BSX1! is no symbol of Angel One; TradingView's {{exchange}} is NSE or BSE
NFO:RELIANCE-EQ is no symbol of Angel One; TradingView's {{exchange}} is NSE or BSE
BFO:NIFTY29DEC26FUT is no symbol of Angel One; TradingView's {{exchange}} is NSE or BSE
"""


def refusals(code: RefusalCode, table: str) -> list[tuple[str, str]]:
    details = table.strip().splitlines()
    return [(detail.split()[0].rstrip(":;"), f"{WORDS[code].sentence}: {detail}") for detail in details]


@pytest.mark.parametrize(
    ("ticker", "sentence"),
    [
        *refusals(RefusalCode.TICKER_UNKNOWN, UNKNOWN),
        *refusals(RefusalCode.TICKER_AMBIGUOUS, AMBIGUOUS),
        *refusals(RefusalCode.TICKER_NOT_TRADABLE, NOT_TRADABLE),
        *refusals(RefusalCode.EXPIRED, EXPIRED),
        *refusals(RefusalCode.NOT_LISTED, NOT_LISTED),
    ],
)
def test_what_means_nothing_here_is_refused_with_the_way_out(ticker, sentence):
    assert meaning(MARKET, ticker) == sentence
