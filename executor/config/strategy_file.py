"""Strategies as text: the fields that a person writes, what is laid over them, and a file of several.

A file never holds how an address is rotated: importing an old one must not bring a given-up address back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from executor.config.schema import read_toml
from executor.config.strategy import ADDRESS_FIELDS, SIZE_FIELDS, strategy_fields, strategy_from
from executor.domain.strategy import Strategy
from executor.errors import ConfigError

REMOVES = "none"
#: Where "none" is a word of its own.
_NONE_IS_SAID = ("protection", "short")


def over(base: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with others said over them; None says nothing, and a new size replaces one of another kind."""
    found = {key: value for key, value in said.items() if value is not None}
    resized = any(size in found for size in SIZE_FIELDS)
    return {**{key: value for key, value in base.items() if not (resized and key in SIZE_FIELDS)}, **found}


def laid_over(base: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with others said over them, of which "none" removes."""
    found = over(base, said)
    return {key: value for key, value in found.items() if value != REMOVES or key in _NONE_IS_SAID}


def changed(before: Strategy, fields: Mapping[str, Any]) -> Strategy:
    """The next version of a strategy with a person's fields; `before` itself when they change nothing.

    Raises ConfigError, also for another account: what is open belongs to the one before.
    """
    address = {key: value for key, value in strategy_fields(before).items() if key in ADDRESS_FIELDS}
    after = strategy_from({**fields, **address}, name=before.name, version=before.version + 1)
    if after.account != before.account:
        raise ConfigError(
            f"strategy {before.name}: account is {before.account} and cannot become {after.account}; "
            "add another strategy for that account"
        )
    return before if strategy_fields(after) == strategy_fields(before) else after


def open_fields(strategy: Strategy) -> dict[str, Any]:
    """A strategy's fields without how its address is rotated."""
    return {key: value for key, value in strategy_fields(strategy).items() if key not in ADDRESS_FIELDS}


def strategies_text(strategies: Iterable[Strategy]) -> str:
    """Strategies as TOML, one table each."""
    return "\n\n".join(_table(strategy) for strategy in strategies)


def read_strategies(path: Path) -> dict[str, Mapping[str, Any]]:
    """Read the tables of a TOML or JSON file as `strategies_text` writes them. Raises ConfigError."""
    tables = _read(path).get("strategy")
    if not isinstance(tables, dict) or not tables or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigError(f"{path} has no [strategy.NAME] tables; give a file as `executor strategy export` prints it")
    for name, fields in tables.items():
        found = [key for key in ADDRESS_FIELDS if key in fields]
        if found:
            raise ConfigError(f"{path}: strategy {name}: {found[0]} is no field of a file; remove it")
    return tables


def _read(path: Path) -> dict[str, Any]:
    if path.suffix != ".json":
        return read_toml(path)
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}; correct it") from error
    return found if isinstance(found, dict) else {}


def _table(strategy: Strategy) -> str:
    lines = (f"{key} = {_toml(value)}" for key, value in open_fields(strategy).items())
    return "\n".join((f"[strategy.{strategy.name}]", *lines))


def _toml(value: Any) -> str:
    """Texts, whole numbers and booleans are written the same in JSON and TOML."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_toml(inner)}' for key, inner in value.items())}}}"
    return f"[{', '.join(map(_toml, value))}]" if isinstance(value, list) else json.dumps(value)
