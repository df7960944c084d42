"""A strategy's settings: between TOML, options or stored fields and the domain's Strategy.

Invariants: `strategy_from(strategy_fields(s), …) == s`; an unknown field is an error; what cannot be meant together
is refused when it is set, not when the first signal arrives (config/contradictions).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Length

from executor.config.amounts import choice, count, percent, percent_text, plain, rupees, switch
from executor.config.contracts import option_text, read_option, read_roll, roll_text
from executor.config.contradictions import contradiction
from executor.config.levels import level_text, read_level, read_targets, read_trail, targets_value, trail_value
from executor.config.schema import FieldErrors, Strict, checked
from executor.domain.strategy import (
    ContractsAre,
    Gap,
    LevelOf,
    Product,
    Protection,
    Rails,
    Short,
    Size,
    SizeKind,
    Strategy,
)

#: How the strategy's address is rotated: stored, but never taken from a person's file.
ADDRESS_FIELDS = ("rotation", "rotation_before")
#: Exactly one of them is the size of an entry; what a chart counts as contracts comes with an alert only.
SIZE_FIELDS = tuple(kind.value for kind in SizeKind if kind is not SizeKind.CONTRACTS)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)
_TICKER = re.compile(r"([A-Z0-9_]{1,16}:)?[A-Z0-9&_.!-]{1,48}", re.ASCII)
_PRODUCTS = {"mis": Product.INTRADAY, "nrml": Product.CARRYFORWARD, "cnc": Product.DELIVERY} | {
    product.value.lower(): product for product in Product
}
_DAY_S = 86_400


def strategy_from(given: Mapping[str, Any], *, name: str, version: int) -> Strategy:
    """Read settings from TOML, options or the store. Raises FieldErrors that name field, found and remedy."""
    what = f"strategy {name}"
    if not _NAME.fullmatch(name):
        no_name = f"{name!r} is no name; use up to 40 letters, digits, - and _, beginning with one of the first"
        raise FieldErrors(what, {"name": no_name})
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
    wrong = contradiction(strategy)
    if wrong:
        raise FieldErrors(what, {_field_of(wrong): wrong})
    return strategy


def strategy_fields(strategy: Strategy) -> dict[str, Any]:
    """The settings as JSON-able fields in the form that a person writes; nothing stands for "not set"."""
    found: dict[str, Any] = {
        "account": strategy.account,
        "tickers": sorted(strategy.rails.tickers),
        "product": strategy.product.value.lower(),
        **_contract_fields(strategy),
        **_size_fields(strategy),
        **_protection_fields(strategy),
        "short": strategy.short.value,
        "entry_ttl": strategy.entry_ttl,
        "max_slippage": _text(strategy.max_slippage, percent=True),
        "expiry_day": strategy.expiry_day,
        **_rail_fields(strategy.rails),
        "enabled": strategy.enabled,
        "rotation": strategy.rotation,
        "rotation_before": strategy.rotation_before,
    }
    return {key: value for key, value in found.items() if value is not None}


def _contract_fields(strategy: Strategy) -> dict[str, Any]:
    return {
        "roll": roll_text(strategy.roll),
        "option": option_text(strategy.option) if strategy.option else None,
        "max_spread": _text(strategy.max_spread, percent=True),
    }


def _size_fields(strategy: Strategy) -> dict[str, Any]:
    kind, value = strategy.size.kind, strategy.size.value
    whole = kind in {SizeKind.QUANTITY, SizeKind.LOTS}
    contracts_are = strategy.contracts_are
    return {
        kind.value: int(value) if whole else _text(value, percent=kind is SizeKind.PERCENT_OF_CAPITAL),
        "capital": _text(strategy.capital),
        "contracts_are": contracts_are.value if contracts_are else None,
    }


def _protection_fields(strategy: Strategy) -> dict[str, Any]:
    stop, breakeven = strategy.stop_loss, strategy.breakeven_after
    return {
        "stop_loss": level_text(stop) if stop else None,
        "take_profit": targets_value(strategy.take_profit),
        "trail": trail_value(strategy.trail) if strategy.trail else None,
        "breakeven_after": level_text(breakeven) if breakeven else None,
        "protection": strategy.protection.value,
        "gap": strategy.gap.value,
        "levels_of": strategy.levels_of.value,
        "disaster_stop": _text(strategy.disaster_stop, percent=True),
    }


def _rail_fields(rails: Rails) -> dict[str, Any]:
    return {
        "max_quantity": rails.max_quantity,
        "max_order_quantity": rails.max_order_quantity,
        "max_notional": _text(rails.max_notional),
        "max_open": rails.max_open,
        "max_trades": rails.max_trades,
        "max_daily_loss": _text(rails.max_daily_loss),
        "cooldown": rails.cooldown,
        "enter_from": rails.enter_from and f"{rails.enter_from:%H:%M}",
        "enter_until": rails.enter_until and f"{rails.enter_until:%H:%M}",
    }


def _text(value: Decimal | None, *, percent: bool = False) -> str | None:
    if value is None:
        return None
    return percent_text(value) if percent else plain(value)


def _tickers(value: Any) -> frozenset[str]:
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValidationError(f"is {value!r}; give tickers as TradingView shows them, such as SBIN or NSE:SBIN")
    found = frozenset(word.strip().upper() for word in words if word.strip())
    wrong = sorted(word for word in found if not _TICKER.fullmatch(word))
    if wrong or not found:
        raise ValidationError(
            f"is {wrong[0] if wrong else value!r}; give one or more such as SBIN or NSE:SBIN, with commas between"
        )
    return found


def _product(value: Any) -> Product:
    found = _PRODUCTS.get(str(value).strip().lower())
    if found is None:
        raise ValidationError(f"is {value!r}; give one of {', '.join(_PRODUCTS)}")
    return found


def _minute(value: Any) -> time:
    try:
        found = value if isinstance(value, time) else time.fromisoformat(value).replace(second=0, microsecond=0)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is not None:
        raise ValidationError(f'is {value!r}; give a time in India such as "09:16"')
    return found


def _no_contracts(_value: Any) -> None:
    raise ValidationError(
        "is no size of a strategy: a chart's contracts come with its alerts; "
        f'give one of {", ".join(SIZE_FIELDS)}, and contracts_are = "lots" or "units" for the alerts'
    )


class _Settings(Strict):
    account = fields.String(required=True, validate=Length(1, 40), error_messages={"required": "is missing; name one"})
    tickers = fields.Function(
        deserialize=_tickers, required=True, error_messages={"required": "is missing; give at least one, such as SBIN"}
    )
    product = fields.Function(
        deserialize=_product, required=True, error_messages={"required": "is missing; give intraday or delivery"}
    )
    roll = fields.Function(deserialize=read_roll)
    option = fields.Function(deserialize=read_option)
    max_spread = percent()
    quantity = count()
    lots = count()
    notional = rupees()
    percent_of_capital = percent()
    risk = rupees()
    contracts = fields.Function(deserialize=_no_contracts)
    capital = rupees()
    contracts_are = choice(ContractsAre)
    stop_loss = fields.Function(deserialize=read_level)
    take_profit = fields.Function(deserialize=read_targets)
    trail = fields.Function(deserialize=read_trail)
    breakeven_after = fields.Function(deserialize=read_level)
    protection = choice(Protection)
    gap = choice(Gap)
    levels_of = choice(LevelOf)
    disaster_stop = percent()
    short = choice(Short)
    entry_ttl = count(least=5, most=3600)
    max_slippage = percent()
    expiry_day = switch()
    max_quantity = count(required=True)
    max_order_quantity = count()
    max_notional = rupees()
    max_open = count()
    max_trades = count()
    max_daily_loss = rupees()
    cooldown = count(least=0, most=_DAY_S)
    enter_from = fields.Function(deserialize=_minute)
    enter_until = fields.Function(deserialize=_minute)
    enabled = switch()
    rotation = count()
    rotation_before = count()


_RAILS = tuple(Rails.__dataclass_fields__)
_OTHERS = (
    *("roll", "option", "max_spread", "levels_of", "disaster_stop"),
    *("take_profit", "trail", "breakeven_after", "protection", "gap", "capital", "contracts_are"),
    *("short", "entry_ttl", "max_slippage", "expiry_day", "enabled", *ADDRESS_FIELDS),
)


#: Made once: building a schema costs three times what reading with it does (libraries.md 3).
_SCHEMA = _Settings()


def _size(loaded: Mapping[str, Any], what: str) -> Size:
    given = [SizeKind(name) for name in SIZE_FIELDS if name in loaded]
    if len(given) != 1:
        wrong = f"{' and '.join(given) or 'no size'} given; give one of {', '.join(SIZE_FIELDS)}"
        raise FieldErrors(what, {SIZE_FIELDS[0]: wrong})
    return Size(given[0], Decimal(loaded[given[0].value]))


def _field_of(sentence: str) -> str:
    """The field that a contradiction names first."""
    return next((word for word in re.findall(r"\w+", sentence) if word in _SCHEMA.fields), "")
