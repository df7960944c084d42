"""What the exchange and the broker's risk desk do with an order after it was taken: the settings, and the texts.

The texts are those that users have seen (smartapi.md 2.6, 4.1) where one is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from types import MappingProxyType

from executor.simulator.exchange.orders import OrderType, Side, Terms, Ticket

#: When the broker closes intraday positions, IST: cash at 15:15, derivatives at 15:20, MCX a quarter before its close.
SQUARE_OFF: Mapping[str, time] = MappingProxyType(
    {"NSE": time(15, 15), "BSE": time(15, 15), "NFO": time(15, 20), "BFO": time(15, 20), "MCX": time(23, 15)}
)
BEYOND_CIRCUIT = (
    "Your order price exceeds the circuit limit. Please adjust your order within the circuit limit "
    "or place a market order."
)


@dataclass(frozen=True, slots=True)
class Rules:
    """How this exchange behaves. Defaults: generous funds, a calm market, whole fills at once."""

    funds: Decimal = Decimal("10000000")
    band_percent: Decimal = Decimal(20)  #: circuit limit around the previous close, cash only
    market_orders: str = "mpp"  #: "mpp" turns MARKET into a protected limit, "reject" refuses it
    partial_fills: float = 0.0  #: the chance that a fill is only a part
    fill_latency_s: float = 0.0  #: an order is not filled sooner after it went live
    volatility: float = 0.00005  #: standard deviation of one price step
    holidays: frozenset[date] = frozenset()  #: days on which no exchange opens
    evenings: frozenset[date] = frozenset()  #: those of them on which MCX opens at 17:00
    square_off: Mapping[str, time] = field(default_factory=lambda: SQUARE_OFF)  #: by exchange; {} = never
    sold_holdings_stay: bool = False  #: a holding that was sold leaves the holdings with the night, not at once


def is_beyond(terms: Terms, band: tuple[Decimal, Decimal]) -> bool:
    """Tell whether the limit of an order lies outside the circuit limits."""
    return terms.type.has_limit and not band[0] <= terms.price <= band[1]


def rejection(
    ticket: Ticket, *, band: tuple[Decimal, Decimal] | None, needed: Decimal, available: Decimal, rules: Rules
) -> str | None:
    """Return the text with which a taken order is rejected, or None."""
    instrument, terms = ticket.instrument, ticket.terms
    if terms.type is OrderType.STOPLOSS_MARKET and (instrument.is_option or instrument.exchange in ("BSE", "BFO")):
        return "16052: Function not available"
    if terms.type is OrderType.MARKET and rules.market_orders == "reject":
        return "Market orders are not allowed for orders placed through API."
    if instrument.is_trade_to_trade and terms.product == "INTRADAY":
        return "Intraday orders are not allowed in the trade to trade series."
    if terms.type is OrderType.STOPLOSS_LIMIT and _limit_before_trigger(ticket):
        return "The limit price of a stop loss order must not lie before its trigger price."
    if band is not None and is_beyond(terms, band):
        return BEYOND_CIRCUIT
    if needed > available:
        return (
            "Your order has been rejected due to Insufficient Funds. "
            f"Available funds - Rs. {available:.2f} . You require Rs. {needed:.2f} funds to execute this order."
        )
    return None


def _limit_before_trigger(ticket: Ticket) -> bool:
    price, trigger = ticket.terms.price, ticket.terms.trigger
    return price < trigger if ticket.side is Side.BUY else price > trigger
