"""What a simulated week trades: cash for the day and for delivery, futures that are carried, one that must be left, an
option that expires; and its calendar.

Five trading days with a holiday after the first and a weekend before the last (October 2026): the weekly option of BSE
ends on Thursday the 22nd, stock futures of October on Tuesday the 27th, and so are left on the 26th.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

from executor.clock import IST
from executor.domain.instrument import Kind
from executor.domain.strategy import Gap, Level, LevelKind, Product, Rails, Short, Size, SizeKind, Strategy, Target
from tests.builders import a_strategy
from tests.campaigns.lanes import SHARES, Lane, Market, Share
from tests.house import ACCOUNT

DAYS = tuple(date(2026, 10, day) for day in (19, 21, 22, 23, 26))
#: The one of the week, and the one that moves November's expiry to the 23rd.
HOLIDAYS = frozenset({date(2026, 10, 20), date(2026, 11, 24)})
START = datetime.combine(DAYS[0], time(9, 16, 30), IST).astimezone(UTC)
#: When a stop can rest: cash until its closing auction, derivatives until their close.
_RESTS = {"NSE": time(15, 15), "BSE": time(15, 15), "NFO": time(15, 40), "BFO": time(15, 40)}
#: The day on which each expiring contract ends; the day on which a stock's is left, and the last to enter it.
_OPTION_ENDS, _FUTURE_ENDS = date(2026, 10, 22), date(2026, 10, 27)
LAST_ENTRY, _LEFT_ON = date(2026, 10, 21), date(2026, 10, 26)
_SBIN, _RELIANCE, _INFY, _TCS = SHARES[:4]

CARRIED = frozenset({"keep", "again", "carry", "near", "option"})


def sessions() -> dict[str, tuple[tuple[datetime, datetime], ...]]:
    """When stops can rest in this week, by exchange."""
    opens = time(9, 15)
    return {
        market: tuple((datetime.combine(day, opens, IST), datetime.combine(day, until, IST)) for day in DAYS)
        for market, until in _RESTS.items()
    }


def week_market() -> Market:
    """Eight lanes, each on a contract of its own."""
    infy, reliance, sbin = (
        _future("INFY", "53041", "0.10", 400, _FUTURE_ENDS),
        _future("RELIANCE", "53022", "0.10", 500, date(2026, 11, 23)),
        _future("SBIN", "53032", "0.05", 750, date(2026, 11, 23)),
    )
    call = Share(
        *("BSE", "SENSEXCALL", "82100", "0.05", "BFO", 20, Kind.OPTION, _OPTION_ENDS),
        symbol="SENSEX26O2282000CE",
        underlying="SENSEX",
    )
    lanes = (
        Lane("day", _SBIN),
        Lane("dayshort", _TCS, short=True),
        Lane("keep", _INFY),
        Lane("again", SHARES[4]),
        Lane("carry", reliance, short=True, units=500, limit=1500),
        Lane("carry", sbin, short=True, units=750, limit=1500),
        Lane("near", infy, units=400, limit=1200, last_entry=LAST_ENTRY, leave_on=_LEFT_ON),
        Lane("option", call, units=20, limit=60, last_entry=_OPTION_ENDS),
    )
    return Market(lanes, tuple(_strategies(lanes)))


def _future(name: str, token: str, tick: str, lot: int, expiry: date) -> Share:
    symbol = f"{name}{expiry:%d%b%y}FUT".upper()
    return Share("NSE", f"{name}1!", token, tick, "NFO", lot, Kind.FUTURE, expiry, symbol, name)


def _strategies(lanes: tuple[Lane, ...]) -> list[Strategy]:
    two = (Target(Level(LevelKind.PERCENT, Decimal(2))),)
    common = {"account": ACCOUNT, "stop_loss": Level(LevelKind.PERCENT, Decimal(1))}
    futures = {"product": Product.CARRYFORWARD, "size": Size(SizeKind.LOTS, Decimal(1))}
    found = [
        a_strategy(name="day", take_profit=two, **common),
        a_strategy(name="dayshort", take_profit=two, short=Short.INTRADAY_CASH, **common),
        a_strategy(name="keep", take_profit=two, product=Product.DELIVERY, **common),
        a_strategy(name="again", take_profit=(), product=Product.DELIVERY, gap=Gap.STOP_AGAIN, **common),
        a_strategy(name="carry", take_profit=two, short=Short.FUTURES, **futures, **common),
        a_strategy(name="near", take_profit=(), **futures, **common),
        a_strategy(name="option", take_profit=(), **futures, **common),
    ]
    return [replace(one, rails=_rails(lanes, one.name)) for one in found]


def _rails(lanes: tuple[Lane, ...], strategy: str) -> Rails:
    """Entries come at the open too, beside the stops of the morning."""
    names = frozenset(lane.share.name for lane in lanes if lane.strategy == strategy)
    return Rails(names, max_quantity=1500, max_trades=999, enter_from=time(9, 15))
