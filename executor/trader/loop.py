"""The loop of one account: event → decide → permits → one transaction → book.apply → hand over to workers.

Memory moves only after the commit. Permits are taken without waiting; an intent without one stays READY. Everything
else (workers, sessions, jobs, doorbell) only puts events into the inbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from queue import Empty
from threading import Event as Flag
from typing import Any, Protocol

from executor.broker.limits import PermitBook
from executor.clock import Clock
from executor.desk.book import Book
from executor.desk.decide import decide, set_aside
from executor.domain.ids import Ids, IntentId
from executor.domain.instrument import InstrumentKey
from executor.domain.intent import Call, Intent, PermitClass, RefusalReason, Refused, Sent, Unknown
from executor.domain.messages import (
    CommandsArrived,
    Committed,
    Decision,
    Event,
    HaltsRead,
    Hinted,
    RailsRead,
    ReadEnded,
    ReadFailed,
    Resolved,
    SendEnded,
    SignalsArrived,
    Started,
    Tick,
)
from executor.domain.reading import Query
from executor.domain.record import Halt, HaltKind
from executor.domain.signal import Signal
from executor.errors import ClockSetBack, DiskFull, ExecutorError, InvariantBroken, NotRecorded, StoreError
from executor.store.ledger import Ledger
from executor.store.recovery import Recovery
from executor.store.reserve import Reserve
from executor.trader.feeds import ThreadFeeds
from executor.trader.halts import recorded, unrecorded
from executor.trader.lease import BEAT_S, Lease
from executor.trader.workers import Inbox

log = logging.getLogger(__name__)

#: The sweep behind the doorbell, and the pulse of everything that depends on time.
SWEEP_S = 0.25
#: The pulse while an intent waits for a permit: it leaves as soon as there is one.
_EAGER_S = 0.05
#: After a commit that the store could not take: when the same event is tried again.
_AGAIN_S = 0.5
#: A host's clock that is set back by more than this is no matter of its pace any more (reliability.md F-62).
_SET_BACK = timedelta(seconds=2)
#: How the broker's gateway refuses reads that came too fast (smartapi.md 5).
_TOO_FAST = (403, 429)


class Workers(Protocol):
    def submit(self, work: Intent | Query) -> None:
        """Take on a send or a read; it ends as exactly one event in the inbox."""


class Sessions(Protocol):
    def tend(self, *, is_open: bool) -> None:
        """Keep the broker session as the calendar wants it; never blocks."""


class Feeds(Protocol):
    def tend(self, *, is_open: bool, doubted: bool, watching: frozenset[InstrumentKey]) -> None:
        """Keep the feeds up while the session is open, and listen to these prices; never blocks."""

    def news(self) -> Event | None:
        """What came in that needs no event of its own, since the last call."""


@dataclass(frozen=True, slots=True)
class LoopParts:
    """What a loop is made of; all of it is made in bootstrap."""

    ledger: Ledger
    recovery: Recovery
    book: Book
    workers: Workers
    sessions: Sessions
    permits: PermitBook
    clock: Clock
    ids: Ids
    inbox: Inbox
    resolve: Callable[[Signal], Resolved]
    rails: Callable[[], RailsRead]
    lease: Lease
    kill_file: Path
    reserve: Reserve | None
    status: Callable[[Book], Mapping[str, Any]]
    feeds: Feeds = field(default_factory=ThreadFeeds)


class Loop:
    def __init__(self, parts: LoopParts) -> None:
        self._parts = parts
        self._reading: set[Query] = set()
        self._swept_at = self._ticked_at = -SWEEP_S
        self._beat_at = -BEAT_S
        self._told_ready = self._withheld = self._ended = False
        self._versions = -1
        self._hint: str | None = None
        self._left: list[Event] = []  # what was told to stop before it was recorded
        self._latest = parts.clock.now()
        self._began = self._latest - timedelta(seconds=parts.clock.monotonic())

    def run(self, stop: Flag) -> None:
        """Work until told to stop. Raises LeaseLost when another trader took the account; ClockSetBack."""
        self.begin(stop)
        while not stop.is_set():
            self.round(stop, wait_s=_EAGER_S if self._withheld else SWEEP_S)

    def begin(self, stop: Flag) -> None:
        """Doubt what was being sent when the last trader stopped."""
        self._until_recorded(Started(), stop)

    def finish(self) -> None:
        """Take in how what was on the wire has ended; nothing is sent or read any more.

        Raises NotRecorded, InvariantBroken, LeaseLost with the rest left in doubt for the next start.
        """
        self._ended = True
        for event in (*self._left, *iter(lambda: self._next(0), None)):
            if isinstance(event, SendEnded):
                self.handle(event)

    def round(self, stop: Flag, *, wait_s: float) -> bool:
        """Take the next event, if one comes in time, and what time asks for; False when there was none.

        A Tick from outside (doorbell, scheduler) means "look": the sweep is done at once.
        """
        event = self._next(wait_s)
        self._look_at_clock()
        self._beat_when_due()
        if isinstance(event, SendEnded):
            self._parts.permits.landed(1, self._steady_now(event.ended_s))
        self._slow_down_after(event)
        if isinstance(event, Tick):
            self._swept_at = -SWEEP_S
        elif event is not None:
            self._until_recorded(event, stop)
        self._pulse(stop)
        return event is not None

    def _slow_down_after(self, event: Event | None) -> None:
        """Halve the pace of what the broker's gateway refused for coming too fast."""
        match event:
            case SendEnded(sent=Sent(answer=Refused(reason=RefusalReason.RATE))):
                self._parts.permits.slow_down(None, self._steady_now())
            case ReadFailed(query=query, call=Call(status=status)) if status in _TOO_FAST:
                self._parts.permits.slow_down(query.kind, self._steady_now())

    def handle(self, event: Event) -> None:
        """Take one event through to the workers. Raises NotRecorded with nothing moved, LeaseLost."""
        parts = self._parts
        if isinstance(event, ReadEnded):
            self._reading.discard(event.reading.query)
        elif isinstance(event, ReadFailed):
            self._reading.discard(event.query)
        now = parts.clock.now()
        decision = self._decided(event, now)
        permits = self._permits(decision.intents)
        committed: Committed | None = None
        if decision.changes or decision.notes or permits or isinstance(event, HaltsRead):
            known = event.halts if isinstance(event, HaltsRead) else parts.book.halts
            committed = self._commit(decision, permits, known, now)
        parts.book.apply(decision, committed)
        self._hand_over(decision, committed)

    def _decided(self, event: Event, now: datetime) -> Decision:
        """What follows from an event. A fault of ours in deciding on what came from outside is InvariantBroken: to end
        and begin again would meet it again, with nobody to look after what is held.
        """
        if isinstance(event, Tick | Started):
            return decide(self._parts.book, event, now, self._parts.ids)
        with _as_fault_of_ours():
            return decide(self._parts.book, event, now, self._parts.ids)

    # -- inside one round --------------------------------------------------------------------------------------

    def _next(self, wait_s: float) -> Event | None:
        try:
            return self._parts.inbox.get(block=wait_s > 0, timeout=wait_s)
        except Empty:
            return None

    def _look_at_clock(self) -> None:
        """Begin anew where the clock was set back: what memory keeps was stamped with times that have yet to come, and
        until then no book would be read, no price be too old, no session be opened.
        """
        now = self._parts.clock.now()
        if now < self._latest - _SET_BACK:
            raise ClockSetBack(f"the clock was set back from {self._latest:%d-%m-%Y %H:%M:%S} UTC to {now:%H:%M:%S}")
        self._latest = max(self._latest, now)

    def _pulse(self, stop: Flag) -> None:
        """What time asks for: the sweep for new work, a tick for the desk, the session."""
        now = self._parts.clock.monotonic()
        busy = False
        if now - self._swept_at >= SWEEP_S:
            self._swept_at = now
            try:
                busy = self._sweep(stop)
            except NotRecorded as error:
                log.error("not_swept why=%s", error)
        # a decision just made leaves a tick nothing to do, and a worker is waiting for the interpreter to send it
        pause = _EAGER_S if self._withheld else SWEEP_S
        if now - self._ticked_at >= (2 * pause if busy else pause):
            self._ticked_at = now
            self._until_recorded(self._parts.feeds.news() or Tick(), stop)
            seen = self._parts.book.evidence
            self._parts.sessions.tend(is_open=seen.session_open)
            self._parts.feeds.tend(is_open=seen.session_open, doubted=seen.feed.doubted, watching=seen.watching)

    def _sweep(self, stop: Flag) -> bool:
        """Fetch what waits in the database: halts, commands and signals by state; whether there were signals."""
        parts = self._parts
        self._look_at_kill_file(stop)  # before the database, which may not answer
        work = parts.recovery.new_work(parts.book.account)
        waiting = parts.book.evidence.waiting  # before what is handled first: it may decide on one of them
        halts = (*work.halts, *unrecorded(parts.kill_file, parts.reserve))
        if set(halts) != set(parts.book.halts):
            self._until_recorded(HaltsRead(halts), stop)
        if work.versions != self._versions:
            self._until_recorded(parts.rails(), stop)
            self._versions = work.versions
        if work.hint != self._hint:
            self._until_recorded(Hinted(), stop)
            self._hint = work.hint
        if work.commands:
            self._until_recorded(CommandsArrived(tuple(work.commands)), stop)
        fresh = [signal for signal in work.signals if signal.id not in waiting]
        if fresh:
            found = [self._resolved(signal, (*halts, *work.ended)) for signal in fresh]
            self._until_recorded(SignalsArrived(tuple(one for one in found if one is not None)), stop)
        return bool(fresh)

    def _resolved(self, signal: Signal, halts: Sequence[Halt]) -> Resolved | None:
        """A signal with its contract; None where a fault of ours ended it."""
        then = tuple(halt for halt in halts if halt.held_at(signal.received_at))
        try:
            with _as_fault_of_ours():
                return replace(self._parts.resolve(signal), halts=then)
        except InvariantBroken as error:
            self._halt_after("resolve", error)
            self._give_up(signal, error)
            return None

    def _look_at_kill_file(self, stop: Flag) -> None:
        if self._surprised():
            outside = unrecorded(self._parts.kill_file, self._parts.reserve)
            self._until_recorded(HaltsRead((*recorded(self._parts.book.halts), *outside)), stop)

    def _until_recorded(self, event: Event, stop: Flag) -> None:
        """Handle an event, again and again while the store cannot take it: a fact must not get lost."""
        while not stop.is_set():
            try:
                return self.handle(event)
            except NotRecorded as error:
                log.error("not_recorded event=%s why=%s", type(event).__name__, error)
                if not self._gives_up_reserve(error, stop):
                    stop.wait(_AGAIN_S)
                self._beat_when_due()
            except InvariantBroken as error:
                return self._set_aside(event, error, stop)
        self._left.append(event)

    def _set_aside(self, event: Event, error: InvariantBroken, stop: Flag) -> None:
        """Go on protecting after a fault of our own: entries halt, the event is dropped, its signals end one by one.
        What a worker ended is told as in doubt: else its intent would be under way for ever, and the order with it.
        """
        why = self._halt_after(type(event).__name__, error)
        instead = _in_doubt(event, why)
        if instead is not None:
            self._until_recorded(instead, stop)
        if not isinstance(event, SignalsArrived):
            return
        if len(event.signals) > 1:
            for resolved in event.signals:
                self._until_recorded(SignalsArrived((resolved,)), stop)
            return
        self._give_up(event.signals[0].signal, error)

    def _halt_after(self, what: str, error: InvariantBroken) -> str:
        """Halt entries after a fault of our own; returns what is told of it."""
        parts, now = self._parts, self._parts.clock.now()
        log.critical("set_aside event=%s why=%s", what, error, exc_info=error)
        why = f"a fault of this program: {error}"
        parts.ledger.set_halt(Halt(f"account:{parts.book.account}", HaltKind.HALT, now, why, "trader"), at=now)
        return why

    def _give_up(self, signal: Signal, error: InvariantBroken) -> None:
        """End a signal that cannot be decided on, and nothing else."""
        parts, now = self._parts, self._parts.clock.now()
        decision = set_aside(parts.book, signal, str(error), now, parts.ids)
        parts.book.apply(decision, self._commit(decision, set(), parts.book.halts, now))

    def _gives_up_reserve(self, error: NotRecorded, stop: Flag) -> bool:
        """Make space once for what reduces and protects; entries are halted before anything is written there."""
        reserve = self._parts.reserve
        if not isinstance(error, DiskFull) or reserve is None or not reserve.release():
            return False
        log.error("disk_full: the reserve is given up for exits, stops and kill; entries are halted")
        halts = (*recorded(self._parts.book.halts), *unrecorded(self._parts.kill_file, reserve))
        self._until_recorded(HaltsRead(halts), stop)
        return True

    def _commit(self, decision: Decision, permits: set[IntentId], known: Sequence[Halt], now: datetime) -> Committed:
        """The one transaction. Permits of what does not leave are given back."""
        parts = self._parts
        try:
            committed = parts.ledger.commit(
                parts.book.account, parts.lease.epoch, decision, permits=permits, known=recorded(known), at=now
            )
        except (StoreError, InvariantBroken):
            parts.permits.give_back(len(permits))
            raise
        parts.permits.give_back(len(permits) - len(committed.sending))
        return replace(committed, halts=(*committed.halts, *unrecorded(parts.kill_file, parts.reserve)))

    def _permits(self, intents: tuple[Intent, ...]) -> set[IntentId]:
        if self._ended or not self._parts.lease.holds:
            return set()  # the next good beat shows whether we may still send
        asking = {one.id: one for one in intents if one.permit is not PermitClass.ENTER or not self._surprised()}
        granted = self._parts.permits.take([one.permit for one in asking.values()], self._steady_now())
        self._withheld = not all(granted)
        return {intent for intent, yes in zip(asking, granted, strict=True) if yes}

    def _steady_now(self, at_s: float | None = None) -> datetime:
        """The time for permits: a host's clock that steps forward must not empty the windows."""
        return self._began + timedelta(seconds=self._parts.clock.monotonic() if at_s is None else at_s)

    def _surprised(self) -> bool:
        """Whether a halt stands beside the database that the desk does not know yet."""
        return not set(unrecorded(self._parts.kill_file, self._parts.reserve)) <= set(self._parts.book.halts)

    def _hand_over(self, decision: Decision, committed: Committed | None) -> None:
        for intent in committed.sending if committed else ():
            self._parts.workers.submit(intent)
        for query in () if self._ended else decision.queries:
            if query not in self._reading and self._parts.permits.take_read(query.kind, self._steady_now()):
                self._reading.add(query)
                self._parts.workers.submit(query)
        for note in decision.notes:
            log.log(logging.WARNING if note.alarm else logging.INFO, "%s %s %s", note.kind, note.subject, note.text)

    def _beat_when_due(self) -> None:
        parts, now = self._parts, self._parts.clock.monotonic()
        ready = parts.book.evidence.reconciled
        if now - self._beat_at < BEAT_S and ready == self._told_ready:
            return
        self._beat_at, self._told_ready = now, ready  # who waits for us to be ready need not wait for the next second
        try:
            parts.lease.beat(parts.status(parts.book))
        except NotRecorded as error:
            log.error("beat_not_recorded why=%s", error)
            if isinstance(error, DiskFull) and parts.reserve is not None:
                parts.reserve.release()
        if parts.reserve is not None and parts.reserve.is_spent and parts.reserve.make():
            log.warning("disk_has_space: the reserve is made again, entries are taken")


@contextmanager
def _as_fault_of_ours() -> Iterator[None]:
    """What Python raises where a rule was wrong, as InvariantBroken."""
    try:
        yield
    except ExecutorError:
        raise
    except Exception as error:
        raise InvariantBroken(f"{type(error).__name__}: {error}") from error


def _in_doubt(event: Event, why: str) -> Event | None:
    """A worker's end without what it brought; None for one that brought nothing, and for events of others."""
    match event:
        case SendEnded(sent=Sent(answer=Unknown(), calls=())):
            return None
        case SendEnded(intent=intent, ended_s=ended_s):
            return SendEnded(intent, Sent(Unknown(why), ()), ended_s)
        case ReadEnded(reading=reading):
            return ReadFailed(reading.query, why, session_lost=False, call=None)
        case _:
            return None
