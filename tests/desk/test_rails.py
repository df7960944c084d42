"""Each rail stops entries with its own words; an exit passes it and says so. Told by the exchange."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome, Signal
from executor.domain.strategy import AccountRails, Short
from tests.desk.nights import Make
from tests.house import ACCOUNT, House, rails


def set_rails(house: House, **changes: Any) -> None:
    """A new version of the strategy with other rails, as a person saves it."""
    changed = replace(house.strategy.rails, **changes)
    house.strategy = replace(house.strategy, version=house.strategy.version + 1, rails=changed)
    house.store.people.save_strategy(house.strategy, by="test", at=house.clock.now())
    house.run(0.5)


def set_account(house: House, **rails: Any) -> None:
    house.store.people.change_rails(ACCOUNT, lambda _: AccountRails(**rails), by="test", at=house.clock.now())
    house.run(0.5)


def refused(house: House, **fields: Any) -> Signal:
    """A buy that must not reach the exchange."""
    sent = len(house.requests("placeOrder"))
    signal = house.signal("buy", price="800", **fields)
    house.run(3)
    assert len(house.requests("placeOrder")) == sent
    assert house.ended(signal).outcome is Outcome.REFUSED
    return house.ended(signal)


def lost(house: House) -> None:
    """A long of 10 that its stop at 792 has closed with a loss."""
    house.long()
    house.price("791.50")
    house.run(5)
    assert (house.net(), house.working()) == (0, [])
    house.price("800")
    house.run(1)


@pytest.mark.parametrize(
    ("strategy", "account", "code", "named"),
    [
        ({"max_quantity": 19}, {}, RefusalCode.SIZE_OVER_LIMIT, "the strategy's largest position is 19"),
        ({"max_order_quantity": 19}, {}, RefusalCode.SIZE_OVER_LIMIT, "the strategy's largest order is 19"),
        ({}, {"max_order_quantity": 19}, RefusalCode.SIZE_OVER_LIMIT, "the account's largest order is 19"),
        ({"max_notional": Decimal(15999)}, {}, RefusalCode.NOTIONAL_OVER_LIMIT, "the strategy's position: 15999"),
        ({}, {"max_notional": Decimal(15999)}, RefusalCode.NOTIONAL_OVER_LIMIT, "the account's positions: 15999"),
        ({"enter_until": time(9, 20)}, {}, RefusalCode.OUTSIDE_WINDOW, "entries run 09:16–09:20"),
        ({"tickers": frozenset({"NSE:TCS"})}, {}, RefusalCode.TICKER_NOT_ALLOWED, "allowed: NSE:TCS"),
    ],
)
def test_a_rail_refuses_an_entry_and_says_which_it_is(
    house: House, strategy: dict[str, Any], account: dict[str, Any], code: RefusalCode, named: str
) -> None:
    set_rails(house, **strategy)
    set_account(house, **account)

    signal = refused(house, size={"quantity": "20"})

    assert signal.code is code
    assert named in (signal.reason or "")


@pytest.mark.parametrize("allowed", ["NSE:M&M", "M_M", "M&M"])
def test_a_ticker_may_be_spelled_as_the_chart_or_as_the_exchange_does(make: Make, allowed: str) -> None:
    house = make(rails=rails(tickers=frozenset({allowed})))
    house.contracts = dict.fromkeys(("M_M", "M&M", "M_N"), house.contracts["SBIN"])

    codes = [house.ended(house.long(ticker=spelled)).outcome for spelled in ("M_M", "M&M")]

    assert codes == [Outcome.FILLED] * 2
    assert refused(house, ticker="M_N").code is RefusalCode.TICKER_NOT_ALLOWED


def test_a_person_exits_a_ticker_however_it_is_spelled(make: Make) -> None:
    house = make(rails=rails(tickers=frozenset({"M&M"})))
    house.contracts = {"M_M": house.contracts["SBIN"]}
    house.ended(house.long(ticker="M_M"))

    command = house.command("exit", ticker="NSE:M&M")

    assert command.answer == "1 positions leave"


@pytest.mark.parametrize(
    ("strategy", "account", "passes"),
    [
        ({"max_quantity": 10, "max_order_quantity": 10, "max_notional": Decimal(1)}, {"max_order_quantity": 1}, ""),
        ({}, {"max_notional": Decimal(1)}, ""),
        ({"max_trades": 1}, {}, "The trades of the day are used up: 1 today, allowed 1 for the strategy"),
        ({}, {"max_trades": 1}, "The trades of the day are used up: 1 today, allowed 1 for the account"),
        ({"enter_until": time(9, 20)}, {}, "Outside the hours in which the strategy may enter"),
        ({"tickers": frozenset({"NSE:TCS"})}, {}, "The strategy may not trade this ticker"),
    ],
)
def test_an_exit_passes_the_rail_and_its_plan_says_so(
    house: House, strategy: dict[str, Any], account: dict[str, Any], passes: str
) -> None:
    house.long()
    set_rails(house, **strategy)
    set_account(house, **account)

    signal = house.signal("exit")
    house.run(5)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.FILLED
    assert (house.ended(signal).plan or "").count("passes: ") == bool(passes)
    assert passes in (house.ended(signal).plan or "")
    assert len([words for words in house.said("plan") if "passes: " in words]) == bool(passes)


def test_an_exit_passes_a_strategy_that_is_off_and_a_halt_at_once(house: House) -> None:
    house.long()
    house.strategy = replace(house.strategy, enabled=False)
    house.command("halt")

    signal = house.signal("exit")
    house.run(5)

    plan = house.ended(signal).plan or ""
    assert house.net() == 0
    assert "passes: The strategy is switched off: trend; Entries are halted: HALT on ALL: test" in plan


def test_the_first_half_of_a_reversal_passes_the_halt_that_stops_the_second(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    house.long()
    house.command("halt")

    signal = house.signal("reverse", price="800")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).code is RefusalCode.HALTED
    assert "reverse: 10 held leave first; passes: Entries are halted: HALT on ALL: test" in house.said("plan")


def test_the_notional_of_a_position_counts_what_is_held_and_what_may_still_fill(house: House) -> None:
    set_rails(house, max_notional=Decimal(16_500))
    house.long()
    house.price("803")  # the limit of 802.40 rests
    house.signal("buy", price="800")
    house.run(2)
    assert house.net() == 10

    signal = refused(house)

    assert signal.code is RefusalCode.NOTIONAL_OVER_LIMIT
    assert "30 at" in (signal.reason or "")


def test_positions_of_other_lanes_count_against_the_accounts_notional(house: House) -> None:
    house.long()
    set_account(house, max_notional=Decimal(16_000))

    signal = refused(house, trade="second")

    assert signal.code is RefusalCode.NOTIONAL_OVER_LIMIT
    assert "1 others with it are worth 160" in (signal.reason or "")


@pytest.mark.parametrize(("strategy", "account"), [({"max_open": 1}, {}), ({}, {"max_open": 1})])
def test_as_many_positions_as_allowed_stop_another_lane_but_no_add_and_no_reversal(
    house: House, strategy: dict[str, Any], account: dict[str, Any]
) -> None:
    set_rails(house, **strategy)
    set_account(house, **account)
    house.long()

    other = refused(house, trade="second")
    house.signal("buy", price="800")
    house.run(5)

    assert other.code is RefusalCode.TOO_MANY_OPEN
    assert (house.net(), house.stopped()) == (20, 20)


@pytest.mark.parametrize(("strategy", "account"), [({"max_trades": 2}, {}), ({}, {"max_trades": 2})])
def test_trades_of_the_day_are_counted_over_a_restart(
    house: House, strategy: dict[str, Any], account: dict[str, Any]
) -> None:
    set_rails(house, **strategy)
    set_account(house, **account)
    for _ in range(2):
        house.long()
        house.signal("exit")
        house.run(5)

    house.start()
    house.run(3)

    assert refused(house).code is RefusalCode.TRADES_A_DAY


def test_after_a_loss_the_strategy_pauses_also_over_a_restart(house: House) -> None:
    set_rails(house, cooldown=120)
    lost(house)

    first = refused(house)
    house.start()
    house.run(3)
    second = refused(house)
    house.run(120)
    third = house.long()

    assert (first.code, second.code) == (RefusalCode.COOL_DOWN, RefusalCode.COOL_DOWN)
    assert "entries again at 09:22:" in (first.reason or "")
    assert house.ended(third).outcome is Outcome.FILLED


def test_after_a_profit_nothing_pauses(house: House) -> None:
    set_rails(house, cooldown=120)
    house.long()
    house.price("816.50")
    house.run(5)
    house.price("800")
    house.run(1)

    signal = house.long()

    assert house.ended(signal).outcome is Outcome.FILLED


def test_rails_that_are_narrowed_while_a_signal_waits_stop_it(house: House) -> None:
    set_account(house, max_order_quantity=10)
    house.signal("buy", price="800")
    house.store.people.change_rails(
        ACCOUNT, lambda _: AccountRails(max_order_quantity=9), by="test", at=house.clock.now()
    )

    house.run(3)

    assert house.orders() == []


def test_rails_are_read_only_when_a_version_was_added(house: House) -> None:
    asked = []
    read = house.store.people.rails

    def counted(account: str) -> Any:
        asked.append(account)
        return read(account)

    object.__setattr__(house.store, "people", _Counting(house.store.people, counted))
    house.run(5)
    house.store.people.change_rails(ACCOUNT, lambda _: AccountRails(max_trades=5), by="test", at=house.clock.now())

    house.run(5)

    assert asked == [ACCOUNT]


class _Counting:
    def __init__(self, people: Any, rails: Any) -> None:
        self._people = people
        self.rails = rails

    def __getattr__(self, name: str) -> Any:
        return getattr(self._people, name)
