"""A person stops the machine in the middle of a hundred alerts. The exchange's own times tell what left after that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.domain.command import CommandState
from executor.domain.ids import Ids, SignalId
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.store.store import Store
from executor.trader.loop import SWEEP_S
from tests.builders import a_strategy
from tests.house import ACCOUNT, House, rails

ALERTS, SWEEPS = 100, 20


@pytest.fixture
def house(sqlite_store: Store, clock: ManualClock, ids: Ids) -> House:
    """SBIN at 803: an alert at 802 fills at once, one at 800 rests."""
    strategy = a_strategy(account=ACCOUNT, rails=rails(max_trades=1000))
    house = House(sqlite_store, clock, ids, strategy=strategy)
    house.price("803")
    house.run(3)
    return house


def send(house: House, number: int) -> SignalId:
    return house.signal("buy", price="802" if number % 2 else "800", trade=f"t{number}")


def burst(house: House, stop: Callable[[], Any], *, after: int) -> tuple[list[SignalId], datetime]:
    """Five alerts a sweep; after so many sweeps a person stops it. The signals, and the moment of the order."""
    signals, at = [], house.clock.now()
    for sweep in range(SWEEPS):
        if sweep == after:
            at = house.clock.now()
            stop()
        signals += [send(house, len(signals)) for _ in range(ALERTS // SWEEPS)]
        house.run(SWEEP_S)
    return signals, at


def placed(house: House, since: datetime, **body: str) -> list[Any]:
    """What was sent to be placed after a moment, by the exchange's own times."""
    sent = [row for row in house.requests("placeOrder") if datetime.fromisoformat(row["at"]) > since]
    return [row for row in sent if all(row["body"][name] == value for name, value in body.items())]


@pytest.mark.parametrize("after", [2, 6, 13])
@pytest.mark.parametrize("slowest", [0.0, 0.9])
def test_after_kill_only_stops_leave_and_resume_sends_no_old_entry(house: House, after: int, slowest: float) -> None:
    chance = Random(after)
    house.latency = lambda: chance.uniform(0, slowest)
    answers = []

    signals, killed_at = burst(house, lambda: answers.append(house.command("kill")), after=after)
    house.run(30)

    assert answers[0].state is CommandState.DONE
    assert placed(house, killed_at, transactiontype="BUY") == []
    answered_at = killed_at + timedelta(seconds=SWEEP_S)
    assert {row["body"]["ordertype"] for row in placed(house, answered_at)} <= {"STOPLOSS_LIMIT"}
    assert house.working(side="BUY") == []
    assert house.stopped() == house.net() > 0
    ended = [house.ended(signal) for signal in signals]
    assert {one.outcome for one in ended} <= {Outcome.FILLED, Outcome.NOT_FILLED, Outcome.REFUSED}
    assert {one.code for one in ended[after * ALERTS // SWEEPS :]} == {RefusalCode.HALTED}

    house.start()
    still = send(house, ALERTS)
    house.run(10)
    assert house.ended(still).code is RefusalCode.HALTED

    resumed_at = house.clock.now()
    house.command("resume")
    house.run(20)
    assert placed(house, resumed_at, transactiontype="BUY") == []
    assert house.stopped() == house.net()
    assert house.store.pages.verify(None).entries


def test_after_halt_entries_are_refused_and_exits_pass(house: House) -> None:
    signals, halted_at = burst(house, lambda: house.command("halt"), after=6)
    house.run(15)
    held = house.net()
    exits = [house.signal("exit", trade=f"t{number}") for number in range(ALERTS)]
    house.run(40)

    assert placed(house, halted_at, transactiontype="BUY") == []
    assert held > 0
    assert house.net() == 0
    assert house.working() == []
    assert {house.ended(signal).outcome for signal in exits} == {Outcome.FILLED, Outcome.NOTHING_TO_DO}
    assert house.ended(signals[-1]).code is RefusalCode.HALTED


def test_with_the_broker_gone_every_command_is_answered(house: House) -> None:
    house.signal("buy", price="802")
    house.run(5)
    house.fault("*", "cut_before", times=100_000)
    house.run(5)

    answers = [house.command(kind) for kind in ("halt", "flatten", "kill", "resume")]

    assert [answer.state for answer in answers] == [CommandState.DONE] * 4
