"""A strategy's settings: between TOML, options or stored fields and the domain's Strategy.

Invariants: `strategy_from(strategy_fields(s), …) == s`; an unknown field is an error; what this version cannot
carry out is refused when it is set, not when the first signal arrives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, Range

from executor.config.schema import Strict, checked
from executor.domain.strategy import (
    Level,
    LevelKind,
    Product,
    Protection,
    Rails,
    Short,
    Size,
    SizeKind,
    Strategy,
)
from executor.errors import ConfigError

#: How the strategy's address is rotated: stored, but never taken from a person's file.
ADDRESS_FIELDS = ("rotation", "rotation_before")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)
_TICKER = re.compile(r"([A-Z0-9_]{1,16}:)?[A-Z0-9&_.!-]{1,48}", re.ASCII)
_LEVEL = re.compile(r"(\d{1,7}(?:\.\d{1,4})?)(%?)", re.ASCII)
_PRODUCTS = {"mis": Product.INTRADAY, "nrml": Product.CARRYFORWARD, "cnc": Product.DELIVERY} | {
    product.value.lower(): product for product in Product
}


def strategy_from(given: Mapping[str, Any], *, name: str, version: int) -> Strategy:
    """Read settings from TOML, options or the store. Raises ConfigError that names field, found and remedy."""
    what = f"strategy {name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name; use up to 40 letters, digits, - and _, beginning with one of the first"
        )
    loaded = checked(_SCHEMA, given, what)
    strategy = Strategy(
        name=name,
        version=version,
        account=loaded["account"],
        product=loaded["product"],
        size=_size(loaded, what),
        rails=Rails(**{key: loaded[key] for key in _RAILS if key in loaded}),
        stop_loss=loaded.get("stop_loss"),
        **{key: loaded[key] for key in _OTHERS if key in loaded},
    )
    _refuse_contradictions(strategy, what)
    return strategy


def strategy_fields(strategy: Strategy) -> dict[str, Any]:
    """The settings as JSON-able fields in the form that a person writes; nothing stands for "not set"."""
    rails = strategy.rails
    found: dict[str, Any] = {
        "account": strategy.account,
        "tickers": sorted(rails.tickers),
        "product": strategy.product.value.lower(),
        strategy.size.kind.value: int(strategy.size.value),
        "max_quantity": rails.max_quantity,
        "stop_loss": _level_text(strategy.stop_loss),
        "take_profit": _level_text(strategy.take_profit),
        "protection": strategy.protection.value,
        "short": strategy.short.value,
        "max_trades": rails.max_trades,
        "enter_from": f"{rails.enter_from:%H:%M}",
        "enter_until": f"{rails.enter_until:%H:%M}",
        "enabled": strategy.enabled,
        "rotation": strategy.rotation,
        "rotation_before": strategy.rotation_before,
    }
    return {key: value for key, value in found.items() if value is not None}


def _level(value: Any) -> Level:
    """`1%` of the average, or points away from it."""
    match = _LEVEL.fullmatch(str(value).strip())
    if match is None or not Decimal(match[1]):
        raise ValidationError(f"is {value!r}; give a distance such as 1% or 5 (points)")
    return Level(LevelKind.PERCENT if match[2] else LevelKind.POINTS, Decimal(match[1]))


def _tickers(value: Any) -> frozenset[str]:
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValidationError(f"is {value!r}; give tickers as TradingView shows them, such as SBIN or NSE:SBIN")
    found = frozenset(word.strip().upper() for word in words if word.strip())
    wrong = sorted(word for word in found if not _TICKER.fullmatch(word))
    if wrong or not found:
        raise ValidationError(f"is {wrong[0] if wrong else value!r}; give one or more such as SBIN or NSE:SBIN")
    return found


def _product(value: Any) -> Product:
    found = _PRODUCTS.get(str(value).strip().lower())
    if found is None:
        raise ValidationError(f"is {value!r}; give one of {', '.join(_PRODUCTS)}")
    return found


def _minute(value: Any) -> time:
    try:
        return value if isinstance(value, time) else time.fromisoformat(value).replace(second=0, microsecond=0)
    except (TypeError, ValueError):
        raise ValidationError(f'is {value!r}; give a time in India such as "09:16"') from None


def _count(*, required: bool = False) -> fields.Integer:
    return fields.Integer(
        strict=True,
        required=required,
        validate=Range(min=1, max=10_000_000, error="is {input}; give a whole number from 1 to 10000000"),
        error_messages={"required": "is missing; give a whole number", "invalid": "is no whole number; give one"},
    )


def _choice(kind: type[Protection] | type[Short]) -> fields.Function:
    def read(value: Any) -> StrEnum:
        if value not in tuple(kind):
            raise ValidationError(f"is {value!r}; give one of {', '.join(kind)}")
        return kind(value)

    return fields.Function(deserialize=read)


class _Settings(Strict):
    account = fields.String(required=True, validate=Length(1, 40), error_messages={"required": "is missing; name one"})
    tickers = fields.Function(
        deserialize=_tickers, required=True, error_messages={"required": "is missing; give at least one, such as SBIN"}
    )
    product = fields.Function(
        deserialize=_product, required=True, error_messages={"required": "is missing; give intraday or delivery"}
    )
    quantity = _count()
    lots = _count()
    max_quantity = _count(required=True)
    stop_loss = fields.Function(deserialize=_level)
    take_profit = fields.Function(deserialize=_level)
    protection = _choice(Protection)
    short = _choice(Short)
    max_trades = _count()
    enter_from = fields.Function(deserialize=_minute)
    enter_until = fields.Function(deserialize=_minute)
    enabled = fields.Boolean(truthy={True}, falsy={False}, error_messages={"invalid": "is neither true nor false"})
    rotation = _count()
    rotation_before = _count()


_RAILS = ("tickers", "max_quantity", "max_trades", "enter_from", "enter_until")
_OTHERS = ("take_profit", "protection", "short", "enabled", *ADDRESS_FIELDS)


#: Made once: building a schema costs three times what reading with it does (libraries.md 3).
_SCHEMA = _Settings()


def _size(loaded: Mapping[str, Any], what: str) -> Size:
    given = [kind for kind in SizeKind if kind.value in loaded]
    if len(given) != 1:
        raise ConfigError(f"{what}: {' and '.join(given) or 'neither quantity nor lots'} given; give one of the two")
    return Size(given[0], Decimal(loaded[given[0].value]))


def _level_text(level: Level | None) -> str | None:
    if level is None:
        return None
    return f"{level.value.normalize():f}%" if level.kind is LevelKind.PERCENT else f"{level.value.normalize():f}"


def _refuse_contradictions(strategy: Strategy, what: str) -> None:
    wrong = next((say for found, say in _contradictions(strategy) if found), None)
    if wrong:
        raise ConfigError(f"{what}: {wrong}")


def _contradictions(strategy: Strategy) -> list[tuple[bool, str]]:
    stop, rails, size = strategy.stop_loss, strategy.rails, strategy.size
    unprotected = strategy.protection is Protection.NONE
    delivery = strategy.product is Product.DELIVERY
    return [
        (
            stop is None and not unprotected,
            'stop_loss is missing; give one such as 1% or 5 (points), or protection = "none" if you mean it',
        ),
        (
            stop is not None and unprotected,
            'stop_loss is given, and protection is "none"; remove one of them',
        ),
        (
            stop is not None and stop.kind is LevelKind.PERCENT and stop.value >= 100,
            "stop_loss is 100 percent or more, so it could never be reached; give less",
        ),
        (
            strategy.take_profit is not None and delivery and strategy.protection is Protection.PAIR,
            "protection is pair, but a second sell of delivery is a short; use auto or single",
        ),
        (
            strategy.short is not Short.NONE and delivery,
            f"short is {strategy.short}, but delivery never opens short; remove it or trade intraday",
        ),
        (
            size.kind is SizeKind.QUANTITY and size.value > rails.max_quantity,
            f"quantity {size.value} is above max_quantity {rails.max_quantity}; every entry would be refused",
        ),
        (
            rails.enter_from >= rails.enter_until,
            "enter_from is not before enter_until; put the earlier time first",
        ),
    ]
