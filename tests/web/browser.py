"""A person at the pages: a Flask test client that finds the form's token and logs in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from random import Random

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from executor.alerts.strategies import Strategies
from executor.broker.limits import load_limits
from executor.clock import ManualClock
from executor.config.calendar import load_calendar
from executor.domain.ids import Ids
from executor.doorbell import EVERYBODY
from executor.store.store import Store
from executor.web.pages import PageParts, register_pages
from tests.alerts.sending import KEYS
from tests.builders import NOW

PASSWORD = "correct horse"
URL = "http://127.0.0.1:8080"


@dataclass
class Browser:
    client: FlaskClient
    url: str = URL

    def get(self, path: str, **more: object) -> TestResponse:
        return self.client.get(path, **{"base_url": self.url, **more})

    def post(self, path: str, *, csrf: str | None = None, address: str = "127.0.0.1", **fields: str) -> TestResponse:
        """Post a form; with the token that the login page gives unless told otherwise."""
        data = {**fields, "csrf": self.token() if csrf is None else csrf}
        return self.client.post(path, data=data, base_url=self.url, environ_overrides={"REMOTE_ADDR": address})

    def log_in(self, password: str = PASSWORD, *, path: str = "/login", **more: str) -> TestResponse:
        return self.post(path, **{"name": "trader", "password": password, **more})

    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/login").text)
        return found[1] if found else ""


@dataclass
class Bell:
    """Counts rings."""

    rings: int = 0

    def ring(self, _account: str = EVERYBODY) -> None:
        self.rings += 1


def a_browser(
    store: Store,
    clock: ManualClock,
    *,
    system: ManualClock | None = None,
    url: str = URL,
    entered: bool = True,
    bell: Bell | None = None,
) -> Browser:
    """A browser on the pages over a store; logged in unless told otherwise."""
    app = Flask("test", static_folder=None)
    register_pages(app, page_parts(store, clock, system=system, url=url, bell=bell))
    browser = Browser(app.test_client(), url)
    if entered:
        set_password(store)
        assert browser.log_in().status_code == 303
    return browser


def page_parts(
    store: Store,
    clock: ManualClock,
    *,
    system: ManualClock | None = None,
    url: str = URL,
    bell: Bell | None = None,
) -> PageParts:
    return PageParts(
        store=store,
        pages=store.pages,
        people=store.people,
        strategies=Strategies(store.people, KEYS, clock, public_url=url, new_id=Ids(clock.now, Random(1)).new),
        commands=store.commands,
        master=store.master,
        loads=store.loads,
        calendar=load_calendar(None),
        doorbell=bell or Bell(),
        clock=clock,
        system=system or ManualClock(NOW),
        keys=KEYS,
        public_url=url,
        port=8080,
        windows=[(window.count, window.span) for window in load_limits().write],
    )


def set_password(store: Store, password: str = PASSWORD) -> None:
    """A hash as the command makes it, but for its cost."""
    store.people.set_password("trader", generate_password_hash(password, method="scrypt:256:8:1"), at=NOW)


def words(page: str) -> str:
    """A page as its reader sees it."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))
