"""Halts as the loop meets them: in the store, in a commit, by a file."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from executor.domain.intent import PermitClass
from executor.domain.messages import HaltsRead
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome, SignalState
from executor.store import schema
from tests.trader.harness import Bench, Wrapped


def test_a_halt_that_appears_between_decision_and_commit_withholds_the_entry_for_good(bench: Bench) -> None:
    bench.open()
    signal_id = bench.signal()
    halted: list[bool] = []

    def halt_before_the_first_entry(_account: str, _epoch: int, decision: Any, **_rest: Any) -> None:
        if decision.intents and not halted:
            halted.append(True)
            bench.halt()

    bench.loop = bench.a_loop(ledger=Wrapped(bench.store.ledger, "commit", halt_before_the_first_entry))
    bench.run(3)

    assert halted == [True]
    assert bench.hands.sent == []
    signal = bench.stored(signal_id)
    assert (signal.state, signal.outcome) == (SignalState.ENDED, Outcome.REFUSED)


def test_a_halt_in_the_store_is_known_before_the_signals_of_the_same_sweep(bench: Bench) -> None:
    bench.open()
    bench.halt("ALL")
    signal_id = bench.signal()

    bench.run()

    assert bench.hands.sent == []
    assert bench.stored(signal_id).code is RefusalCode.HALTED


def test_halts_of_other_accounts_do_not_concern_this_one(bench: Bench) -> None:
    bench.open()
    bench.halt("account:other")
    bench.signal()

    bench.run()

    assert bench.book.halts == ()
    assert len(bench.hands.placed()) == 1


def test_a_halt_that_was_ended_stops_nothing_any_more(bench: Bench) -> None:
    bench.open()
    bench.halt()
    bench.run()
    with bench.store.database.unaudited() as connection:
        connection.execute(update(schema.halt).values(ended_at=bench.clock.now()))
    bench.run()
    bench.signal()

    bench.run()

    assert bench.book.halts == ()
    assert len(bench.hands.placed()) == 1


def test_a_kill_file_is_noticed_by_the_sweep_and_forgotten_when_it_is_taken_away(bench: Bench) -> None:
    bench.open()
    bench.kill_file.touch()
    killed = bench.signal(trade="a")
    bench.run(0.5)
    sent_under_it = list(bench.hands.sent)
    bench.kill_file.unlink()
    bench.run(0.5)
    bench.signal(trade="b")

    bench.run()

    assert sent_under_it == []
    assert bench.stored(killed).state is SignalState.ENDED
    assert len(bench.hands.placed()) == 1


def test_an_end_of_a_halt_lets_a_waiting_entry_leave_in_the_same_commit(bench: Bench) -> None:
    """The permit that was taken for it must not be wasted on a surprise that the desk knew of."""
    bench.open()
    bench.halt("strategy:another")
    bench.run()
    bench.permits.take([PermitClass.ENTER] * 8, bench.clock.now())
    bench.permits.landed(8, bench.clock.now())
    bench.signal()
    bench.run()
    with bench.store.database.unaudited() as connection:
        connection.execute(update(schema.halt).values(ended_at=bench.clock.now()))
    bench.clock.advance(1)

    bench.loop.handle(HaltsRead(()))

    assert len(bench.hands.placed()) == 1


def test_equal_halts_make_no_event(bench: Bench) -> None:
    bench.halt()
    events: list[Any] = []
    bench.run()
    bench.loop = bench.a_loop()
    handle = bench.loop.handle

    def remember(event: Any) -> None:
        events.append(event)
        handle(event)

    bench.loop.handle = remember  # type: ignore[method-assign]
    bench.run(2)

    assert len(bench.book.halts) == 1
    assert not [event for event in events if isinstance(event, HaltsRead)]
