"""Secret addresses: proof by knowing where to send.

Made from the address key, so that they can be shown again and nothing secret is stored. A rotation gives a new one;
the one before goes on working until the strategy says otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from executor.config.secrets import Keys
from executor.domain.strategy import Strategy

_SECRET_BYTES = 16
_HOOK = "hook"
_STANDARD_WEBHOOK = "standard-webhook"


def hook_url(keys: Keys, strategy: Strategy, public_url: str) -> str:
    """The address to paste into TradingView."""
    return f"{public_url.rstrip('/')}/hook/{strategy.name}/{hook_secret(keys, strategy.name, strategy.rotation)}"


def hook_secret(keys: Keys, strategy: str, rotation: int) -> str:
    """The first 128 bits of HMAC-SHA-256(address key, strategy, rotation), lower-case base32."""
    secret = _derive(keys, _HOOK, strategy, rotation)[:_SECRET_BYTES]
    return base64.b32encode(secret).decode().rstrip("=").lower()


def standard_webhook_secret(keys: Keys, strategy: Strategy) -> str:
    """The secret for senders that can sign with headers (Standard Webhooks, 32 bytes)."""
    secret = _derive(keys, _STANDARD_WEBHOOK, strategy.name, strategy.rotation)
    return f"whsec_{base64.b64encode(secret).decode()}"


def rotation_of(keys: Keys, strategy: Strategy, secret: str) -> int | None:
    """Which of the strategy's rotations a secret belongs to; None when to none. Takes the same time for each."""
    given = secret.encode("utf-8", "surrogatepass")
    rotations = [n for n in (strategy.rotation, strategy.rotation_before) if n is not None]
    found = [n for n in rotations if hmac.compare_digest(given, hook_secret(keys, strategy.name, n).encode())]
    return found[0] if found else None


def _derive(keys: Keys, purpose: str, name: str, rotation: int) -> bytes:
    return hmac.new(keys.address, f"{purpose}\0{name}\0{rotation}".encode(), hashlib.sha256).digest()
