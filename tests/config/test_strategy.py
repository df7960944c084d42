from __future__ import annotations

import json
from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.config.strategy import strategy_fields, strategy_from
from executor.domain.strategy import (
    Level,
    LevelKind,
    Product,
    Protection,
    Rails,
    Short,
    Size,
    SizeKind,
    Strategy,
)
from executor.errors import ConfigError

LEAST = {
    "account": "paper",
    "tickers": "SBIN",
    "product": "intraday",
    "quantity": 10,
    "max_quantity": 100,
    "stop_loss": "1%",
}


def read(**more):
    wanted = {key: value for key, value in {**LEAST, **more}.items() if value is not None}
    return strategy_from(wanted, name="dip", version=1)


def refused(**more):
    with pytest.raises(ConfigError) as caught:
        read(**more)
    return str(caught.value)


def test_the_least_that_is_needed_makes_a_strategy_with_the_usual_rails():
    assert read() == Strategy(
        name="dip",
        version=1,
        account="paper",
        product=Product.INTRADAY,
        size=Size(SizeKind.QUANTITY, Decimal(10)),
        rails=Rails(tickers=frozenset({"SBIN"}), max_quantity=100),
        stop_loss=Level(LevelKind.PERCENT, Decimal(1)),
    )


def test_everything_can_be_said():
    strategy = read(
        tickers=["nse:sbin", "M&M"],
        product="MIS",
        quantity=None,
        lots=2,
        stop_loss="4.5",
        take_profit="2.25%",
        protection="pair",
        short="intraday-cash",
        max_trades=3,
        enter_from="09:30",
        enter_until="14:00",
        enabled=False,
        rotation=4,
        rotation_before=3,
    )

    assert strategy.rails == Rails(frozenset({"NSE:SBIN", "M&M"}), 100, 3, time(9, 30), time(14, 0))
    assert strategy.size == Size(SizeKind.LOTS, Decimal(2))
    assert strategy.stop_loss == Level(LevelKind.POINTS, Decimal("4.5"))
    assert strategy.take_profit == Level(LevelKind.PERCENT, Decimal("2.25"))
    assert (strategy.protection, strategy.short) == (Protection.PAIR, Short.INTRADAY_CASH)
    assert (strategy.enabled, strategy.rotation, strategy.rotation_before) == (False, 4, 3)


@pytest.mark.parametrize(
    ("word", "product"),
    [
        ("mis", "INTRADAY"),
        ("CNC", "DELIVERY"),
        ("NRML", "CARRYFORWARD"),
        ("Margin", "MARGIN"),
        ("DELIVERY", "DELIVERY"),
    ],
)
def test_brokers_words_for_products_are_understood(word, product):
    assert read(product=word).product is Product(product)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"account": None}, "account is missing"),
        ({"tickers": None}, "tickers is missing; give at least one"),
        ({"tickers": " , "}, "tickers is ' , '; give one or more"),
        ({"tickers": ["SBIN", "NSE:SB IN"]}, "tickers is 'NSE:SB IN'; give one or more"),
        ({"tickers": 5}, "tickers is 5; give tickers as TradingView shows them"),
        ({"product": "futures"}, "product is 'futures'; give one of mis, nrml, cnc, intraday"),
        ({"quantity": None}, "neither quantity nor lots given"),
        ({"lots": 1}, "lots and quantity given; give one"),
        ({"quantity": 0}, "quantity is 0; give a whole number from 1"),
        ({"quantity": 1.5}, "quantity is no whole number"),
        ({"quantity": True}, "quantity is no whole number"),
        ({"max_quantity": None}, "max_quantity is missing"),
        ({"quantity": 101}, "quantity 101 is above max_quantity 100"),
        ({"stop_loss": None}, 'stop_loss is missing; give one such as 1% or 5 (points), or protection = "none"'),
        ({"stop_loss": "0%"}, "stop_loss is '0%'; give a distance"),
        ({"stop_loss": "-1"}, "stop_loss is '-1'; give a distance"),
        ({"stop_loss": "@100"}, "stop_loss is '@100'; give a distance"),
        ({"stop_loss": "1e3"}, "stop_loss is '1e3'; give a distance"),
        ({"stop_loss": "100%"}, "stop_loss is 100 percent or more"),
        ({"protection": "none"}, 'stop_loss is given, and protection is "none"'),
        ({"protection": "both"}, "protection is 'both'; give one of auto, pair, single, none"),
        ({"short": "yes"}, "short is 'yes'; give one of none, intraday-cash"),
        ({"take_profit": "2%", "product": "delivery", "protection": "pair"}, "a second sell of delivery is a short"),
        ({"short": "intraday-cash", "product": "delivery"}, "delivery never opens short"),
        ({"enter_from": "9"}, "enter_from is '9'; give a time"),
        ({"enter_from": "15:00"}, "enter_from is not before enter_until"),
        ({"enabled": "yes"}, "enabled is neither true nor false"),
        ({"stoploss": "1%"}, "stoploss is no field"),
        ({"take_profits": [1]}, "take_profits is no field"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(more, words):
    text = refused(**more)

    assert text.startswith("strategy dip: ")
    assert words in text


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "a|b", "é", "a" * 41, "a\n"])
def test_a_name_that_fits_no_address_is_refused(name):
    with pytest.raises(ConfigError, match="is no name"):
        strategy_from(LEAST, name=name, version=1)


def test_no_stop_is_possible_when_protection_is_none():
    strategy = read(stop_loss=None, protection="none")

    assert strategy.stop_loss is None
    assert strategy.protection is Protection.NONE


def test_fields_are_what_a_person_writes_and_leave_out_what_is_not_set():
    assert strategy_fields(read()) == {
        **LEAST,
        "tickers": ["SBIN"],
        "protection": "auto",
        "short": "none",
        "max_trades": 20,
        "enter_from": "09:16",
        "enter_until": "15:00",
        "enabled": True,
        "rotation": 1,
    }


_levels = st.builds(
    Level,
    st.sampled_from([LevelKind.PERCENT, LevelKind.POINTS]),
    st.decimals(min_value="0.01", max_value="99", places=2),
)


@st.composite
def _strategies(draw):
    product = draw(st.sampled_from(Product))
    protection = draw(st.sampled_from(Protection))
    pair = product is Product.INTRADAY and protection is not Protection.SINGLE
    size = draw(st.builds(Size, st.sampled_from(SizeKind), st.integers(1, 500).map(Decimal)))
    return Strategy(
        name="dip",
        version=draw(st.integers(1, 99)),
        account=draw(st.sampled_from(["paper", "default"])),
        product=product,
        size=size,
        rails=Rails(
            tickers=draw(st.frozensets(st.sampled_from(["SBIN", "NSE:M&M", "BSE:TCS"]), min_size=1)),
            max_quantity=draw(st.integers(500, 900)),
            max_trades=draw(st.integers(1, 50)),
            enter_from=time(9, draw(st.integers(0, 59))),
            enter_until=time(14, draw(st.integers(0, 59))),
        ),
        stop_loss=None if protection is Protection.NONE else draw(_levels),
        take_profit=draw(st.none() | _levels) if pair else None,
        protection=protection,
        short=Short.NONE if product is Product.DELIVERY else draw(st.sampled_from(Short)),
        enabled=draw(st.booleans()),
        rotation=draw(st.integers(1, 9)),
        rotation_before=draw(st.none() | st.integers(1, 8)),
    )


@given(_strategies())
def test_every_strategy_comes_back_the_same_through_json(strategy):
    fields = json.loads(json.dumps(strategy_fields(strategy)))

    assert strategy_from(fields, name=strategy.name, version=strategy.version) == strategy
