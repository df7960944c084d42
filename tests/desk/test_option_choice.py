"""From NIFTY's chart with an option rule: what is bought and sold, told by the exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.option import OptionType
from executor.domain.order import Side
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Short
from executor.store.store import Store
from tests.desk.charts import DECEMBER, JANUARY, Charts, a_chain, an_option, charted

Make = Callable[..., Charts]


@pytest.fixture
def make(sqlite_store: Store, clock: ManualClock, ids: Ids) -> Make:
    """A reconciled house at 09:20 with NIFTY at 24910 and its options at prices of their own."""

    def made(**settings: object) -> Charts:
        house = Charts(sqlite_store, clock, ids, strategy=charted(**settings))
        house.at(24910, ce24900=190, pe24900=62, ce25000=128, pe25000=96)
        house.at(ce25100=79, pe25100=148, ce25200=44, pe25200=212)
        house.run(3)
        return house

    return made


CE, PE = an_option(24900, "CE").symbol, an_option(25200, "PE").symbol


def test_long_short_exit_with_the_spot_three_strikes_away_trades_call_and_put_and_nothing_else(make: Make) -> None:
    house = make()
    bought = house.alert("buy", price="24910")
    house.at(25190, ce24900=330)

    turned = house.alert("reverse", price="25190")
    house.at(24915, pe25200=300)
    left = house.alert("exit", price="24915")

    assert house.trades() == [("BUY", CE, 65), ("SELL", CE, 65), ("BUY", PE, 65), ("SELL", PE, 65)]
    assert [house.ended(one).outcome for one in (bought, turned, left)] == [Outcome.FILLED] * 3
    assert house.working() == []


def test_the_same_by_the_position_of_a_chart_that_is_long_short_and_flat(make: Make) -> None:
    house = make()
    sizes = [("flat", "0"), ("long", "1"), ("short", "1"), ("flat", "0")]
    actions = ("buy", "sell", "buy")

    for action, (prev, before), (now, after) in zip(actions, sizes, sizes[1:], strict=False):
        position = {"prev": prev, "prev_size": before, "now": now, "now_size": after}
        house.alert(action, position=position)
        house.at(25190)

    assert house.trades() == [("BUY", CE, 65), ("SELL", CE, 65), ("BUY", PE, 65), ("SELL", PE, 65)]


def test_a_sell_with_nothing_held_buys_a_put_without_leave_to_short(make: Make) -> None:
    house = make(short=Short.NONE)

    signal = house.alert("sell", price="25190")

    assert house.trades() == [("BUY", PE, 65)]
    assert house.ended(signal).outcome is Outcome.FILLED
    (bracket,) = house.brackets()
    assert (bracket.side, bracket.chart) == (Side.BUY, Side.SELL)


def test_a_buy_reduces_the_put_that_is_held_and_opens_no_call(make: Make) -> None:
    house = make()
    house.alert("sell", price="25190", size={"lots": "2"})

    house.alert("buy", price="25190", size={"lots": "1"})

    assert house.trades() == [("BUY", PE, 130), ("SELL", PE, 65)]
    assert house.stopped() == 65


def test_a_larger_sell_turns_the_call_over_into_a_put(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910")

    house.alert("sell", price="25190", size={"lots": "3"})

    assert house.trades() == [("BUY", CE, 65), ("SELL", CE, 65), ("BUY", PE, 130)]


def test_an_exit_of_the_long_side_leaves_a_put_alone(make: Make) -> None:
    house = make()
    house.alert("sell", price="25190")

    other = house.alert("exit", side="long")
    own = house.alert("exit", side="short")

    assert house.ended(other).outcome is Outcome.NOTHING_TO_DO
    assert house.ended(own).outcome is Outcome.FILLED
    assert house.trades() == [("BUY", PE, 65), ("SELL", PE, 65)]


def test_an_add_goes_to_the_option_that_is_held_wherever_the_spot_is(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910")
    house.at(25190)

    added = house.alert("buy", price="25190")

    assert house.trades() == [("BUY", CE, 65), ("BUY", CE, 65)]
    assert house.stopped() == 130
    assert CE in (house.ended(added).plan or "")


def test_an_add_and_an_exit_need_no_contract_of_their_own(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910")
    house.means = Refusal(RefusalCode.NO_OPTIONS, "test")

    house.alert("buy")
    house.alert("exit")

    assert house.trades() == [("BUY", CE, 65), ("BUY", CE, 65), ("SELL", CE, 130)]


def test_after_a_restart_the_put_that_is_held_is_still_the_charts_short(make: Make) -> None:
    house = make()
    house.alert("sell", price="25190")
    house.start()
    house.run(3)

    house.alert("reverse", price="24910")

    assert house.trades() == [("BUY", PE, 65), ("SELL", PE, 65), ("BUY", CE, 65)]


def test_over_a_roll_exit_and_add_go_to_the_future_held_and_a_new_entry_to_the_next(make: Make) -> None:
    house = make(short=Short.FUTURES)
    house.means = DECEMBER
    house.alert("buy", ticker="NIFTY1!")
    house.means = JANUARY

    house.alert("buy", ticker="NIFTY1!")
    house.alert("reverse", ticker="NIFTY1!")
    house.alert("exit", ticker="NIFTY1!")

    near, far = DECEMBER.symbol, JANUARY.symbol
    assert house.trades() == [
        ("BUY", near, 65), ("BUY", near, 65), ("SELL", near, 130), ("SELL", far, 65), ("BUY", far, 65),
    ]  # fmt: skip


def test_the_alerts_price_of_the_next_future_is_not_taken_for_that_of_the_one_held(make: Make) -> None:
    house = make()
    house.means = DECEMBER
    house.alert("buy", ticker="NIFTY1!")
    house.means = JANUARY

    house.alert("exit", ticker="NIFTY1!", price="9000")

    (left,) = house.orders(side="SELL", type="LIMIT") or house.orders(side="SELL")
    assert Decimal(left["price"]) > 20000


def test_an_option_of_a_fixed_right_is_bought_by_buy_and_written_by_sell_only_with_leave(make: Make) -> None:
    house = make(short=Short.NONE)
    house.means = a_chain(kind=OptionType.PE)
    refused = house.alert(
        "sell", price="25190", position={"prev": "flat", "prev_size": "0", "now": "short", "now_size": "1"}
    )
    house.strategy = replace(house.strategy, short=Short.WRITE_OPTIONS)

    house.alert("sell", price="25190")

    assert house.ended(refused).code is RefusalCode.SHORT_NOT_ALLOWED
    assert house.trades() == [("SELL", PE, 65)]


def test_the_signal_tells_what_was_chosen_and_why(make: Make) -> None:
    house = make()

    signal = house.alert("buy", price="24910")

    assert (house.ended(signal).plan or "").startswith(
        f"NIFTY 24910 → ATM 24900 CE of 01 Dec 2026 ({CE}); asked 1 lots"
    )


def test_without_a_price_in_the_alert_the_index_is_quoted(make: Make) -> None:
    house = make()

    house.alert("buy")

    assert house.trades() == [("BUY", CE, 65)]
    asked = [row["body"]["symboltoken"] for row in house.requests("getLtpData")]
    assert "99926000" in asked


def test_the_premium_of_the_alert_is_never_the_limit_of_the_option(make: Make) -> None:
    house = make()

    house.alert("buy", price="24910")

    (entry,) = house.orders(side="BUY")
    assert Decimal("190") <= Decimal(entry["price"]) <= Decimal("196")


def test_a_strike_by_premium_is_the_nearest_of_those_quoted(make: Make) -> None:
    house = make()
    house.means = a_chain("PREMIUM85")

    signal = house.alert("buy", price="24910")

    assert house.trades() == [("BUY", an_option(25100, "CE").symbol, 65)]
    assert "at 79" in (house.ended(signal).plan or "")
    (asked,) = [row["body"] for row in house.requests("quote")]
    assert sorted(asked["exchangeTokens"]["NFO"]) == ["44000", "44001", "44002", "44003"]


def test_a_strike_that_is_not_listed_is_refused_with_the_nearest(make: Make) -> None:
    house = make()
    house.means = a_chain("26000")

    signal = house.alert("buy", price="24910")

    assert house.ended(signal).code is RefusalCode.NOT_LISTED
    assert "nearest is 25200" in (house.ended(signal).reason or "")
    assert house.orders() == []


def test_a_limit_of_the_chart_is_no_limit_of_the_option(make: Make) -> None:
    house = make()

    signal = house.alert("buy", price="24910", order={"type": "limit", "limit": "24900"})

    assert house.ended(signal).code is RefusalCode.CHART_NOT_TRADED
    assert house.orders() == []


# -- spreads -------------------------------------------------------------------------------------------------------


def test_an_option_whose_bid_and_ask_are_too_far_apart_is_refused_with_the_numbers(make: Make) -> None:
    house = make(max_spread=Decimal(5))
    house.control("spread", {"exchange": "NFO", "token": "44000", "bid": "180", "ask": "200"})

    signal = house.alert("buy", price="24910")

    assert house.ended(signal).code is RefusalCode.SPREAD_TOO_WIDE
    assert "bid 180.0, ask 200.0, 10.5 % apart, allowed 5 %" in (house.ended(signal).reason or "")
    assert house.orders() == []


def test_an_option_within_its_spread_is_entered_after_one_read_of_quotes(make: Make) -> None:
    house = make(max_spread=Decimal(5))

    house.alert("buy", price="24910")

    assert house.trades() == [("BUY", CE, 65)]
    assert len(house.requests("quote")) == 1


def test_where_no_price_comes_nothing_is_entered_and_the_signal_names_what_has_none(make: Make) -> None:
    house = make()
    house.fault("getLtpData", "status", times=500, status=500, body="no")

    signal = house.alert("buy", price="24910")
    house.run(60)

    assert house.orders() == []
    assert (house.ended(signal).outcome, house.ended(signal).code) == (Outcome.EXPIRED, RefusalCode.NO_PRICE)
    assert "none of Nifty 50" in (house.ended(signal).reason or "")
