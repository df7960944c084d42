"""The token of a signed alert: what its template may ask for, sealed with HMAC-SHA-256.

TradingView cannot sign, so the proof is made when the template is issued and travels inside the message. Its form is
`xt1_<claims>.<mac>`, both base64url without padding. Invariant: a token is accepted only as the exact text that was
issued. The text of the claims is what is signed, and the mac is compared as text, so spare bits of base64 count too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from executor.alerts.bounds import Grant, read_rule, rule_claim
from executor.clock import in_ist
from executor.config.secrets import Keys
from executor.domain.refusal import Refusal, RefusalCode

PREFIX = "xt1_"
_CLAIMS = re.compile(r"xt1_([A-Za-z0-9_-]+)\.")


@dataclass(frozen=True, slots=True)
class Claims:
    """`version` is the strategy's when the token was issued: recorded, never compared."""

    alert_id: str
    strategy: str
    version: int
    issued: datetime
    expires: datetime
    grant: Grant


def sign(keys: Keys, claims: Claims) -> str:
    """The token of some claims."""
    text = json.dumps(_written(keys, claims), sort_keys=True, separators=(",", ":"))
    signed = PREFIX + _base64(text.encode())
    return f"{signed}.{_mac(keys, signed)}"


def verify(keys: Keys, token: object, *, strategy: str, now: datetime) -> Claims | Refusal:
    """The claims of a token that was issued here, for this strategy, and has not expired."""
    if token is None or token == "":
        return Refusal(RefusalCode.TOKEN_MISSING)
    claims = _genuine(keys, token)
    if claims is None:
        return Refusal(RefusalCode.TOKEN_ALTERED)
    if claims.strategy != strategy:
        return Refusal(RefusalCode.TOKEN_OTHER_STRATEGY, f"it was issued for {claims.strategy}")
    if now >= claims.expires:
        return Refusal(RefusalCode.TOKEN_EXPIRED, f"alert {claims.alert_id} ended {in_ist(claims.expires)}")
    return claims


def first_chart(message: str) -> dict[str, str]:
    """The ticker and exchange that a message's token allows first, by name; unproved, for a sender who has no key."""
    found = _CLAIMS.search(message)
    try:
        bounds = json.loads(_text(found[1]))["bounds"] if found else {}
        return {path: bounds[path]["in"][0] for path in ("ticker", "exchange") if path in bounds}
    except (ValueError, TypeError, LookupError):
        return {}


def _genuine(keys: Keys, token: object) -> Claims | None:
    if not isinstance(token, str) or not token.isascii():
        return None
    signed = token.partition(".")[0]
    if not hmac.compare_digest(token, f"{signed}.{_mac(keys, signed)}") or not signed.startswith(PREFIX):
        return None
    return _read(keys, json.loads(_text(signed.removeprefix(PREFIX))))


def _written(keys: Keys, claims: Claims) -> dict[str, Any]:
    return {
        "key": keys.key_id,
        "alert": claims.alert_id,
        "strategy": claims.strategy,
        "version": claims.version,
        "issued": int(claims.issued.timestamp()),
        "expires": int(claims.expires.timestamp()),
        "fixed": dict(claims.grant.fixed),
        "bounds": {path: rule_claim(rule) for path, rule in claims.grant.bounds.items()},
    }


def _read(keys: Keys, found: dict[str, Any]) -> Claims | None:
    """Read claims whose mac is right; None for those of another key or of a form that this version does not know."""
    if found["key"] != keys.key_id:
        return None
    try:
        bounds = {path: read_rule(claim) for path, claim in found["bounds"].items()}
    except ValueError:
        return None
    return Claims(
        alert_id=found["alert"],
        strategy=found["strategy"],
        version=found["version"],
        issued=datetime.fromtimestamp(found["issued"], UTC),
        expires=datetime.fromtimestamp(found["expires"], UTC),
        grant=Grant(found["fixed"], bounds),
    )


def _mac(keys: Keys, signed: str) -> str:
    return _base64(hmac.new(keys.token, signed.encode(), hashlib.sha256).digest())


def _text(encoded: str) -> bytes:
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
