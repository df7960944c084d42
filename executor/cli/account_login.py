"""A login typed by a person, without echo, or read from a file: never an argument, which all processes could read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

import click

from executor.config.login import LOGIN_SETTINGS
from executor.errors import ConfigError

_QUESTIONS = {
    "SMARTAPI_API_KEY": "API key",
    "SMARTAPI_CLIENT_CODE": "client code",
    "SMARTAPI_PIN": "PIN (4 digits)",
    "SMARTAPI_TOTP_SECRET": "TOTP secret or otpauth:// address (empty: a code is typed each morning)",
}
#: What is no secret, and may be an option.
_ADDRESSES = {
    "public_ip": "SMARTAPI_PUBLIC_IP",
    "local_ip": "SMARTAPI_LOCAL_IP",
    "mac": "SMARTAPI_MAC",
}

file_option = click.option(
    "--login-file",
    type=click.File(),
    metavar="FILE",
    help="Read the login from a file, `-` for standard input, instead of asking: lines as in .env, SMARTAPI_PIN=4321.",
)


def said_login(file: TextIO | None, addresses: Mapping[str, str | None]) -> dict[str, str]:
    """The parts of a login by their settings' names: from the file if one is given, else asked. Raises ConfigError."""
    said = _read(file) if file is not None else _asked()
    given = {_ADDRESSES[name]: value for name, value in addresses.items() if value is not None}
    return {name: value for name, value in {**said, **given}.items() if value}


def _asked() -> dict[str, str]:
    return {
        name: click.prompt(question, hide_input=True, default="", show_default=False, err=True).strip()
        for name, question in _QUESTIONS.items()
    }


def _read(file: TextIO) -> dict[str, str]:
    said: dict[str, str] = {}
    for number, line in enumerate(file, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or name.strip() not in LOGIN_SETTINGS:
            raise ConfigError(
                f"line {number} of the login: expected NAME=value with one of {', '.join(LOGIN_SETTINGS)}"
            )
        said[name.strip()] = value.strip().strip("\"'")
    return said
