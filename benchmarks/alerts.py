"""Strategies and their signed alerts, made as the commands make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, product
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from benchmarks.sender import Shot
from benchmarks.town import Town
from executor import bootstrap
from executor.alerts.address import hook_url
from executor.alerts.placeholders import render
from executor.alerts.template import Style, build
from executor.config.environment import open_settings
from executor.domain.strategy import Level, LevelKind, Product, Protection, Rails, Size, SizeKind, Strategy
from executor.store import schema

#: Shares of the simulator's master, and what is bought of one at a time.
TICKERS = {"SBIN": "3045", "RELIANCE": "2885", "INFY": "1594", "TCS": "11536", "TATASTEEL": "3499"}
_QUANTITY = 10


@dataclass(frozen=True, slots=True)
class LaneAlerts:
    """The alerts of one lane: what TradingView would send when its chart enters and leaves."""

    town: Town
    path: str
    body: str
    ticker: str
    price: str

    def enter(self, at_s: float, kind: str = "entry") -> Shot:
        return self._shot(at_s, kind, action="buy", prev="flat", now="long")

    def leave(self, at_s: float, kind: str = "exit") -> Shot:
        return self._shot(at_s, kind, action="sell", prev="long", now="flat")

    def _shot(self, at_s: float, kind: str, *, action: str, prev: str, now: str) -> Shot:
        def body() -> bytes:
            return render(self.body, self._values(action, prev, now)).encode()

        return Shot(at_s, kind, self.path, body)

    def _values(self, action: str, prev: str, held: str) -> Mapping[str, str]:
        sizes, now = {"flat": "0", "long": str(_QUANTITY)}, self.town.now()
        return {
            "ticker": self.ticker,
            "exchange": "NSE",
            "strategy.order.action": action,
            "strategy.market_position": held,
            "strategy.market_position_size": sizes[held],
            "strategy.prev_market_position": prev,
            "strategy.prev_market_position_size": sizes[prev],
            "strategy.order.price": self.price,
            "close": self.price,
            "interval": "5",
            "time": f"{now:%Y-%m-%dT%H:%M:00Z}",
            "timenow": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}",
        }


def add_lanes(town: Town, count: int, *, name: str, protection: Protection) -> list[LaneAlerts]:
    """Save as many strategies as give `count` lanes, and issue their templates."""
    prices = town.control("state")["prices"]
    templates = [_template(town, f"{name}{number}", protection) for number in range(-(-count // len(TICKERS)))]
    return [
        LaneAlerts(town, path, body, ticker, prices[f"NSE:{TICKERS[ticker]}"])
        for (path, body), ticker in islice(product(templates, TICKERS), count)
    ]


def tags_of(town: Town, signals: Sequence[str]) -> dict[str, str]:
    """By tag of an order at the broker, the signal that asked for it."""
    return {row.tag: row.cause for row in _orders(town) if row.cause in set(signals)}


def _template(town: Town, name: str, protection: Protection) -> tuple[str, str]:
    """Path and body of a new strategy's alert."""
    settings = open_settings(town.environ)
    keys, now = bootstrap.open_keys(settings), town.now()
    strategy = Strategy(
        name=name,
        version=1,
        account=bootstrap.DEFAULT_ACCOUNT,
        product=Product.INTRADAY,
        size=Size(SizeKind.QUANTITY, Decimal(_QUANTITY)),
        rails=Rails(frozenset(f"NSE:{ticker}" for ticker in TICKERS), max_quantity=100, max_trades=1000),
        stop_loss=None if protection is Protection.NONE else Level(LevelKind.PERCENT, Decimal(5)),
        protection=protection,
    )
    town.store.people.save_strategy(strategy, by="bench", at=now)
    ids = bootstrap.make_ids(bootstrap.clock_of(settings), town.store.recovery)
    made = build(strategy, style=Style.STRATEGY, settings={}, keys=keys, alert_id=ids.new(), now=now)
    town.store.people.issue_alert(made.issued)
    return urlsplit(hook_url(keys, strategy, "http://127.0.0.1")).path, made.body


def _orders(town: Town) -> Iterator[Any]:
    leg, order = schema.leg, schema.broker_order
    statement = select(order.c.tag, leg.c.cause).select_from(order.join(leg, leg.c.id == order.c.leg))
    with town.store.database.read() as connection:
        yield from connection.execute(statement)
