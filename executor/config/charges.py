"""The estimated charges of an order: the built-in charges.toml as the domain's tariff."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from itertools import product
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, Range

from executor.config.schema import Strict, checked
from executor.domain.charges import Charge, Chargeable, Rate, Tariff
from executor.domain.instrument import ContractClass, Segment
from executor.domain.strategy import Product


def _day(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValidationError(f"is {value!r}; give a date without quotes, such as 2026-04-01")
    return value


def _amount() -> fields.Decimal:
    return fields.Decimal(load_default=Decimal(0), validate=Range(min=0))


class _Charge(Strict):
    what = fields.Enum(Charge, by_value=True, required=True)
    valid_from = fields.Function(deserialize=_day, required=True)
    segments = fields.List(fields.Enum(Segment, by_value=True), required=True, validate=Length(min=1))
    kinds = fields.List(fields.Enum(ContractClass, by_value=True), required=True, validate=Length(min=1))
    products = fields.List(fields.Enum(Product, by_value=True), load_default=lambda: list(Product))
    buy = _amount()
    sell = _amount()
    least = _amount()
    most = fields.Decimal(load_default=None, validate=Range(min=0))


class _Charges(Strict):
    charge = fields.List(fields.Nested(_Charge), required=True)


def load_tariff(text: str | None = None) -> Tariff:
    """Read the built-in rates, or those of a text of the same form. Raises ConfigError."""
    source = files("executor.data").joinpath("charges.toml").read_text() if text is None else text
    found = checked(_Charges(), tomllib.loads(source, parse_float=Decimal), "charges.toml")
    return _tariff(found["charge"])


def _tariff(rows: Iterable[Mapping[str, Any]]) -> Tariff:
    found: dict[tuple[Charge, Chargeable], list[Rate]] = defaultdict(list)
    for row in rows:
        rate = Rate(**{name: row[name] for name in Rate.__dataclass_fields__})
        for place in product(row["segments"], row["kinds"], row["products"]):
            found[row["what"], Chargeable(*place)].append(rate)
    return {key: tuple(sorted(rates, key=lambda rate: rate.valid_from)) for key, rates in found.items()}
