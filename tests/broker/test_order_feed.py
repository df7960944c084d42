"""Frames of the order stream become reports; nothing that a frame holds raises (smartapi.md 7.1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.broker.smartapi.order_feed import OrderFrames
from executor.domain.order import OrderState, Report, Source, state_told


def order(**changes: Any) -> dict[str, Any]:
    """A resting limit order of ours as the stream tells it: prices as floats, quantities as text."""
    return {
        "variety": "NORMAL",
        "ordertype": "LIMIT",
        "ordertag": "x1m88d6aymvbj501",
        "producttype": "INTRADAY",
        "price": 802.4,
        "triggerprice": 0.0,
        "quantity": "12",
        "disclosedquantity": "0",
        "duration": "DAY",
        "squareoff": 0.0,
        "stoploss": 0.0,
        "trailingstoploss": 0.0,
        "tradingsymbol": "SBIN-EQ",
        "transactiontype": "BUY",
        "exchange": "NSE",
        "symboltoken": "3045",
        "instrumenttype": "",
        "strikeprice": -1.0,
        "optiontype": "",
        "expirydate": "",
        "lotsize": "1",
        "cancelsize": "0",
        "averageprice": 0.0,
        "filledshares": "0",
        "unfilledshares": "12",
        "orderid": "261125000000321",
        "text": "",
        "status": "open",
        "orderstatus": "open",
        "updatetime": "25-Nov-2026 09:20:05",
        "exchtime": "25-Nov-2026 09:20:05",
        "exchorderupdatetime": "25-Nov-2026 09:20:05",
        "fillid": "",
        "filltime": "",
        "parentorderid": "",
        **changes,
    }


def frame(code: str = "AB01", *, detail: Any = None, **changes: Any) -> str:
    found = order(**changes) if detail is None else detail
    return json.dumps(
        {"user-id": "S1", "status-code": "200", "order-status": code, "error-message": "", "orderData": found}
    )


def report(text: bytes | str) -> Report:
    found = OrderFrames().read(text)
    assert found is not None
    return found


def test_a_frame_says_what_the_book_would_say():
    found = report(frame(filledshares="5", averageprice=802.1))

    assert (found.source, found.broker_id, found.tag) == (Source.FEED, "261125000000321", "x1m88d6aymvbj501")
    assert (found.quantity, found.filled, found.price, found.average) == (12, 5, Decimal("802.4"), Decimal("802.1"))
    assert found.updated_at == datetime(2026, 11, 25, 3, 50, 5, tzinfo=UTC)
    assert state_told(found) is OrderState.PARTIALLY_FILLED


@pytest.mark.parametrize(
    ("code", "word", "state"),
    [
        ("AB01", "open", OrderState.ACCEPTED),
        ("AB02", "cancelled", OrderState.CANCELLED),
        ("AB03", "rejected", OrderState.REJECTED),
        ("AB04", "modified", OrderState.ACCEPTED),
        ("AB05", "complete", OrderState.FILLED),
        ("AB06", "after market order req received", OrderState.ACCEPTED),
        ("AB07", "cancelled after market order", OrderState.CANCELLED),
        ("AB09", "open pending", OrderState.ACCEPTED),
        ("AB10", "trigger pending", OrderState.ACCEPTED),
        ("AB11", "modify pending", OrderState.ACCEPTED),
    ],
)
def test_each_code_has_its_state_with_and_without_the_words(code: str, word: str, state: OrderState):
    filled = "12" if code == "AB05" else "0"

    with_words = report(frame(code, status=word, orderstatus=word, filledshares=filled))
    without = report(frame(code, status="", orderstatus="", filledshares=filled))

    assert (with_words.state, without.state) == (state, state)


def test_a_rejected_order_under_the_code_of_the_greeting_is_told():
    found = report(frame("AB00", status="rejected", orderstatus="rejected", text="Adapter is Logged Off"))

    assert (found.state, found.text) == (OrderState.REJECTED, "Adapter is Logged Off")


def test_a_frame_of_bytes_is_read():
    assert report(frame().encode()).quantity == 12


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        (frame("AB00", detail=order(orderid="", quantity="0", filledshares="")), 0),
        ("pong", 0),
        (b"\xff\xfe", 0),
        (frame(detail=[]), 1),
        (frame(detail="text"), 1),
        (frame(quantity="many"), 1),
        (frame(exchange="CDS"), 1),
        (frame(transactiontype="HOLD"), 1),
        ("[" * 100_000, 0),
    ],
)
def test_what_tells_nothing_is_left_out(text: bytes | str, skipped: int):
    frames = OrderFrames()

    assert frames.read(text) is None
    assert frames.skipped == skipped


_WORDS = st.text("abAB019.,- :é", max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=4,
)


@given(
    st.dictionaries(st.sampled_from(sorted(order())), _JSON, max_size=6), st.sampled_from(["AB00", "AB05", "", "ZZ"])
)
def test_no_mutation_of_a_frame_raises(changes: dict[str, Any], code: str):
    found = OrderFrames().read(frame(code, detail=order() | changes))

    assert found is None or found.filled >= 0


@given(st.binary(max_size=60) | st.text(max_size=60) | _JSON.map(json.dumps))
def test_no_frame_of_any_kind_raises(text: bytes | str):
    OrderFrames().read(text)


@pytest.mark.parametrize("wrong", ["01-Jan-0001 00:00:00", "\\ud800"])
def test_a_null_date_and_half_a_letter_end_no_feed(wrong: str):
    told = frame(updatetime="X", text="X").replace('"X"', f'"{wrong}"')

    assert report(told).updated_at is None
