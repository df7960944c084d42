"""What every schema of a person's file or options shares: unknown fields are errors, and errors are sentences."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError

from executor.errors import ConfigError

_MOST_ERRORS = 5


class FieldErrors(ConfigError):
    """What is wrong with a person's fields: `fields` has a sentence for each, in order; "" stands for none of them."""

    def __init__(self, what: str, fields: Mapping[str, str]) -> None:
        super().__init__(f"{what}: {'; '.join(list(fields.values())[:_MOST_ERRORS])}")
        self.fields = fields


class Strict(Schema):
    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012 - marshmallow's own form
        "unknown": "is no field; correct or remove it",
        "type": "is not a table of fields",
    }


def checked(schema: Schema, given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Load with a schema. Raises FieldErrors that name each field, what was found and what to do."""
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        raise FieldErrors(what, _by_field(error.messages)) from None
    return loaded


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises ConfigError."""
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}; correct it") from error


def _by_field(messages: Any) -> dict[str, str]:
    """The sentences of each field together; of what is in a field too."""
    found: dict[str, str] = {}
    for path, sentence in _sentences(messages):
        field = path.partition(".")[0]
        found[field] = f"{found[field]}; {sentence}" if field in found else sentence
    return found


def _sentences(messages: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each message with the path it belongs to, which it begins with."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            deeper = path if key in ("_schema", "key", "value") else f"{path}.{key}" if path else str(key)
            yield from _sentences(inner, deeper)
    else:
        for message in messages:
            yield path, f"{path} {message}" if path else str(message)
