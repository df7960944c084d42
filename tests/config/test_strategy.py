from __future__ import annotations

import json
import tomllib
from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.config.strategy import strategy_fields, strategy_from
from executor.config.strategy_file import strategies_text
from executor.domain.option import OptionType
from executor.domain.strategy import (
    ContractsAre,
    Gap,
    Level,
    LevelKind,
    LevelOf,
    Product,
    Protection,
    Rails,
    Short,
    Size,
    SizeKind,
    Strategy,
    Target,
    Trail,
)
from executor.errors import ConfigError
from tests.config.test_contracts import options, rolls

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


def percent(value):
    return Level(LevelKind.PERCENT, Decimal(value))


def test_everything_can_be_said():
    strategy = read(
        tickers=["nse:sbin", "M&M"],
        product="MIS",
        quantity=None,
        lots=2,
        capital=100000,
        contracts_are="lots",
        stop_loss="4.5",
        take_profit="2.25%",
        trail="1%",
        breakeven_after="3",
        protection="pair",
        short="intraday-cash",
        entry_ttl=30,
        max_slippage="0.3%",
        max_order_quantity=20,
        max_notional="250000.50",
        max_open=2,
        max_trades=3,
        max_daily_loss=5000,
        cooldown=600,
        enter_from="09:30",
        enter_until="14:00",
        enabled=False,
        rotation=4,
        rotation_before=3,
    )

    assert strategy.rails == Rails(
        tickers=frozenset({"NSE:SBIN", "M&M"}),
        max_quantity=100,
        max_order_quantity=20,
        max_notional=Decimal("250000.50"),
        max_open=2,
        max_trades=3,
        max_daily_loss=Decimal(5000),
        cooldown=600,
        enter_from=time(9, 30),
        enter_until=time(14, 0),
    )
    assert strategy.size == Size(SizeKind.LOTS, Decimal(2))
    assert (strategy.capital, strategy.contracts_are) == (100_000, ContractsAre.LOTS)
    assert strategy.stop_loss == Level(LevelKind.POINTS, Decimal("4.5"))
    assert strategy.take_profit == (Target(percent("2.25")),)
    assert strategy.trail == Trail(percent(1))
    assert strategy.breakeven_after == Level(LevelKind.POINTS, Decimal(3))
    assert (strategy.protection, strategy.short) == (Protection.PAIR, Short.INTRADAY_CASH)
    assert (strategy.entry_ttl, strategy.max_slippage) == (30, Decimal("0.3"))
    assert (strategy.enabled, strategy.rotation, strategy.rotation_before) == (False, 4, 3)


def test_what_is_about_nights_and_expiries_can_be_said():
    strategy = read(product="carryforward", gap="stop-again", expiry_day=True, short="write-options")

    assert (strategy.gap, strategy.expiry_day, strategy.short) == (Gap.STOP_AGAIN, True, Short.WRITE_OPTIONS)


@pytest.mark.parametrize(
    ("more", "size"),
    [
        ({"quantity": 7}, Size(SizeKind.QUANTITY, Decimal(7))),
        ({"lots": 2}, Size(SizeKind.LOTS, Decimal(2))),
        ({"notional": "25000.50"}, Size(SizeKind.NOTIONAL, Decimal("25000.5"))),
        ({"notional": 25000}, Size(SizeKind.NOTIONAL, Decimal(25000))),
        ({"percent_of_capital": "12.5%", "capital": 1e5}, Size(SizeKind.PERCENT_OF_CAPITAL, Decimal("12.5"))),
        ({"percent_of_capital": 10, "capital": 1}, Size(SizeKind.PERCENT_OF_CAPITAL, Decimal(10))),
        ({"risk": 500}, Size(SizeKind.RISK, Decimal(500))),
    ],
)
def test_an_entry_is_sized_in_one_of_five_ways(more, size):
    assert read(**{"quantity": None, **more}).size == size


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
        (
            {"tickers": "NSE:TCS NSE:ACC"},
            "tickers is 'NSE:TCS NSE:ACC'; give one or more such as SBIN or NSE:SBIN, with commas between",
        ),
        ({"tickers": ["SBIN", "NSE:SB IN"]}, "tickers is 'NSE:SB IN'; give one or more"),
        ({"tickers": 5}, "tickers is 5; give tickers as TradingView shows them"),
        ({"product": "futures"}, "product is 'futures'; give one of mis, nrml, cnc, intraday"),
        ({"quantity": None}, "no size given; give one of lots, quantity, notional, percent_of_capital, risk"),
        ({"lots": 1}, "lots and quantity given; give one"),
        ({"contracts": 1}, "contracts is no size of a strategy: a chart's contracts come with its alerts"),
        ({"notional": "1e5"}, "notional is '1e5'; give rupees above zero such as 5000"),
        ({"capital": "0"}, "capital is '0'; give rupees above zero"),
        ({"capital": True}, "capital is True; give rupees above zero"),
        ({"max_daily_loss": -1}, "max_daily_loss is -1; give rupees above zero"),
        ({"max_daily_loss": "0.001"}, "max_daily_loss is '0.001'; give rupees above zero"),
        ({"percent_of_capital": "0%"}, "percent_of_capital is '0%'; give percent above zero such as 10%"),
        ({"contracts_are": "shares"}, "contracts_are is 'shares'; give one of lots, units"),
        ({"entry_ttl": 4}, "entry_ttl is 4; give a whole number from 5 to 3600"),
        ({"entry_ttl": 3601}, "entry_ttl is 3601; give a whole number from 5 to 3600"),
        ({"cooldown": -1}, "cooldown is -1; give a whole number from 0 to 86400"),
        ({"max_open": 0}, "max_open is 0; give a whole number from 1"),
        ({"max_order_quantity": "5"}, "max_order_quantity is '5', which is no whole number"),
        ({"gap": "wait"}, "gap is 'wait'; give one of exit, stop-again"),
        ({"expiry_day": "yes"}, "expiry_day is neither true nor false"),
        ({"trail": "@790"}, "trail is '@790'; give a distance"),
        ({"quantity": 0}, "quantity is 0; give a whole number from 1"),
        ({"quantity": 1.5}, "which is no whole number"),
        ({"quantity": True}, "which is no whole number"),
        ({"max_quantity": None}, "max_quantity is missing"),
        ({"stop_loss": "0%"}, "stop_loss is '0%'; give a distance"),
        ({"stop_loss": "-1"}, "stop_loss is '-1'; give a distance"),
        ({"stop_loss": "@100"}, "stop_loss is '@100'; give a distance"),
        ({"stop_loss": "1e3"}, "stop_loss is '1e3'; give a distance"),
        ({"protection": "both"}, "protection is 'both'; give one of auto, pair, single, none"),
        ({"short": "yes"}, "short is 'yes'; give one of none, intraday-cash"),
        ({"enter_from": "9"}, "enter_from is '9'; give a time"),
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
        "roll": "nearest",
        "protection": "auto",
        "gap": "exit",
        "levels_of": "contract",
        "short": "none",
        "expiry_day": False,
        "max_trades": 20,
        "cooldown": 0,
        "enabled": True,
        "rotation": 1,
    }


def test_numbers_with_a_unit_are_written_as_text_without_needless_digits():
    fields = strategy_fields(read(quantity=None, notional="25000.50", max_slippage="0.30", max_daily_loss=5000))

    assert (fields["notional"], fields["max_slippage"], fields["max_daily_loss"]) == ("25000.5", "0.3%", "5000")


_levels = st.builds(
    Level,
    st.sampled_from([LevelKind.PERCENT, LevelKind.POINTS]),
    st.decimals(min_value="0.01", max_value="99", places=2),
)
_percents = st.decimals(min_value="0.01", max_value="99", places=2)
_rupees = st.decimals(min_value="1000", max_value="9999999", places=2)
_targets = st.lists(
    st.builds(Target, _levels, st.decimals(min_value="0.1", max_value="10", places=4)), max_size=10
).map(tuple) | st.tuples(st.builds(Target, _levels))


@st.composite
def _trails(draw):
    return Trail(draw(_levels), draw(st.none() | st.decimals(min_value="0.01", max_value="99", places=2)))


@st.composite
def _sizes(draw):
    kind = draw(st.sampled_from([kind for kind in SizeKind if kind is not SizeKind.CONTRACTS]))
    whole = kind in {SizeKind.QUANTITY, SizeKind.LOTS}
    value = st.integers(1, 200).map(Decimal) if whole else st.decimals(min_value="0.5", max_value="500", places=2)
    return Size(kind, draw(value))


@st.composite
def _rails(draw):
    return Rails(
        tickers=draw(st.frozensets(st.sampled_from(["SBIN", "NSE:M&M", "BSE:TCS"]), min_size=1)),
        max_quantity=draw(st.integers(500, 900)),
        max_order_quantity=draw(st.none() | st.integers(200, 500)),
        max_notional=draw(st.none() | _rupees.map(lambda rupees: rupees * 100)),
        max_open=draw(st.none() | st.integers(1, 9)),
        max_trades=draw(st.integers(1, 50)),
        max_daily_loss=draw(st.none() | _rupees),
        cooldown=draw(st.integers(0, 86_400)),
        enter_from=draw(st.none() | st.builds(time, st.just(9), st.integers(0, 59))),
        enter_until=draw(st.none() | st.builds(time, st.just(14), st.integers(0, 59))),
    )


@st.composite
def _strategies(draw):
    product = draw(st.sampled_from(Product))
    intraday, shares_only = product is Product.INTRADAY, product in {Product.DELIVERY, Product.MARGIN}
    rule = None if shares_only else draw(st.none() | options())
    shorts = [one for one in Short if intraday or one is not Short.INTRADAY_CASH]
    if shares_only or rule is not None:
        shorts = [Short.NONE] if shares_only or rule.type is OptionType.AUTO else [Short.NONE, Short.WRITE_OPTIONS]
    protections = [one for one in Protection if intraday or one is not Protection.PAIR]
    size = draw(_sizes())
    allotted = st.decimals(min_value="1000", max_value="9999", places=2)
    capital = allotted if size.kind is SizeKind.PERCENT_OF_CAPITAL else st.none() | allotted
    protection = draw(
        st.sampled_from([one for one in protections if one is not Protection.NONE or size.kind != "risk"])
    )
    stopped = protection is not Protection.NONE
    return Strategy(
        name="dip",
        version=draw(st.integers(1, 99)),
        account=draw(st.sampled_from(["paper", "default"])),
        product=product,
        size=size,
        rails=draw(_rails()),
        stop_loss=draw(_levels) if stopped else None,
        take_profit=draw(_targets),
        trail=draw(st.none() | _trails()) if stopped else None,
        breakeven_after=draw(st.none() | _levels) if stopped else None,
        capital=draw(capital),
        contracts_are=draw(st.none() | st.sampled_from(ContractsAre)),
        entry_ttl=draw(st.none() | st.integers(5, 3600)),
        max_slippage=draw(st.none() | _percents),
        roll=draw(rolls()),
        option=rule,
        max_spread=None if shares_only else draw(st.none() | _percents),
        disaster_stop=draw(st.none() | _percents) if rule else None,
        levels_of=draw(st.sampled_from(LevelOf)),
        gap=Gap.EXIT if intraday else draw(st.sampled_from(Gap)),
        expiry_day=False if shares_only else draw(st.booleans()),
        protection=protection,
        short=draw(st.sampled_from(shorts)),
        enabled=draw(st.booleans()),
        rotation=draw(st.integers(1, 9)),
        rotation_before=draw(st.none() | st.integers(1, 8)),
    )


@given(_strategies())
def test_every_strategy_comes_back_the_same_through_json(strategy):
    fields = json.loads(json.dumps(strategy_fields(strategy)))

    assert strategy_from(fields, name=strategy.name, version=strategy.version) == strategy


@given(_strategies())
def test_every_strategy_comes_back_the_same_through_a_file(strategy):
    fields = tomllib.loads(strategies_text([strategy]))["strategy"]["dip"]
    address = {"rotation": strategy.rotation}
    if strategy.rotation_before:
        address["rotation_before"] = strategy.rotation_before

    assert strategy_from({**fields, **address}, name=strategy.name, version=strategy.version) == strategy
