"""What placeOrder and modifyOrder refuse at once, in the order of smartapi.md 11.

JSON, variety and other fixed words, tag, symbol and token, quantity and lot, tick, freeze, consent, price protection.
Where no text was ever seen the code is AB1007 and the text our own (smartapi.md 12).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from executor.simulator.exchange.instrument import Instrument
from executor.simulator.exchange.orders import Order, OrderType, Side, Terms, Ticket
from executor.simulator.exchange.priced import Priced
from executor.simulator.wire.answers import Answer, refused, try_later

_VARIETIES = ("NORMAL", "STOPLOSS", "ROBO")
_PRODUCTS = ("DELIVERY", "CARRYFORWARD", "MARGIN", "INTRADAY")
_EXCHANGES = ("NSE", "BSE", "NFO", "BFO", "MCX")
_TAG_LENGTH = 19
#: How far the limit of a stop order may lie from its trigger, in percent; cash has no such range here.
_RANGE_PERCENT = {"option": Decimal(40), "future": Decimal(3)}
#: How far a limit may lie beyond the last price, in percent, and the least of it for an option, in rupees.
_REFERENCE_PERCENT = {"option": Decimal(50), "future": Decimal(5)}
_LEAST_REFERENCE = Decimal(10)

Walks = Mapping[tuple[str, str], Priced]


def read_ticket(body: Mapping[str, Any] | None, walks: Walks) -> Ticket | Answer:
    """Read placeOrder's body: the ticket, or the refusal."""
    if body is None:
        return try_later()
    terms = _read_terms(body)
    if isinstance(terms, Answer):
        return terms
    if body.get("transactiontype") not in ("BUY", "SELL"):
        return _invalid("transactiontype", body)
    if len(str(body.get("ordertag") or "")) > _TAG_LENGTH:
        return refused("AB4008", "ordertag length should be less than 20")
    instrument = _read_instrument(body, walks)
    if isinstance(instrument, Answer):
        return instrument
    side = Side(body["transactiontype"])
    return (
        _misfit(instrument, terms)
        or _without_consent(instrument, body)
        or _beyond_range(instrument, terms, side=side)
        or Ticket(
            instrument,
            side,
            terms,
            tag=str(body.get("ordertag") or ""),
            disclosed=_whole(body.get("disclosedquantity")) or 0,
        )
    )


def read_change(body: Mapping[str, Any], order: Order) -> Terms | Answer:
    """Read modifyOrder's body for `order`: the new terms, or the refusal."""
    terms = _read_terms(body)
    if isinstance(terms, Answer):
        return terms
    if (body.get("exchange"), str(body.get("symboltoken"))) != order.instrument.key:
        return refused("AB4006", "Invalid symboltoken")
    return _misfit(order.instrument, terms) or _beyond_range(order.instrument, terms, side=order.side) or terms


def beyond_reference(ticket: Ticket, last: Decimal) -> Answer | None:
    """Refuse a limit order of a contract that would trade far beyond its last price (smartapi.md 4.2)."""
    instrument, terms = ticket.instrument, ticket.terms
    if terms.type is not OrderType.LIMIT or instrument.is_cash:
        return None
    kind = "option" if instrument.is_option else "future"
    allowed = max(last * _REFERENCE_PERCENT[kind] / 100, _LEAST_REFERENCE if instrument.is_option else Decimal(0))
    edge = last + allowed if ticket.side is Side.BUY else last - allowed
    if terms.price <= edge if ticket.side is Side.BUY else terms.price >= edge:
        return None
    return refused(
        "AB1007",
        "Order price is beyond the Limit Price Protection range defined by the exchange. "
        f"Please change the limit price to {edge:.2f}",
    )


def _read_terms(body: Mapping[str, Any]) -> Terms | Answer:
    if body.get("variety") not in _VARIETIES:
        return refused("AB1007", "Invalid Order Variety. Value should be NORMAL, STOPLOSS, ROBO")
    if body["variety"] == "ROBO":
        return refused("AB2002", "ROBO order is block")
    for name, words in (
        ("ordertype", tuple(OrderType)),
        ("producttype", _PRODUCTS),
        ("duration", ("DAY", "IOC")),
        ("exchange", _EXCHANGES),
    ):
        if body.get(name) not in words:
            return _invalid(name, body)
    kind = OrderType(body["ordertype"])
    if kind.has_trigger is not (body["variety"] == "STOPLOSS"):
        return refused("AB1007", "Invalid Order Variety. Value should be NORMAL, STOPLOSS, ROBO")
    if body["duration"] == "IOC" and body["exchange"] == "MCX":
        return _invalid("duration", body)
    return _read_numbers(body, kind)


def _read_numbers(body: Mapping[str, Any], kind: OrderType) -> Terms | Answer:
    quantity = _whole(body.get("quantity"))
    if not quantity:
        return _invalid("quantity", body)
    price = _decimal(body.get("price")) if kind.has_limit else Decimal(0)
    if price is None or (kind.has_limit and price <= 0):
        return _invalid("price", body)
    trigger = _decimal(body.get("triggerprice")) if kind.has_trigger else Decimal(0)
    if trigger is None or (kind.has_trigger and trigger <= 0):
        return _invalid("triggerprice", body)
    return Terms(kind, body["producttype"], body["duration"], quantity, price, trigger)


def _read_instrument(body: Mapping[str, Any], walks: Walks) -> Instrument | Answer:
    walk = walks.get((body["exchange"], str(body.get("symboltoken"))))
    if walk is None:
        return refused("AB4006", "Invalid symboltoken")
    if walk.instrument.symbol != body.get("tradingsymbol") or not walk.instrument.is_traded:
        return refused("AB1009", "Symbol Not Found")
    return walk.instrument


def _misfit(instrument: Instrument, terms: Terms) -> Answer | None:
    if terms.quantity % instrument.lot:
        return refused("AB1007", f"Quantity should be a multiple of the lot size {instrument.lot}")
    if any(price % instrument.step for price in (terms.price, terms.trigger)):
        return refused("AB1007", f"Price should be a multiple of the tick size {instrument.step.normalize():f}")
    if instrument.freeze and terms.quantity >= instrument.freeze:
        return refused("AB1007", "Quantity exceeds the freeze quantity of the contract")
    return None


def _without_consent(instrument: Instrument, body: Mapping[str, Any]) -> Answer | None:
    if not instrument.cautioned or body.get("scripconsent") == "yes":
        return None
    return refused(
        "AB4036",
        "The order cannot be processed as the token is categorised under cautionary listings by the exchange.",
    )


def _beyond_range(instrument: Instrument, terms: Terms, *, side: Side) -> Answer | None:
    """Refuse a stop order whose limit lies too far beyond its trigger (smartapi.md 4.2)."""
    if terms.type is not OrderType.STOPLOSS_LIMIT or instrument.is_cash:
        return None
    percent = _RANGE_PERCENT["option" if instrument.is_option else "future"]
    gap = terms.price - terms.trigger if side is Side.BUY else terms.trigger - terms.price
    allowed = terms.trigger * percent / 100
    if gap <= allowed:
        return None
    edge = terms.trigger + allowed if side is Side.BUY else terms.trigger - allowed
    return refused(
        "AB1007",
        "Difference between limit price and trigger price for SL Limit Order is beyond the exchange's "
        f"Permissible range of {allowed:.2f}. Consider reducing the limit price below {edge:.2f}",
    )


def _invalid(name: str, body: Mapping[str, Any]) -> Answer:
    return refused("AB1007", f"INVALID PARAMETERS: {name} {body.get(name)!r}")


def _whole(found: Any) -> int | None:
    text = str(found)
    return int(text) if text.isdecimal() else None


def _decimal(found: Any) -> Decimal | None:
    try:
        value = Decimal(str(found))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
