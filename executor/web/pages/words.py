"""How values are said to a reader: times of India, plain numbers, one colour for each kind of end."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from executor.clock import IST
from executor.domain.bracket import Leg
from executor.domain.delivery import Delivery, Verdict
from executor.domain.intent import OrderRequest
from executor.domain.order import Order
from executor.domain.signal import Outcome, Signal, SignalState, lane_of
from executor.domain.strategy import Level, LevelKind, LevelOf
from executor.store.log import LogLine

#: Words of the log → the colour class of the stylesheet; what is not here is shown plain.
TONES = {
    **dict.fromkeys((Outcome.FILLED, "ACCEPTED", "passed"), "good"),
    **dict.fromkeys((SignalState.RECEIVED, SignalState.WORKING, "SUBMITTED", "TRIGGERED"), "busy"),
    **dict.fromkeys((Outcome.PARTLY_FILLED, Outcome.EXPIRED, "PARTIALLY_FILLED", "UNKNOWN"), "warn"),
    **dict.fromkeys((Outcome.REFUSED, Outcome.REJECTED, Outcome.NOT_PLACED, Verdict.CONFLICT, "failed"), "bad"),
}
#: Everything that the outcome filter offers.
OUTCOMES = (*Outcome, SignalState.RECEIVED, SignalState.WORKING, Verdict.DUPLICATE, Verdict.CONFLICT)

_ASKED_MOST = 60


def tone(word: str) -> str:
    return TONES.get(word, "")


def spoken(word: str) -> str:
    """A word of ours without its underscores."""
    return word.replace("_", " ")


def ist_time(at: datetime) -> str:
    return f"{at.astimezone(IST):%H:%M:%S}"


def ist_exact(at: datetime) -> str:
    """To the millisecond."""
    local = at.astimezone(IST)
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03}"


def ist_day(at: datetime) -> str:
    local = at.astimezone(IST)
    return f"{local:%A} {local.day} {local:%B %Y}"


def ist_moment(at: datetime) -> str:
    """Day and minute."""
    return f"{at.astimezone(IST):%d %b %Y %H:%M}"


def span(length: timedelta) -> str:
    """A length of time, in the unit that reads best."""
    seconds = length.total_seconds()
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    if abs(seconds) < 120:
        return f"{seconds:.1f} s" if abs(seconds) < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if abs(seconds) < 7200 else f"{seconds / 3600:.0f} h"


def coded(text: str) -> Markup:
    """A sentence of ours whose commands and paths, between backticks, are set as code."""
    pieces = [
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(text.split("`"))
    ]
    return Markup("").join(pieces)


def rupees(value: Decimal | None) -> str:
    """At least two decimals, more when there are more."""
    if value is None:
        return "–"
    places = max(2, -int(value.normalize().as_tuple().exponent))
    return f"{value:,.{places}f}"


def plain(value: Decimal) -> str:
    """A number without zeroes that say nothing."""
    return f"{value.normalize():f}"


def level_words(level: Level) -> str:
    """A distance or price as a person writes it."""
    return f"{plain(level.value)} %" if level.kind is LevelKind.PERCENT else plain(level.value)


def asked_of(line: LogLine) -> str:
    """What was asked: a signal's own words; of a refused delivery what its body seems to say."""
    return asked_by_signal(line.signal) if line.signal else _asked_by_body(line.delivery)


def asked_by_signal(signal: Signal) -> str:
    lane = lane_of(signal)
    trade = f" [{lane.trade}]" if lane.trade else ""
    position = signal.fields.get("position")
    change = f" ({position['prev']} → {position['now']})" if position else ""
    return f"{signal.action} {lane.ticker}{trade}{change}"


def _asked_by_body(delivery: Delivery) -> str:
    """Unproved words, clipped; they may not be an alert at all."""
    try:
        found: Any = json.loads(delivery.body)
    except (ValueError, RecursionError):
        return "something unreadable"
    named = [found.get(name) for name in ("action", "exchange", "ticker")] if isinstance(found, dict) else [None]
    if not all(isinstance(value, str) for value in named):
        return "something that is no alert"
    action, exchange, ticker = named
    return f"{action} {exchange}:{ticker}"[:_ASKED_MOST]


def terms(order: Order) -> str:
    """What an order is for: its newest terms, as the broker showed them or else as we sent them."""
    quantity = order.sent_quantity if order.working_quantity is None else order.working_quantity
    price = order.sent_price if order.working_price is None else order.working_price
    trigger = order.sent_trigger if order.working_quantity is None else order.working_trigger
    return _terms(order.side, quantity, price, trigger)


def request_terms(request: OrderRequest) -> str:
    return f"{_terms(request.side, request.quantity, request.price, request.trigger)}, {request.product}"


def leg_terms(leg: Leg) -> str:
    if leg.price is None and leg.trigger is None:
        return f"{leg.side} {leg.quantity} at the market"
    if leg.of is LevelOf.UNDERLYING:
        return f"{leg.side} {leg.quantity} when the underlying trades at {rupees(leg.price)}"
    return _terms(leg.side, leg.quantity, leg.price, leg.trigger)


def _terms(side: str, quantity: int, price: Decimal | None, trigger: Decimal | None) -> str:
    words = [f"{side} {quantity}"]
    if trigger:
        words.append(f"stop {rupees(trigger)}")
    if price is not None:
        words.append(f"limit {rupees(price)}")
    return " ".join(words)
