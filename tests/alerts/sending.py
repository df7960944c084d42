"""What tests of alerts share: a key, a strategy, issued templates, and an arrival judged as the webhook does."""

from __future__ import annotations

import json
from datetime import datetime
from random import Random
from typing import Any

from executor.alerts.intake import Arrival, Judgement, examine, judge
from executor.alerts.placeholders import render
from executor.alerts.template import Style, Template, build
from executor.clock import IST
from executor.config.secrets import Keys
from executor.domain.delivery import IssuedAlert
from executor.domain.ids import Ids
from executor.domain.strategy import Rails, Strategy
from tests.builders import a_strategy

NOW = datetime(2026, 11, 25, 9, 20, tzinfo=IST)
ALERT = "0000000000abc"
KEYS = Keys.derive("a secret key of the tests, long enough to be one")
OTHER_KEYS = Keys.derive("another secret key of the tests, long enough too")
STRATEGY = a_strategy(name="trend", rails=Rails(tickers=frozenset({"SBIN", "NSE:BAJAJ-AUTO"}), max_quantity=50))

VALUES = {
    "ticker": "SBIN",
    "exchange": "NSE",
    "strategy.order.action": "buy",
    "strategy.order.contracts": "10",
    "strategy.market_position": "long",
    "strategy.market_position_size": "10",
    "strategy.prev_market_position": "flat",
    "strategy.prev_market_position_size": "0",
    "close": "812.5",
    "interval": "5",
    "timenow": "2026-11-25T03:49:58Z",
}


def a_template(style: Style = Style.STRATEGY, *, strategy: Strategy = STRATEGY, **settings: str) -> Template:
    """Issue a template; `__` in a keyword stands for the dot of a path."""
    paths = {name.replace("__", "."): value for name, value in settings.items()}
    return build(strategy, style=style, settings=paths, keys=KEYS, alert_id=ALERT, now=NOW)


def a_message(template: Template, **values: str) -> bytes:
    """The message as TradingView renders it; `__` in a keyword stands for the dot of a placeholder."""
    given = {name.replace("__", "."): value for name, value in values.items()}
    return render(template.body, {**VALUES, **given}).encode()


def changed(message: bytes, **fields: Any) -> bytes:
    """The message with top fields replaced, or removed by None."""
    body = {**json.loads(message), **fields}
    return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


#: Every template of these tests has this record behind it.
ISSUED = a_template().issued


def judged(
    body: bytes,
    *,
    strategy: Strategy = STRATEGY,
    now: datetime = NOW,
    keys: Keys = KEYS,
    issued: IssuedAlert | None = ISSUED,
) -> Judgement:
    """Judge a body that arrived at the strategy's address."""
    arrival = Arrival(strategy, 1, "52.89.214.238", {"User-Agent": "test"}, body, now)
    known = {issued.id: issued} if issued else {}
    return judge(arrival, examine(arrival, keys=keys, issued=known.get), new_id=Ids(lambda: now, Random(1)).new)
