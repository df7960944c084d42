"""What stands around every page: the ways to the others, how it stands, and answers only where something changed."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

from executor.clock import ManualClock
from executor.domain.record import Halt, HaltKind
from executor.store.store import Store
from tests.builders import NOW
from tests.house import House
from tests.web.browser import Browser, a_browser, words
from tests.web.markup import active_in


def look(browser: Browser, path: str, tag: str = "") -> TestResponse:
    """Ask as a page does that looks again by itself."""
    headers = {"HX-Request": "true", **({"If-None-Match": tag} if tag else {})}
    return browser.get(path, headers=headers)


def standing(browser: Browser, path: str = "/") -> str:
    return words(browser.get(path).text.split('id="standing"')[1].split("</ul>")[0].partition(">")[2])


def test_every_page_leads_to_all_others_and_marks_itself(house: House, browser: Browser) -> None:
    signal = house.long()
    paths = ("/", "/positions", "/orders", "/strategies", "/profit", "/account", "/instruments", "/commands", "/status")

    for path in (*paths, f"/signals/{signal}", "/alerts/new"):
        page = browser.get(path).text
        marked = {"/alerts/new": "/strategies"}.get(path, path if path in paths else "/")

        assert set(re.findall(r'<a href="([^"]+)" aria-current="page">', page)) == {marked}
        assert all(f'<a href="{one}"' in page for one in paths)
        assert active_in(page) == []


def test_what_stops_an_account_stands_beside_its_kind(house: House, browser: Browser) -> None:
    running = standing(browser)
    house.store.ledger.set_halt(Halt("ALL", HaltKind.KILL, NOW, "enough", "trader"), at=NOW)
    house.store.ledger.set_halt(Halt("strategy:trend", HaltKind.HALT, NOW, "odd", "trader"), at=NOW)

    halts = re.findall(r'id="halt-(\w+)-([\w:]+)"', browser.get("/").text)

    assert running == " SIMULATOR default trader runs "
    assert halts == [("KILL", "ALL"), ("HALT", "strategy:trend")]
    assert standing(browser) == standing(browser, "/standing") == " SIMULATOR KILLED default trader runs "


def test_a_page_that_looks_again_gets_nothing_while_nothing_changed(house: House, browser: Browser) -> None:
    first = look(browser, "/")

    again = look(browser, "/", first.headers["ETag"])

    assert (first.status_code, again.status_code) == (200, 304)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.data == b""


def test_a_new_signal_and_a_halt_are_answered_anew(house: House, browser: Browser) -> None:
    before = look(browser, "/").headers["ETag"]
    house.signal("exit")
    signalled = look(browser, "/", before)
    house.store.ledger.set_halt(Halt("ALL", HaltKind.HALT, NOW, "enough", "trader"), at=NOW)
    halted = look(browser, "/", signalled.headers["ETag"])

    assert (signalled.status_code, halted.status_code) == (200, 200)
    assert "HALTED" in halted.text


def test_a_trader_that_falls_silent_is_told_though_no_row_changed(
    house: House, clock: ManualClock, browser: Browser
) -> None:
    before = look(browser, "/").headers["ETag"]
    clock.advance(30)

    silent = look(browser, "/", before)

    assert silent.status_code == 200
    assert "trader silent for 30 s" in words(silent.text)


def test_pages_that_follow_prices_and_books_change_with_each_beat_the_log_does_not(
    house: House, browser: Browser
) -> None:
    positions, log = (look(browser, path).headers["ETag"] for path in ("/positions", "/"))
    house.run(2)

    assert look(browser, "/positions", positions).status_code == 200
    assert look(browser, "/", log).status_code == 304


def test_a_tag_is_of_one_page_and_one_session(house: House, store: Store, clock: ManualClock, browser: Browser) -> None:
    other = a_browser(store, clock, entered=False)
    other.log_in()
    tags = [look(one, path).headers["ETag"] for one in (browser, other) for path in ("/", "/?text=x", "/commands")]

    assert len(set(tags)) == len(tags)
    assert look(other, "/", tags[0]).status_code == 200


def test_a_page_that_a_person_opens_is_never_answered_with_nothing(house: House, browser: Browser) -> None:
    tag = look(browser, "/").headers["ETag"]

    assert browser.get("/", headers={"If-None-Match": tag}).status_code == 200


def test_without_a_login_how_it_stands_is_not_told(store: Store, clock: ManualClock) -> None:
    stranger = a_browser(store, clock, entered=False)

    answer = look(stranger, "/standing")

    assert (answer.status_code, "ETag" in answer.headers) == (302, False)
