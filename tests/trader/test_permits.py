"""Permits are taken without waiting: what gets none stays READY, and no window is ever passed."""

from __future__ import annotations

from datetime import timedelta

from executor.broker.limits import PermitBook, load_limits
from executor.domain.intent import IntentState, PermitClass
from executor.domain.signal import Outcome, SignalState
from tests.trader.harness import ACCOUNT, Bench


def use_up_this_second(bench: Bench) -> None:
    assert all(bench.permits.take([PermitClass.ENTER] * 8, bench.clock.now()))
    bench.permits.landed(8, bench.clock.now())


def most_within(seconds: float, moments: list[float]) -> int:
    return max(sum(at <= other < at + seconds for other in moments) for at in moments)


def test_an_intent_without_a_permit_stays_ready_and_leaves_when_there_is_one(bench: Bench) -> None:
    bench.open()
    use_up_this_second(bench)
    bench.signal()

    bench.run(0.5)
    waiting = [intent.state for intent in bench.intents()]
    sent_too_soon = list(bench.hands.sent)
    bench.run(1)

    assert (waiting, sent_too_soon) == ([IntentState.READY], [])
    assert [intent.state for intent in bench.intents()] == [IntentState.SENDING]
    assert len(bench.hands.sent) == 1


def test_a_waiting_intent_is_not_made_anew_at_each_sweep(bench: Bench) -> None:
    bench.open()
    use_up_this_second(bench)
    bench.signal()

    bench.run(0.75)

    assert len(bench.intents()) == 1


def test_an_intent_that_waits_past_its_freshness_is_dropped_unsent(bench: Bench) -> None:
    bench.open()
    signal_id = bench.signal()

    for _ in range(250):
        bench.clock.advance(0.25)
        granted = bench.permits.take([PermitClass.ENTER] * 8, bench.clock.now())
        bench.permits.landed(sum(granted), bench.clock.now())
        bench.drain()

    signal = bench.stored(signal_id)
    assert bench.hands.sent == []
    assert (signal.state, signal.outcome) == (SignalState.ENDED, Outcome.EXPIRED)


def test_a_burst_leaves_at_our_limit_each_once_and_in_no_window_more(bench: Bench) -> None:
    bench.open()
    answered = 0
    for number in range(40):
        bench.signal(trade=f"t{number}")

    for _ in range(40):
        bench.run()
        for number, intent in enumerate(bench.hands.sent[answered:], answered):
            bench.accept(intent, f"261125{number:09d}")
        answered = len(bench.hands.sent)

    assert len(bench.hands.placed()) == 40
    assert len({intent.order for intent in bench.hands.placed()}) == 40
    assert most_within(1.0, bench.hands.sent_at) <= 8


def test_a_permit_is_free_a_second_after_its_answer_however_late_that_is_looked_at(bench: Bench) -> None:
    bench.open()
    for number in range(9):
        bench.signal(trade=f"t{number}")
    bench.run()
    sent, ended_s = list(bench.hands.sent), bench.clock.monotonic()
    bench.clock.advance(0.75)
    for number, intent in enumerate(sent):
        bench.accept(intent, f"261125{number:09d}", ended_s=ended_s)

    bench.run(0.5)

    assert (len(sent), len(bench.hands.placed())) == (8, 9)


def test_what_is_on_its_way_counts_until_a_second_after_its_answer(bench: Bench) -> None:
    bench.open()
    for number in range(10):
        bench.signal(trade=f"t{number}")
    bench.run(3)
    while_away = len(bench.hands.sent)

    for number, intent in enumerate(bench.hands.sent[:2]):
        bench.accept(intent, f"261125{number:09d}")
    bench.run(0.75)
    too_soon = len(bench.hands.sent)
    bench.run(0.5)

    assert (while_away, too_soon, len(bench.hands.sent)) == (8, 8, 10)


def test_what_waits_for_a_permit_leaves_as_soon_as_there_is_one(bench: Bench) -> None:
    bench.open()
    for number in range(9):
        bench.signal(trade=f"t{number}")
    bench.run()
    answered_at = bench.clock.monotonic()
    for number, intent in enumerate(bench.hands.sent):
        bench.accept(intent, f"261125{number:09d}")
    bench.drain()

    while len(bench.hands.sent) < 9:
        bench.clock.advance(0.01)
        bench.drain()

    assert 1.0 <= bench.hands.sent_at[-1] - answered_at <= 1.06


def test_a_restart_does_not_forget_what_left_a_moment_ago(bench: Bench) -> None:
    bench.open()
    for number in range(8):
        bench.signal(trade=f"t{number}")
    bench.run()
    assert len(bench.hands.sent) == 8

    now = bench.clock.now()
    again = PermitBook(load_limits(), bench.store.recovery.recent_writes(ACCOUNT, now))

    assert again.take([PermitClass.PROTECT], now) == (False,)


def test_a_clock_that_steps_forward_does_not_empty_the_windows(bench: Bench) -> None:
    bench.open()
    use_up_this_second(bench)
    bench.signal()

    bench.clock._now += timedelta(seconds=3)  # the host's clock is set; its monotonic time goes on
    bench.run(0.5)
    sent_too_soon = list(bench.hands.sent)
    bench.run(1)

    assert (sent_too_soon, len(bench.hands.sent)) == ([], 1)
