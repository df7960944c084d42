"""event → decide → permits → one transaction → memory → workers, in this order whatever fails between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from executor.domain.bracket import Bracket
from executor.domain.intent import Call, Intent, IntentKind, IntentState
from executor.domain.messages import Decision, ReadEnded, ReadFailed, Resolved, SessionChanged, SignalsArrived, Tick
from executor.domain.order import Order
from executor.domain.reading import Query, QueryKind, Reading
from executor.domain.record import CallRow
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Signal, SignalState
from executor.errors import DiskFull, InvariantBroken, LeaseLost, NotRecorded
from executor.store.reserve import Reserve
from tests.trader.harness import ACCOUNT, SHARE, Bench, QuickFlag, Refusing, Wrapped


def arrived(bench: Bench, signal_id: Any) -> SignalsArrived:
    return SignalsArrived((Resolved(bench.stored(signal_id), bench.strategy, SHARE),))


# -- memory and store --------------------------------------------------------------------------------------------


def test_an_event_that_could_not_be_recorded_moves_no_memory_and_sends_nothing(bench: Bench) -> None:
    bench.open()
    signal_id = bench.signal()
    evidence = bench.book.evidence
    loop = bench.a_loop(ledger=Wrapped(bench.store.ledger, "commit", Refusing(1)))

    with pytest.raises(NotRecorded):
        loop.handle(arrived(bench, signal_id))

    assert bench.book.evidence is evidence
    assert (bench.book.rows.tables[Bracket], bench.book.rows.tables[Order]) == ({}, {})
    assert bench.hands.sent == []
    assert bench.stored(signal_id).state is SignalState.RECEIVED


def test_the_same_event_goes_through_once_when_the_store_takes_it_again(bench: Bench) -> None:
    bench.open()
    signal_id = bench.signal()
    refusing = Refusing(4)
    bench.loop = bench.a_loop(ledger=Wrapped(bench.store.ledger, "commit", refusing))

    bench.run()

    assert bench.stop.waits == 4
    assert refusing.asked >= 5
    assert len(bench.hands.placed()) == 1
    assert [intent.state for intent in bench.intents()] == [IntentState.SENDING]
    assert bench.stored(signal_id).state is SignalState.WORKING


def test_an_answer_of_the_broker_outlives_a_store_that_is_away(bench: Bench) -> None:
    bench.open()
    bench.signal()
    bench.run()
    bench.loop = bench.a_loop(ledger=Wrapped(bench.store.ledger, "commit", Refusing(6)))

    bench.accept(bench.hands.sent[0], "42")
    bench.drain()

    (order,) = bench.store.recovery.load_book(ACCOUNT, bench.clock.now().date()).orders
    assert order.broker_id == "42"
    assert [intent.state for intent in bench.intents()] == [IntentState.ACCEPTED]


def test_a_stop_ends_the_waiting_for_a_store_that_does_not_come_back(bench: Bench) -> None:
    bench.open()
    bench.signal()
    stop = QuickFlag(patience=3)
    loop = bench.a_loop(ledger=Wrapped(bench.store.ledger, "commit", Refusing(10**9)))

    bench.clock.advance(1)
    loop.run(stop)

    assert stop.waits == 3
    assert bench.hands.sent == []


def test_a_sweep_survives_a_database_that_does_not_answer(bench: Bench) -> None:
    bench.open()
    away = Refusing(3)
    bench.loop = bench.a_loop(recovery=Wrapped(bench.store.recovery, "new_work", away))
    bench.signal()

    bench.run(0.75)
    seen_while_away = len(bench.hands.sent)
    bench.run()

    assert (seen_while_away, len(bench.hands.placed())) == (0, 1)


def test_a_beat_that_could_not_be_written_is_no_reason_to_end(bench: Bench) -> None:
    refusing = Refusing(2)
    bench.loop = bench.a_loop(ledger=Wrapped(bench.store.ledger, "beat", refusing))

    bench.run(3)
    bench.open()
    bench.signal()
    bench.run()

    assert refusing.asked >= 3
    assert len(bench.hands.placed()) == 1


def test_the_beat_is_written_every_second_and_tells_of_the_desk(bench: Bench) -> None:
    beats: list[Any] = []
    wrapped = Wrapped(bench.store.ledger, "beat", lambda *_args, **told: beats.append(told))
    bench.loop = bench.a_loop(ledger=wrapped)
    bench.inbox.put(SessionChanged(open=True))

    bench.run(5)

    assert len(beats) == 5
    assert [told["status"] for told in beats] == [{"session": False}] + [{"session": True}] * 4


@dataclass
class Unstorable:
    """What one kind of row does not fit."""

    row: type[Any]
    times: int = 1000

    def __call__(self, _account: str, _epoch: int, decision: Decision, **_more: Any) -> None:
        if self.times and any(isinstance(change.row, self.row) for change in decision.changes):
            self.times -= 1
            raise InvariantBroken("a value does not fit the store")


def on_its_way(bench: Bench) -> Intent:
    bench.open()
    bench.signal()
    bench.run(1)
    (entry,) = bench.hands.sent
    return entry


def test_an_answer_that_does_not_fit_the_store_leaves_its_order_in_doubt(bench: Bench) -> None:
    entry = on_its_way(bench)
    bench.loop = bench.a_loop(ledger=Wrapped(bench.store.ledger, "commit", Unstorable(CallRow)))
    bench.accept(entry)
    bench.run()

    (intent,) = bench.intents()
    assert intent.state is IntentState.UNKNOWN
    assert "does not fit" in (intent.outcome or "")
    assert [halt.by for halt in bench.store.recovery.new_work(ACCOUNT).halts] == ["trader"]


def test_a_fault_that_stays_is_told_and_ends_no_loop(bench: Bench) -> None:
    entry = on_its_way(bench)
    unstorable = Unstorable(Intent)
    bench.loop = bench.a_loop(ledger=Wrapped(bench.store.ledger, "commit", unstorable))
    bench.accept(entry)
    bench.run()

    assert unstorable.times == 998
    assert [intent.state for intent in bench.intents()] == [IntentState.SENDING]


def test_books_that_do_not_fit_the_store_count_as_reads_that_failed(bench: Bench) -> None:
    bench.open()
    bench.loop = bench.a_loop(ledger=Wrapped(bench.store.ledger, "commit", Unstorable(CallRow)))
    for _ in range(3):
        now = bench.clock.now()
        call = Call("getOrderBook", "{}", f"[{now}]", 200, now, 20)
        bench.inbox.put(ReadEnded(Reading(Query(QueryKind.ORDER_BOOK), now, now, call)))
        bench.run(0.5)

    assert bench.book.evidence.failed_reads == 3


# -- the lease ---------------------------------------------------------------------------------------------------


def test_a_lost_lease_ends_the_run_before_anything_is_sent(bench: Bench) -> None:
    bench.open()
    bench.signal()
    bench.store.ledger.take_lease(ACCOUNT, "another", at=bench.clock.now(), follows=bench.store.ledger.lease(ACCOUNT))
    bench.clock.advance(1)

    with pytest.raises(LeaseLost, match="epoch"):
        bench.loop.run(bench.stop)

    assert bench.hands.sent == []
    assert bench.intents() == []


def test_a_lost_lease_is_noticed_by_the_beat_when_nothing_happens(bench: Bench) -> None:
    bench.open()
    bench.store.ledger.take_lease(ACCOUNT, "another", at=bench.clock.now(), follows=bench.store.ledger.lease(ACCOUNT))

    with pytest.raises(LeaseLost):
        bench.run(1.25)


def test_without_a_good_beat_for_five_seconds_nothing_gets_a_permit_until_the_next_one(bench: Bench) -> None:
    bench.open()
    bench.signal()
    bench.clock.advance(6)  # asleep: another trader may have followed

    bench.loop.handle(arrived(bench, bench.signal()))
    asleep = (list(bench.hands.sent), [intent.state for intent in bench.intents()])
    bench.run()

    assert asleep == ([], [IntentState.READY])
    assert bench.hands.sent != []


# -- a full disk -------------------------------------------------------------------------------------------------


class FullDisk:
    """Refuses every write until the reserve is given up, and then as long as it is told to."""

    def __init__(self, reserve: Reserve) -> None:
        self.reserve = reserve
        self.is_full = True

    def __call__(self, *_args: Any, **_kwargs: Any) -> None:
        if self.is_full and not self.reserve.is_spent:
            raise DiskFull("database or disk is full")


def test_when_the_disk_is_full_exits_leave_and_entries_are_refused_with_the_reason(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.open()
    held = bench.signal()
    bench.run()
    reserve = bench.store.database.reserve
    assert reserve is not None
    assert reserve.make()
    disk = FullDisk(reserve)
    bench.loop = bench.a_loop(ledger=Wrapped(bench.store.ledger, "commit", disk))
    monkeypatch.setattr(Reserve, "make", lambda self: not disk.is_full and self._spent.rename(self._kept) is not None)

    late = bench.signal(trade="b")
    bench.run(1)

    assert reserve.is_spent
    assert bench.stored(late).code is RefusalCode.HALTED
    assert "the disk is full" in str(bench.stored(late).reason)
    assert len(bench.hands.placed()) == 1
    assert bench.stored(held).state is SignalState.WORKING
    bench.accept(bench.hands.sent[0], "42")
    bench.signal(action="exit")
    bench.run(2)
    assert IntentKind.CANCEL in [intent.kind for intent in bench.hands.sent]


def test_when_there_is_space_again_entries_are_taken_without_a_restart(bench: Bench) -> None:
    reserve = bench.store.database.reserve
    assert reserve is not None
    reserve.make()
    reserve.release()
    bench.open()

    bench.run(2)
    bench.signal()
    bench.run()

    assert not reserve.is_spent
    assert bench.book.halts == ()
    assert len(bench.hands.placed()) == 1


def test_an_entry_that_is_due_when_the_reserve_was_just_given_up_does_not_leave(bench: Bench) -> None:
    bench.open()
    signal_id = bench.signal()
    reserve = bench.store.database.reserve
    assert reserve is not None
    reserve.make()
    reserve.release()

    bench.loop.handle(arrived(bench, signal_id))

    assert bench.hands.sent == []


# -- finding work ------------------------------------------------------------------------------------------------


def test_the_sweep_finds_a_signal_without_a_doorbell(bench: Bench) -> None:
    bench.open()
    bench.signal()

    bench.drain()
    before = len(bench.hands.sent)
    bench.run()

    assert (before, len(bench.hands.placed())) == (0, 1)


def test_a_tick_from_outside_is_looked_into_at_once(bench: Bench) -> None:
    bench.open()
    bench.signal()

    bench.inbox.put(Tick())
    bench.drain()

    assert len(bench.hands.placed()) == 1


def test_a_signal_that_waits_for_the_session_is_aimed_at_once(bench: Bench) -> None:
    signal_id = bench.signal()
    bench.run(2)

    bench.open()
    bench.run(2)

    assert len(bench.hands.placed()) == 1
    assert bench.stored(signal_id).state is SignalState.WORKING


def test_what_was_being_sent_when_it_stopped_is_in_doubt_after_a_start_and_not_sent_again(bench: Bench) -> None:
    bench.open()
    bench.signal()
    bench.run()

    bench.start()
    bench.loop.begin(bench.stop)

    assert [intent.state for intent in bench.intents()] == [IntentState.UNKNOWN]
    bench.open()
    bench.run(1)
    assert bench.hands.sent == []


def test_the_session_is_tended_with_what_the_desk_believes(bench: Bench) -> None:
    bench.run()
    bench.open()
    bench.inbox.put(ReadFailed(Query(QueryKind.ORDER_BOOK), "AG8001", session_lost=True, call=None))
    bench.run()

    assert bench.hands.tended[0] is False
    assert any(bench.hands.tended)
    assert bench.hands.tended[-1] is False


def test_a_read_in_flight_is_not_asked_again(bench: Bench) -> None:
    bench.inbox.put(SessionChanged(open=True))

    bench.run(20)

    assert sorted(query.kind for query in bench.hands.asked) == ["ORDER_BOOK", "POSITIONS", "TRADES"]


def test_a_read_that_failed_is_asked_again_but_not_above_its_limit(bench: Bench) -> None:
    bench.inbox.put(SessionChanged(open=True))
    seconds = 0.0

    while seconds < 11:
        bench.run()
        seconds += 0.25
        for query in bench.hands.asked[-3:]:
            bench.inbox.put(ReadFailed(query, "no answer", session_lost=False, call=None))

    assert 5 <= bench.asked(QueryKind.ORDER_BOOK) <= 11
    assert not bench.book.evidence.reconciled


def test_a_signal_is_in_the_book_only_after_its_commit(bench: Bench) -> None:
    bench.open()
    signal_id = bench.signal()
    seen: list[bool] = []
    wrapped = Wrapped(
        bench.store.ledger,
        "commit",
        lambda *_args, **_rest: seen.append(signal_id in bench.book.rows.tables[Signal]),
    )
    bench.loop = bench.a_loop(ledger=wrapped)

    bench.run()

    assert seen[0] is False
    assert signal_id in bench.book.rows.tables[Signal]


def test_that_we_are_ready_is_told_at_once_and_not_with_the_next_second(bench: Bench) -> None:
    told: list[bool] = []
    ledger = Wrapped(bench.store.ledger, "beat", lambda *_, **__: told.append(bench.book.evidence.reconciled))
    bench.loop = bench.a_loop(ledger=ledger)
    bench.inbox.put(SessionChanged(open=True))
    bench.run()
    told.clear()

    for query in list(bench.hands.asked):
        bench.answer(query)
    bench.drain()

    assert told == [True]
