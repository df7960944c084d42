"""The settings of a process: read once at start from the environment or `.env`, checked, and never changed.

Invariants: nothing wrong starts (every error names its setting and the way out); secrets are in no repr and no
error; what is not encrypted stays on this machine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from executor.config.broker import BrokerSettings, BrokerUrls, broker_urls, credentials
from executor.config.certificate import fingerprints
from executor.config.notices import Address, notify_addresses
from executor.config.reader import Reader, is_loopback
from executor.config.secrets import Keys, keep_secret_key, own_secret_key
from executor.domain.strategy import AccountKind
from executor.errors import ConfigError

#: Every setting there is; `.env.example` explains each. Each may be given as NAME_FILE instead.
SETTINGS = (
    "DATABASE_URL",
    "SECRET_KEY",
    "SECRET_KEY_OLD",
    "HOST",
    "PORT",
    "WEB_CONCURRENCY",
    "EXECUTOR_STATE_DIR",
    "EXECUTOR_PUBLIC_URL",
    "EXECUTOR_TRUSTED_PROXIES",
    "EXECUTOR_CLIENT_CERTIFICATES",
    "EXECUTOR_NOTIFY_URLS",
    "EXECUTOR_HEARTBEAT_URL",
    "EXECUTOR_CALENDAR_FILE",
    "EXECUTOR_CLOCK_FILE",
    "SMARTAPI_API_KEY",
    "SMARTAPI_CLIENT_CODE",
    "SMARTAPI_PIN",
    "SMARTAPI_TOTP_SECRET",
    "SMARTAPI_PUBLIC_IP",
    "SMARTAPI_LOCAL_IP",
    "SMARTAPI_MAC",
    "SMARTAPI_BASE_URL",
    "SMARTAPI_ORDER_FEED_URL",
    "SMARTAPI_PRICE_FEED_URL",
    "SMARTAPI_MASTER_URL",
)

_DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Settings:
    state_dir: Path
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    secret_key_old: str | None = field(repr=False)
    has_own_key: bool
    host: str
    port: int
    web_concurrency: int
    public_url: str
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    client_certificates: frozenset[str]
    notify_urls: tuple[Address, ...]
    heartbeat_url: str | None = field(repr=False)
    calendar_file: Path | None
    clock_file: Path | None
    master_url: str
    broker_urls: BrokerUrls
    credentials: BrokerSettings | None


def open_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment and `.env`. Raises ConfigError."""
    return load_settings(os.environ if environ is None else environ, env_file=Path(".env"))


def load_settings(environ: Mapping[str, str], *, env_file: Path | None = None) -> Settings:
    """Read and check every setting; `environ` wins over `env_file`, which may be absent.

    Raises ConfigError, also for an unknown EXECUTOR_*. It makes nothing: a key of our own is kept by `keep_key`.
    """
    reader = Reader(environ, env_file)
    reader.refuse_unknown(SETTINGS)
    state_dir = reader.path("EXECUTOR_STATE_DIR") or Path("var")
    database_url = _database_url(reader, state_dir)
    host = reader.text("HOST") or "127.0.0.1"
    port = reader.number("PORT", 8080, least=1, most=65535)
    urls = broker_urls(reader)
    settings = Settings(
        state_dir=state_dir,
        database_url=database_url,
        secret_key=_secret_key(reader, state_dir, database_url),
        secret_key_old=reader.text("SECRET_KEY_OLD"),
        has_own_key=reader.text("SECRET_KEY") is None,
        host=host,
        port=port,
        web_concurrency=reader.number("WEB_CONCURRENCY", 1, least=1, most=64),
        public_url=reader.url("EXECUTOR_PUBLIC_URL", scheme="https") or _own_url(host, port),
        trusted_proxies=_networks(reader, "EXECUTOR_TRUSTED_PROXIES"),
        client_certificates=fingerprints(reader),
        notify_urls=notify_addresses(reader),
        heartbeat_url=reader.url("EXECUTOR_HEARTBEAT_URL", scheme="https"),
        calendar_file=reader.path("EXECUTOR_CALENDAR_FILE"),
        clock_file=reader.path("EXECUTOR_CLOCK_FILE"),
        master_url=urls.master,
        broker_urls=urls,
        credentials=credentials(reader, urls),
    )
    Keys.derive(settings.secret_key, old=settings.secret_key_old)  # refuses a short one at start, not at first use
    _refuse_simulated_time(settings)
    return settings


def keep_key(settings: Settings) -> None:
    """Lay a key that was given by nobody into the state dir: for who makes the database. Raises ConfigError."""
    if settings.has_own_key:
        keep_secret_key(settings.state_dir, settings.secret_key)


def account_kind(settings: Settings) -> AccountKind:
    """The kind of the account `default`: PAPER without a login, SIMULATOR when its base URL is on loopback."""
    return AccountKind.PAPER if settings.credentials is None else login_kind(settings.broker_urls)


def login_kind(urls: BrokerUrls) -> AccountKind:
    """The kind of an account with a login: SIMULATOR when the broker's base URL is on loopback."""
    return AccountKind.SIMULATOR if is_loopback(urls.base) else AccountKind.LIVE


def _database_url(reader: Reader, state_dir: Path) -> str:
    found = reader.text("DATABASE_URL")
    if found is None:
        return f"sqlite:///{state_dir / 'executor.sqlite3'}"
    # platforms hand out postgres://, which SQLAlchemy no longer knows
    url = "postgresql://" + found.removeprefix("postgres://") if found.startswith("postgres://") else found
    if url.partition("://")[0].partition("+")[0] not in _DATABASES or "://" not in url:
        raise ConfigError("DATABASE_URL is neither sqlite:///FILE nor postgresql://USER:PASSWORD@HOST/NAME; correct it")
    return url


def _secret_key(reader: Reader, state_dir: Path, database_url: str) -> str:
    found = reader.text("SECRET_KEY")
    if found is None and not database_url.startswith("sqlite"):
        raise ConfigError(
            "SECRET_KEY is not set; with Postgres every process needs the same one: "
            "make it with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`"
        )
    return found or own_secret_key(state_dir)


def _own_url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _networks(reader: Reader, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(word) for word in reader.words(name))
    except ValueError as error:
        raise ConfigError(f"{name}: {error}; give addresses or networks such as 127.0.0.1,10.0.0.0/8") from None


def _refuse_simulated_time(settings: Settings) -> None:
    if settings.clock_file is not None and account_kind(settings) is AccountKind.LIVE:
        raise ConfigError("EXECUTOR_CLOCK_FILE is set with the login of a live account; remove one of them")
