"""The login of the account `default` and the broker's addresses, read from SMARTAPI_* settings."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

import pyotp

from executor.config.reader import Reader, is_loopback
from executor.errors import ConfigError

#: Angel One's own addresses (smartapi.md 1.1).
BASE_URL = "https://apiconnect.angelone.in"
ORDER_FEED_URL = "wss://tns.angelone.in/smart-order-update"
PRICE_FEED_URL = "wss://smartapisocket.angelone.in/smart-stream"
MASTER_URL = "https://margincalculator.angelone.in/OpenAPI_File/files/OpenAPIScripMaster.json"

_LOGIN = ("SMARTAPI_API_KEY", "SMARTAPI_CLIENT_CODE", "SMARTAPI_PIN")
#: Digits, seconds and hash of every TOTP code that Angel One takes.
_TOTP = (6, 30, hashlib.sha1)
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")


@dataclass(frozen=True, slots=True)
class BrokerUrls:
    """All of Angel One, or all on loopback. A feed is None where a simulator does not speak it."""

    base: str
    master: str
    order_feed: str | None
    price_feed: str | None


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """The login of the account `default`; TOTP secret, addresses and MAC may be missing."""

    api_key: str = field(repr=False)
    client_code: str
    pin: str = field(repr=False)
    totp_secret: str | None = field(repr=False)
    public_ip: str | None
    local_ip: str | None
    mac: str | None
    base_url: str
    master_url: str
    order_feed_url: str | None
    price_feed_url: str | None


def broker_urls(reader: Reader) -> BrokerUrls:
    """Read the four addresses. Raises ConfigError when some are on loopback and others are not."""
    base = reader.url("SMARTAPI_BASE_URL", scheme="https") or BASE_URL
    local = is_loopback(base)
    master = _beside(base, "SMARTAPI_MASTER_URL", reader.url("SMARTAPI_MASTER_URL", scheme="https"))
    order_feed = _beside(base, "SMARTAPI_ORDER_FEED_URL", reader.url("SMARTAPI_ORDER_FEED_URL", scheme="wss"))
    price_feed = _beside(base, "SMARTAPI_PRICE_FEED_URL", reader.url("SMARTAPI_PRICE_FEED_URL", scheme="wss"))
    if local and master is None:
        raise ConfigError("SMARTAPI_MASTER_URL is not set, but SMARTAPI_BASE_URL is on loopback; take both from there")
    return BrokerUrls(
        base=base,
        master=master or MASTER_URL,
        order_feed=order_feed if local else order_feed or ORDER_FEED_URL,
        price_feed=price_feed if local else price_feed or PRICE_FEED_URL,
    )


def credentials(reader: Reader, urls: BrokerUrls) -> BrokerSettings | None:
    """Read the login; None when there is none. Raises ConfigError for a part of one, and for what cannot be right."""
    login = {name: found for name in _LOGIN if (found := reader.text(name)) is not None}
    missing = [name for name in _LOGIN if name not in login]
    if login and missing:
        raise ConfigError(f"{' and '.join(missing)} not set, the rest of the login is; set all three or none")
    totp_secret, mac = _totp_secret(reader), _mac(reader)
    public_ip, local_ip = reader.address("SMARTAPI_PUBLIC_IP"), reader.address("SMARTAPI_LOCAL_IP")
    if missing:
        return None
    return BrokerSettings(
        api_key=login["SMARTAPI_API_KEY"],
        client_code=login["SMARTAPI_CLIENT_CODE"],
        pin=login["SMARTAPI_PIN"],
        totp_secret=totp_secret,
        public_ip=public_ip,
        local_ip=local_ip,
        mac=mac,
        base_url=urls.base,
        master_url=urls.master,
        order_feed_url=urls.order_feed,
        price_feed_url=urls.price_feed,
    )


def _beside(base: str, name: str, url: str | None) -> str | None:
    """A simulator's master or feed under a real login, or the other way round, would trade what nobody meant."""
    if url is not None and is_loopback(url) != is_loopback(base):
        raise ConfigError(
            f"{name} and SMARTAPI_BASE_URL disagree: one is on this machine, the other is not; "
            "take all of them from `executor simulator`, or none"
        )
    return url


def _totp_secret(reader: Reader) -> str | None:
    """The base32 secret, plain or out of an otpauth:// URI; pyotp refuses one under 112 bits (libraries.md 0.6)."""
    found = reader.text("SMARTAPI_TOTP_SECRET")
    if found is None:
        return None
    try:
        code = pyotp.parse_uri(found) if found.startswith("otpauth:") else pyotp.TOTP(found.replace(" ", "").upper())
    except ValueError:
        code = None
    if not isinstance(code, pyotp.TOTP) or (code.digits, code.interval, code.digest) != _TOTP:
        raise ConfigError(
            "SMARTAPI_TOTP_SECRET is no TOTP secret of at least 112 bits; copy the text (23 or more letters A-Z and "
            "digits 2-7) or the otpauth://totp/ URI that Angel One shows when TOTP is enabled"
        )
    return code.secret


def _mac(reader: Reader) -> str | None:
    found = reader.text("SMARTAPI_MAC")
    if found and not _MAC.fullmatch(found):
        raise ConfigError(f"SMARTAPI_MAC is {found!r}; give an address such as 02:00:5e:10:00:01")
    return found
