from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from executor.broker.smartapi.fields import read_fill, read_position, read_report
from executor.broker.smartapi.values import Unreadable
from executor.clock import IST
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import IntentKind, RefusalReason, Refused
from executor.domain.order import RANK, OrderState, OrderType, Side, Source
from executor.domain.strategy import Product
from tests.broker.fakes import ORDER, START, TAG, an_entry, an_intent, an_open_client, ok

STOP = {"variety": "STOPLOSS", "ordertype": "STOPLOSS_LIMIT", "triggerprice": 811.0, "transactiontype": "SELL"}


def body_of(host, kind, **changes):
    route = {"PLACE": "placeOrder", "MODIFY": "modifyOrder", "CANCEL": "cancelOrder"}[kind]
    host.answers[route] = ok({"orderid": ORDER})
    an_open_client(host).send(an_intent(kind, **changes))
    return host.bodies(route)[0]


def test_a_limit_order_is_placed_in_strings_with_tag_and_consent(host):
    assert body_of(host, IntentKind.PLACE) == {
        "variety": "NORMAL",
        "tradingsymbol": "SBIN-EQ",
        "symboltoken": "3045",
        "transactiontype": "BUY",
        "exchange": "NSE",
        "ordertype": "LIMIT",
        "producttype": "INTRADAY",
        "duration": "DAY",
        "price": "820.05",
        "quantity": "10",
        "triggerprice": "0",
        "squareoff": "0",
        "stoploss": "0",
        "ordertag": TAG,
        "scripconsent": "yes",
    }


def test_a_stop_is_of_variety_stoploss_and_carries_its_trigger(host):
    body = body_of(host, IntentKind.PLACE, type=OrderType.STOP_LIMIT, side=Side.SELL, trigger=Decimal("811.00"))

    assert (body["variety"], body["ordertype"], body["triggerprice"]) == ("STOPLOSS", "STOPLOSS_LIMIT", "811.00")


def test_derivatives_need_no_consent(host):
    body = body_of(host, IntentKind.PLACE, instrument=InstrumentKey(Segment.NFO, "54759"))

    assert "scripconsent" not in body


def test_a_price_is_written_plainly_whatever_its_exponent(host):
    assert body_of(host, IntentKind.PLACE, price=Decimal("1E+3"))["price"] == "1000"


def test_a_modify_names_the_order_and_all_its_terms(host):
    body = body_of(host, IntentKind.MODIFY, type=OrderType.STOP_LIMIT, trigger=Decimal("811.5"), quantity=4)

    assert body == {
        "variety": "STOPLOSS",
        "orderid": ORDER,
        "tradingsymbol": "SBIN-EQ",
        "symboltoken": "3045",
        "exchange": "NSE",
        "ordertype": "STOPLOSS_LIMIT",
        "producttype": "INTRADAY",
        "duration": "DAY",
        "price": "820.05",
        "quantity": "4",
        "triggerprice": "811.5",
    }


def test_a_cancel_names_variety_and_order_alone(host):
    assert body_of(host, IntentKind.CANCEL) == {"variety": "NORMAL", "orderid": ORDER}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (IntentKind.PLACE, {"type": OrderType.MARKET}),
        (IntentKind.PLACE, {"type": OrderType.STOP_LIMIT, "trigger": None}),
        (IntentKind.PLACE, {"type": OrderType.LIMIT, "trigger": Decimal(1)}),
        (IntentKind.MODIFY, {"broker_id": None}),
        (IntentKind.CANCEL, {"broker_id": None}),
    ],
)
def test_what_cannot_be_said_is_never_sent(host, kind, changes):
    client = an_open_client(host)
    before = len(host.requests)

    sent = client.send(an_intent(kind, **changes))

    assert isinstance(sent.answer, Refused)
    assert sent.answer.reason is RefusalReason.NEVER_SENT
    assert sent.calls == ()
    assert len(host.requests) == before


def test_an_entry_is_read_with_exact_prices_and_utc_times():
    report = read_report(an_entry(filledshares="4", averageprice=820.1, **STOP))

    assert report.broker_id == ORDER
    assert report.tag == TAG
    assert report.source is Source.BOOK
    assert report.instrument == InstrumentKey(Segment.NSE, "3045")
    assert (report.side, report.product, report.type) == (Side.SELL, Product.INTRADAY, OrderType.STOP_LIMIT)
    assert (report.quantity, report.filled) == (10, 4)
    assert (report.price, report.trigger, report.average) == (Decimal("820.05"), Decimal("811"), Decimal("820.1"))
    assert report.updated_at == datetime(2026, 11, 25, 3, 50, 1, tzinfo=UTC)


def test_raw_is_the_canonical_text_and_hash_its_sha256():
    entry = an_entry(text="₹ é")
    shuffled = dict(reversed(entry.items()))

    report = read_report(entry)

    assert json.loads(report.raw) == entry
    assert "₹ é" in report.raw
    assert report.hash == hashlib.sha256(report.raw.encode()).hexdigest() == read_report(shuffled).hash


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("complete", OrderState.FILLED),
        ("rejected", OrderState.REJECTED),
        ("cancelled", OrderState.CANCELLED),
        ("cancelled after market order", OrderState.CANCELLED),
        ("AMO CANCELLED", OrderState.CANCELLED),
        (" Open ", OrderState.ACCEPTED),
        ("open pending", OrderState.ACCEPTED),
        ("put order req received", OrderState.ACCEPTED),
        ("after market order req received", OrderState.ACCEPTED),
        ("cancel pending", OrderState.ACCEPTED),
        ("not cancelled", OrderState.ACCEPTED),
        ("a status of tomorrow", OrderState.ACCEPTED),
    ],
)
def test_status_words_become_states(words, state):
    assert read_report(an_entry(orderstatus=words, status="modified", filledshares="10")).state is state


def test_whatever_the_book_shows_outranks_our_verdict_that_it_was_not_placed():
    states = [read_report(an_entry(orderstatus=words, status="")).state for words in ("open", "odd", "", "rejected")]

    assert all(RANK[state] > RANK[OrderState.NOT_PLACED] for state in states)


def test_orderstatus_decides_and_status_is_the_fallback():
    assert read_report(an_entry(status="modified", orderstatus="trigger pending", **STOP)).state is OrderState.ACCEPTED
    assert read_report(an_entry(status="rejected", orderstatus="")).state is OrderState.REJECTED


def test_an_open_stop_has_been_triggered_but_not_a_waiting_or_a_parked_one():
    waiting = an_entry(**STOP, orderstatus="trigger pending")
    parked = an_entry(**{**STOP, "variety": "AMO"})

    assert read_report(an_entry(**STOP)).state is OrderState.TRIGGERED
    assert read_report(waiting).state is OrderState.ACCEPTED
    assert read_report(parked).state is OrderState.ACCEPTED


def test_complete_is_not_believed_before_the_fills_are_told():
    assert read_report(an_entry(orderstatus="complete", filledshares="9")).state is OrderState.ACCEPTED


@pytest.mark.parametrize("value", ["- 2235.80", "-2235.80", -2235.8, "-2,235.80"])
def test_numbers_are_read_in_every_form_the_broker_writes(value):
    assert read_report(an_entry(price=value)).price == Decimal("-2235.80")


@pytest.mark.parametrize(
    ("name", "value", "product"),
    [("producttype", "BO", Product.INTRADAY), ("producttype", "NRML", Product.CARRYFORWARD)],
)
def test_products_of_foreign_orders_are_understood(name, value, product):
    assert read_report(an_entry(**{name: value})).product is product


@pytest.mark.parametrize(
    "changes",
    [
        {"orderid": None},
        {"orderid": ["1"]},
        {"quantity": "ten"},
        {"quantity": None},
        {"quantity": "1.5"},
        {"quantity": True},
        {"filledshares": ""},
        {"filledshares": "-1"},
        {"price": "1e999999"},
        {"price": {}},
        {"exchange": "CDS"},
        {"transactiontype": "HOLD"},
        {"ordertype": "ICEBERG"},
        {"producttype": "???"},
    ],
)
def test_what_cannot_be_read_is_unreadable_and_never_guessed(changes):
    with pytest.raises(Unreadable):
        read_report(an_entry(**changes))


def a_trade(**changes):
    return {
        "orderid": ORDER,
        "fillid": "50005750",
        "fillsize": "4",
        "fillprice": "820.10",
        "filltime": "09:20:03",
    } | changes


def test_a_trade_gets_the_trading_day_as_its_date():
    fill = read_fill(a_trade(), START)

    assert (fill.broker_id, fill.fill_id, fill.quantity, fill.price) == (ORDER, "50005750", 4, Decimal("820.10"))
    assert fill.at == datetime(2026, 11, 25, 3, 50, 3, tzinfo=UTC)


def test_a_trade_read_after_midnight_belongs_to_the_day_before():
    after_midnight = datetime(2026, 11, 26, 0, 0, 5, tzinfo=IST)

    assert read_fill(a_trade(filltime="23:29:00"), after_midnight).at == datetime(2026, 11, 25, 17, 59, tzinfo=UTC)


@pytest.mark.parametrize("changes", [{"fillid": ""}, {"filltime": "25:00:00"}, {"filltime": None}, {"fillsize": "x"}])
def test_a_trade_that_cannot_be_read_is_unreadable(changes):
    with pytest.raises(Unreadable):
        read_fill(a_trade(**changes), START)


def test_a_position_keeps_the_sign_of_its_net_quantity():
    row = {"exchange": "NFO", "symboltoken": "52630", "tradingsymbol": "X", "producttype": "INTRADAY", "netqty": "-65"}

    position = read_position(row)

    assert position.instrument == InstrumentKey(Segment.NFO, "52630")
    assert position.quantity == -65
