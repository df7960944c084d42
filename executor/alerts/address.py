"""Secret addresses: proof by knowing where to send.

Made from the address key, so that they can be shown again and nothing secret is stored. A rotation gives a new one;
the one before goes on working until the strategy says otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from ipaddress import IPv4Address, ip_address
from urllib.parse import urlsplit

from executor.config.secrets import Keys
from executor.domain.strategy import Strategy

_SECRET_BYTES = 16
_HOOK = "hook"
_POSTBACK = "postback"
_STANDARD_WEBHOOK = "standard-webhook"
_THEN = "Put a proxy with a public name before it, and set EXECUTOR_PUBLIC_URL to that."


def hook_url(keys: Keys, strategy: Strategy, public_url: str) -> str:
    """The address to paste into TradingView."""
    return f"{public_url.rstrip('/')}/hook/{strategy.name}/{hook_secret(keys, strategy.name, strategy.rotation)}"


def hook_secret(keys: Keys, strategy: str, rotation: int) -> str:
    """The first 128 bits of HMAC-SHA-256(address key, strategy, rotation), lower-case base32."""
    return _short(_derive(keys, _HOOK, strategy, rotation))


def standard_webhook_secret(keys: Keys, strategy: Strategy) -> str:
    """The secret for senders that can sign with headers (Standard Webhooks, 32 bytes)."""
    return signing_secret(keys, strategy.name, strategy.rotation)


def signing_secret(keys: Keys, strategy: str, rotation: int) -> str:
    """The Standard Webhooks secret of one of a strategy's rotations."""
    return f"whsec_{base64.b64encode(_derive(keys, _STANDARD_WEBHOOK, strategy, rotation)).decode()}"


def postback_url(keys: Keys, account: str, public_url: str) -> str:
    """The address to enter at the broker, where it tells of an account's orders."""
    return f"{public_url.rstrip('/')}/postback/{_postback_secret(keys, account)}"


def account_of(keys: Keys, accounts: Iterable[str], secret: str) -> str | None:
    """Whose postback address a secret is; None when nobody's. Takes the same time for each."""
    given = secret.encode("utf-8", "surrogatepass")
    found = [one for one in accounts if hmac.compare_digest(given, _postback_secret(keys, one).encode())]
    return found[0] if found else None


def rotation_of(keys: Keys, strategy: Strategy, secret: str) -> int | None:
    """Which of the strategy's rotations a secret belongs to; None when to none. Takes the same time for each."""
    given = secret.encode("utf-8", "surrogatepass")
    found = [n for n in rotations(strategy) if hmac.compare_digest(given, hook_secret(keys, strategy.name, n).encode())]
    return found[0] if found else None


def rotations(strategy: Strategy) -> list[int]:
    """Those whose secrets count: the present one, and until its overlap ends the one before."""
    return [n for n in (strategy.rotation, strategy.rotation_before) if n is not None]


def unreachable(public_url: str) -> str:
    """Why TradingView cannot send to an address here, in a sentence; empty where it can (tradingview.md A1)."""
    found = urlsplit(public_url)
    host, port = found.hostname or "", found.port
    if host == "localhost" or host.endswith((".local", ".internal")) or "." not in host or _is_inside(host):
        return f"TradingView cannot send to {host}: it takes public names and addresses only. {_THEN}"
    if port not in (None, 80, 443):
        return f"TradingView cannot send to port {port}: it takes 80 and 443 only. {_THEN}"
    return ""


def _is_inside(host: str) -> bool:
    """Whether a host is an address that is not reached from outside; TradingView has no IPv6."""
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return not isinstance(found, IPv4Address) or not found.is_global


def _postback_secret(keys: Keys, account: str) -> str:
    return _short(_derive(keys, _POSTBACK, account, 0))


def _short(secret: bytes) -> str:
    return base64.b32encode(secret[:_SECRET_BYTES]).decode().rstrip("=").lower()


def _derive(keys: Keys, purpose: str, name: str, rotation: int) -> bytes:
    return hmac.new(keys.address, f"{purpose}\0{name}\0{rotation}".encode(), hashlib.sha256).digest()
