"""Orders of a day, newest first: ours with what they are for, foreign ones, and the broker's own words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, request, url_for

from executor.clock import Clock
from executor.domain.calendar import trading_day
from executor.domain.order import DONE, Order, OrderState
from executor.store.accounts import Accounts, ListedOrder, Wanted
from executor.web.pages.frame import Frame

PAGE = 100
_FIRST = date(2026, 1, 1)
#: What can be looked for: the states that stand behind each word.
GROUPS = {
    "open": frozenset(OrderState) - DONE,
    "filled": frozenset({OrderState.FILLED, OrderState.PARTIALLY_FILLED}),
    "rejected": frozenset({OrderState.REJECTED, OrderState.NOT_PLACED}),
    "ended unfilled": frozenset({OrderState.CANCELLED, OrderState.EXPIRED}),
}


def add_orders(blueprint: Blueprint, accounts: Accounts, frame: Frame, clock: Clock) -> None:
    @blueprint.get("/orders")
    def orders() -> str:
        today = trading_day(clock.now())
        day, account, state = _day(today), request.args.get("account", ""), request.args.get("state", "")
        wanted = Wanted(day, account, GROUPS.get(state, frozenset()), request.args.get("before", ""))
        found = accounts.newest_orders(wanted, most=PAGE + 1)
        asked = {"day": day.isoformat(), "account": account, "state": state}
        kept: dict[str, Any] = {name: value for name, value in asked.items() if value}
        return frame.render(
            "orders.html",
            listed=found[:PAGE],
            asked=asked,
            day=day,
            today=today,
            groups=list(GROUPS),
            newest=url_for("pages.orders", **kept) if wanted.before else None,
            older=url_for("pages.orders", **kept, before=found[PAGE - 1].order.id) if len(found) > PAGE else None,
            day_before=url_for("pages.orders", **{**kept, "day": (day - timedelta(days=1)).isoformat()}),
            day_after=url_for("pages.orders", **{**kept, "day": (day + timedelta(days=1)).isoformat()}),
            price=price,
            trigger=trigger,
            quantity=quantity,
            link=link,
        )


def quantity(order: Order) -> int:
    """What the broker showed, or else what we sent."""
    return order.sent_quantity if order.working_quantity is None else order.working_quantity


def price(order: Order) -> Decimal:
    return order.sent_price if order.working_price is None else order.working_price


def trigger(order: Order) -> Decimal | None:
    """Where it triggers; None for one that does not wait for a price."""
    found = order.sent_trigger if order.working_quantity is None else order.working_trigger
    return found or None


def link(listed: ListedOrder) -> str | None:
    """Where it is told what the order was made for."""
    if listed.cause is None:
        return None
    return url_for("pages.signal", signal_id=listed.cause) if listed.by_signal else url_for("pages.commands")


def _day(today: date) -> date:
    """The day that is asked for; today for anything that is none, or that nothing was recorded on."""
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return today
    return day if _FIRST <= day <= today else today
