"""The alert builder: what it issues is what the command issues, shown once, and taken by the hook that it names."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from executor.alerts.address import hook_secret
from executor.alerts.placeholders import render
from executor.domain.delivery import IssuedAlert
from executor.domain.refusal import RefusalCode
from executor.store.store import Store
from tests.alerts.sending import KEYS, STRATEGY, VALUES, judged
from tests.builders import NOW
from tests.web.browser import Browser, words

pytestmark = pytest.mark.usefixtures("accounts")

ALL = ["NSE:BAJAJ-AUTO", "SBIN"]


@pytest.fixture
def trend(browser: Browser, store: Store) -> Browser:
    store.people.save_strategy(STRATEGY, by="test", at=NOW)
    return browser


def make(browser: Browser, *, tickers: list[str] | None = None, **fields: str) -> Any:
    data = {"strategy": "trend", "style": "strategy", "days": "60", **fields}
    chosen = ALL if tickers is None else tickers
    return browser.client.post(
        "/alerts/new", data={**data, "tickers": chosen, "csrf": browser.token()}, base_url=browser.url
    )


def message(page: str) -> str:
    found = re.search(r'<textarea id="message"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def issued(store: Store) -> IssuedAlert:
    (alert,) = store.people.alerts("trend", 9)
    return alert


def code(store: Store, body: str, **values: str) -> RefusalCode | None:
    """How the intake judges a message with the chart's values; None: it is taken."""
    given = {name.replace("__", "."): value for name, value in values.items()}
    sent = render(body, {**VALUES, **given}).encode()
    return judged(sent, issued=issued(store), now=NOW).delivery.code


def test_the_builder_issues_a_message_that_the_hook_takes(trend: Browser, store: Store):
    page = make(trend)

    assert page.status_code == 200
    assert f'value="http://127.0.0.1:8080/hook/trend/{hook_secret(KEYS, "trend", 1)}" readonly' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert (issued(store).expires - issued(store).issued).days == 60
    assert code(store, message(page.text)) is None


def test_the_message_is_the_one_that_the_command_prints(trend: Browser):
    body = json.loads(message(make(trend).text))

    assert list(body) == ["v", "token", "ticker", "exchange", "action", "position", "price", "fired_at", "interval"]
    assert body["position"]["prev"] == "{{strategy.prev_market_position}}"


def test_the_secrets_stand_on_no_later_page(trend: Browser, store: Store):
    token = json.loads(message(make(trend).text))["token"]

    for path in ("/strategies/trend", "/alerts/new?strategy=trend", "/alerts/new", "/strategies"):
        page = trend.get(path).text
        assert token not in page
        assert hook_secret(KEYS, "trend", 1) not in page


def test_an_alert_is_listed_with_its_end_and_can_be_revoked(trend: Browser, store: Store):
    make(trend, days="7")
    alert = issued(store)

    before = words(trend.get("/strategies/trend").text)
    trend.post(f"/alerts/{alert.id}/revoke")
    after = words(trend.get("/strategies/trend").text)

    assert f"{alert.id} 25 Nov 2026 09:20 at version 1 02 Dec 2026 09:20 in force" in before
    assert f"{alert.id} 25 Nov 2026 09:20 at version 1 02 Dec 2026 09:20 revoked" in after
    assert f"Revoke {alert.id}" in before
    assert f"Revoke {alert.id}" not in after


def test_an_alert_that_is_none_cannot_be_revoked(trend: Browser):
    answer = trend.post("/alerts/0000000000xyz/revoke")

    assert answer.status_code == 404
    assert "there is no alert" in words(answer.text)


def test_fewer_tickers_than_the_strategys_bound_the_alert(trend: Browser, store: Store):
    body = message(make(trend, tickers=["SBIN"]).text)

    assert code(store, body) is None
    assert code(store, body, ticker="BAJAJ_AUTO") is RefusalCode.OUTSIDE_BOUNDS


def test_the_chart_may_say_the_size_up_to_what_is_allowed(trend: Browser, store: Store):
    body = message(make(trend, size_kind="contracts", most="10").text)

    assert json.loads(body)["size"] == {"contracts": "{{strategy.order.contracts}}"}
    assert code(store, body) is None
    assert code(store, body, strategy__order__contracts="11") is RefusalCode.OUTSIDE_BOUNDS


def test_what_is_fixed_stands_in_the_message(trend: Browser, store: Store):
    fixed = {
        "action": "buy", "size_kind": "percent_of_capital", "size": "5%", "stop_loss": "0.5%",
        "take_profit": "1%:50, 20", "option": "auto ATM weekly 2",
        "more": "trade=second\n\norder_id = {{strategy.order.id}}",
    }  # fmt: skip

    body = json.loads(message(make(trend, style="strategy", **fixed).text))

    assert body["action"] == "buy"
    assert body["size"] == {"percent_of_capital": "5"}
    assert body["stop_loss"] == {"percent": "0.5"}
    assert body["take_profit"] == [{"percent": "1", "share": "50"}, {"points": "20", "share": "100"}]
    assert body["option"] == {"type": "auto", "strike": "ATM", "expiry": "weekly", "min_days": "2"}
    assert (body["trade"], body["order_id"]) == ("second", "{{strategy.order.id}}")


def test_an_indicators_alert_says_one_thing(trend: Browser, store: Store):
    refused = make(trend, style="indicator")
    made = make(trend, style="indicator", action="exit")

    assert refused.status_code == 422
    assert 'id="wrong-action"' in refused.text
    assert json.loads(message(made.text))["action"] == "exit"


def test_a_script_gets_code(trend: Browser):
    page = make(trend, style="pine")

    assert message(page.text).startswith("//@version=6")
    assert "Any alert() function call" in words(page.text)
    assert "executor alert send" not in page.text


def test_how_to_try_it_names_every_placeholder_and_no_secret(trend: Browser):
    page = make(trend).text

    command = words(page[page.index('<pre id="try">') :].partition("</pre>")[0]).strip()
    assert command.startswith("executor alert send --url 'THE ADDRESS' --body message.json --set ticker=BAJAJ-AUTO")
    assert "--set strategy.order.action=buy" in command
    assert "timenow" not in command


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"stop_loss": "abc"}, "stop_loss is 'abc'; give a distance"),
        ({"take_profit": "1%:0"}, "take_profit is '0'; give percent above zero"),
        ({"option": "auto"}, "option has no strike"),
        ({"most": "51"}, "most is 51; give units from 1 to the strategy's max_quantity 50"),
        ({"most": "many"}, "most is 'many', which is no whole number"),
        ({"days": "9999"}, "days is 9999; give 1 to 366"),
        ({"more": "action"}, "more has 'action', which is not of the form PATH=VALUE"),
        ({"more": "token=xt1_x"}, "token is no path that can be set"),
        ({"more": "size.sheep=3"}, "it would be refused"),
        ({"size_kind": "lots", "size": ""}, "it would be refused"),
        ({"style": "pine", "more": "order_id={{strategy.order.id}}"}, "does not exist in Pine"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_issued(trend: Browser, store: Store, fields: dict[str, str], told: str):
    answer = make(trend, **fields)

    assert answer.status_code == 422
    assert told in words(answer.text)
    assert store.people.alerts("trend", 9) == []
    assert "xt1_" not in answer.text.replace("xt1_x", "")


def test_no_ticker_is_no_alert(trend: Browser, store: Store):
    answer = make(trend, tickers=[])

    assert answer.status_code == 422
    assert "no ticker is chosen; choose from NSE:BAJAJ-AUTO, SBIN" in words(answer.text)


def test_what_is_typed_is_text(trend: Browser):
    answer = make(trend, more='"><script>alert(1)</script>', stop_loss='"><img src=x>')

    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text


def test_of_several_strategies_one_is_chosen_first(trend: Browser, store: Store):
    alone = trend.get("/alerts/new").text
    store.people.save_strategy(replace(STRATEGY, name="second"), by="test", at=NOW)
    several = trend.get("/alerts/new").text

    assert 'action="/alerts/new"' in alone
    assert 'action="/alerts/new"' not in several
    assert 'href="/alerts/new?strategy=second"' in several
    assert 'action="/alerts/new"' in trend.get("/alerts/new?strategy=second").text
    assert trend.get("/alerts/new?strategy=none").status_code == 404


def test_without_a_strategy_the_builder_says_what_comes_first(browser: Browser):
    assert "make one first" in words(browser.get("/alerts/new").text)
