"""Angel One's instrument file, row by row, in our words (smartapi.md 8).

Ticks are in paise and strikes times a hundred there. A row that is not traded by anyone here, or that cannot be
understood, is left out with a reason; whoever takes the rows judges whether too many were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from executor.broker.smartapi.stream import read_rows
from executor.domain.instrument import UNREADABLE, Instrument, InstrumentKey, Kind, LeftOut, Segment

_CASH_SEGMENTS = (Segment.NSE, Segment.BSE)
_INDEX_TYPES = ("AMXIDX", "INDEX")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SEGMENTS = frozenset(Segment)
_TEST = re.compile(r"[NB]SETEST|MCXTEST")
_HUNDRED = Decimal(100)


def read_master(path: Path) -> Iterator[Instrument | LeftOut]:
    """Read the file in bounded memory. Raises ValueError where it is no JSON array or breaks off, OSError."""
    for row in read_rows(path):
        try:
            yield read_row(row)
        except ValueError as error:
            yield LeftOut(UNREADABLE, f"{row.get('exch_seg')} {row.get('symbol')}: {error}")


def read_row(row: Mapping[str, Any]) -> Instrument | LeftOut:
    """Read a row. Raises ValueError when a field that its kind needs is missing or wrong."""
    if row.get("exch_seg") not in _SEGMENTS:
        return LeftOut("other segment")
    segment, symbol = Segment(row["exch_seg"]), str(row.get("symbol", "")).strip()
    lot = _number(row, "lotsize")
    kind = _kind(str(row.get("instrumenttype", "")), segment)
    if kind is None or lot <= 0:
        return LeftOut("not traded")
    if _TEST.search(symbol):
        return LeftOut("test instrument")
    option = kind is Kind.OPTION
    return Instrument(
        key=InstrumentKey(segment, _text(row, "token")),
        symbol=_text(row, "symbol"),
        name=str(row.get("name", "")).strip(),
        kind=kind,
        lot=_whole(lot, "lotsize"),
        tick=_tick(row, kind),
        series=symbol.rpartition("-")[2] if kind is Kind.CASH and segment is Segment.NSE and "-" in symbol else "",
        expiry=_expiry(_text(row, "expiry")) if kind in (Kind.FUTURE, Kind.OPTION) else None,
        strike=_strike(row) if option else None,
        right=_right(symbol) if option else None,
        freeze=_whole(_number(row, "freeze_qty"), "freeze_qty") or None,
    )


def _kind(found: str, segment: Segment) -> Kind | None:
    if found == "":
        return Kind.CASH if segment in _CASH_SEGMENTS else None
    if found in _INDEX_TYPES:
        return Kind.INDEX
    return {"FUT": Kind.FUTURE, "OPT": Kind.OPTION}.get(found[:3])


def _tick(row: Mapping[str, Any], kind: Kind) -> Decimal:
    tick = _number(row, "tick_size") / _HUNDRED
    if tick <= 0 and kind is not Kind.INDEX:
        raise ValueError(f"tick_size {row.get('tick_size')!r}")
    return tick


def _strike(row: Mapping[str, Any]) -> Decimal:
    strike = _number(row, "strike") / _HUNDRED
    if strike <= 0:
        raise ValueError(f"strike {row.get('strike')!r}")
    return strike


def _right(symbol: str) -> str:
    if symbol[-2:] not in ("CE", "PE"):
        raise ValueError(f"symbol {symbol!r} of an option")
    return symbol[-2:]


def _expiry(text: str) -> date:
    """A date such as 27OCT2026, in any case; strptime would follow the locale."""
    if len(text) != 9 or text[2:5].upper() not in _MONTHS:
        raise ValueError(f"expiry {text!r}")
    return date(int(text[5:]), _MONTHS.index(text[2:5].upper()) + 1, int(text[:2]))


def _text(row: Mapping[str, Any], field: str) -> str:
    found = row.get(field)
    if not isinstance(found, str) or not found.strip():
        raise ValueError(f"{field} {found!r}")
    return found.strip()


def _number(row: Mapping[str, Any], field: str) -> Decimal:
    """A number in text; 0 where the field is missing or empty."""
    found = row.get(field) or "0"
    try:
        number = Decimal(found)
    except (InvalidOperation, TypeError, ValueError):
        raise ValueError(f"{field} {found!r}") from None
    if not number.is_finite():
        raise ValueError(f"{field} {found!r}")
    return number


def _whole(number: Decimal, field: str) -> int:
    if number != int(number) or number < 0:
        raise ValueError(f"{field} {number}")
    return int(number)
