"""Orders of a day, ours and foreign ones, as the broker last showed them."""

from __future__ import annotations

from datetime import date
from typing import Any

from executor.domain.bracket import Role
from executor.domain.calendar import trading_day
from executor.domain.order import OrderState, OrderType, Side
from executor.domain.strategy import Product
from executor.store.accounts import Accounts, ListedOrder
from executor.web.api import ApiParts, fields
from executor.web.api.fields import Answer, Asked
from executor.web.api.routes import Routes


class Listed(Answer):
    id = fields.text("our id of it")
    orderid = fields.text("the broker's number of it", allow_none=True)
    tag = fields.text("the tag on it", allow_none=True)
    account = fields.text("whose order it is")
    strategy = fields.text("for whom; null: foreign, given by somebody else", allow_none=True)
    leg = fields.word(Role, "what it is for; null: foreign", allow_none=True)
    instrument = fields.text("segment:token")
    symbol = fields.text("the contract, as the broker names it")
    side = fields.word(Side, "BUY or SELL")
    type = fields.word(OrderType, "how it reaches its price")
    product = fields.word(Product, "its product")
    quantity = fields.count("units, as the broker showed it or else as we sent it")
    price = fields.money("rupees of its limit", allow_none=True)
    trigger = fields.money("rupees at which it triggers", allow_none=True)
    filled = fields.count("units filled")
    average = fields.money("rupees a unit, of what was filled", allow_none=True)
    status = fields.word(OrderState, "where it stands")
    text = fields.text("the broker's own words, unchanged")
    created_at = fields.moment("when it was made or first seen")
    seen_at = fields.moment("when the broker's book last showed it", allow_none=True)


class Orders(Answer):
    day = fields.day("the trading day, in India")
    items = fields.many(Listed, "the oldest first")


class OrderQuery(Asked):
    account = fields.asked("only this account's")
    day = fields.asked_day("a trading day; without it today, in India")


def orders(parts: ApiParts) -> Routes:
    routes, accounts = Routes("orders", "Orders at the broker."), Accounts(parts.web.store.database)

    @routes.shows("/orders", Orders, query=OrderQuery)
    def list_orders(*, query: dict[str, Any]) -> dict[str, Any]:
        """All orders of a day, ours and foreign ones."""
        asked_for: date = query.get("day") or trading_day(parts.web.clock.now())
        found = [_order(each) for each in accounts.orders(asked_for)]
        account = query.get("account")
        return {"day": asked_for, "items": [each for each in found if account in (None, each["account"])]}

    return routes


def _order(listed: ListedOrder) -> dict[str, Any]:
    order, shown = listed.order, listed.order.shown
    own = ("id", "tag", "account", "symbol", "side", "type", "product", "filled", "average", "text")
    return {
        **{name: getattr(order, name) for name in (*own, "created_at", "seen_at")},
        "orderid": order.broker_id,
        "strategy": listed.strategy,
        "leg": listed.role,
        "instrument": order.instrument.text,
        "quantity": order.working_quantity if shown else order.sent_quantity,
        "price": order.working_price if shown else order.sent_price,
        "trigger": order.working_trigger if shown else order.sent_trigger,
        "status": order.state,
    }
