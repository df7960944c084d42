"""Every piece of work ends as exactly one event, whatever the broker does; reads never hold up writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Barrier
from threading import Event as Flag
from typing import Any

import pytest

from executor.broker.limits import PermitBook, load_limits
from executor.broker.port import Session
from executor.clock import ManualClock
from executor.domain.ids import IntentId
from executor.domain.intent import Accepted, Call, Intent, PermitClass, RefusalReason, Refused, Sent, Unknown
from executor.domain.messages import ReadEnded, ReadFailed, SendEnded
from executor.domain.reading import Query, QueryKind, Reading
from executor.errors import BrokerUnavailable, SessionLost
from executor.trader.workers import ThreadWorkers
from tests.builders import NOW, an_id, an_intent

_PATIENCE_S = 5.0
CALL = Call("getOrderBook", "{}", "[]", 200, NOW, 20)
BOOK = Query(QueryKind.ORDER_BOOK)


class ScriptedBroker:
    """Does what the test says; a script gets the work and returns, or raises."""

    def __init__(self, *, send: Callable[[Intent], Sent], read: Callable[[Query], Reading]) -> None:
        self.send = send
        self.read = read

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        raise AssertionError("workers do not log in")


def takes_it(_intent: Intent) -> Sent:
    return Sent(Accepted("1", None), (CALL,))  # type: ignore[arg-type]


def is_empty(query: Query) -> Reading:
    return Reading(query, NOW, NOW, CALL)


def raising(error: BaseException) -> Callable[[Any], Any]:
    def script(_work: Any) -> Any:
        raise error

    return script


@contextmanager
def workers(
    *,
    send: Callable[[Intent], Sent] = takes_it,
    read: Callable[[Query], Reading] = is_empty,
    may_send: Callable[[], bool] = lambda: True,
) -> Iterator[tuple[ThreadWorkers, SimpleQueue[Any]]]:
    inbox: SimpleQueue[Any] = SimpleQueue()
    made = ThreadWorkers(ScriptedBroker(send=send, read=read), inbox, ManualClock(NOW), may_send=may_send)
    yield made, inbox
    made.stop()


def nothing_more(inbox: SimpleQueue[Any]) -> bool:
    try:
        inbox.get_nowait()
    except Empty:
        return True
    return False


def test_without_a_lease_that_holds_nothing_is_sent_and_that_is_proof() -> None:
    sent: list[Intent] = []

    with workers(send=lambda intent: sent.append(intent) or takes_it(intent), may_send=lambda: False) as (made, inbox):
        made.submit(an_intent())
        ended = inbox.get(timeout=5)

    assert sent == []
    assert isinstance(ended.sent.answer, Refused)
    assert ended.sent.answer.reason is RefusalReason.NEVER_SENT


def test_a_send_ends_with_what_the_broker_said() -> None:
    with workers() as (made, inbox):
        made.submit(an_intent())

        assert inbox.get(timeout=_PATIENCE_S) == SendEnded(an_intent().id, takes_it(an_intent()), 0.0)
    assert nothing_more(inbox)


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyError("orderid"), RecursionError(), SystemExit(1)])
def test_a_send_that_breaks_is_unknown_and_never_lost(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    with workers(send=raising(error)) as (made, inbox):
        made.submit(an_intent())

        ended = inbox.get(timeout=_PATIENCE_S)
    assert isinstance(ended, SendEnded)
    assert isinstance(ended.sent.answer, Unknown)
    assert nothing_more(inbox)
    assert "worker_failed" in caplog.text


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (BrokerUnavailable("HTTP 502", CALL), False),
        (SessionLost("AG8001", CALL), True),
        (ValueError("a bug"), False),
        (AssertionError(), False),
    ],
)
def test_a_read_that_fails_is_one_failure_and_says_whether_the_session_is_gone(error: Exception, lost: bool) -> None:
    with workers(read=raising(error)) as (made, inbox):
        made.submit(BOOK)

        failed = inbox.get(timeout=_PATIENCE_S)
    assert isinstance(failed, ReadFailed)
    assert (failed.query, failed.session_lost) == (BOOK, lost)
    assert failed.call is getattr(error, "call", None)
    assert nothing_more(inbox)


def test_the_failure_of_one_leaves_the_worker_for_the_next() -> None:
    scripts = iter([raising(ValueError("a bug"))] * 30 + [is_empty] * 30)

    with workers(read=lambda query: next(scripts)(query)) as (made, inbox):
        for _ in range(60):
            made.submit(BOOK)
        events = [inbox.get(timeout=_PATIENCE_S) for _ in range(60)]

    assert sum(isinstance(event, ReadFailed) for event in events) == 30
    assert sum(isinstance(event, ReadEnded) for event in events) == 30


def test_reads_that_hang_do_not_hold_up_a_stop() -> None:
    release = Flag()

    def hangs(query: Query) -> Reading:
        release.wait(_PATIENCE_S)
        return is_empty(query)

    with workers(read=hangs) as (made, inbox):
        for _ in range(40):
            made.submit(BOOK)
        made.submit(an_intent())

        first = inbox.get(timeout=_PATIENCE_S)
        release.set()
    assert isinstance(first, SendEnded)


def test_eight_sends_are_on_the_wire_at_the_same_time() -> None:
    together = Barrier(8, timeout=_PATIENCE_S)

    def waits_for_the_others(intent: Intent) -> Sent:
        together.wait()
        return takes_it(intent)

    with workers(send=waits_for_the_others) as (made, inbox):
        for number in range(8):
            made.submit(an_intent(id=IntentId(an_id(100 + number))))
        events = [inbox.get(timeout=_PATIENCE_S) for _ in range(8)]

    assert {event.intent for event in events} == {an_id(100 + number) for number in range(8)}
    assert all(isinstance(event.sent.answer, Accepted) for event in events)


def test_a_stop_lets_what_is_on_the_wire_end() -> None:
    began, release = Flag(), Flag()

    def slow(intent: Intent) -> Sent:
        began.set()
        release.wait(_PATIENCE_S)
        return takes_it(intent)

    with workers(send=slow) as (made, inbox):
        made.submit(an_intent())
        began.wait(_PATIENCE_S)
        release.set()
    assert isinstance(inbox.get_nowait().sent.answer, Accepted)
    with pytest.raises(RuntimeError):
        made.submit(an_intent())


def test_a_stop_leaves_while_as_many_entries_as_may_be_hang() -> None:
    granted = PermitBook(load_limits()).take([PermitClass.ENTER] * 20, NOW)
    release, left = Flag(), Flag()

    def send(intent: Intent) -> Sent:
        if intent.permit is PermitClass.PROTECT:
            left.set()
        else:
            release.wait(5)
        return takes_it(intent)

    with workers(send=send) as (made, _inbox):
        for _ in range(sum(granted)):
            made.submit(replace(an_intent(), permit=PermitClass.ENTER))
        made.submit(replace(an_intent(), permit=PermitClass.PROTECT))
        has_left = left.wait(1)
        release.set()

    assert has_left
