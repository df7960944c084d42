"""What a person does on a phone happens, is followed to its end, and is not disturbed by pages that look again."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.web.chromium.day import NO_FUNDS
from tests.web.chromium.stage import PHONE, Stage

#: A page that looks again does so within this time.
_SOON_MS = 20_000


def mark(page: Page, selector: str) -> None:
    """Put a mark on an element that only this very element of the document has."""
    page.evaluate(f"document.querySelector({selector!r}).seen = true")


def is_marked(page: Page, selector: str) -> bool:
    return bool(page.evaluate(f"document.querySelector({selector!r}).seen === true"))


def top_of(locator: Locator) -> float:
    return float(locator.evaluate("(one) => one.getBoundingClientRect().top"))


def expect_top(locator: Locator, top: float) -> None:
    """It stands at this height of the screen, or comes to stand there once the page has settled."""
    there = "([id, top]) => Math.abs(document.getElementById(id).getBoundingClientRect().top - top) < 1"
    locator.page.wait_for_function(there, arg=[locator.get_attribute("id"), top])


def test_the_brokers_rejection_is_told_on_the_log_and_with_all_of_its_story_one_tap_away(stage: Stage) -> None:
    with stage.sight(PHONE, script=False) as sight:
        sight.go("/")
        line = sight.page.locator("#main .log a", has_text="REJECTED")
        expect(line).to_contain_text(NO_FUNDS)
        line.click()

        expect(sight.page.locator("#main h2", has_text="What happened")).to_be_visible()
        expect(sight.page.locator("#main table")).to_contain_text(NO_FUNDS)


def test_halt_is_two_taps_away_and_followed_to_its_answer(stage: Stage) -> None:
    with stage.sight(PHONE) as sight:
        sight.go("/positions")
        sight.page.click("header .stop > summary")
        sight.page.click("header .stop [value=halt]")
        sight.page.wait_for_url("**/commands")
        expect(sight.page.locator("#main")).to_contain_text("no answer of its trader yet")
        expect(sight.page.locator("#standing")).to_contain_text("HALTED")
        mark(sight.page, "#main")

        stage.day.house.run(1)

        expect(sight.page.locator("#main")).to_contain_text("DONE", timeout=_SOON_MS)
        assert is_marked(sight.page, "#main")
        assert sight.complaints == []


def test_without_script_the_answer_of_a_command_comes_too(stage: Stage) -> None:
    with stage.sight(PHONE, script=False) as sight:
        sight.go("/")
        sight.page.click("header .stop > summary")
        sight.page.click("header .stop [value=halt]")
        sight.page.wait_for_url("**/commands")
        stage.day.house.run(1)

        newest = sight.page.locator("#main li", has_text="ALL default").first
        expect(newest).to_contain_text("DONE", timeout=_SOON_MS)


def test_a_position_is_left_with_two_taps_and_its_end_appears_while_another_is_being_changed(stage: Stage) -> None:
    with stage.sight(PHONE) as sight:
        sight.go("/positions")
        first, last = sight.page.locator(".position").first, sight.page.locator(".position").last
        left = first.get_attribute("id")
        last.locator("summary").click()
        last.locator("[name=stop]").fill("79")
        with sight.page.context.new_page() as other:
            other.goto(f"{stage.origin}/positions")
            other.click(f"#{left} summary")
            other.click(f"#{left} .danger")
            other.wait_for_url("**/commands")
        top = top_of(last)

        stage.day.house.run(6)

        expect(sight.page.locator(f"#{left}")).to_have_count(0, timeout=_SOON_MS)
        expect(last.locator("[name=stop]")).to_have_value("79")
        expect(last.locator("[name=stop]")).to_be_focused()
        expect_top(last, top)


def test_what_did_not_change_is_not_sent_again(stage: Stage) -> None:
    with stage.sight(PHONE) as sight:
        with sight.page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true") as first:
            sight.go("/commands")
        with sight.page.expect_response(lambda answer: answer.status == 304, timeout=_SOON_MS) as second:
            pass

        assert re.fullmatch('W/"[0-9a-f]{32}"', first.value.headers["etag"])
        assert second.value.headers["etag"] == first.value.headers["etag"]


def test_a_page_that_is_not_answered_says_so(stage: Stage) -> None:
    with stage.sight(PHONE) as sight:
        sight.go("/positions")
        sight.page.route("**/positions", lambda route: route.abort())
        expect(sight.page.locator("#unanswered")).to_be_visible(timeout=_SOON_MS)

        sight.page.unroute("**/positions")

        expect(sight.page.locator("#unanswered")).to_be_hidden(timeout=_SOON_MS)


def test_a_session_that_ended_leads_to_the_login(stage: Stage) -> None:
    with stage.sight(PHONE) as sight:
        sight.go("/positions")
        sight.page.context.clear_cookies()

        sight.page.wait_for_url("**/login?next=/positions", timeout=_SOON_MS)


def test_the_menu_leads_everywhere_without_script(stage: Stage) -> None:
    with stage.sight(PHONE, script=False) as sight:
        sight.go("/")
        sight.page.click("header .menu > summary")
        sight.page.click("header .menu >> text=Instruments")

        expect(sight.page.locator("h1")).to_have_text("Instruments")
        expect(sight.page.locator("header .menu [aria-current=page]")).to_have_text("Instruments")


def test_new_lines_of_the_log_do_not_move_the_one_that_is_read(stage: Stage) -> None:
    with stage.sight(PHONE) as sight:
        sight.go("/")
        newest = sight.page.locator("#main .log li").first.get_attribute("id")
        read = sight.page.locator("#main .log li").nth(12)
        read.scroll_into_view_if_needed()
        sight.page.mouse.wheel(0, 200)
        read = sight.page.locator(f"#{read.get_attribute('id')}")
        top = top_of(read)

        stage.day.house.signal("exit")
        stage.day.house.run(1)

        expect(sight.page.locator("#main .log li").first).not_to_have_id(newest or "", timeout=_SOON_MS)
        expect_top(read, top)


def test_instruments_are_found_while_one_types(stage: Stage) -> None:
    with stage.sight(PHONE) as sight:
        sight.go("/instruments")
        sight.page.keyboard.press("/")
        sight.page.keyboard.type("NIFTY 24000 CE", delay=20)

        expect(sight.page.locator("#found")).to_contain_text("NIFTY01DEC2624000CE")
        expect(sight.page.locator("[name=text]")).to_be_focused()
        assert sight.complaints == []


def test_what_is_copied_is_what_stands_there(stage: Stage) -> None:
    with stage.sight(PHONE) as sight:
        sight.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=stage.origin)
        sight.go("/profit")
        sight.page.evaluate(
            """() => document.querySelector("#main").append(
              Object.assign(document.createElement("pre"), { id: "it", textContent: "{{ticker}} \\"x\\"" }),
              Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" }))"""
        )
        sight.page.evaluate('document.querySelector("#main button").dataset.copy = "#it"')
        sight.page.click("[data-copy]")

        expect(sight.page.locator("[data-copy]")).to_have_text("Copied")
        assert sight.page.evaluate("navigator.clipboard.readText()") == '{{ticker}} "x"'
