"""Whatever stands in a strategy's field is read or refused in words: programs may send anything that JSON can hold."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from executor.config.strategy import _SCHEMA, strategy_fields, strategy_from
from executor.errors import ConfigError

SETTINGS = {
    "account": "paper",
    "tickers": "SBIN",
    "product": "intraday",
    "quantity": 10,
    "max_quantity": 50,
    "stop_loss": "1%",
}
ODD: list[Any] = [
    *(None, True, False, 0, -1, 10**30, 1.5, float("inf"), float("nan")),
    *("", "none", "NaN", "Infinity", "1e999999", "1e-400", "9" * 400, "-5", "%", "1%%", "0%", "\ud800", "\0", "१"),
    *([], {}, [[]], [None], [{}], {"a": {"b": [1]}}, ["1%:50", "none"], {"points": "1"}, {"percent": None}),
    *("1%:50:60", "2 days at 25:00", "a b c d e f", {"type": "auto"}, "24:00", "09:16:00+05:30"),
]


@pytest.mark.parametrize("field", [*_SCHEMA.fields, "strange", "", "_schema"])
def test_odd_values_are_read_or_refused_in_words(field: str) -> None:
    for value in ODD:
        with suppress(ConfigError):
            made = strategy_from({**SETTINGS, field: value}, name="dip", version=1)

            assert strategy_from(strategy_fields(made), name="dip", version=1) == made
