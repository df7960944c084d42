"""The rules that known-bad executors break, one each, by patches of our own functions (reliability.md T12)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from executor.alerts.bounds import Grant
from executor.broker.smartapi import orders as smartapi_orders
from executor.desk import absorb, guard, outcome, outside, reads
from executor.desk.book import Draft
from executor.desk.reports import absorb_report
from executor.desk.want import flat, pair
from executor.desk.want.difference import Need, Place
from executor.domain.bracket import Bracket, BracketState, Goal, Leg
from executor.domain.delivery import Recorded
from executor.domain.intent import Intent, IntentKind, RefusalReason, Refused, Sent, Unknown
from executor.domain.order import Order, Report
from executor.errors import StoreError
from executor.store import ledger
from executor.store.ledger import Ledger
from executor.trader.lease import Lease
from executor.trader.loop import Loop
from tests.campaigns.seam import Crash, SeamedIntake

Patch = pytest.MonkeyPatch


def resend_after_unknown(patch: Patch) -> None:
    send = smartapi_orders.send

    def twice(intent: Intent, **words: Any) -> Sent:
        sent = send(intent, **words)
        if intent.kind is not IntentKind.PLACE or not isinstance(sent.answer, Unknown):
            return sent
        again = send(intent, **words)
        return Sent(again.answer, (*sent.calls, *again.calls))

    patch.setattr(smartapi_orders, "send", twice)


def answer_before_commit(patch: Patch) -> None:
    """The web's writer has its turn whenever the trader looks; what it still holds dies with the web's process."""
    waiting: deque[Callable[[], Any]] = deque()
    record, sweep = SeamedIntake.record_delivery, Loop._sweep

    def queue(intake: SeamedIntake, *words: Any) -> Recorded:
        waiting.append(lambda: record(intake, *words))
        return Recorded()

    def write_then_sweep(loop: Loop, *words: Any) -> None:
        try:
            while waiting:
                waiting.popleft()()
        except (Crash, StoreError):
            waiting.clear()
        sweep(loop, *words)

    patch.setattr(SeamedIntake, "record_delivery", queue)
    patch.setattr(Loop, "_sweep", write_then_sweep)


def empty_book_is_flat(patch: Patch) -> None:
    suspected = outside.suspected_outside

    def everything(draft: Draft, like: Bracket) -> int:
        leaves = like.goal is Goal.FLAT  # positions run ahead of the order book then, on a calm day too
        return suspected(draft, like) if leaves else 10**6

    patch.setattr(absorb, "_not_evidence", lambda draft, reading: "")
    for room in (outside, reads):
        patch.setattr(room, "suspected_outside", everything)


def stop_on_event_only(patch: Patch) -> None:
    needs = pair.stop_needs

    def on_fill(draft: Draft, bracket: Bracket, leg: Leg, keep: int) -> list[Need]:
        found = needs(draft, bracket, leg, keep)
        return found if _has_just_filled(draft, bracket) else [one for one in found if not isinstance(one, Place)]

    patch.setattr(pair, "stop_needs", on_fill)
    patch.setattr(guard, "_force", lambda *words: "")


def _has_just_filled(draft: Draft, bracket: Bracket) -> bool:
    """Whether the event being decided on has brought a fill of the bracket."""
    before = {key: row.filled for (kind, key), row in draft._before.items() if kind is Order and isinstance(row, Order)}
    return any(order.filled > before.get(order.id, order.filled) for _, order in draft.orders_of_bracket(bracket.id))


def sibling_left(patch: Patch) -> None:
    needs, state_of = flat.flat_needs, outcome._state_of

    def leave(draft: Draft, bracket: Bracket) -> list[Need]:
        return needs(draft, bracket) if draft.holding(bracket).held else []

    def closed_when_flat(draft: Draft, bracket: Bracket, *, held: int) -> Any:
        is_flat = held == 0 and draft.holding(bracket).entered > 0
        return BracketState.CLOSED if is_flat else state_of(draft, bracket, held=held)

    patch.setattr("executor.desk.want.flat_needs", leave)
    patch.setattr(outcome, "_state_of", closed_when_flat)
    patch.setattr("executor.desk.settle._wind_up_late", lambda draft: None)


def fills_summed_twice(patch: Patch) -> None:
    def sum_up(draft: Draft, report: Report) -> None:
        order = draft.order_by_broker_id(draft.day, report.broker_id)
        before = order.filled if order else 0
        more = 0 if draft.knows_report(report.hash) else report.filled
        absorb_report(draft, replace(report, filled=before + more))

    patch.setattr("executor.desk.absorb.absorb_report", sum_up)


def no_epoch_check(patch: Patch) -> None:
    patch.setattr(ledger, "check_epoch", lambda *words: None)
    patch.setattr(Ledger, "beat", lambda *words, **more: None)
    patch.setattr(Lease, "holds", property(lambda lease: True))


def unbounded_token(patch: Patch) -> None:
    patch.setattr(Grant, "refuses", lambda grant, fields: None)


def record_after_send(patch: Patch) -> None:
    commit, hand_over = Loop._commit, Loop._hand_over

    def send_then_commit(loop: Loop, decision: Any, permits: Any, *rest: Any) -> Any:
        for intent in decision.intents:
            if intent.id in permits:
                loop._parts.workers.submit(intent)
        return commit(loop, decision, permits, *rest)

    def only_reads(loop: Loop, decision: Any, committed: Any) -> None:
        hand_over(loop, decision, None)

    patch.setattr(Loop, "_commit", send_then_commit)
    patch.setattr(Loop, "_hand_over", only_reads)


def assume_failed(patch: Patch) -> None:
    take = absorb._absorb_send

    def refused(draft: Draft, intent: Intent, answer: Any, calls: Any) -> None:
        if isinstance(answer, Unknown):
            answer = Refused(RefusalReason.NEVER_SENT, answer.why)
        take(draft, intent, answer, calls)

    patch.setattr(absorb, "_absorb_send", refused)
