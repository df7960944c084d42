"""The JSON API, below /api/v1: what the pages show and do, for programs. One file a noun, none talks to the broker.

It is an application of its own beside that of hooks and pages: no session and no cookie reach it, and nothing of its
libraries is loaded before the first who asks it for something. A web process that serves none holds none of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask

from executor.alerts.strategies import Strategies
from executor.domain.calendar import Calendar
from executor.web.parts import WebParts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class ApiParts:
    """What the API is made of, beside what hooks are: `public_url` and `port` say under which names it answers."""

    web: WebParts
    strategies: Strategies
    calendar: Calendar
    public_url: str
    port: int


def mount_api(app: Flask, parts: ApiParts) -> None:
    """Put the API before an application's own routes."""
    app.wsgi_app = _Mount(app.wsgi_app, lambda: _make(parts))  # type: ignore[assignment,method-assign]  # Flask's own way to wrap


class _Mount:
    """What lies below the prefix goes to an application that is made when it is first asked for."""

    def __init__(self, outer: WSGIApplication, make: Callable[[], Flask]) -> None:
        self._outer = outer
        self._make = make
        self._made: Flask | None = None
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path: Any = environ.get("PATH_INFO", "")
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return self._outer(environ, start)
        with self._one_at_a_time:
            if self._made is None:
                self._made = self._make()
        return self._made.wsgi_app(environ, start)


def _make(parts: ApiParts) -> Flask:
    from executor.web.api.app import create_api  # what it loads costs memory: see above

    return create_api(parts)
