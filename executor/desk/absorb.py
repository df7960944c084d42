"""Take facts in: answers to sends, books, trades, prices. Merge only; no goal changes here.

An answer never settles a modify or cancel that was accepted: only a report does (smartapi.md 2.4, F-71).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from executor.desk.book import Draft
from executor.domain.calendar import trading_day
from executor.domain.ids import CallId, OrderId, is_tag
from executor.domain.messages import (
    Accepted,
    Call,
    CallRow,
    Event,
    Fill,
    HaltsRead,
    Intent,
    IntentKind,
    IntentState,
    QueryKind,
    ReadEnded,
    ReadFailed,
    Reading,
    RefusalReason,
    Refused,
    ReportRow,
    SendEnded,
    SessionChanged,
    SettledBy,
    SignalsArrived,
    Started,
    Tick,
    Unknown,
)
from executor.domain.order import TERMINAL, UNSEEN, FillReport, Order, OrderState, Report, merge

#: Clean reads are remembered for as long as a send can be in doubt.
_REMEMBER = timedelta(seconds=90)
#: `seen_at` is for the page: it is written when it is this much older.
_SHOW_SEEN = timedelta(seconds=10)


def absorb(draft: Draft, event: Event) -> None:
    match event:
        case Started():
            _doubt_what_was_sending(draft)
        case SignalsArrived(signals):
            known = draft.evidence.waiting
            draft.learn(waiting={**known, **{resolved.signal.id: resolved for resolved in signals}})
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
    draft.learn(
        asked_at={**draft.evidence.asked_at, query: draft.now}, read=draft.evidence.read | {query.kind}, failed_reads=0
    )
    match query.kind:
        case QueryKind.ORDER_BOOK:
            _judge_clean(draft, reading)
            for report in reading.reports:
                absorb_report(draft, report)
        case QueryKind.TRADES:
            for fill in reading.fills:
                _absorb_fill(draft, fill)
        case QueryKind.POSITIONS:
            draft.learn(positions=reading.positions)
        case QueryKind.LTP:
            if query.instrument is not None and reading.price is not None:
                draft.learn(prices={**draft.evidence.prices, query.instrument: reading.price})
        case _:
            assert_never(query.kind)


def _absorb_failure(draft: Draft, failure: ReadFailed) -> None:
    if failure.call is not None:
        _keep_read_call(draft, failure.call)
    known = draft.evidence
    draft.learn(asked_at={**known.asked_at, failure.query: draft.now}, failed_reads=known.failed_reads + 1)
    if failure.session_lost:
        draft.learn(session_open=False)
    if draft.evidence.failed_reads == 3:
        draft.note(
            "reads_failing", draft.account, f"{failure.query.kind} failed three times: {failure.why}", alarm=True
        )


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


def _judge_clean(draft: Draft, reading: Reading) -> None:
    """A book that lacks an order it showed before today is no evidence of anything (F-26)."""
    shown = {report.broker_id for report in reading.reports}
    day = trading_day(reading.began_at)
    missing = [o for o in draft.orders.values() if o.day == day and o.state not in UNSEEN and o.broker_id not in shown]
    missing = [o for o in missing if o.working_quantity is not None]
    if missing:
        draft.note(
            "book_shrank", draft.account, f"the order book lacks {len(missing)} orders it showed before", alarm=True
        )
        return
    recent = [at for at in draft.evidence.clean_reads if draft.now - at < _REMEMBER]
    draft.learn(clean_reads=(*recent, reading.began_at))


def absorb_report(draft: Draft, report: Report) -> None:
    """Merge one report into its order, by broker id, else by tag; an order nobody knows is foreign."""
    order = _order_of(draft, report)
    if order is None:
        _adopt_foreign(draft, report)
        return
    merged = merge(order, report)
    stale = order.seen_at is None or draft.now - order.seen_at > _SHOW_SEEN
    if merged != order or stale:
        merged = replace(merged, seen_at=draft.now)
    if merged != order:
        draft.put(merged)
    _keep_report(draft, report, order.id)
    _settle_by_report(draft, merged)
    if merged.state != order.state or merged.filled != order.filled:
        draft.note("order", order.id, _words(merged))


def _order_of(draft: Draft, report: Report) -> Order | None:
    for order in draft.orders.values():
        if order.broker_id == report.broker_id and order.day == draft.day:
            return order
    for order in draft.orders.values():
        if report.tag is not None and order.tag == report.tag:
            return order
    return None


def _adopt_foreign(draft: Draft, report: Report) -> None:
    order = Order(
        id=OrderId(draft.ids.new()),
        leg=None,
        account=draft.account,
        day=draft.day,
        attempt=0,
        tag=report.tag if is_tag(report.tag) else None,
        instrument=report.instrument,
        symbol=report.symbol,
        side=report.side,
        product=report.product,
        type=report.type,
        sent_quantity=report.quantity,
        sent_price=report.price,
        sent_trigger=report.trigger,
        created_at=draft.now,
        broker_id=report.broker_id,
    )
    draft.put(replace(merge(order, report), seen_at=draft.now))
    _keep_report(draft, report, order.id)
    alarm = is_tag(report.tag)
    draft.note(
        "foreign", order.id, f"an order that is not ours: {report.side} {report.quantity} {report.symbol}", alarm=alarm
    )


def _keep_report(draft: Draft, report: Report, order: OrderId) -> None:
    if not draft.knows_report(report.hash):
        row = ReportRow(
            account=draft.account,
            day=draft.day,
            hash=report.hash,
            source=report.source,
            broker_id=report.broker_id,
            order=order,
            raw=report.raw,
            at=draft.now,
        )
        draft.put(row)


def _settle_by_report(draft: Draft, order: Order) -> None:
    """A report ends the doubt about an intent when it shows what the intent asked for, or that the order ended."""
    intent = draft.unsettled(order.id)
    if intent is None or intent.state is IntentState.READY:
        return
    request = intent.request
    shown = (order.working_type, order.working_quantity, order.working_price, order.working_trigger)
    asked = (request.type, request.quantity, request.price, request.trigger)
    match intent.kind:
        case IntentKind.PLACE:
            settled = True
        case IntentKind.MODIFY:
            settled = order.state in TERMINAL or shown == asked
        case IntentKind.CANCEL:
            settled = order.state in TERMINAL
    if settled:
        outcome = intent.outcome or "ACCEPTED"
        draft.put(replace(intent, state=IntentState.ACCEPTED, outcome=outcome, settled_by=SettledBy.REPORT))


def _absorb_fill(draft: Draft, told: FillReport) -> None:
    day = trading_day(told.at)
    if (day, told.broker_id, told.fill_id) in draft.fills:
        return
    order = next((o for o in draft.orders.values() if o.broker_id == told.broker_id and o.day == day), None)
    fill = Fill(
        account=draft.account,
        day=day,
        broker_id=told.broker_id,
        fill_id=told.fill_id,
        order=order.id if order else None,
        quantity=told.quantity,
        price=told.price,
        at=told.at,
        raw=told.raw,
    )
    draft.put(fill)
    if order is not None:
        draft.note("fill", order.id, f"{told.quantity} {order.symbol} at {told.price}")


def _words(order: Order) -> str:
    text = f" ({order.text})" if order.text else ""
    average = f" at {order.average}" if order.filled and order.average is not None else ""
    return f"{order.state}: {order.filled} of {order.working_quantity} filled{average}{text}"
