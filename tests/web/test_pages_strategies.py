"""The pages of strategies: what stands there, what a person changes, and what no page ever tells unasked."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from executor.alerts.address import hook_secret, standard_webhook_secret
from executor.domain.strategy import Protection
from executor.store.store import Store
from tests.alerts.sending import KEYS
from tests.builders import NOW, a_strategy
from tests.house import House
from tests.web.browser import Browser, words
from tests.web.markup import active_in

pytestmark = pytest.mark.usefixtures("accounts")

DIP = {
    "name": "dip",
    "account": "paper",
    "tickers": "SBIN, NSE:M&M",
    "product": "intraday",
    "size_kind": "quantity",
    "size": "10",
    "stop_loss": "1%",
    "take_profit": "1%:50, 2%:50",
    "max_quantity": "50",
    "max_daily_loss": "2000",
    "enter_until": "14:30",
}


@pytest.fixture
def dip(browser: Browser) -> Browser:
    assert browser.post("/strategies/_new", **DIP).status_code == 303
    return browser


def filled(page: str) -> dict[str, str]:
    """What stands in the form of a page, as a browser would post it."""
    main = page[page.index("<main") :]
    found = {name: value for tag in re.findall(r"<input [^>]+>", main) for name, value in _named(tag)}
    for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', main, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        first = re.search(r'<option(?: value="([^"]*)")?>([^<]*)', options)
        one = chosen or first
        assert one is not None
        found[name] = one[2] if one[1] is None else one[1]
    return found


def _named(tag: str) -> list[tuple[str, str]]:
    name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
    ticked = 'type="checkbox"' not in tag or " checked" in tag
    return [(name[1], unescape(value[1]) if value else "")] if name and ticked else []


# -- reading


def test_without_a_strategy_the_page_says_what_to_do(browser: Browser):
    page = browser.get("/strategies").text

    assert "There is no strategy yet" in words(page)
    assert 'href="/strategies/_new"' in page


def test_each_strategy_is_listed_with_what_a_person_must_know(dip: Browser, store: Store):
    bold = a_strategy(name="bold", account="mine", protection=Protection.NONE, stop_loss=None, take_profit=())
    store.people.save_strategy(replace(bold, enabled=False), by="test", at=NOW)

    page = dip.get("/strategies").text

    text = words(page)
    assert "PAPER paper" in text
    assert "LIVE mine OFF" in text
    assert "NSE:M&M, SBIN intraday" in text
    assert "stop 1 %, target 1 % for 50 %, target 2 % for 50 %" in text
    assert '<strong class="bad">none: NO STOP</strong>' in page
    assert "20 entries a day, loss ₹2,000.00" in text
    assert "no loss limit of its own" in text


def test_what_was_made_today_stands_beside_its_strategy(house: House, browser: Browser):
    house.long()

    listed, own = words(browser.get("/strategies").text), words(browser.get("/strategies/trend").text)

    assert "1 trade " in listed
    assert "in 1 trade, after estimated charges" in own


def test_a_strategy_tells_its_settings_rails_and_versions(dip: Browser):
    dip.post("/strategies/dip/edit", **{**filled(dip.get("/strategies/dip/edit").text), "stop_loss": "0.5%"})

    text = words(dip.get("/strategies/dip").text)

    assert "rupees lost in a day, then it is flattened and halted 2000" in text
    assert "largest entry, in units no limit of its own" in text
    assert "version 2 by trader stop_loss: 1% → 0.5%" in text
    assert "version 1 by trader made" in text


def test_each_ticker_leads_to_what_it_means_now(browser: Browser):
    browser.post("/strategies/_new", name="all", **EVERYTHING)

    page = unescape(browser.get("/strategies/all").text)

    assert 'href="/instruments?ticker=NSE:NIFTY&roll=2+days+at+15:00&option=CE+ATM%2B1+weekly+2"' in page


def test_of_many_tickers_the_list_tells_the_first(browser: Browser):
    browser.post("/strategies/_new", **{**DIP, "tickers": ",".join(f"T{number:02}" for number in range(30))})

    assert "T06, T07 and 22 more intraday" in words(browser.get("/strategies").text)


@pytest.mark.parametrize("path", ["/strategies/none", "/strategies/none/edit", "/strategies/%00", "/strategies/%ff"])
def test_an_unknown_name_is_told(dip: Browser, path: str):
    answer = dip.get(path)

    assert answer.status_code == 404
    assert "there are: dip" in words(answer.text)


def test_a_hostile_name_is_text(dip: Browser):
    answer = dip.get("/strategies/<script>alert(1)<")

    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", ["/strategies", "/strategies/dip", "/strategies/dip/edit", "/strategies/_new"])
def test_without_a_login_there_is_nothing(dip: Browser, path: str):
    dip.client.delete_cookie("executor", domain="127.0.0.1")

    assert dip.get(path).status_code == 302


# -- the secret address


@pytest.mark.parametrize("path", ["/strategies", "/strategies/dip", "/strategies/dip/edit"])
def test_no_page_tells_the_secret_unasked(dip: Browser, store: Store, path: str):
    page = dip.get(path).text

    assert hook_secret(KEYS, "dip", 1) not in page
    assert standard_webhook_secret(KEYS, a_strategy(name="dip")) not in unescape(page)


def test_asked_for_the_address_is_shown_and_not_kept(dip: Browser):
    answer = dip.post("/strategies/dip/address")

    assert f'value="http://127.0.0.1:8080/hook/dip/{hook_secret(KEYS, "dip", 1)}" readonly' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "TradingView cannot send to 127.0.0.1" in words(answer.text)


def test_asked_for_a_sender_that_signs_finds_its_address_and_secret(dip: Browser):
    page = dip.post("/strategies/dip/address").text
    rotated = dip.post("/strategies/dip/rotate").text

    secret = standard_webhook_secret(KEYS, a_strategy(name="dip"))
    assert 'value="http://127.0.0.1:8080/hook/dip" readonly' in page
    assert f'value="{secret}" readonly' in unescape(page)
    assert secret not in unescape(rotated) and 'value="whsec_' in rotated


def test_a_new_address_leaves_the_old_one_until_it_is_ended(dip: Browser, store: Store):
    answer = dip.post("/strategies/dip/rotate")
    rotated = store.people.strategy("dip")
    told = words(dip.get("/strategies/dip").text)
    dip.post("/strategies/dip/rotate", way="end")
    ended = store.people.strategy("dip")

    assert hook_secret(KEYS, "dip", 2) in answer.text
    assert rotated and (rotated.rotation, rotated.rotation_before) == (2, 1)
    assert "(number 1) works too, until you end it" in told
    assert ended and (ended.rotation, ended.rotation_before) == (2, None)
    assert "works too" not in words(dip.get("/strategies/dip").text)


# -- switching


def test_a_strategy_is_disabled_and_enabled(dip: Browser, store: Store):
    dip.post("/strategies/dip/switch", way="disable")
    off, told = store.people.strategy("dip"), words(dip.get("/strategies/dip").text)
    dip.post("/strategies/dip/switch", way="enable")

    assert off and not off.enabled
    assert "OFF Its alerts enter nothing" in told
    assert "version 2 by trader disabled" in told
    assert [saved.strategy.enabled for saved in store.people.versions("dip", 9)] == [True, False, True]


ORDERS = ["/strategies/dip/switch", "/strategies/dip/rotate", "/strategies/dip/address", "/strategies/dip/edit",
          "/strategies/_new", "/alerts/new", "/alerts/0000000000abc/revoke"]  # fmt: skip


@pytest.mark.parametrize("path", ORDERS)
def test_another_sites_form_does_nothing(dip: Browser, store: Store, path: str):
    answer = dip.post(path, csrf="stolen", way="disable", **{**DIP, "name": "other", "strategy": "dip"})

    assert answer.status_code == 400
    assert [saved.by for saved in store.people.versions("dip", 9)] == ["trader"]
    assert store.people.strategy("other") is None
    assert store.people.alerts("dip", 9) == []
    assert "/hook/" not in answer.text


@pytest.mark.parametrize("path", ["switch", "rotate", "address", "edit"])
def test_what_is_asked_of_no_strategy_is_told(dip: Browser, path: str):
    assert dip.post(f"/strategies/none/{path}", way="disable").status_code == 404


# -- the form


def test_a_new_strategy_is_made_by_the_form(dip: Browser, store: Store):
    made = store.people.strategy("dip")

    assert made is not None
    assert (made.version, made.account, made.size.value, made.rails.tickers) == (1, "paper", 10, {"SBIN", "NSE:M&M"})
    assert (len(made.take_profit), made.rails.max_daily_loss, made.rails.enter_until.hour) == (2, 2000, 14)
    assert made.enabled


def test_a_form_that_is_saved_as_it_stands_changes_nothing(dip: Browser, store: Store):
    answer = dip.post("/strategies/dip/edit", **filled(dip.get("/strategies/dip/edit").text))

    assert answer.status_code == 303
    assert len(store.people.versions("dip", 9)) == 1


EVERYTHING = {
    "account": "paper", "tickers": "NSE:NIFTY", "product": "carryforward", "short": "write-options",
    "roll": "2 days at 15:00", "option": "CE ATM+1 weekly 2", "size_kind": "percent_of_capital", "size": "10%",
    "capital": "100000", "contracts_are": "units", "stop_loss": "1%", "take_profit": "1%:50, 2%:50",
    "trail": "1%:0.25%", "breakeven_after": "0.5%", "protection": "single", "levels_of": "underlying",
    "disaster_stop": "35%", "gap": "stop-again", "entry_ttl": "30", "max_slippage": "0.2%", "max_spread": "3%",
    "enter_from": "09:20", "enter_until": "14:30", "expiry_day": "yes", "max_quantity": "50",
    "max_order_quantity": "25", "max_notional": "20000", "max_open": "2", "max_trades": "9",
    "max_daily_loss": "5000.5", "cooldown": "600",
}  # fmt: skip


def test_every_setting_goes_through_the_form_and_back(browser: Browser, store: Store):
    browser.post("/strategies/_new", name="all", **EVERYTHING)

    form = filled(browser.get("/strategies/all/edit").text)
    browser.post("/strategies/all/edit", **form)

    assert len(store.people.versions("all", 9)) == 1
    assert {field for field in EVERYTHING if form.get(field) != EVERYTHING[field]} <= {"account", "take_profit"}


def test_what_is_emptied_is_taken_away(dip: Browser, store: Store):
    form = filled(dip.get("/strategies/dip/edit").text)

    dip.post("/strategies/dip/edit", **{**form, "take_profit": "", "max_daily_loss": "", "enter_until": ""})

    changed = store.people.strategy("dip")
    assert changed is not None
    assert (changed.take_profit, changed.rails.max_daily_loss, changed.rails.enter_until) == ((), None, None)


@pytest.mark.parametrize(
    ("fields", "input_", "told"),
    [
        ({"stop_loss": "abc"}, "stop_loss", "stop_loss is 'abc'; give a distance such as 1% or 5 (points)"),
        ({"stop_loss": ""}, "stop_loss", "stop_loss is missing; give one such as 1%"),
        ({"size": "ten"}, "size", "'ten', which is no whole number"),
        ({"size": "60"}, "size", "above max_quantity 50"),
        ({"size": ""}, "size", "which is no whole number"),
        ({"size_kind": "percent_of_capital", "size": "10%"}, "size", "needs capital"),
        ({"tickers": "SB IN"}, "tickers", "tickers is 'SB IN'"),
        ({"max_quantity": ""}, "max_quantity", "which is no whole number"),
        ({"unprotected": "yes"}, "unprotected", 'type "none" to trade without a stop'),
        ({"unprotected": "none"}, "stop_loss", 'stop_loss is given, and protection is "none"'),
        ({"gap": "stop-again"}, "gap", "gap is about positions carried over night"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    dip: Browser, store: Store, fields: dict[str, str], input_: str, told: str
):
    answer = dip.post("/strategies/_new", **{**DIP, "name": "new", **fields})

    beside = re.search(rf'id="wrong-{input_}"[^>]*>([^<]*)<', answer.text)
    assert answer.status_code == 422
    assert beside is not None
    assert told in unescape(beside[1])
    posted = {**filled(answer.text), "csrf": ""}
    assert {name: posted[name] for name in fields} == fields
    assert store.people.strategy("new") is None


def test_a_change_that_is_wrong_is_said_beside_its_field_and_changes_nothing(dip: Browser, store: Store):
    answer = dip.post("/strategies/dip/edit", **{**DIP, "seen": "1", "stop_loss": "abc"})

    assert answer.status_code == 422
    assert "stop_loss is 'abc'; give a distance" in words(answer.text)
    assert filled(answer.text)["stop_loss"] == "abc"
    assert len(store.people.versions("dip", 9)) == 1


def test_without_a_stop_only_by_typing_it(browser: Browser, store: Store):
    bare = {**DIP, "stop_loss": "", "take_profit": ""}

    by_choice = browser.post("/strategies/_new", **bare, protection="none")
    typed = browser.post("/strategies/_new", **bare, unprotected="none")

    made = store.people.strategy("dip")
    assert (by_choice.status_code, typed.status_code) == (422, 303)
    assert made is not None
    assert made.protection is Protection.NONE
    assert "NO STOP protection is none" in words(browser.get("/strategies/dip").text)
    assert filled(browser.get("/strategies/dip/edit").text)["unprotected"] == "none"


def test_a_name_is_taken_once(dip: Browser, store: Store):
    answer = dip.post("/strategies/_new", **{**DIP, "size": "20"})

    assert answer.status_code == 422
    assert re.search(r'id="wrong-name"[^>]*>strategy dip exists', answer.text)
    assert len(store.people.versions("dip", 9)) == 1


@pytest.mark.parametrize("name", ["<b>x</b>", "a b", "", "_new", "../x", "x" * 41])
def test_a_name_that_is_none_is_told_and_is_text(browser: Browser, store: Store, name: str):
    answer = browser.post("/strategies/_new", **{**DIP, "name": name})

    assert answer.status_code == 422
    assert "is no name" in words(answer.text)
    assert "<b>x" not in answer.text
    assert store.people.strategies() == []


def test_a_change_over_somebody_elses_is_refused(dip: Browser, store: Store):
    form = filled(dip.get("/strategies/dip/edit").text)
    dip.post("/strategies/dip/switch", way="disable")

    answer = dip.post("/strategies/dip/edit", **{**form, "stop_loss": "3%"})

    assert answer.status_code == 422
    assert "was changed by somebody else since version 1" in words(answer.text)
    assert len(store.people.versions("dip", 9)) == 2


def test_the_account_of_a_strategy_is_for_ever(dip: Browser, store: Store):
    form = filled(dip.get("/strategies/dip/edit").text)

    dip.post("/strategies/dip/edit", **{**form, "account": "mine", "stop_loss": "2%"})

    changed = store.people.strategy("dip")
    assert changed is not None
    assert (changed.version, changed.account) == (2, "paper")


def test_what_a_change_does_not_touch_stays(dip: Browser, store: Store):
    dip.post("/strategies/dip/rotate")
    dip.post("/strategies/dip/switch", way="disable")

    dip.post("/strategies/dip/edit", **{**filled(dip.get("/strategies/dip/edit").text), "stop_loss": "2%"})

    changed = store.people.strategy("dip")
    assert changed is not None
    assert (changed.enabled, changed.rotation, changed.rotation_before) == (False, 2, 1)


def test_no_page_has_scripts_or_styles_of_its_own(dip: Browser):
    for path in ("/strategies", "/strategies/dip", "/strategies/dip/edit", "/strategies/_new"):
        assert active_in(dip.get(path).text) == [], path
