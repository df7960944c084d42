"""Profit of each strategy and day, with the charges estimated."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from executor.config.charges import load_tariff
from executor.domain.calendar import trading_day
from executor.domain.profit import DayLine, lines_of
from executor.store.profit import Days
from executor.web.api import ApiParts, fields
from executor.web.api.fields import Answer, Asked
from executor.web.api.problems import wrong_fields
from executor.web.api.routes import Routes

_SHOWN = 30
#: The longest range that is reckoned at once.
_MOST = 400


class ProfitLine(Answer):
    day = fields.day("a trading day, in India")
    strategy = fields.text("whose it is")
    account = fields.text("whose money it is: paper and real money are never added up")
    trades = fields.count("positions for which something filled")
    gross = fields.money("rupees that left against the average of what came in")
    charges = fields.money("rupees, ESTIMATED from published rates")
    net = fields.money("gross without charges, in rupees")
    unpriced = fields.count(
        "units that others closed, at a price that is not known", data_key="unknown", attribute="unknown"
    )


class Profit(Answer):
    first = fields.day("the first trading day")
    last = fields.day("the last trading day")
    items = fields.many(ProfitLine, "the oldest first")


class ProfitQuery(Asked):
    strategy = fields.asked("only this strategy's", load_default="")
    account = fields.asked("only this account's", load_default="")
    first = fields.asked_day(f"the first trading day; without it {_SHOWN} days to the last", data_key="from")
    last = fields.asked_day("the last trading day; without it today, in India", data_key="to")


def profit(parts: ApiParts) -> Routes:
    routes, tariff = Routes("profit", "What each strategy made."), load_tariff()

    @routes.shows("/profit", Profit, query=ProfitQuery)
    def list_profit(*, query: dict[str, Any]) -> dict[str, Any]:
        """Rupees by day, strategy and account, of what was left on these days."""
        days = _days(query, trading_day(parts.web.clock.now()))
        lines = lines_of(parts.web.store.pages.traded(days), tariff, first=days.first, last=days.last)
        return {"first": days.first, "last": days.last, "items": [_line(one) for one in lines]}

    return routes


def _days(query: dict[str, Any], today: date) -> Days:
    """Raises Failed for a range that is none or too long."""
    last: date = query.get("last") or today
    earliest = max(last.toordinal() - _SHOWN + 1, 1)
    first: date = query.get("first") or date.fromordinal(earliest)
    if not timedelta(0) <= last - first <= timedelta(days=_MOST):
        raise wrong_fields({"from": [f"give a day at most {_MOST} days before `to`, which is {last}"]})
    return Days(first, last, query["strategy"], query["account"])


def _line(one: DayLine) -> dict[str, Any]:
    figures = one.figures
    whole = {"trades": figures.trades, "unknown": figures.unknown}
    rupees = {name: f"{getattr(figures, name):.2f}" for name in ("gross", "charges", "net")}
    return {"day": one.day, "strategy": one.strategy, "account": one.account, **whole, **rupees}
