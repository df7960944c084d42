"""Angel One's instrument file, row by row, in our words (smartapi.md 8).

Ticks are in paise and strikes times a hundred there. A row that is not traded by anyone here, or that cannot be
understood, is left out with a reason; whoever takes the rows judges whether too many were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from executor.broker.smartapi.stream import read_rows
from executor.domain.instrument import UNREADABLE, Instrument, InstrumentKey, Kind, LeftOut, Segment

_CASH_SEGMENTS = (Segment.NSE, Segment.BSE)
_INDEX_TYPES = ("AMXIDX", "INDEX")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SEGMENTS = {segment.value: segment for segment in Segment}
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
    segment = _SEGMENTS.get(str(row.get("exch_seg", "")))
    if segment is None:
        return LeftOut("other segment")
    kind, lot = _kind(str(row.get("instrumenttype", "")), segment), _whole(row, "lotsize")
    if kind is None or lot <= 0:
        return LeftOut("not traded")
    symbol = _text(row, "symbol")
    if "TEST" in symbol and _TEST.search(symbol):
        return LeftOut("test instrument")
    tick = _number(row, "tick_size") / _HUNDRED
    if tick <= 0 and kind is not Kind.INDEX:
        raise ValueError(f"tick_size {row.get('tick_size')!r}")
    derivative = kind is Kind.FUTURE or kind is Kind.OPTION
    option = kind is Kind.OPTION
    return Instrument(
        key=InstrumentKey(segment, _text(row, "token")),
        symbol=symbol,
        name=_text(row, "name") if derivative else str(row.get("name", "")).strip(),
        kind=kind,
        lot=lot,
        tick=tick,
        series=symbol.rpartition("-")[2] if kind is Kind.CASH and segment is Segment.NSE and "-" in symbol else "",
        expiry=_expiry(_text(row, "expiry")) if derivative else None,
        strike=_strike(row) if option else None,
        right=_right(symbol) if option else None,
        freeze=_freeze(row),
        closing_auction=_flag(row.get("is_cas_enabled")),
    )


def _kind(found: str, segment: Segment) -> Kind | None:
    if found == "":
        return Kind.CASH if segment in _CASH_SEGMENTS else None
    if found in _INDEX_TYPES:
        return Kind.INDEX
    return {"FUT": Kind.FUTURE, "OPT": Kind.OPTION}.get(found[:3])


def _freeze(row: Mapping[str, Any]) -> int | None:
    freeze = _whole(row, "freeze_qty")
    if freeze < 0:
        raise ValueError(f"freeze_qty {freeze}")
    return freeze or None


def _strike(row: Mapping[str, Any]) -> Decimal:
    strike = _number(row, "strike") / _HUNDRED
    if strike <= 0:
        raise ValueError(f"strike {row.get('strike')!r}")
    return strike


def _right(symbol: str) -> str:
    if symbol[-2:] not in ("CE", "PE"):
        raise ValueError(f"symbol {symbol!r} of an option")
    return symbol[-2:]


@lru_cache(maxsize=4096)
def _expiry(text: str) -> date:
    """A date such as 27OCT2026, in any case; strptime would follow the locale."""
    if len(text) != 9 or text[2:5].upper() not in _MONTHS:
        raise ValueError(f"expiry {text!r}")
    return date(int(text[5:]), _MONTHS.index(text[2:5].upper()) + 1, int(text[:2]))


def _flag(found: Any) -> bool | None:
    return found if isinstance(found, bool) else None


def _text(row: Mapping[str, Any], field: str) -> str:
    found = row.get(field)
    text = found.strip() if isinstance(found, str) else ""
    if not text:
        raise ValueError(f"{field} {found!r}")
    return text


def _number(row: Mapping[str, Any], field: str) -> Decimal:
    """A number in text; 0 where the field is missing or empty."""
    found = row.get(field) or "0"
    try:
        return _decimal(found)
    except (InvalidOperation, TypeError, ValueError):
        raise ValueError(f"{field} {found!r}") from None


def _whole(row: Mapping[str, Any], field: str) -> int:
    found = row.get(field) or "0"
    try:
        return _integer(found)
    except (ArithmeticError, TypeError, ValueError):
        raise ValueError(f"{field} {found!r}") from None


@lru_cache(maxsize=16384)
def _integer(text: str) -> int:
    number = _decimal(text)
    whole = int(number)
    if number != whole:
        raise ValueError(text)
    return whole


@lru_cache(maxsize=16384)
def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number
