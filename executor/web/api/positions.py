"""Open positions: what is held, and the stop behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from executor.domain.bracket import BracketState, Goal
from executor.domain.order import Order, OrderState, Side
from executor.domain.strategy import Product
from executor.store.exposure import Exposures
from executor.store.positions import Aim, OpenPosition
from executor.web.api import ApiParts, fields
from executor.web.api.fields import Answer, Asked
from executor.web.api.problems import not_found
from executor.web.api.routes import Routes
from executor.web.pages.position import danger, exposed_today, worth


class Stop(Answer):
    orderid = fields.text("the broker's number of it", allow_none=True)
    tag = fields.text("our tag on it", allow_none=True)
    status = fields.word(OrderState, "where it stands")
    quantity = fields.count("units that it covers")
    trigger = fields.money("rupees at which it triggers", allow_none=True)
    price = fields.money("rupees of its limit")
    seen_at = fields.moment("when the broker's book last showed it", allow_none=True)
    text = fields.text("the broker's own words, unchanged")


class Target(Answer):
    price = fields.money("rupees at which a part is left with profit")
    share = fields.money("percent of the position that leaves there; null: the rest", allow_none=True)
    orderid = fields.text("the broker's number of its order; null where the price is watched", allow_none=True)
    of = fields.text("the underlying whose price it is; null: the contract's own", allow_none=True)


class Underlying(Answer):
    symbol = fields.text("what the chart shows, where that is not the contract")
    stop = fields.money("rupees of it at which the position leaves", allow_none=True)


class Position(Answer):
    id = fields.text("its id: `bracket` of the commands exit and protect")
    account = fields.text("whose money it is")
    strategy = fields.text("whose position it is")
    lane = fields.text("account, strategy, ticker and trade, with | between them")
    instrument = fields.text("segment:token")
    symbol = fields.text("the contract, as the broker names it")
    product = fields.word(Product, "product of its orders")
    side = fields.word(Side, "BUY: long the contract")
    chart = fields.word(Side, "the side as its chart sees it")
    underlying = fields.one(Underlying, "what the chart shows, where that is not the contract", allow_none=True)
    held = fields.count("units; negative: more left than came in")
    average = fields.money("rupees a unit came in at", allow_none=True)
    stop = fields.one(Stop, "the newest stop", allow_none=True)
    stopped = fields.count("units that stops at the broker cover")
    protected = fields.flag("whether that is all that is held")
    danger = fields.text("why it stands without protection, as a sentence; null when it does not", allow_none=True)
    targets = fields.many(Target, "the nearest first")
    last = fields.money("rupees of its last price; null: none was seen", allow_none=True)
    last_at = fields.moment("when that was", allow_none=True)
    profit = fields.money("rupees that it makes at that price, before charges", allow_none=True)
    at_stop = fields.money("rupees that it makes where its stop rests, before charges", allow_none=True)
    unprotected_since = fields.moment("since when stops do not cover it; null: they do", allow_none=True)
    unprotected_today_s = fields.count("seconds of today's session in which they did not")
    state = fields.word(BracketState, "by quantities")
    goal = fields.word(Goal, "where it is to be")
    opened_at = fields.moment("when it was opened")


class Positions(Answer):
    items = fields.many(Position, "the oldest first")


class PositionQuery(Asked):
    account = fields.asked("only this account's")
    strategy = fields.asked("only this strategy's")


def positions(parts: ApiParts) -> Routes:
    routes, pages = Routes("positions", "What each strategy holds."), parts.web.store.pages
    exposures = Exposures(parts.web.store.database)

    def all_of() -> list[dict[str, Any]]:
        found, now = pages.positions(), parts.web.clock.now()
        told = {account.name: beat.status for account, beat in pages.standing().accounts if beat}
        exposed = exposed_today(found, exposures, parts.calendar, now)
        return [_position(each) | _worth(each, told, exposed) for each in found]

    @routes.shows("/positions", Positions, query=PositionQuery)
    def list_positions(*, query: dict[str, str]) -> dict[str, Any]:
        """Open positions of every account, the oldest first."""
        found = all_of()
        return {"items": [each for each in found if all(each[name] == said for name, said in query.items())]}

    @routes.shows("/positions/<position>", Position, missing=True)
    def show_position(position: str) -> dict[str, Any]:
        """One open position."""
        found = next((each for each in all_of() if each["id"] == position), None)
        if found is None:
            raise not_found(f"open position {position!r}")
        return found

    return routes


def _position(found: OpenPosition) -> dict[str, Any]:
    bracket, holding, why = found.bracket, found.holding, danger(found)
    own = ("id", "account", "strategy", "lane", "symbol", "product", "side", "chart", "state", "goal", "opened_at")
    return {
        **{name: getattr(bracket, name) for name in own},
        "instrument": bracket.instrument.text,
        "underlying": bracket.underlying,
        "held": holding.held,
        "average": holding.average,
        "stop": _stop(found.stop) if found.stop else None,
        "stopped": found.stopped,
        "protected": found.is_protected,
        "danger": why[1] if why else None,
        "targets": [_target(each) for each in found.targets],
    }


def _worth(
    found: OpenPosition, told: Mapping[str, Mapping[str, Any]], exposed: Mapping[str, timedelta]
) -> dict[str, Any]:
    made = worth(found, told.get(found.bracket.account, {}))
    return {
        "last": made.last and made.last.value,
        "last_at": made.last and made.last.at,
        "profit": made.profit,
        "at_stop": made.at_stop,
        "unprotected_since": made.unprotected_since,
        "unprotected_today_s": round(exposed.get(found.bracket.id, timedelta(0)).total_seconds()),
    }


def _stop(order: Order) -> dict[str, Any]:
    shown = order.shown
    return {
        "orderid": order.broker_id,
        "tag": order.tag,
        "status": order.state,
        "quantity": order.working_quantity if shown else order.sent_quantity,
        "trigger": order.working_trigger if shown else order.sent_trigger,
        "price": order.working_price if shown else order.sent_price,
        "seen_at": order.seen_at,
        "text": order.text,
    }


def _target(aim: Aim) -> dict[str, Any]:
    return {"price": aim.price, "share": aim.share, "orderid": aim.order and aim.order.broker_id, "of": aim.of}
