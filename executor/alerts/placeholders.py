"""The placeholders of TradingView and what it does with them (tradingview.md A3)."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")

_BAR = {"open": "100", "high": "100", "low": "100", "close": "100", "volume": "100"}
_STRATEGY = {
    "strategy.order.action": "buy",
    "strategy.order.contracts": "1",
    "strategy.order.price": "100",
    "strategy.order.id": "Long",
    "strategy.order.comment": "Long",
    "strategy.order.alert_message": "Long",
    "strategy.position_size": "1",
    "strategy.market_position": "long",
    "strategy.market_position_size": "1",
    "strategy.prev_market_position": "flat",
    "strategy.prev_market_position_size": "0",
}
_CHART = {"ticker": "SBIN", "exchange": "NSE", "interval": "5", "syminfo.currency": "INR"}
_TIMES = {"time": "2026-01-01T04:00:00Z", "timenow": "2026-01-01T04:05:00Z"}
#: A strategy on SBIN that was flat and goes long; its price is whatever the market has.
OPENS_A_LONG = _STRATEGY | _CHART
#: A value for every placeholder, to check a template without a chart.
EXAMPLES = _BAR | _STRATEGY | _CHART | _TIMES | {f"plot_{number}": "100" for number in range(20)}


def left_open(template: str) -> list[str]:
    """The placeholders of a message that TradingView fills in from its chart, each once; times it knows by itself."""
    found = dict.fromkeys(match[1] for match in PLACEHOLDER.finditer(template))
    return [name for name in found if name not in _TIMES and name != "interval"]


def render(template: str, values: Mapping[str, str]) -> str:
    """The message after substitution: text for text, without quoting; what has no value stays as it is."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)
