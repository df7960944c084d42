"""Frames of the two feeds: JSON of the order stream (smartapi.md 7.1), binary ticks of SmartStream (7.2)."""

from __future__ import annotations

import json
import struct
from datetime import datetime
from decimal import Decimal
from enum import IntEnum

from executor.simulator.exchange.orders import Order
from executor.simulator.exchange.priced import Priced
from executor.simulator.wire.fields import order_detail

_ACK = "AB00"
_CODES = {
    "open": "AB01",
    "cancelled": "AB02",
    "rejected": "AB03",
    "modified": "AB04",
    "complete": "AB05",
    "after market order req received": "AB06",
    "cancelled after market order": "AB07",
    "modify after market order req received": "AB08",
    "open pending": "AB09",
    "trigger pending": "AB10",
    "modify pending": "AB11",
}
_EMPTY = {
    **dict.fromkeys(("variety", "ordertype", "ordertag", "producttype", "duration", "tradingsymbol"), ""),
    **dict.fromkeys(("transactiontype", "exchange", "symboltoken", "instrumenttype", "optiontype", "expirydate"), ""),
    **dict.fromkeys(("price", "triggerprice", "squareoff", "stoploss", "trailingstoploss", "strikeprice"), 0.0),
    **dict.fromkeys(("quantity", "disclosedquantity", "lotsize", "cancelsize"), "0"),
    **dict.fromkeys(("filledshares", "unfilledshares", "orderid", "text", "status", "orderstatus"), ""),
    **dict.fromkeys(("updatetime", "exchtime", "exchorderupdatetime", "fillid", "filltime", "parentorderid"), ""),
    "averageprice": 0.0,
}


class Mode(IntEnum):
    """What a tick holds."""

    LTP = 1
    QUOTE = 2
    SNAP_QUOTE = 3


#: `exchangeType` of the subscriptions.
SEGMENTS = {1: "NSE", 2: "NFO", 3: "BSE", 4: "BFO", 5: "MCX"}
_NUMBERS = {exchange: number for number, exchange in SEGMENTS.items()}
_LTP = struct.Struct("<BB25sqqq")
_QUOTE = struct.Struct("<qqqddqqqq")
_SNAP = struct.Struct("<qqd")
_LEVEL = struct.Struct("<hqqh")
_LIMITS = struct.Struct("<qqqq")
_LEVELS, _LEVEL_QUANTITY = 5, 100


def ack(client: str) -> str:
    """The frame after the handshake: an order of nothing."""
    return _envelope(client, _ACK, _EMPTY)


def order_frame(order: Order, client: str) -> str:
    """One change of an order; the stream knows no unique ids."""
    detail = order_detail(order)
    del detail["uniqueorderid"]
    return _envelope(client, _CODES.get(str(detail["status"]), "AB01"), detail)


def tick(walk: Priced, mode: Mode, at: datetime, sequence: int) -> bytes:
    """A packet of 51, 123 or 379 bytes; prices in paise."""
    instrument = walk.instrument
    token = instrument.token.encode("ascii")[:24]
    head = _LTP.pack(mode, _NUMBERS[instrument.exchange], token, sequence, int(at.timestamp() * 1000), _paise(walk.ltp))
    if mode is Mode.LTP:
        return head
    opened, high, low, close = (_paise(price) for price in walk.day)
    depth = float(_LEVELS * _LEVEL_QUANTITY)
    quote = _QUOTE.pack(instrument.lot, _paise(walk.ltp), 0, depth, depth, opened, high, low, close)
    return head + quote if mode is Mode.QUOTE else head + quote + _snapshot(walk, at)


def _snapshot(walk: Priced, at: datetime) -> bytes:
    step, close = walk.instrument.step, walk.previous_close
    sides = ((1, -1), (0, 1))  # buys first, as the documents have it
    levels = [
        _LEVEL.pack(flag, _LEVEL_QUANTITY, _paise(max(Decimal(0), best + away * n * step)), 1)
        for (flag, away), best in zip(sides, walk.sides, strict=True)
        for n in range(_LEVELS)
    ]
    edges = [_paise(close * factor / 10) for factor in (11, 9, 20, 5)]
    return _SNAP.pack(int(at.timestamp()), 0, 0.0) + b"".join(levels) + _LIMITS.pack(*edges)


def _paise(price: Decimal) -> int:
    return int(price * 100)


def _envelope(client: str, code: str, detail: object) -> str:
    return json.dumps(
        {"user-id": client, "status-code": "200", "order-status": code, "error-message": "", "orderData": detail}
    )
