"""Who asks: the bearer token of a request. A wrong one is counted by its source, and answered with a growing wait.

A right token is never kept waiting: a forgotten script that shows an old one must not keep a trader's own from a
flatten on the same machine, and 256 bits cannot be guessed however fast somebody tries.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from werkzeug.datastructures import Headers

from executor.clock import Clock
from executor.store.tokens import ApiToken, Scope, Tokens
from executor.web.attempts import FORGET, SOURCE_MOST, SOURCES_KEPT, delay

_SCHEME = "bearer"


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


class Guesses:
    """How many wrong tokens each source showed, in this process. Safe between threads.

    Kept nowhere else: a stranger's guess must not take the store's write lock, which alerts wait for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: dict[str, tuple[int, datetime]] = {}  # the oldest first

    def wait(self, source: str, now: datetime) -> timedelta:
        """How long until another token of this source is looked at; zero when it is now. Counts this one then."""
        with self._lock:
            count, at = self._failed.get(source, (0, now))
            if now - at >= FORGET:
                count = 0
            left = at + delay(count, SOURCE_MOST) - now
            if left > timedelta(0):
                return left
            self._failed.pop(source, None)
            self._failed[source] = (count + 1, now)
            if len(self._failed) > SOURCES_KEPT:
                del self._failed[next(iter(self._failed))]
            return timedelta(0)


class Bearer:
    def __init__(self, tokens: Tokens, guesses: Guesses, system: Clock, source: Callable[[], str]) -> None:
        """`source` says where the present request comes from; `system` is never a simulated clock."""
        self._tokens = tokens
        self._guesses = guesses
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
        return Wrong(self._guesses.wait(self._source(), now))
