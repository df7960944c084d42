"""`single`: one protecting order rests, and the price watches the target. Told by the exchange."""

from __future__ import annotations

from decimal import Decimal

import pytest

from executor.broker.port import Broker, Session
from executor.clock import ManualClock
from executor.domain.command import CommandState
from executor.domain.ids import Ids
from executor.domain.intent import Intent, IntentKind, Sent
from executor.domain.reading import Query, Reading
from executor.domain.strategy import Protection
from executor.store.store import Store
from tests.builders import a_strategy
from tests.house import ACCOUNT, House, rails


@pytest.fixture
def single(sqlite_store: Store, clock: ManualClock, ids: Ids) -> House:
    """A strategy with `single`: stop 1 %, target 2 %; SBIN at 800, ten of it held."""
    strategy = a_strategy(account=ACCOUNT, rails=rails(), protection=Protection.SINGLE)
    house = House(sqlite_store, clock, ids, strategy=strategy)
    house.price("800")
    house.run(3)
    house.signal("buy", price="800")
    house.run(8)
    return house


def test_only_the_stop_rests(single: House) -> None:
    entry, stop = single.orders()

    assert entry["status"] == "complete"
    assert (stop["type"], stop["quantity"], stop["status"]) == ("STOPLOSS_LIMIT", 10, "trigger pending")


def test_when_the_target_trades_the_stop_is_turned_into_the_exit(single: House) -> None:
    single.price("817")
    single.run(8)

    _, stop = single.orders()
    assert (stop["status"], stop["filled"], stop["type"]) == ("complete", 10, "LIMIT")
    assert single.net() == 0


def test_the_stop_still_protects_below(single: House) -> None:
    single.price("791")
    single.run(8)

    _, stop = single.orders()
    assert (stop["status"], stop["filled"]) == ("complete", 10)
    assert single.net() == 0


class PriceLeaves:
    """A broker before whom the price leaves the target just as the stop is being turned."""

    def __init__(self, broker: Broker, houses: list[House]) -> None:
        self._broker = broker
        self._houses = houses

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        return self._broker.open_session(saved, may_log_in=may_log_in)

    def read(self, query: Query) -> Reading:
        return self._broker.read(query)

    def send(self, intent: Intent) -> Sent:
        if intent.kind is IntentKind.MODIFY and self._houses:
            self._houses.pop().price("805")
        return self._broker.send(intent)


def test_an_exit_that_did_not_fill_is_turned_back_into_the_stop(
    sqlite_store: Store, clock: ManualClock, ids: Ids
) -> None:
    strategy = a_strategy(account=ACCOUNT, rails=rails(), protection=Protection.SINGLE)
    houses: list[House] = []
    house = House(sqlite_store, clock, ids, strategy=strategy, wrap_broker=lambda broker: PriceLeaves(broker, houses))
    house.price("800")
    house.run(3)
    house.signal("buy", price="800")
    house.run(8)

    houses.append(house)
    house.price("817")
    house.run(3)
    assert house.orders()[1]["type"] == "LIMIT"

    house.run(8)
    _, stop = house.orders()
    assert (stop["type"], stop["status"], stop["quantity"]) == ("STOPLOSS_LIMIT", "trigger pending", 10)
    assert house.net() == 10


def test_an_exit_alert_turns_the_resting_stop_and_places_nothing_new(single: House) -> None:
    single.signal("exit")
    single.run(8)

    assert len(single.orders()) == 2
    assert single.net() == 0


def test_protect_moves_the_target_that_the_price_watches(single: House) -> None:
    (bracket,) = single.brackets()

    command = single.command("protect", bracket=bracket.id, target="812")
    single.run(5)
    before = [(row["type"], row["trigger"], row["status"]) for row in single.orders()[1:]]
    single.price("811.95")
    single.run(5)
    not_yet = single.net()
    single.price("812")
    single.run(8)

    assert (command.state, command.answer) == (CommandState.DONE, "SBIN-EQ: target to 812")
    assert before == [("STOPLOSS_LIMIT", "792.00", "trigger pending")]
    assert (not_yet, single.net()) == (10, 0)
    assert len(single.orders()) == 2


def test_a_target_that_is_refused_twice_is_watched_by_the_price_instead(house: House) -> None:
    house.fault(
        "placeOrder",
        "refuse",
        times=2,
        match={"ordertype": "LIMIT", "transactiontype": "SELL"},
        code="AB1008",
        message="no",
    )
    house.signal("buy", price="800")
    house.run(15)
    assert [row["type"] for row in house.orders()] == ["LIMIT", "STOPLOSS_LIMIT"]

    house.price(Decimal("817"))
    house.run(8)

    assert house.net() == 0
