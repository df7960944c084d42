"""Stops and targets that are prices of the underlying, over a disaster stop on the option. Told by the exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.option import OptionType
from executor.domain.order import Side
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Level, LevelKind, LevelOf, Short, Target, Trail
from executor.store.store import Store
from tests.desk.charts import DECEMBER, JANUARY, NIFTY, Charts, a_chain, an_option, charted, priced

Make = Callable[..., Charts]
CE, PE = an_option(24900, "CE").symbol, an_option(25200, "PE").symbol
STOP = {"price": "24800", "of": "underlying"}
TARGETS = [{"points": "100", "share": "50", "of": "underlying"}, {"percent": "1", "of": "underlying", "share": "50"}]


@pytest.fixture
def make(sqlite_store: Store, clock: ManualClock, ids: Ids) -> Make:
    """A reconciled house at 09:20 with NIFTY at 24910."""

    def made(**settings: object) -> Charts:
        return priced(Charts(sqlite_store, clock, ids, strategy=charted(**settings)))

    return made


def trigger(house: Charts) -> str:
    (stop,) = house.working(type="STOPLOSS_LIMIT")
    return str(stop["trigger"])


def test_a_stop_of_the_underlying_leaves_when_its_price_trades_there(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)
    house.at(24801)
    house.run(4)
    before = house.trades()

    house.at(24799, ce24900=150)
    house.run(6)

    assert before == [("BUY", CE, 65)]
    assert house.trades() == [("BUY", CE, 65), ("SELL", CE, 65)]
    assert house.working() == []
    assert house.said("underlying_stop") == [f"{CE}: Nifty 50 at 24799.0 reached its stop 24800.00; 65 held leave"]


def test_levels_are_of_what_the_chart_shows_also_where_the_options_are_of_the_next_future(make: Make) -> None:
    house = make()
    house.means, house.beside = replace(a_chain(), underlying=JANUARY), DECEMBER
    house.control("price", {"exchange": "NFO", "token": JANUARY.key.token, "ltp": "25120"})

    house.alert("buy", ticker="NIFTY1!", price="24990", stop_loss={"percent": "1", "of": "underlying"})

    (bracket,) = house.brackets()
    assert bracket.symbol == an_option(25100, "CE").symbol  # by the price of what the options are of, which was asked
    assert bracket.underlying is not None
    assert (bracket.underlying.instrument, bracket.underlying.stop) == (DECEMBER.key, Decimal("24740.10"))


def test_a_disaster_stop_of_35_percent_of_the_premium_rests_meanwhile(make: Make) -> None:
    house = make()

    signal = house.alert("buy", price="24910", stop_loss=STOP)

    assert (trigger(house), house.stopped()) == ("123.50", 65)
    assert "it leaves when Nifty 50 trades at 24800.00, a disaster stop rests at" in (house.ended(signal).plan or "")


def test_the_disaster_stop_is_the_strategys_own_and_never_wider_than_its_stop(make: Make) -> None:
    house = make(disaster_stop=Decimal(20), option=a_chain().rule)
    house.alert("buy", price="24910", stop_loss=STOP)
    wide = trigger(house)
    house.alert("exit")
    house.strategy = replace(house.strategy, stop_loss=Level(LevelKind.PERCENT, Decimal(10)))

    house.alert("buy", price="24910", stop_loss=STOP)

    assert (wide, trigger(house)) == ("152.00", "171.00")


def test_of_an_option_that_is_written_it_rests_60_percent_above(make: Make) -> None:
    house = make(short=Short.WRITE_OPTIONS, stop_loss=Level(LevelKind.PERCENT, Decimal(90)))
    house.means = a_chain(kind=OptionType.CE)

    house.alert("sell", price="24910", stop_loss={"price": "25000", "of": "underlying"})
    written = trigger(house)
    house.at(25001)
    house.run(6)

    assert written == "304.00"
    assert house.trades() == [("SELL", CE, 65), ("BUY", CE, 65)]


def test_the_stop_of_a_put_lies_above_the_underlying(make: Make) -> None:
    house = make()
    house.alert("sell", price="25190", stop_loss={"points": "50", "of": "underlying"})
    house.at(25230)
    house.run(4)
    held = house.trades()

    house.at(25241)
    house.run(6)

    assert held == [("BUY", PE, 65)]
    assert house.trades() == [("BUY", PE, 65), ("SELL", PE, 65)]


def test_a_put_that_is_bought_by_a_rule_for_puts_is_stopped_above_too(make: Make) -> None:
    house = make()
    house.means = a_chain(kind=OptionType.PE)

    wrong = house.alert("buy", price="25190", stop_loss={"price": "25100", "of": "underlying"})
    house.alert("buy", price="25190", stop_loss={"price": "25290", "of": "underlying"})
    house.at(25291)
    house.run(6)

    assert house.ended(wrong).code is RefusalCode.STOP_WRONG_SIDE
    assert house.trades() == [("BUY", PE, 65), ("SELL", PE, 65)]


def test_targets_of_the_underlying_leave_by_their_shares(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", size={"lots": "2"}, stop_loss=STOP, take_profit=TARGETS)
    house.at(25011)
    house.run(6)
    half = (house.trades(), house.stopped())

    house.at(25160)
    house.run(6)

    assert half == ([("BUY", CE, 130), ("SELL", CE, 65)], 65)
    assert house.trades() == [("BUY", CE, 130), ("SELL", CE, 65), ("SELL", CE, 65)]
    assert house.working() == []


def test_a_strategy_may_say_that_all_its_levels_are_of_the_underlying(make: Make) -> None:
    one = Level(LevelKind.PERCENT, Decimal(1))
    house = make(levels_of=LevelOf.UNDERLYING, stop_loss=one, take_profit=(Target(one),))
    house.alert("buy", price="24910")
    rests = trigger(house)

    house.at(25160)
    house.run(6)

    assert rests == "123.50"
    assert house.trades() == [("BUY", CE, 65), ("SELL", CE, 65)]


def test_the_underlying_is_watched_after_a_restart(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)
    house.start()
    house.run(3)

    house.at(24700)
    house.run(6)

    assert house.trades() == [("BUY", CE, 65), ("SELL", CE, 65)]


def test_its_price_is_read_every_second_or_so_and_no_faster(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)
    before = len(house.requests("getLtpData"))

    house.run(20)

    assert 15 <= len(house.requests("getLtpData")) - before <= 21


def test_a_price_that_does_not_come_for_ten_seconds_is_told_once_and_the_disaster_stop_stands(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)
    house.fault("getLtpData", "status", status=502, body="no", times=200)

    house.run(40)

    assert len(house.said("underlying_unknown")) == 1
    assert (house.stopped(), trigger(house)) == (65, "123.50")


@pytest.mark.parametrize(
    "fields",
    [
        {"stop_loss": {"price": "24800"}},
        {"stop_loss": {"points": "100"}},
        {"take_profit": [{"price": "25100"}]},
        {"stop_loss": {"percent": "10", "trail": {"points": "20"}}},
    ],
)
def test_a_price_or_points_of_which_nobody_says_whose_they_are_are_refused(
    make: Make, fields: dict[str, object]
) -> None:
    house = make()

    signal = house.alert("buy", price="24910", **fields)

    assert house.ended(signal).code is RefusalCode.CHART_NOT_TRADED
    assert house.orders() == []


def test_percent_without_of_and_points_of_the_contract_are_of_the_premium(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss={"percent": "10"})
    ten = trigger(house)
    house.alert("exit")

    house.alert("buy", price="24910", stop_loss={"points": "30", "of": "contract"})

    assert (ten, trigger(house)) == ("171.00", "160.00")


def test_a_trail_of_the_underlying_is_refused(make: Make) -> None:
    house = make()

    signal = house.alert("buy", price="24910", stop_loss={**STOP, "trail": {"percent": "1"}})

    assert house.ended(signal).code is RefusalCode.UNSUPPORTED


def test_a_modify_moves_the_stop_of_the_underlying_nearer_and_never_away(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)

    away = house.alert("modify", stop_loss={"price": "24700", "of": "underlying"})
    nearer = house.alert("modify", stop_loss={"price": "24850", "of": "underlying"})
    house.at(24849)
    house.run(6)

    assert house.ended(away).code is RefusalCode.STOP_LOOSER
    assert house.ended(nearer).outcome is Outcome.FILLED
    assert house.trades() == [("BUY", CE, 65), ("SELL", CE, 65)]


def test_a_modify_gives_a_position_targets_of_the_underlying(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910")

    unclear = house.alert("modify", take_profit=[{"price": "25000"}])
    house.alert("modify", take_profit=[{"price": "25000", "of": "underlying"}])
    house.at(25001)
    house.run(6)

    assert house.ended(unclear).code is RefusalCode.CHART_NOT_TRADED
    assert house.trades() == [("BUY", CE, 65), ("SELL", CE, 65)]


def test_a_future_traded_from_the_index_chart_is_priced_and_protected_by_itself(make: Make) -> None:
    house = make(stop_loss=Level(LevelKind.PERCENT, Decimal(8)))
    house.means, house.beside = DECEMBER, NIFTY
    house.control("price", {"exchange": "NFO", "token": DECEMBER.key.token, "ltp": "25000"})

    house.alert("buy", price="24910", stop_loss=STOP)
    (entry,) = house.orders(side="BUY")
    rests = trigger(house)
    house.at(24790)
    house.run(6)

    assert Decimal(entry["price"]) > 25000
    assert rests == "23750.00"
    assert house.trades() == [("BUY", DECEMBER.symbol, 65), ("SELL", DECEMBER.symbol, 65)]


def test_an_add_keeps_the_nearer_stop_of_the_underlying(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)
    house.alert("buy", price="24910", stop_loss={"price": "24700", "of": "underlying"})
    house.alert("buy", price="24910", stop_loss={"price": "24880", "of": "underlying"})

    (bracket,) = house.brackets()

    assert bracket.underlying is not None
    assert (bracket.underlying.stop, bracket.underlying.side) == (Decimal("24880.00"), Side.BUY)


def test_a_size_by_risk_counts_with_the_disaster_stop(make: Make) -> None:
    house = make()

    house.alert("buy", price="24910", stop_loss=STOP, size={"risk": "10000"})

    assert house.trades() == [("BUY", CE, 130)]


def test_the_strategys_trail_of_the_contract_goes_on_beside_a_stop_of_the_underlying(make: Make) -> None:
    house = make(trail=Trail(Level(LevelKind.PERCENT, Decimal(30))))
    house.alert("buy", price="24910", stop_loss=STOP)

    house.at(ce24900=300)
    house.run(8)

    assert Decimal(trigger(house)) >= Decimal(205)


def test_the_price_feed_is_asked_for_the_underlying_beside_the_contract(make: Make) -> None:
    house = make()

    house.alert("buy", price="24910", stop_loss=STOP)

    assert house.book.evidence.watching == {NIFTY.key, an_option(24900, "CE").key}


def test_kill_everything_ends_the_watch_of_the_underlying_with_the_stop(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)
    house.command("kill", everything=True)
    house.run(3)
    rests = house.working()
    house.command("resume")

    house.at(24700)
    house.run(6)

    assert rests == []
    assert house.trades() == [("BUY", CE, 65)]


def test_a_kill_lets_nothing_leave_at_the_stop_of_the_underlying_but_the_disaster_stop_stands(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)
    house.command("kill")

    house.at(24700)
    house.run(6)
    killed = (house.trades(), house.stopped())
    house.command("resume")
    house.run(6)

    assert killed == ([("BUY", CE, 65)], 65)
    assert house.trades() == [("BUY", CE, 65), ("SELL", CE, 65)]


def test_slow_reads_of_the_underlying_still_find_that_it_traded_through_its_stop(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)
    house.latency = lambda: 4.0

    house.at(24700)
    house.run(30)

    assert [row[0] for row in house.trades()] == ["BUY", "SELL"]


def test_a_price_from_before_the_position_opened_is_none_of_its_levels(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)
    house.at(24830)
    house.run(3)
    house.alert("exit")
    house.at(24910)

    house.alert("buy", price="24910", stop_loss={"price": "24850", "of": "underlying"})

    assert [row[0] for row in house.trades()] == ["BUY", "SELL", "BUY"]


def test_targets_of_the_future_that_the_chart_rolled_to_are_watched(make: Make) -> None:
    house = make(stop_loss=Level(LevelKind.PERCENT, Decimal(8)))
    house.means = DECEMBER
    house.control("price", {"exchange": "NFO", "token": DECEMBER.key.token, "ltp": "25000"})
    house.control("price", {"exchange": "NFO", "token": JANUARY.key.token, "ltp": "25100"})
    house.alert("buy", price="25000", ticker="NIFTY1!")
    house.means = JANUARY

    modify = house.alert("modify", ticker="NIFTY1!", take_profit=[{"price": "25200", "of": "underlying"}])
    house.control("price", {"exchange": "NFO", "token": JANUARY.key.token, "ltp": "25210"})
    house.run(6)

    assert house.ended(modify).outcome is Outcome.FILLED
    assert house.trades() == [("BUY", DECEMBER.symbol, 65), ("SELL", DECEMBER.symbol, 65)]
