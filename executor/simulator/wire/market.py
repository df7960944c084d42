"""Prices: getLtpData and the quote call."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from executor.simulator.exchange.orders import Side
from executor.simulator.exchange.priced import Priced, around
from executor.simulator.exchange.rules import Rules
from executor.simulator.simulation import Simulation
from executor.simulator.wire.answers import Answer, Call, refused, success
from executor.simulator.wire.fields import ltp_entry, stamp

_MOST_TOKENS = 50
_LEVELS = 5
_LEVEL_QUANTITY = 100
_NO_LEVEL = {"price": 0.0, "quantity": 0, "orders": 0}


def last_price(simulation: Simulation, call: Call) -> Answer:
    body = call.body or {}
    key = (str(body.get("exchange")), str(body.get("symboltoken")))
    if key not in simulation.exchange.walks:
        return refused("AB1018", "Failed to get symbol details")
    return success(ltp_entry(simulation.exchange.walk(key)))


def quote(simulation: Simulation, call: Call) -> Answer:
    """Answer market/v1/quote for up to 50 tokens; unknown ones are listed as unfetched (smartapi.md 2.12)."""
    body = call.body or {}
    mode, wanted = body.get("mode"), body.get("exchangeTokens")
    if mode not in ("LTP", "OHLC", "FULL") or not isinstance(wanted, Mapping):
        return refused("AB1007", "INVALID PARAMETERS")
    keys = [(str(exchange), str(token)) for exchange, tokens in wanted.items() for token in tokens]
    if len(keys) > _MOST_TOKENS:
        return refused("AB1007", f"INVALID PARAMETERS: more than {_MOST_TOKENS} tokens")
    exchange = simulation.exchange
    known = [exchange.walk(key) for key in keys if key in exchange.walks]
    return success(
        {
            "fetched": [_entry(walk, simulation, mode=mode) for walk in known],
            "unfetched": [_unfetched(*key) for key in keys if key not in exchange.walks],
        }
    )


def _entry(walk: Priced, simulation: Simulation, *, mode: str) -> dict[str, Any]:
    entry = {
        "exchange": walk.instrument.exchange,
        "tradingSymbol": walk.instrument.symbol,
        "symbolToken": walk.instrument.token,
        "ltp": float(walk.ltp),
    }
    if mode != "LTP":
        opened, high, low, close = (float(price) for price in walk.day)
        entry |= {"open": opened, "high": high, "low": low, "close": close}
    if mode == "FULL":
        at = stamp(simulation.exchange.at)
        entry |= {"exchFeedTime": at, "exchTradeTime": at, **_full(walk, simulation.exchange.rules)}
    return entry


def _full(walk: Priced, rules: Rules) -> dict[str, Any]:
    close, instrument = walk.previous_close, walk.instrument
    change = walk.ltp - close
    lowest, highest = walk.circuit(rules.band_percent) or around(close, rules.band_percent)
    return {
        "lastTradeQty": instrument.lot,
        "netChange": float(round(change, 2)),
        "percentChange": float(round(change * 100 / close, 2)),
        "avgPrice": float(walk.ltp),
        "tradeVolume": 0,
        "opnInterest": 0,
        "lowerCircuit": float(instrument.ceil(lowest)),
        "upperCircuit": float(instrument.floor(highest)),
        "totBuyQuan": _LEVELS * _LEVEL_QUANTITY,
        "totSellQuan": _LEVELS * _LEVEL_QUANTITY,
        "52WeekLow": float(instrument.ceil(close / 2)),
        "52WeekHigh": float(instrument.floor(close * 2)),
        "depth": {
            "buy": _levels(walk, -1, nobody=walk.lacks(Side.SELL)),
            "sell": _levels(walk, 1, nobody=walk.lacks(Side.BUY)),
        },
    }


def _levels(walk: Priced, away: int, *, nobody: bool) -> list[dict[str, Any]]:
    """The five best of a side; what lies below one tick is padded with zeros, as a side is where nobody is."""
    best, step = walk.sides[0 if away < 0 else 1], walk.instrument.step
    prices = [best + away * n * step for n in range(_LEVELS)]
    return [_NO_LEVEL if nobody or price <= 0 else _level(price) for price in prices]


def _level(price: Decimal) -> dict[str, Any]:
    return {"price": float(price), "quantity": _LEVEL_QUANTITY, "orders": 1}


def _unfetched(exchange: str, token: str) -> dict[str, str]:
    message = "Symbol token is invalid" if token else "Symbol token cannot be empty"
    return {"exchange": exchange, "symbolToken": token, "message": message, "errorCode": "AB4018"}
