"""A rule that fails on what came from outside: it is set aside, entries halt, and what is held is looked after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from executor.domain.ids import SignalId
from executor.domain.intent import IntentState
from executor.domain.messages import Event, ReadEnded, SendEnded, SignalsArrived, Tick
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.trader import loop
from tests.trader.harness import ACCOUNT, Bench
from tests.trader.test_loop import on_its_way

_DECIDE = loop.decide


def fails_on(monkeypatch: pytest.MonkeyPatch, fails: Any) -> None:
    def decide(book: Any, event: Event, *rest: Any) -> Any:
        if fails(event):
            raise ZeroDivisionError("a rule was wrong")
        return _DECIDE(book, event, *rest)

    monkeypatch.setattr(loop, "decide", decide)


def halts(bench: Bench) -> list[str]:
    return [halt.why for halt in bench.store.recovery.new_work(ACCOUNT).halts]


def is_about(event: Event, signal: SignalId) -> bool:
    return isinstance(event, SignalsArrived) and any(one.signal.id == signal for one in event.signals)


def test_a_signal_on_which_a_rule_fails_is_refused_and_those_beside_it_are_decided_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.open()
    bad, good = bench.signal(), bench.signal(action="exit", trade="other")
    fails_on(monkeypatch, lambda event: is_about(event, bad))

    bench.run(1)

    refused, other = bench.stored(bad), bench.stored(good)
    assert (refused.outcome, refused.code) == (Outcome.REFUSED, RefusalCode.SET_ASIDE)
    assert "ZeroDivisionError: a rule was wrong" in (refused.reason or "")
    assert other.outcome is Outcome.NOTHING_TO_DO
    assert halts(bench) == ["a fault of this program: ZeroDivisionError: a rule was wrong"]


def test_a_signal_whose_contract_cannot_be_looked_up_for_a_fault_of_ours_is_refused_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.open()
    bad, good = bench.signal(), bench.signal(action="exit", trade="other")
    parts = bench.loop._parts
    resolve = parts.resolve
    failing = replace(parts, resolve=lambda signal: resolve(signal) if signal.id != bad else 1 / 0)  # type: ignore[arg-type,return-value]
    bench.loop = loop.Loop(failing)

    bench.run(1)

    assert (bench.stored(bad).code, bench.stored(good).outcome) == (RefusalCode.SET_ASIDE, Outcome.NOTHING_TO_DO)
    assert halts(bench) == ["a fault of this program: ZeroDivisionError: division by zero"]


def test_an_answer_on_which_a_rule_fails_leaves_its_order_in_doubt(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = on_its_way(bench)
    fails_on(monkeypatch, lambda event: isinstance(event, SendEnded) and event.sent.calls)

    bench.accept(entry)
    bench.run()

    (intent,) = bench.intents()
    assert intent.state is IntentState.UNKNOWN
    assert "a rule was wrong" in (intent.outcome or "")


def test_a_book_on_which_a_rule_fails_is_a_read_that_failed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.open()
    fails_on(monkeypatch, lambda event: isinstance(event, ReadEnded))

    bench.run(40)
    for query in list(bench.hands.asked):
        bench.answer(query)
    bench.run(1)

    assert bench.book.evidence.failed_reads > 0


def test_a_fault_at_a_tick_ends_the_loop_for_memory_may_be_what_is_wrong(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.open()
    fails_on(monkeypatch, lambda event: isinstance(event, Tick))

    with pytest.raises(ZeroDivisionError):
        bench.run(1)
