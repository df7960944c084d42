"""Rate limits of one client code: sliding windows on the simulated clock (smartapi.md 5).

A request that is refused does not count. Place, modify and cancel share one window of a second beside their own.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

_ORDERS = ("placeOrder", "modifyOrder", "cancelOrder")
_SECOND, _MINUTE, _HOUR = 1, 60, 3600

#: route -> (count, seconds)...; a route that is not listed has no limit.
_LIMITS: dict[str, tuple[tuple[int, int], ...]] = {
    "loginByPassword": ((1, _SECOND),),
    "generateTokens": ((1, _SECOND), (1000, _HOUR)),
    "logout": ((1, _SECOND),),
    "getProfile": ((3, _SECOND), (1000, _HOUR)),
    "getRMS": ((2, _SECOND),),
    "placeOrder": ((500, _MINUTE), (1000, _HOUR)),
    "modifyOrder": ((500, _MINUTE), (1000, _HOUR)),
    "cancelOrder": ((500, _MINUTE), (1000, _HOUR)),
    "orders": ((9, _SECOND),),
    "getOrderBook": ((1, _SECOND),),
    "getTradeBook": ((1, _SECOND),),
    "getPosition": ((1, _SECOND),),
    "getHolding": ((1, _SECOND),),
    "getAllHolding": ((1, _SECOND),),
    "details": ((10, _SECOND), (500, _MINUTE), (5000, _HOUR)),
    "convertPosition": ((10, _SECOND), (500, _MINUTE), (5000, _HOUR)),
    "batch": ((10, _SECOND), (500, _MINUTE), (5000, _HOUR)),
    "estimateCharges": ((1, _SECOND),),
    "getLtpData": ((10, _SECOND), (500, _MINUTE), (5000, _HOUR)),
    "quote": ((10, _SECOND), (500, _MINUTE), (5000, _HOUR)),
}


class Limits:
    """What was admitted lately, by window."""

    def __init__(self) -> None:
        self._admitted: dict[tuple[str, int], deque[datetime]] = {}

    def admit(self, route: str, now: datetime) -> bool:
        """Tell whether one more request to `route` is allowed now; count it if so."""
        names = (route, "orders") if route in _ORDERS else (route,)
        windows = [(name, count, span) for name in names for count, span in _LIMITS.get(name, ())]
        if any(self._full((name, span), count, now=now) for name, count, span in windows):
            return False
        for name, _count, span in windows:
            self._admitted[(name, span)].append(now)
        return True

    def _full(self, key: tuple[str, int], count: int, *, now: datetime) -> bool:
        window = self._admitted.setdefault(key, deque())
        while window and now - window[0] >= timedelta(seconds=key[1]):
            window.popleft()
        return len(window) >= count
