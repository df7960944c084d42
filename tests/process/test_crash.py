"""Killed at each point of an entry's way, over real processes, on both stores: what the exchange has afterwards."""

from __future__ import annotations

import pytest

from executor.domain.intent import IntentState
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome, SignalState
from tests.process.conftest import Town, eventually

pytestmark = pytest.mark.process


def crash(town: Town, point: str) -> None:
    """Start a trader that kills itself at a point of the first entry, and wait until it has."""
    process = town.trader("tests.process.crashing_trader", point)
    assert process.wait(30) == -9


def ended(town: Town, signal_id: str) -> object:
    found = town.found(signal_id)
    return found if found.state is SignalState.ENDED else None


@pytest.mark.parametrize("point", ["received", "ready"])
def test_a_fresh_entry_that_was_not_sent_is_sent_once_after_the_restart(town: Town, point: str) -> None:
    signal_id = town.signal()
    crash(town, point)
    assert town.orders() == []

    town.trader()
    signal = eventually(lambda: ended(town, signal_id))

    assert signal.outcome is Outcome.FILLED
    eventually(lambda: len(town.orders()) == 3)
    assert [order["filled"] for order in town.orders()] == [10, 0, 0]


@pytest.mark.parametrize("point", ["received", "ready"])
def test_an_entry_that_grew_old_meanwhile_expires_and_is_never_sent(town: Town, point: str) -> None:
    signal_id = town.signal()
    crash(town, point)
    town.control("clock", {"to": "2026-11-25 09:24"})

    town.trader()
    signal = eventually(lambda: ended(town, signal_id))

    assert (signal.outcome, signal.code) == (Outcome.EXPIRED, RefusalCode.STALE)
    assert town.orders() == []


def test_what_was_being_sent_and_is_not_in_clean_books_is_not_placed_and_never_sent_again(town: Town) -> None:
    signal_id = town.signal()
    crash(town, "sending")

    town.trader()
    signal = eventually(lambda: ended(town, signal_id), within_s=40)

    assert signal.outcome is Outcome.NOT_PLACED
    assert town.orders() == []
    day = town.now().date()
    intents = town.store.recovery.load_book("default", day).intents
    assert [intent.state for intent in intents] == [IntentState.UNKNOWN]


def test_what_the_broker_took_is_adopted_by_its_tag_and_gets_its_stop(town: Town) -> None:
    signal_id = town.signal()
    crash(town, "accepted")
    (taken,) = town.orders()

    town.trader()
    signal = eventually(lambda: ended(town, signal_id))

    assert signal.outcome is Outcome.FILLED
    eventually(lambda: len(town.orders()) == 3)
    entry, stop, target = town.orders()
    assert entry["orderid"] == taken["orderid"]
    assert (stop["status"], stop["quantity"]) == ("trigger pending", 10)
    assert (target["status"], target["quantity"]) == ("open", 10)


def test_nothing_is_written_to_the_broker_before_login_order_book_trades_and_positions(town: Town) -> None:
    town.signal()

    town.trader()
    eventually(lambda: town.orders())

    routes = [request["route"] for request in town.control("state")["requests"]]
    before = routes[: routes.index("placeOrder")]
    assert {"loginByPassword", "getProfile", "getOrderBook", "getTradeBook", "getPosition"} <= set(before)


def test_a_second_trader_refuses_to_start(town: Town) -> None:
    town.trader()
    eventually(lambda: town.control("state")["requests"])

    second = town.trader()

    assert second.wait(20) == 1
