"""A new user makes a strategy and its alert on a phone, without a command; what is shown there fits and is copied."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.web.chromium.stage import PHONE, Sight, Stage
from tests.web.chromium.test_looks import _OPEN, _SIDEWAYS, _SMALL, _of_axe


def flaws(sight: Sight) -> list[str]:
    """What does not fit, cannot be tapped or read, with all that can be opened open."""
    sight.page.evaluate(_OPEN)
    return [*sight.page.evaluate(_SIDEWAYS), *sight.page.evaluate(_SMALL), *_of_axe(sight), *sight.elsewhere]


def fill_in(page: Page) -> None:
    page.fill("[name=name]", "tapped")
    page.fill("[name=tickers]", "SBIN,INFY,NSE:BAJAJ-AUTO,MCX:CRUDEOIL1!")
    page.fill("[name=size]", "10")
    page.fill("[name=max_quantity]", "50")


def test_from_nothing_to_a_message_for_tradingview_on_a_phone(stage: Stage) -> None:
    with stage.sight(PHONE) as sight:
        page = sight.page
        sight.go("/strategies")
        page.click("text=New strategy")
        fill_in(page)
        page.click("text=Make the strategy")
        expect(page.locator("#wrong-stop_loss")).to_contain_text("stop_loss is missing")
        wrong = flaws(sight)
        page.fill("[name=stop_loss]", "1%")
        page.select_option("[name=product]", "carryforward")
        page.click("text=Make the strategy")
        expect(page.locator("h1")).to_contain_text("tapped")
        page.click("text=Show the address")
        page.click("[data-copy='#hook']")
        expect(page.locator("[data-copy='#hook']")).to_have_text("Copied")
        wrong += flaws(sight)
        page.click("main >> text=New alert")
        wrong += flaws(sight)
        page.click("text=Make the message")
        body = json.loads(page.input_value("#message"))
        page.click("[data-copy='#message']")
        expect(page.locator("[data-copy='#message']")).to_have_text("Copied")
        wrong += flaws(sight)
        sight.go("/strategies/tapped/edit")
        wrong += flaws(sight)

    assert wrong == []
    assert body["action"] == "{{strategy.order.action}}"


def test_without_script_the_address_can_be_selected(stage: Stage) -> None:
    with stage.sight(PHONE, script=False) as sight:
        sight.go("/strategies")
        sight.page.locator("tbody a").first.click()
        sight.page.click("text=Show the address")

        expect(sight.page.locator("#hook")).to_have_attribute("readonly", "")
        expect(sight.page.locator("[data-copy]").first).to_be_hidden()
