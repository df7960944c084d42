"""Our words and the broker's: bodies of the order calls, and the rows of its books.

All values of a request are text, as in the docs' samples (2.3). A row that cannot be read raises `Unreadable`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from executor.broker.smartapi.values import Row, Unreadable, amount, canonical, clock_time, count, required, stamp, text
from executor.domain.calendar import trading_day
from executor.domain.ids import BrokerOrderId, OrderTag
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import OrderRequest
from executor.domain.order import FillReport, OrderState, OrderType, Report, Side, Source
from executor.domain.reading import Funds, NetPosition, OwnedShares
from executor.domain.strategy import Product

_VARIETIES = {OrderType.LIMIT: "NORMAL", OrderType.STOP_LIMIT: "STOPLOSS"}
_SENT_TYPES = {OrderType.LIMIT: "LIMIT", OrderType.STOP_LIMIT: "STOPLOSS_LIMIT"}
#: Foreign orders may be of any type and product; BO and CO are intraday products (2.1).
_TYPES = {
    "LIMIT": OrderType.LIMIT,
    "MARKET": OrderType.MARKET,
    "STOPLOSS_LIMIT": OrderType.STOP_LIMIT,
    "STOPLOSS_MARKET": OrderType.STOP_LIMIT,
}
_PRODUCTS = {
    **{product.value: product for product in Product},
    "BO": Product.INTRADAY,
    "CO": Product.INTRADAY,
    "MIS": Product.INTRADAY,
    "NRML": Product.CARRYFORWARD,
    "CNC": Product.DELIVERY,
}
#: The groups of 2.7. An order that the book shows is at the broker, however its status reads: ACCEPTED at least, for
#: SUBMITTED and UNKNOWN rank below NOT_PLACED and would hide it.
_STATES = {
    "complete": OrderState.FILLED,
    "rejected": OrderState.REJECTED,
    "cancelled": OrderState.CANCELLED,
    "cancelled after market order": OrderState.CANCELLED,
    "amo cancelled": OrderState.CANCELLED,
    **dict.fromkeys(
        (
            "put order req received",
            "validation pending",
            "open pending",
            "open",
            "modified",
            "modify pending",
            "modify validation pending",
            "not modified",
            "cancel pending",
            "not cancelled",
            "trigger pending",
            "after market order req received",
            "amo req received",
            "modify after market order req received",
        ),
        OrderState.ACCEPTED,
    ),
}
_CASH = frozenset({Segment.NSE, Segment.BSE})
_CLOCKS_APART = timedelta(hours=1)


def is_sendable(request: OrderRequest) -> bool:
    """Whether the request can be put into words of the wire: never MARKET, never a stop without its trigger."""
    return request.type in _SENT_TYPES and (request.type is OrderType.LIMIT) is (request.trigger is None)


def place_body(request: OrderRequest) -> dict[str, str]:
    """The body of placeOrder (2.3). Consent is given for cash: without it AB4036, elsewhere it is harmless."""
    body = {
        **_terms(request),
        "transactiontype": request.side.value,
        "triggerprice": _price(request.trigger or Decimal(0)),
        "squareoff": "0",
        "stoploss": "0",
        "ordertag": request.tag,
    }
    return body | {"scripconsent": "yes"} if request.instrument.segment in _CASH else body


def modify_body(request: OrderRequest, order: BrokerOrderId) -> dict[str, str]:
    """The body of modifyOrder (2.4): the quantity is the new total; a stop always carries its trigger."""
    body = {**_terms(request), "orderid": order}
    return body if request.trigger is None else body | {"triggerprice": _price(request.trigger)}


def cancel_body(request: OrderRequest, order: BrokerOrderId) -> dict[str, str]:
    """The body of cancelOrder (2.5)."""
    return {"variety": _VARIETIES.get(request.type, "NORMAL"), "orderid": order}


def read_report(row: Row) -> Report:
    """An entry of the order book (2.6). Raises Unreadable."""
    raw, digest = canonical(row)
    kind, quantity, filled = _type(row), _units(row, "quantity"), _units(row, "filledshares")
    return Report(
        broker_id=BrokerOrderId(required(row, "orderid")),
        unique_id=text(row, "uniqueorderid") or None,
        tag=OrderTag(text(row, "ordertag")) if text(row, "ordertag") else None,
        source=Source.BOOK,
        state=_state(row, kind, is_whole=filled >= quantity),
        instrument=InstrumentKey(_segment(row), text(row, "symboltoken")),
        symbol=required(row, "tradingsymbol"),
        side=_side(row),
        product=_product(row),
        type=kind,
        quantity=quantity,
        price=amount(row, "price"),
        trigger=amount(row, "triggerprice") or None,
        filled=filled,
        average=amount(row, "averageprice") or None,
        text=text(row, "text"),
        updated_at=stamp(row, "updatetime"),
        raw=raw,
        hash=digest,
    )


def read_fill(row: Row, now: datetime) -> FillReport:
    """A row of the trade book (2.8), which has a time but no date. Raises Unreadable."""
    at = clock_time(row, "filltime", trading_day(now))
    if at > now + _CLOCKS_APART:  # read just after midnight
        at -= timedelta(days=1)
    return FillReport(
        broker_id=BrokerOrderId(required(row, "orderid")),
        fill_id=required(row, "fillid"),
        quantity=_units(row, "fillsize"),
        price=amount(row, "fillprice"),
        at=at,
        raw=canonical(row)[0],
    )


def read_position(row: Row) -> NetPosition:
    """A row of getPosition (2.9). Raises Unreadable."""
    return NetPosition(
        instrument=InstrumentKey(_segment(row), required(row, "symboltoken")),
        symbol=required(row, "tradingsymbol"),
        product=_product(row),
        quantity=count(row, "netqty"),
        bought=int(amount(row, "buyqty")),
        sold=int(amount(row, "sellqty")),
    )


def read_shares(row: Row) -> OwnedShares:
    """A row of getHolding (2.10). Whether the total contains shares that are not delivered yet (T+1) is told nowhere:
    the larger reading counts. Raises Unreadable.
    """
    apart = amount(row, "realisedquantity") + amount(row, "t1quantity")
    return OwnedShares(
        instrument=InstrumentKey(_segment(row), required(row, "symboltoken")),
        symbol=required(row, "tradingsymbol"),
        quantity=max(_units(row, "quantity"), int(apart)),
    )


def read_funds(row: Row) -> Funds:
    """The data of getRMS (1.3): null is nothing; `net` and `availablecash` must be there. Raises Unreadable."""
    for name in ("net", "availablecash"):
        if row.get(name) in (None, ""):
            raise Unreadable(f"{name}: missing")
    return Funds(
        available=amount(row, "net"),
        cash=amount(row, "availablecash"),
        collateral=amount(row, "collateral"),
        used=amount(row, "utiliseddebits"),
    )


def is_elsewhere(row: Row) -> bool:
    """Whether a row is of a segment that is never traded here (CDS, NCDEX): it cannot be ours."""
    found = row.get("exchange")
    return isinstance(found, str) and bool(found.strip()) and found.strip().upper() not in set(Segment)


def is_nameless(row: Row) -> bool:
    """Whether a holding has null for symbol and token, as some have: nothing of ours can be told by it."""
    return all(name in row and not row[name] for name in ("tradingsymbol", "symboltoken"))


def _terms(request: OrderRequest) -> dict[str, str]:
    return {
        "variety": _VARIETIES[request.type],
        "tradingsymbol": request.symbol,
        "symboltoken": request.instrument.token,
        "exchange": request.instrument.segment.value,
        "ordertype": _SENT_TYPES[request.type],
        "producttype": request.product.value,
        "duration": "DAY",
        "price": _price(request.price),
        "quantity": str(request.quantity),
    }


def _price(value: Decimal) -> str:
    return f"{value:f}"


def _state(row: Row, kind: OrderType, *, is_whole: bool) -> OrderState:
    """`orderstatus` is the state, `status` the last event and only the fallback (2.7)."""
    words = [text(row, name).lower() for name in ("orderstatus", "status")]
    word = next((word for word in words if word in _STATES), "")
    state = _STATES.get(word, OrderState.ACCEPTED)
    if state is OrderState.FILLED and not is_whole:
        return OrderState.ACCEPTED  # the book is behind itself: not over before its fills are told
    # a stop that is "open" has been triggered; a parked one is called open as well
    if word == "open" and kind is OrderType.STOP_LIMIT and text(row, "variety").upper() != "AMO":
        return OrderState.TRIGGERED
    return state


def _type(row: Row) -> OrderType:
    found = required(row, "ordertype").upper()
    if found not in _TYPES:
        raise Unreadable(f"ordertype: {found!r} is unknown")
    return _TYPES[found]


def _product(row: Row) -> Product:
    found = required(row, "producttype").upper()
    if found not in _PRODUCTS:
        raise Unreadable(f"producttype: {found!r} is unknown")
    return _PRODUCTS[found]


def _segment(row: Row) -> Segment:
    found = required(row, "exchange").upper()
    if found not in set(Segment):
        raise Unreadable(f"exchange: {found!r} is not traded here")
    return Segment(found)


def _side(row: Row) -> Side:
    found = required(row, "transactiontype").upper()
    if found not in set(Side):
        raise Unreadable(f"transactiontype: {found!r} is unknown")
    return Side(found)


def _units(row: Row, name: str) -> int:
    found = count(row, name)
    if found < 0:
        raise Unreadable(f"{name}: {found} is negative")
    return found
