"""A program at the API: a Flask test client with a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from executor.alerts.strategies import Strategies
from executor.clock import ManualClock
from executor.config.calendar import load_calendar
from executor.domain.ids import Ids
from executor.store.store import Store
from executor.store.tokens import Scope, Tokens
from executor.web.api import ApiParts, mount_api
from executor.web.authenticity import Floods
from executor.web.parts import WebParts
from tests.alerts.sending import KEYS
from tests.builders import NOW
from tests.web.browser import URL, Bell


@dataclass
class Program:
    """`token` is sent with every request; None: none is."""

    client: FlaskClient
    bell: Bell
    token: str | None
    system: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    def ask(self, method: str, path: str, *, address: str = "127.0.0.1", **more: Any) -> TestResponse:
        headers = dict(more.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        more.setdefault("base_url", URL)
        where = {"REMOTE_ADDR": address}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, environ_overrides=where, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.ask("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.ask("POST", path, json=json, **more) if json is not None else self.ask("POST", path, **more)


def api_parts(
    store: Store, clock: ManualClock, *, bell: Bell | None = None, system: ManualClock | None = None
) -> ApiParts:
    ids = Ids(clock.now, Random(7))
    web = WebParts(
        store=store,
        keys=KEYS,
        clock=clock,
        new_id=ids.new,
        doorbell=bell or Bell(),
        floods=Floods("web-1"),
        system=system or ManualClock(NOW),
    )
    strategies = Strategies(store.people, KEYS, clock, public_url=URL, new_id=ids.new)
    return ApiParts(web, strategies, load_calendar(None), URL, 8080)


def an_app(parts: ApiParts) -> Flask:
    """The API as it is mounted, before an application without any routes of its own."""
    app = Flask("test", static_folder=None)
    mount_api(app, parts)
    return app


def a_token(store: Store, scope: Scope = Scope.TRADE, *, name: str = "bot") -> str:
    ids = Ids(lambda: NOW, Random(name))
    return Tokens(store.database).create(name, scope, ends_at=None, at=NOW, by="test", new_id=ids.new)[1]


def a_program(store: Store, clock: ManualClock, scope: Scope | None = Scope.TRADE) -> Program:
    """A program with a new token of this scope; None: without one."""
    bell, system = Bell(), ManualClock(NOW)
    app = an_app(api_parts(store, clock, bell=bell, system=system))
    name = f"bot-{scope}"
    return Program(app.test_client(), bell, None if scope is None else a_token(store, scope, name=name), system)
