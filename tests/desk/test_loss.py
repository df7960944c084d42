"""The loss limit of a day: what it halts and leaves, what it does not, and what a restart remembers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from executor.domain.bracket import BracketState
from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.domain.record import HaltKind
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import AccountRails, Product, Protection, Rails, Size, SizeKind
from tests.desk.nights import WEDNESDAY, Make, Nights
from tests.desk.test_rails import set_account, set_rails
from tests.house import ACCOUNT, House


def limited(house: House, rupees: int = 40, **changes: Any) -> None:
    """The strategy may lose so many rupees a day; a long of 10 from 800 reaches 40 at 796, above its stop at 792."""
    house.strategy = replace(house.strategy, **changes)
    set_rails(house, max_daily_loss=Decimal(rupees))


def halts(house: House) -> list[tuple[str, HaltKind]]:
    return [(halt.scope, halt.kind) for halt in house.store.recovery.new_work(ACCOUNT).halts]


def test_the_limit_of_a_strategy_turns_the_stop_into_the_exit_and_halts(house: House) -> None:
    limited(house, protection=Protection.SINGLE)
    house.long()
    (stop,) = house.working(type="STOPLOSS_LIMIT")

    house.price("796")
    house.run(6)

    assert (house.net(), house.working()) == (0, [])
    assert [row["orderid"] for row in house.orders(side="SELL")] == [stop["orderid"]]
    assert halts(house) == [("strategy:trend", HaltKind.LOSS)]
    refused = house.signal("buy", price="796")
    house.run(2)
    assert house.ended(refused).code is RefusalCode.LOSS_LIMIT
    assert "lost 40.00 rupees today, allowed 40" in (house.ended(refused).reason or "")


def test_under_pair_no_third_order_leaves(house: House) -> None:
    limited(house)
    house.long()

    house.price("796")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert len(house.orders(side="SELL")) == 2


def test_a_loss_below_the_limit_halts_nothing(house: House) -> None:
    limited(house)
    house.long()

    house.price("796.05")
    house.run(8)

    assert (house.net(), house.stopped(), halts(house)) == (10, 10, [])


def test_what_left_today_counts_with_what_is_held(house: House) -> None:
    limited(house, 100)
    house.long()
    house.price("791.50")  # its stop costs 85
    house.run(5)
    house.price("800")
    house.run(1)
    house.long()

    house.price("798")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert halts(house) == [("strategy:trend", HaltKind.LOSS)]


def test_the_limit_of_the_account_leaves_every_position_of_it(house: House) -> None:
    set_account(house, max_daily_loss=Decimal(80))
    house.long()
    house.long(trade="second")
    assert house.net() == 20

    house.price("796")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert halts(house) == [(f"account:{ACCOUNT}", HaltKind.LOSS)]


def test_an_entry_that_works_is_cancelled_and_what_it_fills_leaves(house: House) -> None:
    limited(house, entry_ttl=600)
    house.long()
    house.price("803")
    house.signal("buy", price="800", trade="second")
    house.run(1)
    (entry,) = house.working(side="BUY")
    house.fill(entry, 4, price="802.40")

    house.store.people.change_rails(
        ACCOUNT, lambda _: AccountRails(max_daily_loss=Decimal(1)), by="test", at=house.clock.now()
    )
    house.price("799.80")
    house.run(10)

    assert (house.net(), house.working()) == (0, [])
    assert halts(house) == [(f"account:{ACCOUNT}", HaltKind.LOSS)]


def test_exits_pass_the_halt_and_say_so(house: House) -> None:
    limited(house)
    house.long()
    house.fault("getLtpData", "refuse", times=1000, code="AB1004", message="Something went wrong")
    house.run(12)

    leaving = house.signal("exit", price="800")
    house.run(8)

    assert house.net() == 0
    assert "passes: A price is missing" in (house.ended(leaving).plan or "")


def test_an_unknown_price_halts_entries_flattens_nothing_and_ends_by_itself(house: House) -> None:
    limited(house)
    house.long()
    house.fault("getLtpData", "refuse", times=8, code="AB1004", message="Something went wrong")
    house.run(13)
    before = len(house.orders())

    refused = house.signal("buy", price="800")
    house.run(2)

    assert house.ended(refused).code is RefusalCode.PROFIT_UNKNOWN
    assert (house.net(), house.stopped(), halts(house), len(house.orders())) == (10, 10, [], before)
    assert len(house.said("profit_unknown")) == 1
    house.run(10)
    taken = house.signal("buy", price="800")
    house.run(6)
    assert house.ended(taken).outcome is Outcome.FILLED
    assert len(house.said("profit_known")) == 1


def test_prices_of_what_is_held_under_a_limit_are_asked_for_every_two_seconds(house: House) -> None:
    limited(house)
    house.long()
    house.run(5)
    asked = len(house.requests("getLtpData"))

    house.run(60)

    assert 25 <= len(house.requests("getLtpData")) - asked <= 30


def test_prices_are_not_asked_for_without_a_limit(house: House) -> None:
    house.long()
    house.run(5)
    asked = len(house.requests("getLtpData"))

    house.run(20)

    assert len(house.requests("getLtpData")) == asked


def test_after_resume_as_much_again_may_be_lost_also_over_a_restart(house: House) -> None:
    limited(house)
    house.long()
    house.price("796")
    house.run(6)
    house.command("resume", "strategy:trend")
    house.price("800")
    house.run(1)
    signal = house.long()
    assert house.ended(signal).outcome is Outcome.FILLED
    house.start()
    house.run(5)
    assert (house.net(), halts(house)) == (10, [])

    house.price("795.50")  # 40 of before and 45
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert halts(house) == [("strategy:trend", HaltKind.LOSS)]


def test_a_restart_in_the_middle_goes_on_leaving(house: House) -> None:
    limited(house)
    house.long()
    house.fault("modifyOrder", "drop", times=1)
    house.price("796")
    house.run(1)
    assert house.net() == 10

    house.start()
    house.run(12)

    assert (house.net(), house.working()) == (0, [])
    assert [bracket.state for bracket in house.brackets()] == [BracketState.CLOSED]


def test_under_a_kill_nothing_leaves_until_it_ends(house: House) -> None:
    limited(house)
    house.long()
    house.command("kill", "strategy:trend")

    house.price("796")
    house.run(6)

    assert (house.net(), house.stopped()) == (10, 10)
    house.command("resume", "strategy:trend")
    house.run(6)
    assert (house.net(), house.working()) == (0, [])
    assert halts(house) == [("strategy:trend", HaltKind.LOSS)]


@pytest.mark.parametrize("protection", [Protection.PAIR, Protection.SINGLE])
def test_in_a_circuit_the_exit_rests_at_its_price_with_one_alarm(house: House, protection: Protection) -> None:
    limited(house, protection=protection)
    house.long()
    house.price("796")
    house.control("band", {"exchange": "NSE", "token": "3045", "low": "796", "high": "840"})

    house.run(20)
    settled = len(house.requests("modifyOrder")), len(house.requests("placeOrder"))
    house.run(60)

    (resting,) = [row for row in house.working() if row["type"] == "LIMIT"]
    assert (resting["price"], resting["quantity"], house.net()) == ("796.00", 10, 10)
    assert (len(house.requests("modifyOrder")), len(house.requests("placeOrder"))) == settled
    assert len(house.requests("modifyOrder")) <= 3
    assert len(house.said("not_flat")) == 1
    house.control("band", {"exchange": "NSE", "token": "3045"})
    house.run(5)
    assert (house.net(), house.working()) == (0, [])


@pytest.mark.parametrize("protection", [Protection.PAIR, Protection.SINGLE])
def test_an_exit_that_the_price_leaves_behind_is_moved_after_it(house: House, protection: Protection) -> None:
    limited(house, protection=protection)
    house.long()
    house.fault("modifyOrder", "late", seconds=2.5)
    house.price("796")
    house.run(1)
    house.price("790")

    house.run(8)

    assert (house.net(), house.working()) == (0, [])


def test_the_price_that_an_alert_tells_is_no_loss(house: House) -> None:
    limited(house)
    house.long()
    house.fault("getLtpData", "status", status=502, body="no", times=3)
    house.run(2.5)

    house.signal("sell", price="100", size={"quantity": "1"})
    house.run(10)

    assert (house.net(), house.stopped(), halts(house)) == (9, 9, [])


CRUDE = Instrument(
    InstrumentKey(Segment.MCX, "467001"),
    "CRUDEOIL17DEC26FUT",
    "CRUDEOIL",
    Kind.FUTURE,
    100,
    Decimal(1),
    expiry=date(2026, 12, 17),
)


@pytest.fixture
def evening(make: Make) -> Nights:
    """300 rupees lost today on 100 shares that are carried, their market closed; a future of MCX bought at 5000."""
    house = make(product=Product.DELIVERY, size=Size(SizeKind.QUANTITY, Decimal(100)))
    house.contracts["CRUDEOIL1!"] = CRUDE
    set_account(house, max_daily_loss=Decimal(500))
    house.long()
    house.go(WEDNESDAY, "15:29:55")
    house.price("797")
    house.run(10)
    house.go(WEDNESDAY, "18:00")
    both = Rails(frozenset({"MCX:CRUDEOIL1!"}), 100, enter_until=time(23))
    house.strategy = replace(house.strategy, product=Product.CARRYFORWARD, rails=both)
    crude(house, "5000")
    house.signal("buy", exchange="MCX", ticker="CRUDEOIL1!", price="5000")
    house.run(6)
    return house


def crude(house: House, price: str) -> None:
    house.control("price", {"exchange": "MCX", "token": CRUDE.key.token, "ltp": price})


@pytest.mark.parametrize("restart", [False, True])
def test_what_is_held_of_a_market_that_closed_counts_while_another_trades_on(evening: Nights, restart: bool) -> None:
    if restart:
        evening.start()
        evening.run(3)
    assert halts(evening) == []

    crude(evening, "4998")
    evening.run(6)

    assert halts(evening) == [(f"account:{ACCOUNT}", HaltKind.LOSS)]
    assert evening.working() == []
