"""The login of an account beside `default`: named and checked as in the environment, sealed in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping

from executor.config.broker import BrokerSettings, BrokerUrls, credentials
from executor.config.reader import Reader
from executor.config.secrets import Keys, seal, unseal
from executor.errors import ConfigError

#: What a login is made of; the first three must be there.
LOGIN_SETTINGS = (
    *("SMARTAPI_API_KEY", "SMARTAPI_CLIENT_CODE", "SMARTAPI_PIN", "SMARTAPI_TOTP_SECRET"),
    *("SMARTAPI_PUBLIC_IP", "SMARTAPI_LOCAL_IP", "SMARTAPI_MAC"),
)


def login_from(said: Mapping[str, str], urls: BrokerUrls) -> BrokerSettings:
    """Check a login. Raises ConfigError, which names the part that is wrong and never shows it."""
    unknown = sorted(set(said) - set(LOGIN_SETTINGS))
    if unknown:
        raise ConfigError(f"{unknown[0]} is no part of a login; there are: {', '.join(LOGIN_SETTINGS)}")
    found = credentials(Reader(said), urls)
    if found is None:
        raise ConfigError("there is no login: give SMARTAPI_API_KEY, SMARTAPI_CLIENT_CODE and SMARTAPI_PIN")
    return found


def seal_login(keys: Keys, said: Mapping[str, str]) -> str:
    """Seal what `login_from` has checked."""
    return seal(keys, json.dumps(dict(said)))


def open_login(keys: Keys, text: str, urls: BrokerUrls) -> BrokerSettings:
    """Open what `seal_login` sealed. Raises ConfigError."""
    return login_from(json.loads(unseal(keys, text)), urls)
