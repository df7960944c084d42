"""Threads that speak with the broker. Every piece of work ends as exactly one event in the inbox, whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event as Flag

from executor.broker.port import Broker
from executor.clock import Clock
from executor.domain.intent import Intent, PermitClass, RefusalReason, Refused, Sent, Unknown
from executor.domain.messages import Event, ReadEnded, ReadFailed, SendEnded
from executor.domain.reading import Query
from executor.errors import BrokerUnavailable, SessionLost

log = logging.getLogger(__name__)

Inbox = SimpleQueue[Event]

#: How long the caller stands back while its order leaves: both need the interpreter, and whatever the caller does next
#: would take it from the worker in the middle of the request.
_HANDOVER_S = 0.002
_FENCED = Sent(Refused(RefusalReason.NEVER_SENT, "the lease's last beat is too old: another trader may own it"), ())


class ThreadWorkers:
    """Writes and reads have threads of their own, so that a slow book never holds up a stop; nor do entries that hang:
    what protects does not wait for their threads either, as it does not wait for their permits (broker/limits.py).
    """

    def __init__(
        self,
        broker: Broker,
        inbox: Inbox,
        clock: Clock,
        *,
        may_send: Callable[[], bool],
        writers: int = 8,
        readers: int = 4,
    ) -> None:
        """`may_send` is asked right before the first byte: whether the lease still holds."""
        self._broker = broker
        self._inbox = inbox
        self._clock = clock
        self._may_send = may_send
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="write")
        self._protectors = ThreadPoolExecutor(writers, thread_name_prefix="protect")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="read")

    def submit(self, work: Intent | Query) -> None:
        if isinstance(work, Query):
            self._readers.submit(self._read, work).add_done_callback(log_failure)
            return
        ended = Flag()
        pool = self._protectors if work.permit is PermitClass.PROTECT else self._writers
        pool.submit(self._send, work, ended).add_done_callback(log_failure)
        ended.wait(_HANDOVER_S)

    def stop(self) -> None:
        """Let what is on the wire end; what still queues is not sent, and is in doubt for the next start."""
        for pool in (self._protectors, self._writers):  # first nothing more begins, then both end
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in (self._protectors, self._writers):
            pool.shutdown(wait=True)
        self._readers.shutdown(wait=False, cancel_futures=True)

    def _send(self, intent: Intent, ended: Flag) -> None:
        sent = Sent(Unknown("the worker failed while sending"), ())
        try:
            sent = self._broker.send(intent) if self._may_send() else _FENCED
        finally:
            self._inbox.put(SendEnded(intent.id, sent, self._clock.monotonic()))
            ended.set()

    def _read(self, query: Query) -> None:
        event: Event = ReadFailed(query, "the worker failed while reading", session_lost=False, call=None)
        try:
            event = ReadEnded(self._broker.read(query))
        except SessionLost as error:
            event = ReadFailed(query, str(error), session_lost=True, call=error.call)
        except BrokerUnavailable as error:
            event = ReadFailed(query, str(error), session_lost=False, call=error.call)
        finally:
            self._inbox.put(event)


def log_failure(future: Future[None]) -> None:
    """Say what no outcome could carry; without it a thread pool keeps it to itself."""
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("worker_failed", exc_info=error)
