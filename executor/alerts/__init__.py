"""What TradingView sends: its form, its token, the template it is made from, and the judgement of an arrival."""

from __future__ import annotations
