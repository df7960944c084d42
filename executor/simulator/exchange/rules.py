"""What the exchange and the broker's risk desk do with an order after it was taken: the settings, and the texts.

The texts are those that users have seen (smartapi.md 2.6, 4.1) where one is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from executor.simulator.exchange.orders import OrderType, Side, Ticket


@dataclass(frozen=True, slots=True)
class Rules:
    """How this exchange behaves. Defaults: generous funds, a calm market, whole fills at once."""

    funds: Decimal = Decimal("10000000")
    band_percent: Decimal = Decimal(20)  #: circuit limit around the previous close, cash only
    market_orders: str = "mpp"  #: "mpp" turns MARKET into a protected limit, "reject" refuses it
    partial_fills: float = 0.0  #: the chance that a fill is only a part
    fill_latency_s: float = 0.0  #: an order is not filled sooner after it went live
    volatility: float = 0.00005  #: standard deviation of one price step


def circuit(previous_close: Decimal, rules: Rules) -> tuple[Decimal, Decimal]:
    """Return the lowest and the highest price of the day (rupees, not rounded)."""
    width = previous_close * rules.band_percent / 100
    return previous_close - width, previous_close + width


def rejection(
    ticket: Ticket, *, previous_close: Decimal, needed: Decimal, available: Decimal, rules: Rules
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
    if terms.type.has_limit and _beyond_circuit(ticket, circuit(previous_close, rules)):
        return (
            "Your order price exceeds the circuit limit. Please adjust your order within the circuit limit "
            "or place a market order."
        )
    if needed > available:
        return (
            "Your order has been rejected due to Insufficient Funds. "
            f"Available funds - Rs. {available:.2f} . You require Rs. {needed:.2f} funds to execute this order."
        )
    return None


def _limit_before_trigger(ticket: Ticket) -> bool:
    price, trigger = ticket.terms.price, ticket.terms.trigger
    return price < trigger if ticket.side is Side.BUY else price > trigger


def _beyond_circuit(ticket: Ticket, band: tuple[Decimal, Decimal]) -> bool:
    low, high = band
    return ticket.instrument.is_cash and not low <= ticket.terms.price <= high
