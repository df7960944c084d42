"""What an expiry forbids and ends, told by the exchange: late entries, delivery, orders for a dead token."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.domain.bracket import BracketState
from executor.domain.ids import Ids
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Level, LevelKind, Product, Rails, Size, SizeKind
from executor.store.store import Store
from tests.builders import a_strategy
from tests.desk.nights import NIFTY_CALL, RELIANCE_FUTURE, Make, Nights, ist, listed
from tests.house import ACCOUNT

#: A Tuesday on which NIFTY's week ends, and the last one of December, on which RELIANCE's month ends; the 25th is none.
WEEK_END, MONTH_END = date(2026, 12, 1), date(2026, 12, 29)
MONDAY, BEFORE_MONTH_END = date(2026, 11, 30), date(2026, 12, 28)
TICKERS = frozenset({"NFO:RELIANCE1!", "NFO:NIFTYCALL"})


@pytest.fixture
def make(sqlite_store: Store) -> Make:
    """A reconciled house on a day at 09:20 that trades one lot of RELIANCE's future or of a call on NIFTY."""

    def made(day: date, **settings: Any) -> Nights:
        clock = ManualClock(ist(day, "09:20"))
        rails = Rails(TICKERS, 1000, enter_until=time(15, 30))
        Nights.contracts = listed({"RELIANCE1!": MONTH_END, "NIFTYCALL": WEEK_END})
        strategy = a_strategy(
            account=ACCOUNT,
            rails=rails,
            product=Product.CARRYFORWARD,
            size=Size(SizeKind.LOTS, Decimal(1)),
            stop_loss=Level(LevelKind.PERCENT, Decimal(20)),
            take_profit=(),
            **settings,
        )
        house = Nights(sqlite_store, clock, Ids(clock.now, Random(7)), strategy=strategy)
        house.control("price", {"exchange": "NFO", "token": RELIANCE_FUTURE.token, "ltp": "1426"})
        house.control("price", {"exchange": "NFO", "token": NIFTY_CALL.token, "ltp": "128"})
        house.run(3)
        return house

    return made


def buy(house: Nights, ticker: str) -> Any:
    price = {"RELIANCE1!": "1426", "NIFTYCALL": "128"}[ticker]
    signal = house.signal("buy", exchange="NFO", ticker=ticker, price=price)
    house.run(6)
    return house.stored(signal)


def test_a_stocks_future_is_not_entered_from_three_trading_days_before_its_expiry(make: Make) -> None:
    house = make(date(2026, 12, 22))
    in_time = buy(house, "RELIANCE1!")

    house.night(date(2026, 12, 23), at="09:30")
    house.run(3)
    too_late = buy(house, "RELIANCE1!")

    assert in_time.outcome is Outcome.FILLED
    assert (too_late.outcome, too_late.code) == (Outcome.REFUSED, RefusalCode.EXPIRING)
    assert "settled by delivery: last entry 22 Dec 2026" in (too_late.reason or "")
    assert house.net() == 500


def test_a_stocks_future_is_left_a_day_before_its_expiry(make: Make) -> None:
    house = make(date(2026, 12, 22))
    buy(house, "RELIANCE1!")
    house.night(BEFORE_MONTH_END, at="15:04:58")
    house.run(1)
    held_before = house.net()

    house.run(10)

    assert (held_before, house.net(), house.working()) == (500, 0, [])
    assert "out by 28 Dec 15:05" in house.said("forced_exit")[0]
    assert "out by 28 Dec 15:05" in (house.brackets()[0].closing_reason or "")


@pytest.mark.parametrize(("allowed", "outcome"), [(False, Outcome.REFUSED), (True, Outcome.FILLED)])
def test_an_index_option_is_entered_late_on_its_last_day_only_where_that_is_allowed(
    make: Make, allowed: bool, outcome: Outcome
) -> None:
    house = make(WEEK_END, expiry_day=allowed)
    house.go(WEEK_END, "14:46")
    house.run(3)

    signal = buy(house, "NIFTYCALL")

    assert signal.outcome is outcome
    assert (signal.code is RefusalCode.EXPIRING) is not allowed


@pytest.mark.parametrize("restart", [False, True])
def test_what_is_held_at_the_expiry_is_settled_by_the_exchange_and_never_touched_again(
    make: Make, restart: bool
) -> None:
    house = make(MONDAY)
    buy(house, "NIFTYCALL")
    house.night(WEEK_END)
    house.run(5)
    stopped = house.stopped()

    house.go(WEEK_END, "15:40")
    house.run(35)
    bracket = house.brackets()[0]
    house.night(date(2026, 12, 2), restart=restart)
    house.run(60)

    assert stopped == 65
    assert (bracket.state, bracket.outside) == (BracketState.CLOSED, 65)
    assert bracket.closing_reason == "expired 01 Dec 2026, settled by the exchange"
    assert house.writes(ist(WEEK_END, "15:30")) == []
    assert (house.net(), house.said("missing"), house.said("recovered")) == (0, [], [])
    assert house.said("settled") == ["NIFTY01DEC2625000CE: expired 01 Dec 2026, settled by the exchange; 65 were held"]


def test_an_expiry_that_nobody_saw_is_found_the_next_morning(make: Make) -> None:
    house = make(MONDAY)
    buy(house, "NIFTYCALL")

    house.clock.set(ist(date(2026, 12, 2), "09:30"))
    house.start()
    house.run(60)

    assert house.brackets()[0].state is BracketState.CLOSED
    assert house.writes(ist(WEEK_END, "09:00")) == []


def test_an_exit_that_did_not_fill_before_the_expiry_says_what_became_of_it(make: Make) -> None:
    house = make(WEEK_END)
    buy(house, "NIFTYCALL")
    house.go(WEEK_END, "15:39:30")
    house.control("band", {"exchange": "NFO", "token": NIFTY_CALL.token, "low": "128", "high": "200"})
    house.run(2)

    signal = house.signal("exit", exchange="NFO", ticker="NIFTYCALL")
    house.run(70)

    ended = house.ended(signal)
    assert ended.outcome is Outcome.NOT_FILLED
    assert (ended.reason or "").endswith("expired 01 Dec 2026, settled by the exchange")
    assert house.working() == []
