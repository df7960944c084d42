"""The web as bootstrap wires it: hooks, pages and the API in one application; every route of it can be enumerated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule

from executor.clock import ManualClock
from executor.store.store import Store
from executor.web.api import mount_api
from executor.web.app import create_app
from executor.web.pages import register_pages
from tests.web.api.client import api_parts
from tests.web.browser import URL, Browser, page_parts, set_password

#: Routes for machines: a hook proves itself, and takes no cookie.
MACHINES = ("webhook", "postback", "health")
_SAFE = {"GET", "HEAD", "OPTIONS"}


def a_whole_web(store: Store, clock: ManualClock, *, system: ManualClock | None = None, url: str = URL) -> Flask:
    parts = api_parts(store, clock, system=system)
    app = create_app(parts.web)
    mount_api(app, parts)
    register_pages(app, page_parts(store, clock, system=system, url=url))
    set_password(store)
    return app


def a_person(app: Flask, *, entered: bool = True) -> Browser:
    browser = Browser(app.test_client())
    if entered:
        assert browser.log_in().status_code == 303
    return browser


def changing(app: Flask) -> list[tuple[str, str]]:
    """Method and path of every route of the pages that may change something; a new one is here by itself."""
    return [(method, path_of(rule)) for rule in _pages(app) for method in sorted((rule.methods or set()) - _SAFE)]


def readable(app: Flask, **names: str) -> list[str]:
    """The path of every page, with these values for what its rule names."""
    rules = [rule for rule in _pages(app) if "GET" in (rule.methods or set()) and not rule.endpoint.endswith("static")]
    return [path_of(rule, **names) for rule in rules]


def path_of(rule: Rule, **names: str) -> str:
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<{name}>", names.get(name, "x")).replace(f"<path:{name}>", names.get(name, "x"))
    return path


def _pages(app: Flask) -> Iterator[Rule]:
    return (rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] not in MACHINES)


def token_in(browser: Browser, path: str = "/") -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get(path).text)
    assert found is not None
    return found[1]
