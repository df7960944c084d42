"""A server with the day's pages on this machine, and one Chromium that looks at them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.store.engine import open_database
from executor.store.upgrade import upgrade
from executor.web.pages import register_pages
from tests.builders import NOW, a_store
from tests.web.browser import PASSWORD, page_parts, set_password
from tests.web.chromium.day import Day, a_day

Scheme = Literal["light", "dark"]
PHONE, DESK = 390, 1280
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
)


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Sight:
    """A page, and what it should never have done: went elsewhere, complained, failed."""

    page: Page
    origin: str
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> str:
        """Open a page. Its content type."""
        answer = self.page.goto(self.origin + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        assert "unsafe" not in answer.headers["content-security-policy"]
        return str(answer.headers["content-type"])


@dataclass
class Stage:
    day: Day
    app: Flask
    origin: str
    browser: Browser
    session: Any = None

    @contextmanager
    def sight(self, width: int, scheme: Scheme = "light", *, script: bool = True) -> Iterator[Sight]:
        """A new window of a person who is logged in."""
        height = 844 if width == PHONE else 900
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            storage_state=self.session,
            has_touch=width == PHONE,
            java_script_enabled=script,
        )
        context.set_default_timeout(30_000)
        try:
            yield self._watched(context)
        finally:
            context.close()

    def log_in(self) -> None:
        with self.sight(PHONE) as sight:
            sight.go("/login")
            sight.page.fill("[name=name]", "trader")
            sight.page.fill("[name=password]", PASSWORD)
            sight.page.click("main button")
            sight.page.wait_for_url(f"{self.origin}/")
            self.session = sight.page.context.storage_state()

    def paths(self) -> list[str]:
        """Every registered page, and those of the day with an address of their own; no files to download."""
        rules = [rule for rule in self.app.url_map.iter_rules() if rule.endpoint.startswith("pages.")]
        read = [rule for rule in rules if "GET" in (rule.methods or ()) and not rule.arguments]
        plain = sorted(rule.rule for rule in read if "." not in rule.rule)
        asked = ["/instruments?text=NIFTY+24&ticker=NSE:NIFTY1!", "/?outcome=REJECTED", "/?text=nothing+has+this"]
        return [*plain, *asked, *self.day.paths]

    def _watched(self, context: BrowserContext) -> Sight:
        sight = Sight(context.new_page(), self.origin)

        def asked(request: Any) -> None:
            if not request.url.startswith(self.origin):
                sight.elsewhere.append(request.url)

        def said(message: Any) -> None:
            # a poll that a loaded machine answered too late is told on the page, and asked again
            if message.type in {"error", "warning"} and "htmx:error: timeout" not in message.text:
                sight.complaints.append(message.text)

        sight.page.on("request", asked)
        sight.page.on("console", said)
        sight.page.on("pageerror", lambda error: sight.complaints.append(str(error)))
        return sight


def chromium_path() -> str | None:
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


@contextmanager
def staged(room: Path, clock: ManualClock) -> Iterator[Stage]:
    """The day's pages, served, with a browser before them."""
    database = open_database(f"sqlite:///{room / 'executor.db'}")
    upgrade(database)
    ids = Ids(clock.now, Random(7))
    store = a_store(database, new_id=ids.new)
    set_password(store)
    day = a_day(store, clock, ids)
    app = Flask("pages", static_folder=None)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    origin = f"http://127.0.0.1:{server.port}"
    register_pages(app, page_parts(store, clock, system=ManualClock(NOW), url=origin))
    thread = threading.Thread(target=server.serve_forever, name="pages")
    thread.start()
    try:
        with sync_playwright() as playwright:
            stage = Stage(day, app, origin, _launched(playwright))
            stage.log_in()
            yield stage
            stage.browser.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        database.close()


def _launched(playwright: Playwright) -> Browser:
    path = chromium_path()
    assert path, "there is no Chromium here"
    return playwright.chromium.launch(executable_path=path, args=list(_ARGS))
