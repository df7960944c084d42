"""Which underlyings have contracts that are made by rule: those that tests and demos trade, or as many as in reality.

Weekly options exist for NIFTY (Tuesday) and SENSEX (Thursday) alone, all others are monthly; lots and freezes are
those of the contracts from January 2026 on (smartapi.md 8.3, 8.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from executor.simulator.exchange.instrument import InstrumentKey
from executor.simulator.master.byhand import UNDERLYINGS, crude_months
from executor.simulator.master.days import THURSDAY, TUESDAY, Days
from executor.simulator.master.family import Family

#: number, name, spot, lot, freeze, strikes' step, tick of futures, strikes to either side (few, and in reality)
_NSE_INDICES = (
    (101, "NIFTY", "25000", 65, 1801, "50", "0.10", (15, 110)),
    (102, "BANKNIFTY", "56000", 30, 601, "100", "0.20", (15, 110)),
    (103, "FINNIFTY", "27000", 60, 1801, "50", "0.10", (6, 60)),
    (104, "MIDCPNIFTY", "13500", 120, 2801, "25", "0.05", (6, 60)),
    (105, "NIFTYNXT50", "69000", 25, 601, "100", "0.20", (6, 40)),
)
_BSE_INDICES = (
    (101, "SENSEX", "82000", 20, 1001, "100", "0.05", (15, 120)),
    (102, "BANKEX", "63000", 30, 901, "100", "0.05", (6, 60)),
    (103, "SENSEX50", "26000", 75, 1801, "50", "0.05", (6, 40)),
)
#: as above; the last is how many strikes lie to either side where there are few
_STOCKS = (
    (201, "RELIANCE", "1420", 500, 50001, "10", "0.10", 12),
    (202, "SBIN", "820", 750, 75001, "5", "0.05", 6),
    (203, "VEDL", "460", 1150, 46001, "2.5", "0.05", 8),
    (204, "M&M", "3600", 200, 20001, "50", "0.10", 6),
    (205, "BAJAJ-AUTO", "9050", 75, 7501, "50", "1.00", 6),
    (206, "TCS", "3120", 175, 17501, "20", "0.10", 6),
    (207, "HDFCBANK", "985", 550, 55001, "10", "0.05", 6),
    (208, "TATASTEEL", "172", 5500, 275001, "2.5", "0.01", 6),
    (209, "INFY", "1510", 400, 40001, "20", "0.10", 6),
)
_COMMODITIES = (
    (101, "CRUDEOIL", "5650", 100, 10001, "50", "1.00", 8),
    (102, "CRUDEOILM", "5650", 10, 10001, "50", "1.00", 8),
    (103, "GOLDM", "124000", 100, 1001, "500", "1.00", 8),
    (104, "NATURALGAS", "265", 1250, 60001, "5", "0.10", 8),
)
_ON_BSE = ("RELIANCE", "TCS")


@dataclass(frozen=True, slots=True)
class Ahead:
    """How far contracts reach: weeks and months of options."""

    weeks: int
    months: int
    is_real: bool  #: with as many strikes as there are


FEW = Ahead(weeks=2, months=2, is_real=False)
REAL = Ahead(weeks=5, months=6, is_real=True)


def families(days: Days, ahead: Ahead) -> Iterator[Family]:
    """Yield those of the underlyings that are written down here."""
    for exchange, weekday, indices in (("NFO", TUESDAY, _NSE_INDICES), ("BFO", THURSDAY, _BSE_INDICES)):
        months = tuple(days.months(weekday, ahead.months))
        weeks = tuple(days.weeks(weekday, ahead.weeks))
        for number, name, spot, lot, freeze, step, tick, widths in indices:
            options = tuple(sorted({*weeks, *months})) if name in ("NIFTY", "SENSEX") else months
            yield _family(
                exchange,
                (number, name, spot, lot, freeze, step, tick, widths[ahead.is_real]),
                suffix="IDX",
                futures=tuple(days.months(weekday)),
                options=options,
                months=frozenset(months),
            )
        for stock in _STOCKS:
            if exchange == "NFO" or stock[1] in _ON_BSE:
                yield stock_family(exchange, stock, months=tuple(days.months(weekday)), ahead=ahead)
    yield from _commodities(days)


#: What is known of an underlying: number, name, spot, lot, freeze, step, tick, width.
Facts = tuple[int, str, str, int, int, str, str, int]


def stock_family(
    exchange: str, facts: Facts, *, months: tuple[date, ...], ahead: Ahead, underlying: InstrumentKey | None = None
) -> Family:
    """The family of a share; on the BSE and in tests its options reach over one month."""
    reach = len(months) if ahead.is_real else 1 + (facts[1] == "RELIANCE")
    return _family(
        exchange,
        facts,
        suffix="STK",
        futures=months,
        options=months[:reach],
        months=frozenset(months),
        underlying=underlying,
    )


def _commodities(days: Days) -> Iterator[Family]:
    """Their options end some days before the future that they follow."""
    crude, gold = crude_months(days), days.monthly(5)
    for facts in _COMMODITIES:
        futures = gold if facts[1] == "GOLDM" else crude
        yield _family(
            "MCX",
            facts,
            suffix="COM",
            futures=tuple(futures if facts[1] in ("GOLDM", "CRUDEOILM") else ()),  # the others are written down
            options=tuple(before(days, one) for one in futures[:1]),
        )


def before(days: Days, future: date) -> date:
    """Return when the options on a commodity's future expire; not before today."""
    return max(days.today, days.trading_day(date.fromordinal(future.toordinal() - 3)))


def _family(
    exchange: str,
    facts: Facts,
    *,
    suffix: str,
    futures: tuple[date, ...],
    options: tuple[date, ...],
    months: frozenset[date] = frozenset(),
    underlying: InstrumentKey | None = None,
) -> Family:
    number, name, spot, lot, freeze, step, tick, width = facts
    return Family(
        number=number,
        exchange=exchange,
        name=name,
        suffix=suffix,
        underlying=underlying or UNDERLYINGS[name],
        spot=Decimal(spot),
        lot=lot,
        freeze=freeze,
        step=Decimal(step),
        width=width,
        tick=Decimal(tick),
        futures=futures,
        options=options,
        months=months,
    )
