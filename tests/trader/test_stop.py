"""Told to stop while something is on the wire: its answer is waited for, and recorded."""

from __future__ import annotations

from typing import Any

from executor.domain.intent import Intent, IntentState, RefusalReason, Refused, Sent
from executor.domain.messages import SendEnded
from executor.domain.signal import SignalState
from executor.trader.seat import Trading
from tests.trader.harness import Bench


class LastAnswers:
    """Workers whose sends end while they are stopped; and whatever else is stopped beside them."""

    def __init__(self, bench: Bench, entry: Intent, answer: Any) -> None:
        self._bench, self._coming = bench, [SendEnded(entry.id, Sent(answer, ()))]

    def stop(self) -> None:
        while self._coming:
            self._bench.inbox.put(self._coming.pop())


class NothingMore:
    """Workers that have nothing on the wire any more."""

    def stop(self) -> None:
        """Nothing is left to wait for."""


def stopped(bench: Bench, answer: Any) -> Intent:
    """The only intent, after a stop during which its send ended with this answer."""
    (entry,) = bench.hands.sent
    rest: Any = LastAnswers(bench, entry, answer)
    bench.stop.set()
    parts = bench.loop._parts
    Trading(bench.loop, rest, rest, rest, rest, bench.inbox, parts.lease).run(bench.stop)
    return bench.intents()[0]


def test_an_answer_that_comes_while_it_stops_is_recorded(bench: Bench) -> None:
    bench.open()
    signal = bench.signal()
    bench.run(1)

    refused = Refused(RefusalReason.FUNDS, "Insufficient Funds")
    intent = stopped(bench, refused)

    assert intent.state is IntentState.REFUSED
    assert "Insufficient Funds" in (intent.outcome or "")
    assert bench.stored(signal).state is SignalState.ENDED


def test_nothing_is_sent_or_read_any_more_for_what_follows_from_it(bench: Bench) -> None:
    bench.open()
    bench.signal()
    bench.run(1)
    asked = len(bench.hands.asked)

    stopped(bench, Refused(RefusalReason.NEVER_SENT, "no connection"))

    assert len(bench.hands.sent) == 1
    assert len(bench.hands.asked) == asked
    assert bench.store.ledger.lease("default").holder == ""  # type: ignore[union-attr]


def test_an_answer_that_comes_in_the_round_in_which_it_is_told_to_stop_is_recorded_too(bench: Bench) -> None:
    bench.open()
    bench.signal()
    bench.run(1)
    (entry,) = bench.hands.sent
    refused = Refused(RefusalReason.FUNDS, "Insufficient Funds")
    bench.inbox.put(SendEnded(entry.id, Sent(refused, ())))

    bench.stop.set()  # while the round waits for its event
    bench.loop.round(bench.stop, wait_s=0)
    rest: Any = NothingMore()
    parts = bench.loop._parts
    Trading(bench.loop, rest, rest, rest, rest, bench.inbox, parts.lease).run(bench.stop)

    assert bench.intents()[0].state is IntentState.REFUSED
