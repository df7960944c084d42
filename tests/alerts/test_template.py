from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from executor.alerts.bounds import Rule
from executor.alerts.parse import leaves
from executor.alerts.template import LIFETIME, Style
from executor.alerts.token import Claims, verify
from executor.domain.strategy import Rails
from executor.errors import ConfigError
from tests.alerts.sending import KEYS, NOW, STRATEGY, a_message, a_template, judged

EXAMPLES = Path(__file__).parent.parent.parent / "alert_templates"
EXAMPLE_TOKEN = "xt1_EXAMPLE.make-your-own-with-executor-alert-template"
PINE_VALUES = {
    "syminfo.ticker": "SBIN",
    "syminfo.prefix": "NSE",
    "action": "exit",
    "str.tostring(close)": "812.5",
    "timeframe.period": "5",
    "str.format_time(timenow, \"yyyy-MM-dd'T'HH:mm:ss'Z'\", \"UTC\")": "2026-11-25T03:49:58Z",
}


def claims_of(template) -> Claims:
    token = re.search(r"xt1_[\w.-]+", template.body)
    assert token is not None
    found = verify(KEYS, token[0], strategy="trend", now=NOW)
    assert isinstance(found, Claims)
    return found


def as_pine_runs_it(snippet: str) -> bytes:
    """The message that the snippet's expression makes: literals and the values of the script, joined."""
    expression = next(line for line in snippet.splitlines() if line.strip().startswith("message = "))
    parts = re.split(r" \+ (?=(?:[^']|'(?:\\.|[^'\\])*')*$)", expression.split(" = ", 1)[1])
    return "".join(
        re.sub(r"\\(.)", r"\1", part[1:-1]) if part[0] == "'" else PINE_VALUES[part] for part in parts
    ).encode()


def test_the_default_carries_no_numbers_of_ours_and_bounds_all_but_its_version():
    template = a_template()

    body, grant = json.loads(template.body), claims_of(template).grant
    assert list(body) == ["v", "token", "ticker", "exchange", "action", "position", "price", "fired_at", "interval"]
    assert grant.fixed == {"v": "1"}
    assert grant.bounds.keys() == {path for path, _ in leaves(body)} - {"v", "token"}


def test_an_option_rule_that_is_set_is_fixed_as_it_stands():
    template = a_template(
        option__type="AUTO", option__strike="premium120", option__expiry="Weekly", option__min_days="2"
    )

    grant = claims_of(template).grant
    assert {path: value for path, value in grant.fixed.items() if path.startswith("option")} == {
        "option.type": "auto",
        "option.strike": "PREMIUM120",
        "option.expiry": "weekly",
        "option.min_days": "2",
    }
    assert not any(path.startswith("option") for path in grant.bounds)


def test_half_an_option_rule_makes_no_template():
    with pytest.raises(ConfigError, match=r"option\.strike is missing"):
        a_template(option__type="auto")


def test_every_path_is_in_exactly_one_of_fixed_and_bounds():
    template = a_template(Style.INDICATOR, action="buy", size__lots="{{plot_0}}", take_profit__0__percent="2.50")

    grant = claims_of(template).grant
    assert not grant.fixed.keys() & grant.bounds.keys()
    assert grant.fixed.keys() | grant.bounds.keys() == {p for p, _ in leaves(json.loads(template.body))} - {"token"}
    assert grant.fixed == {"v": "1", "action": "buy", "take_profit.0.percent": "2.5"}


def test_a_template_is_issued_for_its_strategy_and_ends():
    issued = a_template(strategy=replace(STRATEGY, version=5)).issued

    assert (issued.strategy, issued.version, issued.expires - issued.issued) == ("trend", 5, LIFETIME)
    assert timedelta(days=60) < LIFETIME


def test_the_tickers_bound_knows_tradingviews_spelling_and_its_exchange():
    bounds = claims_of(a_template(strategy=replace(STRATEGY, rails=Rails(frozenset({"NSE:M&M-X"}), 5)))).grant.bounds

    assert bounds["ticker"].words == ("M&M-X", "M_M_X")
    assert bounds["exchange"].words == ("NSE", "NSE_DL", "NSE_DLY")


def test_a_ticker_typed_as_one_chart_spells_it_is_taken_as_another_does():
    rails = Rails(frozenset({"NSE:M_M", "NSE:BAJAJ_AUTO"}), 5)
    bounds = claims_of(a_template(strategy=replace(STRATEGY, rails=rails))).grant.bounds

    assert [
        spelled for spelled in ("M&M", "M_M", "BAJAJ-AUTO", "BAJAJ_AUTO") if not bounds["ticker"].allows(spelled)
    ] == []
    assert not bounds["ticker"].allows("MM")


def test_a_size_in_rupees_is_bounded_by_the_rail_of_its_kind_if_there_is_one():
    rails = replace(STRATEGY.rails, max_notional=Decimal(200_000), max_daily_loss=Decimal(5000))

    for size, most in (("notional", rails.max_notional), ("risk", rails.max_daily_loss)):
        settings = {f"size__{size}": "{{plot_0}}", "action": "buy"}
        railed = a_template(Style.INDICATOR, strategy=replace(STRATEGY, rails=rails), **settings)
        assert claims_of(railed).grant.bounds[f"size.{size}"] == Rule(most=most)
        assert claims_of(a_template(Style.INDICATOR, **settings)).grant.bounds[f"size.{size}"] == Rule()


@pytest.mark.parametrize("style", [Style.STRATEGY, Style.INDICATOR])
def test_what_is_issued_is_accepted_when_tradingview_renders_it(style: Style):
    assert judged(a_message(a_template(style, action="sell"))).signal is not None


def test_a_pine_snippet_makes_a_message_that_is_accepted():
    template = a_template(Style.PINE, stop_loss__percent="1", comment='it\'s "fine" \\o/')

    signal = judged(as_pine_runs_it(template.body)).signal

    assert signal is not None and signal.action == "exit"
    assert signal.fields["comment"] == 'it\'s "fine" \\o/' and signal.fields["stop_loss"] == {"percent": "1"}


@pytest.mark.parametrize(("style", "settings", "says"), [
    (Style.INDICATOR, {}, "such as action=buy"),
    (Style.STRATEGY, {"token": "x"}, "token is no path"),
    (Style.STRATEGY, {"v": "2"}, "v is no path"),
    (Style.STRATEGY, {"Price": "1"}, "Price is no path"),
    (Style.STRATEGY, {"price__x": "1"}, "lies in price, which is a value already"),
    (Style.STRATEGY, {"quantity": "1"}, "quantity is no field"),
    (Style.STRATEGY, {"stop_loss__percent": "1 %"}, "stop_loss.percent found"),
    (Style.STRATEGY, {"price": "{{cloze}}"}, "price is {{cloze}}"),
    (Style.STRATEGY, {"action": "{{ticker}}"}, "action found"),
    (Style.PINE, {"price": "{{plot_0}}"}, "{{plot_0}} does not exist in Pine"),
])  # fmt: skip
def test_what_could_never_be_accepted_is_not_issued(style: Style, settings, says: str):
    with pytest.raises(ConfigError, match=re.escape(says)):
        a_template(style, **settings)


@pytest.mark.parametrize(("name", "template"), [
    ("strategy.json", a_template()),
    ("indicator.json", a_template(Style.INDICATOR, action="buy")),
    ("script.pine", a_template(Style.PINE)),
])  # fmt: skip
def test_the_examples_are_what_the_builder_makes(name: str, template):
    assert (EXAMPLES / name).read_text().strip() == re.sub(r"xt1_[\w.-]+", EXAMPLE_TOKEN, template.body).strip()
