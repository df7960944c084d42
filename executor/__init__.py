"""TradingView alerts to Angel One SmartAPI orders. Start reading at docs/architecture.md."""

from __future__ import annotations
