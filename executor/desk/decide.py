"""decide = absorb → aim → want. Every feature of the desk belongs to one of the three."""

from __future__ import annotations

from datetime import datetime

from executor.desk.absorb import absorb
from executor.desk.aim import aim
from executor.desk.book import Book, Draft
from executor.desk.guard import guard
from executor.desk.outcome import conclude, end_signal
from executor.desk.outside import charge_outside
from executor.desk.reads import due_reads
from executor.desk.settle import settle
from executor.desk.want import want
from executor.domain.ids import Ids
from executor.domain.messages import Decision, Event
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Outcome, Signal


def decide(book: Book, event: Event, now: datetime, ids: Ids) -> Decision:
    """What follows from an event; pure.

    1. absorb: facts are taken in, doubts settled where they can be, brackets and signals concluded from quantities.
    2. aim: signals, the clock and the guard change goals.
    3. want: what must be working minus what is working becomes intents; nothing else makes any.
    """
    with Draft(book, now, ids) as draft:
        absorb(draft, event)
        settle(draft)
        charge_outside(draft)
        conclude(draft)
        aim(draft)
        guard(draft)
        intents = want(draft)
        due_reads(draft)
        return draft.decision(intents)


def set_aside(book: Book, signal: Signal, why: str, now: datetime, ids: Ids) -> Decision:
    """End a signal that could not be decided on, and nothing else."""
    with Draft(book, now, ids) as draft:
        end_signal(draft, signal, Outcome.REFUSED, Refusal(RefusalCode.SET_ASIDE, why))
        return draft.decision(())
