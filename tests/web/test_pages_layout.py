"""How values from outside and of ours are said to a reader."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from executor.domain.order import Order
from executor.store.log import LogLine
from executor.web.pages.layout import laid_out
from executor.web.pages.words import asked_of, rupees, span, terms
from tests.builders import a_delivery, a_signal, an_order


def test_json_gets_a_line_for_each_member_and_keeps_every_character_of_its_values() -> None:
    text = '{"a": 800.10,"b":{"c":[1,{}],"d":[]},"e":"x, {\\"y\\"}: z"}'

    assert laid_out(text) == (
        '{\n  "a": 800.10,\n  "b": {\n    "c": [\n      1,\n      {}\n    ],\n    "d": []\n  },\n'
        '  "e": "x, {\\"y\\"}: z"\n}'
    )


@pytest.mark.parametrize("text", ["", "buy now", "{not json", '"a word"', "[" * 30_000])
def test_what_is_no_json_document_stays_as_it_is(text: str) -> None:
    assert laid_out(text) == text


def test_a_deep_document_does_not_grow_without_bound() -> None:
    deep = "[" * 500 + "1,2" + "]" * 500

    assert len(laid_out(deep)) < 40 * len(deep)


@pytest.mark.parametrize(
    ("value", "said"),
    [("800", "800.00"), ("800.5", "800.50"), ("0.0525", "0.0525"), ("1234567.1", "1,234,567.10"), ("1E+3", "1,000.00")],
)
def test_rupees_have_at_least_two_decimals(value: str, said: str) -> None:
    assert rupees(Decimal(value)) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0414, "41 ms"), (1.25, "1.2 s"), (20.4, "20 s"), (600, "10 min"), (7300, "2 h")]
)
def test_a_span_is_said_in_the_unit_that_reads_best(seconds: float, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (an_order(), "BUY 10 limit 150.15"),
        (an_order(sent_trigger=Decimal(149)), "BUY 10 stop 149.00 limit 150.15"),
        (an_order(working_quantity=4, working_price=Decimal("150.2")), "BUY 4 limit 150.20"),
    ],
)
def test_the_terms_of_an_order_are_those_the_broker_showed_last(order: Order, said: str) -> None:
    assert terms(order) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"action":"buy","exchange":"NSE","ticker":"SBIN"}', "buy NSE:SBIN"),
        ('{"action":1}', "something that is no alert"),
        ("[1]", "something that is no alert"),
        ("buy!", "something unreadable"),
        ("[" * 30_000, "something unreadable"),
    ],
)
def test_a_refused_delivery_is_named_by_what_its_body_seems_to_say(body: str, said: str) -> None:
    assert asked_of(LogLine(a_delivery(body=body), None, None, ())) == said


def test_a_signal_is_named_by_its_action_its_lane_and_the_change_of_position() -> None:
    position = {"now": "flat", "now_size": "0", "prev": "long", "prev_size": "10"}
    signal = a_signal(fields={"position": position})

    assert asked_of(LogLine(a_delivery(), signal, None, ())) == "buy NSE:TATASTEEL (long → flat)"
