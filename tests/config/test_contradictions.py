"""Settings that cannot be meant together, each with what may stay."""

from __future__ import annotations

import pytest

from executor.config.strategy import strategy_from
from executor.errors import ConfigError

FIELDS = {
    "account": "paper",
    "tickers": "SBIN",
    "product": "intraday",
    "quantity": 10,
    "max_quantity": 100,
    "stop_loss": "1%",
}


def read(**more):
    wanted = {key: value for key, value in {**FIELDS, **more}.items() if value is not None}
    return strategy_from(wanted, name="dip", version=1)


def unstopped(**more):
    return {"stop_loss": None, "protection": "none", **more}


def sized(**more):
    return {"quantity": None, **more}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"stop_loss": None}, 'stop_loss is missing; give one such as 1% or 5 (points), or protection = "none"'),
        ({"protection": "none"}, 'stop_loss is given, and protection is "none"; remove one of them'),
        ({"stop_loss": "100%"}, "stop_loss is 100 percent or more"),
        (unstopped(trail="1%"), "trail moves a stop, and there is no stop_loss"),
        (unstopped(breakeven_after="1%"), "breakeven_after moves a stop, and there is no stop_loss"),
        ({"trail": "100%"}, "trail is 100 percent or more"),
        ({"take_profit": ["1%:60", "2%:50"]}, "the shares of take_profit add up to 110 percent; give no more than 100"),
        ({"take_profit": ["1%", "2%"]}, "the shares of take_profit add up to 200 percent"),
        ({"product": "delivery", "protection": "pair"}, "pair, but a second sell of delivery is a short; use auto"),
        ({"product": "margin", "protection": "pair"}, "pair, but a second sell of margin is margined as a short"),
        ({"product": "NRML", "protection": "pair"}, "a second sell of carryforward is margined as a short; use auto"),
        ({"short": "intraday-cash", "product": "delivery"}, "delivery never opens short"),
        ({"short": "futures", "product": "delivery"}, "short is futures, but delivery never opens short"),
        ({"short": "write-options", "product": "delivery"}, "short is write-options, but delivery never opens short"),
        ({"short": "intraday-cash", "product": "NRML"}, "short is intraday-cash, but product is carryforward"),
        ({"short": "futures", "product": "margin"}, "short is futures, but margin holds shares only"),
        ({"expiry_day": True, "product": "delivery"}, "expiry_day is about options, and delivery holds shares only"),
        ({"gap": "stop-again"}, "gap is about positions carried over night, and intraday carries none"),
        ({"quantity": 101}, "quantity 101 is above max_quantity 100; every entry would be refused"),
        (sized(lots=101), "lots 101 is above max_quantity 100"),
        ({"max_order_quantity": 9}, "quantity 10 is above max_order_quantity 9"),
        ({"max_order_quantity": 101}, "max_order_quantity 101 is above max_quantity 100; give less"),
        (sized(percent_of_capital="10%"), "percent_of_capital 10 needs capital; give the rupees"),
        (sized(risk=500, **unstopped()), "risk 500 needs a stop_loss"),
        (
            sized(risk=500, max_daily_loss=400),
            "risk 500 is above max_daily_loss 400: the first stop would pass it",
        ),
        (sized(notional=5001, max_notional=5000), "notional 5001 is 5001 rupees, above max_notional 5000"),
        (
            sized(percent_of_capital=10, capital=60000, max_notional=5000),
            "percent_of_capital 10 is 6000 rupees, above max_notional 5000",
        ),
        (
            {"tickers": "NIFTY1!,SBIN", "roll": "refuse"},
            "roll is refuse, and NIFTY1! is a continuous future; name dated ones such as NIFTYX2026, or let it roll",
        ),
        (
            {"tickers": "NSE:SBIN2!", "product": "delivery"},
            "NSE:SBIN2! is a future, and delivery holds shares only; trade carryforward or intraday",
        ),
        (
            {"option": "auto ATM nearest", "product": "delivery"},
            "option is given, and delivery holds shares only; trade carryforward or intraday",
        ),
        (
            {"option": "auto ATM nearest", "short": "write-options"},
            "option is auto, which only buys, and short is write-options; give CE or PE as its type, or remove short",
        ),
        (
            {"option": "CE ATM nearest", "short": "futures"},
            "option is given, and short is futures, but options are traded; remove short, or use write-options",
        ),
        (
            {"disaster_stop": "35%"},
            "disaster_stop stands behind stops on an underlying, and there is no option rule; give one or remove it",
        ),
        (
            {"option": "CE ATM nearest", "disaster_stop": "100%"},
            "disaster_stop is 100 percent or more, so it could never be reached; give less, such as 35%",
        ),
        ({"max_spread": "100%"}, "max_spread is 100 percent or more; give less, such as 3%"),
        (
            {"max_spread": "3%", "product": "margin"},
            "max_spread is about options, and margin holds shares only; remove it",
        ),
        ({"max_slippage": "100%"}, "max_slippage is 100 percent or more"),
        ({"enter_from": "15:00", "enter_until": "14:00"}, "enter_from is not before enter_until"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_way_out(more, words):
    with pytest.raises(ConfigError) as caught:
        read(**more)

    assert str(caught.value).startswith("strategy dip: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [
        {"trail": "100", "stop_loss": "150"},
        {"take_profit": ["1%:50", "2%:50"]},
        {"take_profit": "120%"},
        unstopped(take_profit="2%"),
        {"product": "delivery", "protection": "single", "take_profit": "2%"},
        {"product": "NRML", "short": "write-options", "expiry_day": True, "gap": "stop-again"},
        {"short": "futures"},
        {"tickers": "NIFTYX2026", "roll": "refuse"},
        {"tickers": "NIFTY1!", "roll": "2 days at 15:00"},
        {"option": "PE ATM nearest", "short": "write-options", "disaster_stop": "150%", "max_spread": "3%"},
        {"levels_of": "underlying", "disaster_stop": "35%"},
        {"max_order_quantity": 10},
        {"max_order_quantity": 100, "quantity": 100},
        sized(lots=100),
        sized(percent_of_capital=10, capital=50000, max_notional=5000),
        sized(notional=5000, max_notional=5000),
        sized(risk=500, max_daily_loss=500),
        sized(notional=500, **unstopped()),
    ],
)
def test_what_can_be_meant_passes(more):
    assert read(**more).name == "dip"
