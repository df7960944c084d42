"""A made-up file of all segments around 25 November 2026, in the spellings that Angel One's really has.

NSE's contracts expire on Tuesdays, BSE's on Thursdays; 24 November is a holiday, so November's went on the 23rd. BFO
spells a monthly contract without its day and a weekly one with a letter or digit for the month; nothing here follows
one rule, and nothing may rely on it (smartapi.md 8.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import count
from typing import Any

from executor.clock import IST
from executor.domain.option import OptionChain
from executor.domain.refusal import Refusal
from tests.instruments.builders import NOW, MasterInMemory, bse_share, index, meant, row, share

NIFTY_WEEKS = [date(2026, 12, day) for day in (1, 8, 15, 22)]
NSE_MONTHS = [date(2026, 11, 23), date(2026, 12, 29), date(2027, 1, 25)]
SENSEX_WEEKS = [date(2026, 12, day) for day in (3, 10, 17, 24)]
BSE_MONTHS = [date(2026, 11, 26), date(2026, 12, 31), date(2027, 1, 28)]

_WEEK_LETTERS = "123456789OND"
_TOKENS = count(50_001)


def text_of(day: date) -> str:
    return f"{day:%d%b%Y}".upper()


def future(name, day, *, segment="NFO", kind="FUTSTK", lot="500", symbol=None, **more):
    usual = f"{name}{day:%y%b}FUT" if segment == "BFO" else f"{name}{day:%d%b%y}FUT"
    return row(
        token=str(next(_TOKENS)),
        symbol=symbol or usual.upper(),
        name=name,
        expiry=text_of(day),
        lotsize=lot,
        instrumenttype=kind,
        exch_seg=segment,
        **more,
    )


def options(name, day, strikes, *, segment="NFO", kind="OPTSTK", lot="500") -> Iterator[dict]:
    for strike in strikes:
        for right in ("CE", "PE"):
            yield row(
                token=str(next(_TOKENS)),
                symbol=f"{name}{_dated(segment, day)}{strike}{right}",
                name=name,
                expiry=text_of(day),
                strike=f"{float(strike) * 100:.6f}",
                lotsize=lot,
                instrumenttype=kind,
                exch_seg=segment,
            )


def _dated(segment: str, day: date) -> str:
    if segment != "BFO":
        return f"{day:%d%b%y}".upper()
    if day in BSE_MONTHS:
        return f"{day:%y%b}".upper()
    return f"{day:%y}{_WEEK_LETTERS[day.month - 1]}{day:%d}"


def cash_rows() -> Iterator[dict]:
    plain = ("RELIANCE", "SBIN", "INFY", "TCS", "VEDL", "IEX", "360ONE", "20MICRONS", "IDEA", "NIFTYBEES", "GOLDBEES")
    for symbol in (*plain, "BAJAJ-AUTO", "NAM-INDIA", "M&M", "M&MFIN", "J&KBANK", "GVT&D", "SURANAT&P", "L&TFH"):
        yield share(f"{symbol}-EQ", str(next(_TOKENS)))
    series = ("COFFEEDAY-BE", "FROG-ST", "RULKA-SM", "EMBASSY-RR", "IRBINVIT-IV", "SGBJUL27-GB", "TWIN-EQ", "TWIN-BE")
    for symbol in series:
        yield share(symbol, str(next(_TOKENS)))
    for symbol, number in (("SBIN", "500112"), ("RELIANCE", "500325"), ("M&M", "500520"), ("BAJAJ-AUTO", "532977")):
        yield bse_share(symbol, number)
    for symbol, number in (("WIPRO", "507685"), ("UTIQUE", "500014"), ("360ONE", "542772")):
        yield bse_share(symbol, number)


def index_rows() -> Iterator[dict]:
    yield index("Nifty 50", "NIFTY", "99926000")
    yield index("Nifty Bank", "BANKNIFTY", "99926009")
    yield index("Nifty Fin Service", "FINNIFTY", "99926037")
    yield index("NIFTY MID SELECT", "MIDCPNIFTY", "99926074")
    yield index("Nifty Next 50", "NIFTYNXT50", "99926013")
    yield index("NIFTY MIDCAP 100", "NIFTY MIDCAP 100", "99926011")
    yield index("Nifty IT", "NIFTY IT", "99926008")
    yield index("India VIX", "INDIA VIX", "99926017")
    for token, name in (("99919000", "SENSEX"), ("99919012", "BANKEX")):
        yield index(name, name, token, "BSE")
    yield index("SNSX50", "SNSX50", "99919047", "BSE")


def nse_index_rows() -> Iterator[dict]:
    for name in ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTYNXT50"):
        for day in NSE_MONTHS:
            yield future(name, day, kind="FUTIDX", lot="65")
            yield from options(name, day, (23900, 24000, 24100), kind="OPTIDX", lot="65")
    for day in NIFTY_WEEKS:
        yield from options("NIFTY", day, (23950, 24000, 24050), kind="OPTIDX", lot="65")


def nse_share_rows() -> Iterator[dict]:
    strikes = {
        "RELIANCE": (1260, 1280),
        "SBIN": (1000, 1010),
        "M&M": (3100, 3150),
        "BAJAJ-AUTO": (9100,),
        "VEDL": ("292.5", "295"),
        "IEX": ("117.5", "120"),
        "360ONE": (1260,),
        "INFY": (),
    }
    for name, listed in strikes.items():
        for day in NSE_MONTHS:
            yield future(name, day)
            yield from options(name, day, listed)


def bse_rows() -> Iterator[dict]:
    for name in ("SENSEX", "BANKEX", "SENSEX50"):
        for day in BSE_MONTHS:
            yield future(name, day, segment="BFO", kind="FUTIDX", lot="20")
            yield from options(name, day, (81900, 82000, 82100), segment="BFO", kind="OPTIDX", lot="20")
    for day in SENSEX_WEEKS:
        yield from options("SENSEX", day, (81900, 82000), segment="BFO", kind="OPTIDX", lot="20")
    for day in BSE_MONTHS:
        yield future("RELIANCE", day, segment="BFO")
        yield from options("RELIANCE", day, (1280,), segment="BFO")


def mcx_rows() -> Iterator[dict]:
    months = {
        "CRUDEOIL": [date(2026, 12, 18), date(2027, 1, 19), date(2027, 2, 19)],
        "CRUDEOILM": [date(2026, 12, 18), date(2027, 1, 19)],
        "NATURALGAS": [date(2026, 11, 25), date(2026, 12, 28), date(2027, 1, 26)],
        "GOLD": [date(2026, 12, 4), date(2027, 2, 5), date(2027, 4, 5)],
        "GOLDM": [date(2026, 12, 4), date(2027, 1, 5), date(2027, 2, 5)],
        "GOLDPETAL": [date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 29)],
        "SILVER": [date(2026, 12, 4), date(2027, 3, 5)],
        "SILVERM": [date(2026, 11, 30), date(2027, 2, 26)],
        "SILVERMIC": [date(2026, 11, 30), date(2027, 2, 26)],
        "COPPER": [date(2026, 11, 30), date(2026, 12, 31)],
    }
    for name, days in months.items():
        for day in days:
            yield future(name, day, segment="MCX", kind="FUTCOM", lot="100")
    for name, day, strikes in (
        ("CRUDEOIL", date(2026, 12, 16), (6600, 6650)),
        ("CRUDEOIL", date(2027, 1, 14), (6600, 6650)),
        ("GOLDM", date(2026, 11, 27), (157000, 158000)),
        ("GOLDM", date(2026, 12, 30), (157000, 158000)),
        ("GOLD", date(2026, 11, 26), (153000,)),
        ("SILVER", date(2026, 11, 26), (272000,)),
        ("NATURALGAS", date(2026, 12, 23), (255, 260)),
    ):
        yield from options(name, day, strikes, segment="MCX", kind="OPTFUT", lot="100")


def all_rows() -> list[dict]:
    made: Iterable[Iterator[dict]] = (
        cash_rows(),
        index_rows(),
        nse_index_rows(),
        nse_share_rows(),
        bse_rows(),
        mcx_rows(),
    )
    return [one for rows in made for one in rows]


MARKET = MasterInMemory(all_rows())


def cases(*tables: str) -> list[tuple[str, ...]]:
    """The cases of tables: one or more in a line, with `|` between them, words apart by blanks."""
    return [
        tuple(case.split()) for table in tables for line in table.strip().splitlines() for case in line.split(" | ")
    ]


def meaning(master: MasterInMemory, ticker: str, *, at: str = "", **more: Any) -> str:
    """What `exchange:ticker` means on 25 November or at a moment, as segment:symbol; a refusal as its sentence."""
    now = datetime.fromisoformat(at).replace(tzinfo=IST) if at else NOW
    exchange, _, text = ticker.partition(":")
    found = meant(exchange, text, master, now=now, **more)
    assert not isinstance(found, OptionChain), "a chain has no single meaning"
    return found.sentence if isinstance(found, Refusal) else f"{found.key.segment}:{found.symbol}"
