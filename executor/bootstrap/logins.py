"""Which accounts have a login at the broker: `default` in the environment, the others sealed in the store."""

from __future__ import annotations

from executor.bootstrap import DEFAULT_ACCOUNT, PAPER_ACCOUNT, expected_accounts, open_keys
from executor.config.broker import BrokerSettings
from executor.config.environment import Settings, login_kind
from executor.config.login import open_login
from executor.domain.strategy import AccountKind
from executor.errors import ConfigError
from executor.store.logins import Logins, SealedLogin
from executor.store.store import Store


def accounts_with_login(settings: Settings, store: Store) -> tuple[str, ...]:
    """Their names, `default` first."""
    return tuple(name for name in expected_accounts(settings, store) if name != PAPER_ACCOUNT)


def login_of(settings: Settings, store: Store, account: str) -> BrokerSettings:
    """The login of an account. Raises ConfigError when it has none, or one that cannot be used here."""
    if account == DEFAULT_ACCOUNT and settings.credentials is not None:
        return settings.credentials
    sealed = Logins(store.database).all().get(account)
    if sealed is not None:
        return _opened(settings, account, sealed)
    raise ConfigError(
        f"account {account} has no login: set SMARTAPI_API_KEY, SMARTAPI_CLIENT_CODE and SMARTAPI_PIN"
        if account == DEFAULT_ACCOUNT
        else f"account {account} has no login: `executor account add {account}`"
    )


def check_client(settings: Settings, store: Store, account: str, login: BrokerSettings) -> None:
    """Raise ConfigError where another account logs in as this client already, the first of them in order: two would end
    each other's sessions, use its limits twice and take each other's orders for a person's.
    """
    for other in accounts_with_login(settings, store):
        if other == account:
            return
        if _client_of(settings, store, other) == login.client_code.upper():
            raise ConfigError(f"account {account} logs in as the same client as {other}; a client is traded once")


def _client_of(settings: Settings, store: Store, account: str) -> str | None:
    """None where its login cannot be used."""
    try:
        return login_of(settings, store, account).client_code.upper()
    except ConfigError:
        return None


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
