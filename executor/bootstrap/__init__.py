"""The only place that wires: settings → clock, store, broker, desk, trader, web. Here is what all processes share.

Each process has a module of its own, because what it imports it holds for ever.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from random import Random

from executor.clock import Clock, open_clock
from executor.config.account import DEFAULT_ACCOUNT as DEFAULT_ACCOUNT
from executor.config.account import PAPER_ACCOUNT as PAPER_ACCOUNT
from executor.config.environment import Settings, account_kind
from executor.config.secrets import Keys, fingerprint
from executor.config.strategy import strategy_fields, strategy_from
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.doorbell import DatagramBell
from executor.errors import ConfigError
from executor.store.bell import NotifyBell
from executor.store.engine import open_database
from executor.store.logins import Logins
from executor.store.recovery import Recovery
from executor.store.store import Store, build_store
from executor.store.version import check_exists, check_schema

#: Lies in the state dir: kill, also when the database cannot be written.
KILL_FILE = "KILL"
#: Entry of the meta table: which SECRET_KEY sealed what is in the database.
FINGERPRINT = "key_fingerprint"


def open_keys(settings: Settings) -> Keys:
    return Keys.derive(settings.secret_key, old=settings.secret_key_old)


def clock_of(settings: Settings) -> Clock:
    """The clock that a process follows. Raises ConfigError."""
    try:
        return open_clock(settings.clock_file)
    except (OSError, ValueError, LookupError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is none that a simulator wrote"
        remedy = "start the simulator that writes it, or remove the setting"
        raise ConfigError(f"EXECUTOR_CLOCK_FILE {settings.clock_file}: {why}; {remedy}") from error


def open_store(settings: Settings) -> Store:
    """Open the database: there, of the right schema, sealed with the right key. Raises SchemaBehind, ConfigError."""
    check_exists(settings.database_url)
    database = open_database(settings.database_url)
    check_schema(database)
    ids = make_ids(clock_of(settings), Recovery(database))
    store = build_store(
        database,
        new_id=ids.new,
        read_strategy=lambda fields, name, version: strategy_from(fields, name=name, version=version),
        write_strategy=strategy_fields,
    )
    _check_key(settings, store)
    return store


def open_bell(settings: Settings, store: Store) -> DatagramBell | NotifyBell:
    """The side that rings, after a commit, so that the trader looks."""
    return DatagramBell(settings.state_dir) if store.database.is_sqlite else NotifyBell(store.database)


def make_ids(clock: Clock, recovery: Recovery) -> Ids:
    """Ids of this process, above every id in the store."""
    return Ids(clock.now, Random(secrets.randbits(128)), above=recovery.newest_id())


def expected_accounts(settings: Settings, store: Store) -> tuple[str, ...]:
    """The accounts that a trader with these settings trades."""
    own = () if settings.credentials is None else (DEFAULT_ACCOUNT,)
    return (PAPER_ACCOUNT, *own, *Logins(store.database).all())


def ensure_accounts(settings: Settings, store: Store, *, at: datetime) -> None:
    """Make `paper`, and `default` once its login is set. An account's kind is for ever: ConfigError otherwise."""
    wanted = [Account(PAPER_ACCOUNT, AccountKind.PAPER)]
    if settings.credentials is not None:
        wanted.append(Account(DEFAULT_ACCOUNT, account_kind(settings)))
    ids = make_ids(clock_of(settings), store.recovery)
    for account in wanted:
        found = store.people.account(account.name)
        if found is None:
            store.people.add_account(account, by="settings", at=at, new_id=ids.new)
        elif found.kind is not account.kind:
            raise ConfigError(
                f"account {account.name} was made as {found.kind} and SMARTAPI_BASE_URL now says {account.kind}: "
                "an account's kind is for ever; use another database for another kind"
            )


def _check_key(settings: Settings, store: Store) -> None:
    """Refuse a SECRET_KEY other than the one the store was sealed with, unless SECRET_KEY_OLD hands over."""
    own = fingerprint(settings.secret_key)
    known = store.people.meta(FINGERPRINT)
    old = fingerprint(settings.secret_key_old) if settings.secret_key_old else None
    if known in (None, old):
        store.people.set_meta(FINGERPRINT, own)
    elif known != own:
        raise ConfigError(
            "SECRET_KEY is not the key this database was made with: give back the old one, or set SECRET_KEY_OLD to it"
        )
