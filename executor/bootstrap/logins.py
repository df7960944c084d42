"""Which accounts have a login at the broker: `default` in the environment, the others sealed in the store."""

from __future__ import annotations

from executor.bootstrap import DEFAULT_ACCOUNT, open_keys
from executor.config.broker import BrokerSettings
from executor.config.environment import Settings, login_kind
from executor.config.login import open_login
from executor.domain.strategy import AccountKind
from executor.errors import ConfigError
from executor.store.logins import Logins, SealedLogin
from executor.store.store import Store


def all_logins(settings: Settings, store: Store) -> dict[str, BrokerSettings]:
    """Every login by its account, `default` first. Raises ConfigError for one that cannot be used here."""
    own = {} if settings.credentials is None else {DEFAULT_ACCOUNT: settings.credentials}
    sealed = Logins(store.database).all()
    return own | {name: _opened(settings, name, login) for name, login in sealed.items()}


def login_of(settings: Settings, store: Store, account: str) -> BrokerSettings:
    """The login of an account. Raises ConfigError when it has none."""
    found = all_logins(settings, store).get(account)
    if found is None:
        raise ConfigError(
            f"account {account} has no login: set SMARTAPI_API_KEY, SMARTAPI_CLIENT_CODE and SMARTAPI_PIN"
            if account == DEFAULT_ACCOUNT
            else f"account {account} has no login: `executor account add {account}`"
        )
    return found


def _opened(settings: Settings, name: str, login: SealedLogin) -> BrokerSettings:
    kind = login_kind(settings.broker_urls)
    if login.kind is not kind:
        raise ConfigError(
            f"account {name} was made as {login.kind} and SMARTAPI_BASE_URL now says {kind}: "
            "an account's kind is for ever; use another database for another kind"
        )
    if kind is AccountKind.LIVE and settings.clock_file is not None:
        raise ConfigError(f"EXECUTOR_CLOCK_FILE is set and account {name} is live; remove the setting")
    return open_login(open_keys(settings), login.text, settings.broker_urls)
