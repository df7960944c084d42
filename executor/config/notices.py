"""Where notices go: the addresses of EXECUTOR_NOTIFY_URLS, read and checked at start.

Each holds a secret (a bot's token, a password, a path that nobody guesses): a label names it wherever one is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from executor.config.reader import Reader, is_loopback
from executor.errors import ConfigError

SETTING = "EXECUTOR_NOTIFY_URLS"
TELEGRAM_API = "https://api.telegram.org"

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://.")
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Telegram:
    """A bot that writes to a chat; `api` is another server that speaks the same (a Bot API server of one's own)."""

    url: str = field(repr=False)
    token: str = field(repr=False)
    chat: str
    api: str = TELEGRAM_API

    @property
    def label(self) -> str:
        return f"telegram chat {self.chat}"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.token,)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server; `encrypted` from the first byte (smtps), else by STARTTLS but on loopback."""

    url: str = field(repr=False)
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    to: tuple[str, ...]
    encrypted: bool

    @property
    def label(self) -> str:
        return f"mail to {', '.join(self.to)} by {self.host}"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.password,) if self.password else ()


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes JSON; its path is as good as a password."""

    url: str = field(repr=False)

    @property
    def label(self) -> str:
        return f"webhook {urlsplit(self.url).hostname}"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.url,)


@dataclass(frozen=True, slots=True)
class Other:
    """Whatever else the apprise library can reach."""

    url: str = field(repr=False)

    @property
    def label(self) -> str:
        return f"{self.url.partition(':')[0]} by apprise"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.url,)


Address = Telegram | Mail | Webhook | Other


def notify_addresses(reader: Reader) -> tuple[Address, ...]:
    """Read them, separated by commas or white space. Raises ConfigError, which names the place and never the value."""
    words = [word for part in reader.words(SETTING) for word in part.split()]
    return tuple(_address(url, f"{SETTING}, address {place}") for place, url in enumerate(words, 1))


def _address(url: str, place: str) -> Address:
    found = _SCHEME.match(url)
    if found is None:
        raise ConfigError(f"{place}: is no URL; give telegram://TOKEN@CHAT, smtp://…, or https://…")
    match found.group(1):
        case "telegram":
            return _telegram(url, place)
        case "smtp" | "smtps":
            return _mail(url, place)
        case "https" | "http":
            return Webhook(_encrypted(url, place))
        case scheme:
            return _other(url, scheme, place)


def _telegram(url: str, place: str) -> Telegram:
    before, _, query = url.removeprefix("telegram://").partition("?")
    token, _, chat = before.rstrip("/").partition("@")
    token, chat = unquote(token), unquote(chat)
    if not _TOKEN.fullmatch(token) or not chat:
        raise ConfigError(f"{place}: give telegram://TOKEN@CHAT with BotFather's token and the chat's number or @name")
    (api,) = parse_qs(query).get("api", [TELEGRAM_API])[:1]
    return Telegram(url, token, chat, _encrypted(api, place).rstrip("/"))


def _mail(url: str, place: str) -> Mail:
    form = "smtp://USER:PASSWORD@HOST:PORT/?to=YOU@EXAMPLE.COM&from=BOT@EXAMPLE.COM"
    parts = _split(url, place)
    asked = parse_qs(parts.query)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    senders = asked.get("from", [user] if "@" in user else [])
    to = asked.get("to", [])
    if not parts.hostname or not to or not senders or not all(map(_is_mail, [*to, *senders])):
        raise ConfigError(f"{place}: give {form}; `to` may be repeated, @ in USER is %40")
    port = parts.port or _PORTS[parts.scheme]
    return Mail(url, parts.hostname, port, user, password, senders[0], tuple(to), parts.scheme == "smtps")


def _other(url: str, scheme: str, place: str) -> Other:
    if find_spec("apprise") is None:
        raise ConfigError(
            f"{place}: {scheme}:// is none of telegram, smtp, smtps and https; "
            "for what the apprise library knows install it: pip install 'executor[notify]'"
        )
    return Other(url)


def _encrypted(url: str, place: str) -> str:
    """Refuse what would leave this machine in the clear."""
    parts = _split(url, place)
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url))):
        raise ConfigError(f"{place}: give https://; http:// is for this machine itself (127.0.0.1) only")
    return url


def _split(url: str, place: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ConfigError(f"{place}: its host or port is none; correct it") from None
    return parts


def _is_mail(word: str) -> bool:
    name, _, host = word.partition("@")
    return bool(name and host) and word.isprintable() and not any(one.isspace() or one in ",<>" for one in word)


def labels(addresses: Sequence[Address]) -> list[str]:
    """How each is shown, no two the same."""
    found: list[str] = []
    for address in addresses:
        same = sum(label.startswith(address.label) for label in found)
        found.append(f"{address.label} ({same + 1})" if same else address.label)
    return found
