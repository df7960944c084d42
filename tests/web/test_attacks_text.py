"""Words from outside on our pages: whatever a sender, a broker or an instrument file says runs nowhere.

The words are real where a real way brings them (a broker's text by a real rejection), else they are written into the
rows: no column of text that a page shows is trusted to be harmless.
"""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import update

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.store import schema
from executor.store.log_search import Filters
from executor.store.store import Store
from tests.builders import NOW
from tests.house import House
from tests.web.api.client import a_token
from tests.web.browser import URL, Browser
from tests.web.test_pages import refuse
from tests.web.whole import a_whole_web, readable

EVIL = """"'><script>alert(1)</script><img src=x onerror=alert(2) style=x hx-get=/x><a href="javascript:x">{{7*7}}"""
#: Columns of text that something else than our own code may have written.
OUTSIDE = {
    "delivery": ("body", "detail", "source"),
    "signal": ("reason", "plan"),
    "bracket": ("symbol", "name", "closing_reason"),
    "leg": ("reason",),
    "broker_order": ("symbol", "text"),
    "broker_call": ("request", "answer"),
    "report": ("raw",),
    "fill": ("raw",),
    "command": ("by", "answer"),
    "halt": ("why", "by"),
    "strategy": ("by",),
    "instrument": ("symbol", "name"),
    "master_load": ("failure",),
}


@pytest.fixture
def app(house: House, store: Store, clock: ManualClock, ids: Ids) -> Flask:
    """A day with a position, a rejection, a refusal, commands and halts."""
    store.people.add_account(Account("paper", AccountKind.PAPER), by="test", at=NOW, new_id=ids.new)
    house.long(comment=EVIL, order_id=EVIL)
    house.fault("placeOrder", "reject", text=EVIL)
    house.signal("buy", comment=EVIL, trade="other", price="800")
    house.run(6)
    refuse(store, 50, body=f'{{"action": "buy", "exchange": "NSE", "ticker": {EVIL!r}}}', detail=EVIL, source=EVIL)
    refuse(store, 51, body=EVIL)
    house.command("halt", scope="strategy:trend", why=EVIL)
    house.run(2)
    return a_whole_web(store, clock)


def every_page(app: Flask, trader: Browser, store: Store) -> dict[str, str]:
    """What each page says, with the ids of everything that there is."""
    lines = store.pages.deliveries(Filters(), before=None, limit=50)
    paths = readable(app, name="trend")
    for line in lines:
        paths += [f"/deliveries/{line.delivery.id}", *([f"/signals/{line.signal.id}"] if line.signal else [])]
    asked = ["/instruments?text=S", "/instruments?ticker=NSE:SBIN", "/?text=NSE", "/alerts/new?strategy=trend"]
    return {path: trader.get(path, follow_redirects=True).text for path in [*paths, *asked]}


def poison(store: Store) -> None:
    """Write the words wherever outside text lies."""
    with store.database.unaudited() as connection:
        for name, columns in OUTSIDE.items():
            connection.execute(update(schema.metadata.tables[name]).values(dict.fromkeys(columns, EVIL)))


class Markup(HTMLParser):
    """What of a page could run, style or load by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        ours = tag == "script" and named.get("src", "").startswith("/static/")
        if tag in {"script", "style", "iframe", "object", "embed", "img", "base"} and not ours:
            self.active.append(tag)
        self.active += [name for name in named if name.startswith("on") or name in {"style", "hx-on", "srcdoc"}]
        links = ("href", "action", "src", "hx-get", "hx-post", "formaction")
        self.active += [named[name] for name in links if not named.get(name, "/").startswith(("/", "#", "?"))]
        if named.get("hx-get") == "/x":
            self.active.append("hx-get")


def active_in(page: str) -> list[str]:
    markup = Markup()
    markup.feed(page)
    return markup.active


def assert_harmless(pages: dict[str, str]) -> None:
    for path, text in pages.items():
        if not path.startswith("/log."):
            assert active_in(text) == [], path
            assert ">49" not in text, path


def test_the_eye_sees_what_would_run() -> None:
    assert {"script", "img", "onerror", "style", "javascript:x", "hx-get"} <= set(active_in(EVIL))


def test_what_really_arrives_runs_nowhere(app: Flask, trader: Browser, store: Store) -> None:
    pages = every_page(app, trader, store)

    assert_harmless(pages)
    assert sum("alert(1)" in text for text in pages.values()) >= 5


def test_no_column_of_outside_text_runs_anywhere(app: Flask, trader: Browser, store: Store) -> None:
    poison(store)

    pages = every_page(app, trader, store)

    assert_harmless(pages)
    assert sum("alert(1)" in text for text in pages.values()) >= 8


def test_what_is_asked_is_told_back_as_text(app: Flask, trader: Browser) -> None:
    asked = ["/?text=", "/?strategy=", "/?ticker=", "/instruments?text=", "/instruments?ticker=", "/signals/"]
    asked += ["/deliveries/", "/strategies/", "/alerts/new?strategy=", "/orders?day=", "/login?next=/", "/?before="]
    said = quote(EVIL.replace("/", ""))

    told = {path: trader.get(f"{path}{said}").text for path in asked}

    assert_harmless(told)
    assert sum("alert(1)" in text for text in told.values()) >= 3


def test_no_cell_of_the_csv_is_a_formula(app: Flask, trader: Browser, store: Store) -> None:
    for number, formula in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")')):
        refuse(store, 60 + number, source=formula, detail=formula, body="=cmd|' /C calc'!A0")
    with store.database.unaudited() as connection:
        connection.execute(update(schema.broker_order).values(text="=2+2", symbol="@x"))
        connection.execute(update(schema.bracket).values(symbol="=x"))

    answer = trader.get("/log.csv")

    cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
    assert (answer.mimetype, len(cells) > 50) == ("text/csv", True)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_api_tells_such_words_as_json_that_no_browser_runs(app: Flask, store: Store) -> None:
    poison(store)
    client, headers = app.test_client(), {"Authorization": f"Bearer {a_token(store)}"}

    for path in (
        "deliveries",
        "signals",
        "orders",
        "positions",
        "commands",
        "status",
        "instruments/table",
        "strategies",
    ):
        answer = client.get(f"/api/v1/{path}", headers=headers, base_url=URL)

        assert (answer.status_code, answer.mimetype) == (200, "application/json"), path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
