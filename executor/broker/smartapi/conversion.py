"""Convert a position: read it as the broker has it, then name it back in the broker's own values (smartapi.md 2.11)."""

from __future__ import annotations

from typing import Any

from executor.broker.smartapi import calls
from executor.broker.smartapi.books import position_rows
from executor.broker.smartapi.calls import Caller
from executor.broker.smartapi.classify import conversion_answer
from executor.broker.smartapi.fields import read_position
from executor.broker.smartapi.values import Row, Unreadable
from executor.domain.conversion import Conversion, Converted
from executor.domain.intent import RefusalReason, Refused
from executor.domain.order import Side
from executor.domain.reading import NetPosition

#: What a conversion repeats of the row.
_REPEATED = (
    *("exchange", "symboltoken", "tradingsymbol", "symbolname", "instrumenttype", "priceden", "pricenum", "genden"),
    *("gennum", "precision", "multiplier", "boardlotsize", "buyqty", "sellqty", "buyamount", "sellamount"),
)


def convert(wanted: Conversion, *, caller: Caller, jwt: str) -> Converted:
    """Convert once. Raises BrokerUnavailable, SessionLost when the positions cannot be read: nothing was asked yet."""
    book = caller.call(calls.POSITIONS, jwt=jwt)
    found = [(row, held) for row in position_rows(book) if (held := _held(row, wanted)) is not None]
    if not found or abs(found[0][1].quantity) < wanted.quantity:
        has = found[0][1].quantity if found else 0
        text = f"the account nets {has} of {wanted.symbol} as {wanted.old}, asked was {wanted.quantity}"
        return Converted(Refused(RefusalReason.INVALID, text), (book.call,))
    row, held = found[0]
    exchange = caller.call(calls.CONVERT, body=_body(row, held, wanted), jwt=jwt)
    return Converted(conversion_answer(exchange), (book.call, exchange.call))


def _held(row: Row, wanted: Conversion) -> NetPosition | None:
    """The row's position when it is the one that is wanted; a row that cannot be read is not."""
    try:
        held = read_position(row)
    except Unreadable:
        return None
    named = (held.instrument.segment, held.symbol, held.product)
    return held if held.quantity and named == (wanted.segment, wanted.symbol, wanted.old) else None


def _body(row: Row, held: NetPosition, wanted: Conversion) -> dict[str, Any]:
    side = Side.BUY if held.quantity > 0 else Side.SELL
    return {
        **{name: row[name] for name in _REPEATED if name in row},
        "oldproducttype": row["producttype"],
        "newproducttype": wanted.new.value,
        "transactiontype": side.value,
        "quantity": wanted.quantity,
        "type": "DAY",
    }
