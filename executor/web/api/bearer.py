"""Who asks: the bearer token of a request. A wrong one is counted by its source, and answered with a growing wait.

A right token is never kept waiting: a forgotten script that shows an old one must not keep a trader's own from a
flatten on the same machine, and 256 bits cannot be guessed however fast somebody tries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from werkzeug.datastructures import Headers

from executor.clock import Clock
from executor.store.tokens import ApiToken, Scope, Tokens
from executor.web.attempts import Attempts

_SCHEME = "bearer"
#: Where the counts of wrong tokens lie: apart from those of passwords.
COUNTED = "api_sources"


@dataclass(frozen=True, slots=True)
class Missing:
    """No token was shown."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """It is none, or none any more; `wait` is how long this source has to wait before another is looked at."""

    wait: timedelta


@dataclass(frozen=True, slots=True)
class Narrow:
    """It is a token, but its scope does not reach to this."""

    token: ApiToken
    needed: Scope


def bearer_of(headers: Headers) -> str | None:
    """The token of `Authorization: Bearer …`; None when there is none."""
    scheme, _, text = headers.get("Authorization", "").partition(" ")
    return text.strip() or None if scheme.lower() == _SCHEME else None


class Bearer:
    def __init__(self, tokens: Tokens, attempts: Attempts, system: Clock, source: Callable[[], str]) -> None:
        """`source` says where the present request comes from; `system` is never a simulated clock."""
        self._tokens = tokens
        self._attempts = attempts
        self._system = system
        self._source = source

    def admit(self, text: str | None, scope: Scope) -> ApiToken | Missing | Wrong | Narrow:
        """The token when it reaches to this scope. Raises StoreError."""
        if text is None:
            return Missing()
        now = self._system.now()
        found = self._tokens.verify(text, now)
        if found is not None:
            return found if found.may(scope) else Narrow(found, scope)
        source = self._source()
        wait = self._attempts.wait(source, now)
        if not wait:
            self._attempts.failed(source, now)
        return Wrong(wait)
