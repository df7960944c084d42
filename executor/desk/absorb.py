"""Take facts in: answers to sends, books, trades, prices. Merge only; no goal changes here.

An answer never settles a modify or cancel that was accepted: only a report does (smartapi.md 2.4, F-71).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from executor.desk.book import Draft
from executor.desk.reads import BLIND
from executor.desk.reports import absorb_fill, absorb_report
from executor.domain.calendar import trading_day
from executor.domain.ids import CallId
from executor.domain.intent import (
    Accepted,
    Call,
    Intent,
    IntentKind,
    IntentState,
    RefusalReason,
    Refused,
    SettledBy,
    Unknown,
)
from executor.domain.messages import (
    CommandsArrived,
    Event,
    HaltsRead,
    ReadEnded,
    ReadFailed,
    SendEnded,
    SessionChanged,
    SignalsArrived,
    Started,
    Tick,
)
from executor.domain.order import UNSEEN, Order, OrderState
from executor.domain.reading import QueryKind, Reading
from executor.domain.record import CallRow

#: Clean reads are remembered for as long as a send can be in doubt.
_REMEMBER = timedelta(seconds=90)


def absorb(draft: Draft, event: Event) -> None:
    match event:
        case Started():
            _doubt_what_was_sending(draft)
        case SignalsArrived(signals):
            known = draft.evidence.waiting
            draft.learn(waiting={**known, **{resolved.signal.id: resolved for resolved in signals}})
        case CommandsArrived(commands):
            draft.commands = commands
        case SendEnded(intent, sent):
            _absorb_send(draft, draft.intents[intent], sent.answer, sent.calls)
        case ReadEnded(reading):
            _absorb_reading(draft, reading)
        case ReadFailed():
            _absorb_failure(draft, event)
        case SessionChanged(is_open):
            draft.learn(session_open=is_open, read=frozenset())
        case HaltsRead(halts):
            draft.halts = halts
        case Tick():
            pass
        case _:
            assert_never(event)


# -- sends -------------------------------------------------------------------------------------------------------


def _doubt_what_was_sending(draft: Draft) -> None:
    for intent in list(draft.intents.values()):
        if intent.state is IntentState.SENDING:
            draft.put(replace(intent, state=IntentState.UNKNOWN, outcome="UNKNOWN: stopped while sending"))
            _doubt(draft, intent)
            draft.note("unknown", intent.order, f"{intent.kind} was being sent when the trader stopped")


def _absorb_send(draft: Draft, intent: Intent, answer: Accepted | Refused | Unknown, calls: tuple[Call, ...]) -> None:
    for call in calls:
        row = CallRow(CallId(draft.ids.new()), draft.account, intent.id, call, 1, call.at)
        draft.put(row)
    if intent.settled_by is not None:
        return  # a report was quicker than the answer
    match answer:
        case Accepted():
            _accept(draft, intent, answer)
        case Refused(reason, text):
            outcome = f"REFUSED {reason}: {text}"
            draft.put(replace(intent, state=IntentState.REFUSED, outcome=outcome, settled_by=SettledBy.ANSWER))
            if intent.kind is IntentKind.PLACE:
                draft.put(replace(draft.orders[intent.order], state=OrderState.REJECTED, text=text))
            if reason is RefusalReason.SESSION:
                draft.learn(session_open=False)
            draft.note("refused", intent.order, f"{intent.kind} refused ({reason}): {text}")
        case Unknown(why):
            draft.put(replace(intent, state=IntentState.UNKNOWN, outcome=f"UNKNOWN: {why}"))
            _doubt(draft, intent)
            draft.note("unknown", intent.order, f"{intent.kind} may or may not have arrived: {why}")
        case _:
            assert_never(answer)


def _accept(draft: Draft, intent: Intent, answer: Accepted) -> None:
    order = draft.orders[intent.order]
    settled = SettledBy.ANSWER if intent.kind is IntentKind.PLACE else None
    draft.put(replace(intent, state=IntentState.ACCEPTED, outcome="ACCEPTED", settled_by=settled))
    if intent.kind is IntentKind.PLACE:
        state = OrderState.SUBMITTED if order.state in UNSEEN else order.state
        draft.put(replace(order, state=state, broker_id=answer.order_id, unique_id=answer.unique_id))
    draft.note("accepted", intent.order, f"{intent.kind} taken by the broker as {answer.order_id}")


def _doubt(draft: Draft, intent: Intent) -> None:
    order = draft.orders[intent.order]
    if intent.kind is IntentKind.PLACE and order.state in {OrderState.INITIALIZED, OrderState.SUBMITTED}:
        draft.put(replace(order, state=OrderState.UNKNOWN))


# -- reads -------------------------------------------------------------------------------------------------------


def _absorb_reading(draft: Draft, reading: Reading) -> None:
    _keep_read_call(draft, reading.call)
    query = reading.query
    draft.learn(asked_at={**draft.evidence.asked_at, query: draft.now})
    missing = _missing(draft, reading) if query.kind is QueryKind.ORDER_BOOK else []
    if missing:
        _count_failure(draft, f"it lacks {len(missing)} orders that it showed before")
    else:
        draft.learn(read=draft.evidence.read | {query.kind})
    match query.kind:
        case QueryKind.ORDER_BOOK:
            if not missing:
                _count_clean(draft, reading)
            for report in reading.reports:
                absorb_report(draft, report)
        case QueryKind.TRADES:
            for fill in reading.fills:
                absorb_fill(draft, fill)
        case QueryKind.POSITIONS:
            draft.learn(positions=reading.positions, positions_at=reading.began_at)
        case QueryKind.LTP:
            if query.instrument is not None and reading.price is not None:
                draft.learn(prices={**draft.evidence.prices, query.instrument: reading.price})
        case _:
            assert_never(query.kind)


def _absorb_failure(draft: Draft, failure: ReadFailed) -> None:
    if failure.call is not None:
        _keep_read_call(draft, failure.call)
    draft.learn(asked_at={**draft.evidence.asked_at, failure.query: draft.now})
    if failure.query.kind is QueryKind.ORDER_BOOK:
        _count_failure(draft, failure.why)
    if failure.session_lost:
        draft.learn(session_open=False)


def _count_failure(draft: Draft, why: str) -> None:
    """Count order books in a row that were no evidence."""
    draft.learn(failed_reads=draft.evidence.failed_reads + 1)
    if draft.evidence.failed_reads == BLIND:
        draft.note("reads_failing", draft.account, f"no good order book {BLIND} times in a row: {why}", alarm=True)


def _count_clean(draft: Draft, reading: Reading) -> None:
    recent = [at for at in draft.evidence.clean_reads if draft.now - at < _REMEMBER]
    draft.learn(clean_reads=(*recent, reading.began_at), failed_reads=0)


def _missing(draft: Draft, reading: Reading) -> list[Order]:
    """Orders of the day that a book lacks though it showed them before: then it is no evidence of anything (F-26)."""
    told = {report.broker_id for report in reading.reports}
    day = trading_day(reading.began_at)
    return [
        order for order in draft.orders.values() if order.shown and order.day == day and order.broker_id not in told
    ]


def _keep_read_call(draft: Draft, call: Call) -> None:
    """Keep a read whose body differs from the last; the count of equal ones is written when it ends."""
    known = draft.evidence.calls
    place = f"{call.route} {call.request}"
    last = known.get(place)
    if last is not None and (last.call.answer, last.call.status) == (call.answer, call.status):
        draft.learn(calls={**known, place: replace(last, equal=last.equal + 1, last_at=call.at)})
        return
    if last is not None and last.equal > 1:
        draft.put(last, before=replace(last, equal=1))
    row = CallRow(CallId(draft.ids.new()), draft.account, None, call, 1, call.at)
    draft.put(row)
    draft.learn(calls={**known, place: row})
