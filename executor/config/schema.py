"""What every schema of a person's file or options shares: unknown fields are errors, and errors are sentences."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError

from executor.errors import ConfigError

_MOST_ERRORS = 5


class Strict(Schema):
    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012 - marshmallow's own form
        "unknown": "is no field; correct or remove it",
        "type": "is not a table of fields",
    }


def checked(schema: Schema, given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Load with a schema. Raises ConfigError that names each field, what was found and what to do."""
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        found = list(_sentences(error.messages))
        raise ConfigError(f"{what}: {'; '.join(found[:_MOST_ERRORS])}") from None
    return loaded


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises ConfigError."""
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}; correct it") from error


def _sentences(messages: Any, path: str = "") -> Iterator[str]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            deeper = path if key in ("_schema", "key", "value") else f"{path}.{key}" if path else str(key)
            yield from _sentences(inner, deeper)
    else:
        for message in messages:
            yield f"{path} {message}" if path else str(message)
