"""Take facts in: answers to sends, books, trades, prices. Merge only; no goal changes here.

An answer never settles a modify or cancel that was accepted: only a report does (smartapi.md 2.4, F-71).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from executor.desk import feed, prices
from executor.desk.book import Draft
from executor.desk.reads import BLIND
from executor.desk.reports import absorb_fill, absorb_report, is_of_today
from executor.domain.calendar import trading_day
from executor.domain.ids import CallId, is_tag
from executor.domain.instrument import InstrumentKey, Price
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
    FeedChanged,
    FeedFailed,
    FeedTold,
    HaltsRead,
    Hinted,
    Morning,
    PricesSeen,
    RailsRead,
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
from executor.domain.record import CallRow, Halt, HaltKind
from executor.domain.signal import Signal, SignalState

_WORKING_VALUES = ("working_type", "working_quantity", "working_price", "working_trigger")
#: Refusals that every order after this one would get too, until a person has done something at the broker.
_HALTING = frozenset({RefusalReason.ADDRESS, RefusalReason.ACCOUNT})
#: The cancel of an order at whose refusal a person is told.
_CANCELS_IN_VAIN = 3
#: Clean reads are remembered for as long as a send can be in doubt.
_REMEMBER = timedelta(seconds=90)


def absorb(draft: Draft, event: Event) -> None:
    _begin_the_day(draft)
    feed.weigh(draft)
    match event:
        case Started():
            _bring_back(draft)
            _doubt_what_was_sending(draft)
            _doubt_positions(draft)
        case SignalsArrived(signals):
            new = {resolved.signal.id: resolved for resolved in signals if _is_unjudged(draft, resolved.signal)}
            draft.learn(waiting={**draft.evidence.waiting, **new})
            draft.concerned = frozenset(one.signal.lane for one in draft.evidence.waiting.values())
        case CommandsArrived(commands):
            draft.commands = commands
        case SendEnded(intent, sent):
            _absorb_send(draft, draft.intents[intent], sent.answer, sent.calls)
        case ReadEnded(reading):
            _absorb_reading(draft, reading)
        case ReadFailed():
            _absorb_failure(draft, event)
        case SessionChanged() | HaltsRead() | RailsRead():
            _absorb_word(draft, event)
        case FeedChanged() | FeedFailed() | FeedTold() | PricesSeen() | Hinted():
            _absorb_feed(draft, event)
        case Tick():
            pass
        case _:
            assert_never(event)


def _absorb_word(draft: Draft, event: SessionChanged | HaltsRead | RailsRead) -> None:
    """What this side tells: the session's state, and what people have set."""
    match event:
        case SessionChanged(is_open):
            draft.learn(session_open=is_open, read=frozenset())
        case HaltsRead(halts):
            draft.halts = halts
        case RailsRead(strategies, account, freezes):
            draft.learn(strategy_rails=strategies, account_rails=account)
            _refreeze(draft, freezes)


def _absorb_feed(draft: Draft, event: FeedChanged | FeedFailed | FeedTold | PricesSeen | Hinted) -> None:
    match event:
        case FeedChanged():
            feed.absorb_change(draft, event)
        case FeedFailed(name):
            text = f"a fault of this program ended what listens to the feed of {name}; it is begun again, see the log"
            draft.note("feed", draft.account, text, alarm=True)
        case FeedTold(report):
            if is_of_today(draft, report):
                absorb_report(draft, report)
        case PricesSeen(prices):
            _learn_prices(draft, prices)
        case Hinted(book):
            asked = {query: at for query, at in draft.evidence.asked_at.items() if query.kind is not book}
            draft.learn(asked_at=asked)


def _refreeze(draft: Draft, freezes: Mapping[InstrumentKey, int | None]) -> None:
    """The exchange may have changed over night how much it takes in one order: what is sent from now on is cut anew.

    A table that tells none is no proof that there is none; and what rests now was taken as it is: it stays so today.
    """
    for bracket in draft.live_brackets():
        now = freezes.get(bracket.instrument) or bracket.freeze
        rests = any(draft.may_rest(order) for _, order in draft.orders_of_bracket(bracket.id))
        if now != bracket.freeze and not rests:
            draft.put(replace(bracket, freeze=now))
            text = f"{bracket.symbol}: the exchange takes fewer than {now} in one order, it was {bracket.freeze}"
            draft.note("freeze", bracket.id, text)


def _begin_the_day(draft: Draft) -> None:
    """At midnight the last prices become those of before the night, and what was seen of a morning is forgotten."""
    if draft.evidence.morning.day == draft.day:
        return
    known = draft.evidence.prices
    today = {contract: price for contract, price in known.items() if trading_day(price.at) == draft.day}
    before = {contract: price for contract, price in known.items() if contract not in today}
    draft.learn(morning=Morning(draft.day, prices={**_of_last_session(draft), **before}), prices=today, quotes={})
    feed.begin_day(draft)
    _forget_reads(draft)


def _of_last_session(draft: Draft) -> dict[InstrumentKey, Price]:
    """What held contracts cost in their last session, where days without one lie between: a split comes then too."""
    before = draft.evidence.morning.prices
    held = {bracket.instrument for bracket in draft.live_brackets()} & before.keys()
    sessions = draft.calendar.trading_days_between
    return {one: before[one] for one in held if sessions(one.segment, trading_day(before[one].at), draft.day) <= 1}


def _forget_reads(draft: Draft) -> None:
    """What was read yesterday, and when: each choice of options asks for other contracts, and answers are large."""
    for last in draft.evidence.calls.values():
        if last.equal > 1:
            draft.put(last, before=replace(last, equal=1))
    draft.learn(calls={}, asked_at={})


# -- sends -------------------------------------------------------------------------------------------------------


def _doubt_positions(draft: Draft) -> None:
    """Positions may lag behind what filled today; how long ago that was is not kept."""
    if any(order.filled and order.day == draft.day for order in draft.orders.values()):
        draft.learn(filled_at=draft.now)


def _bring_back(draft: Draft) -> None:
    """What was sent by a clock that was ahead, and has been set back, left by now: reads from now on settle it."""
    ahead = [one for one in draft.intents.values() if one.sending_at is not None and one.sending_at > draft.now]
    for intent in ahead:
        draft.put(replace(intent, sending_at=draft.now))
    if ahead:
        text = f"the clock was set back: {len(ahead)} sends were stamped with times that have yet to come"
        draft.note("clock", draft.account, text, alarm=True)


def _doubt_what_was_sending(draft: Draft) -> None:
    for intent in list(draft.intents.values()):
        if intent.state is IntentState.SENDING:
            draft.put(replace(intent, state=IntentState.UNKNOWN, outcome="UNKNOWN: stopped while sending"))
            _doubt(draft, intent)
            draft.note("unknown", intent.order, f"{intent.kind} was being sent when the trader stopped")


def _is_unjudged(draft: Draft, signal: Signal) -> bool:
    """A row that was read before we decided on it comes too late: it must not be decided on twice."""
    known = draft.signals.get(signal.id)
    return not draft.has_ended(signal.id) and (known is None or known.state is SignalState.RECEIVED)


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
            if reason in _HALTING:  # no other order will do better: not one more is tried
                draft.halt(Halt(f"account:{draft.account}", HaltKind.HALT, draft.now, text, "trader"))
            _tell_refused(draft, intent, f"{intent.kind} refused ({reason}): {text}")
        case Unknown(why):
            draft.put(replace(intent, state=IntentState.UNKNOWN, outcome=f"UNKNOWN: {why}"))
            _doubt(draft, intent)
            draft.note("unknown", intent.order, f"{intent.kind} may or may not have arrived: {why}")
        case _:
            assert_never(answer)


def _tell_refused(draft: Draft, intent: Intent, text: str) -> None:
    """Tell of a refusal; where an order can't be withdrawn a person has to, before it trades for nothing."""
    sent = draft.intents_of(intent.order)
    cancels = [one for one in sent if one.kind is IntentKind.CANCEL and one.state is IntentState.REFUSED]
    in_vain = intent.kind is IntentKind.CANCEL and len(cancels) == _CANCELS_IN_VAIN
    broker_id = draft.orders[intent.order].broker_id
    rests = f"; order {broker_id} rests after {len(cancels)} cancels, cancel it in the broker's app" if in_vain else ""
    draft.note("refused", intent.order, text + rests, alarm=in_vain)


def _accept(draft: Draft, intent: Intent, answer: Accepted) -> None:
    order = draft.orders[intent.order]
    settled = SettledBy.ANSWER if intent.kind is IntentKind.PLACE else None
    draft.put(replace(intent, state=IntentState.ACCEPTED, outcome="ACCEPTED", settled_by=settled))
    if intent.kind is IntentKind.PLACE:
        twin = draft.order_by_broker_id(order.day, answer.order_id)
        if twin is not None and twin.id != order.id:
            order = _reclaim(draft, order, twin)
        state = OrderState.SUBMITTED if order.state in UNSEEN else order.state
        draft.put(replace(order, state=state, broker_id=answer.order_id, unique_id=answer.unique_id))
    draft.note("accepted", intent.order, f"{intent.kind} taken by the broker as {answer.order_id}")


def _reclaim(draft: Draft, order: Order, twin: Order) -> Order:
    """Take over what the book showed of an order before its answer came, when the book left out its tag."""
    draft.put(replace(twin, broker_id=None, filled=0, state=OrderState.NOT_PLACED, text=f"it is ours: {order.id}"))
    names = ("filled", "average", "state", "triggered", "seen_at", *_WORKING_VALUES)
    shown = {name: getattr(twin, name) for name in names}
    return replace(order, **shown)


def _doubt(draft: Draft, intent: Intent) -> None:
    order = draft.orders[intent.order]
    if intent.kind is IntentKind.PLACE and order.state in {OrderState.INITIALIZED, OrderState.SUBMITTED}:
        draft.put(replace(order, state=OrderState.UNKNOWN))


# -- reads -------------------------------------------------------------------------------------------------------


def _absorb_reading(draft: Draft, reading: Reading) -> None:
    _keep_read_call(draft, reading.call)
    query = reading.query
    draft.learn(asked_at={**draft.evidence.asked_at, query: draft.now})
    if trading_day(reading.began_at) != draft.day:
        return  # begun before midnight: it tells of yesterday
    if query.kind is not QueryKind.ORDER_BOOK:
        draft.learn(read=draft.evidence.read | {query.kind})
    match query.kind:
        case QueryKind.ORDER_BOOK:
            _absorb_order_book(draft, reading)
        case QueryKind.TRADES:
            for fill in reading.fills:
                absorb_fill(draft, fill)
        case QueryKind.POSITIONS:
            draft.learn(positions=reading.positions, positions_at=reading.began_at)
        case QueryKind.HOLDINGS:
            _absorb_holdings(draft, reading)
        case QueryKind.LTP | QueryKind.QUOTES:
            _absorb_price(draft, reading)
            _absorb_quotes(draft, reading)
        case QueryKind.FUNDS | QueryKind.ORDER | QueryKind.MARGIN | QueryKind.CHARGES:
            pass  # asked by the session's keeper, for people
        case _:
            assert_never(query.kind)


def _absorb_holdings(draft: Draft, reading: Reading) -> None:
    """The most that was owned of each share today: whether what is sold leaves the holdings at once is not told."""
    owned = dict(draft.evidence.morning.owned)
    told: dict[InstrumentKey, int] = {}
    for one in reading.holdings:
        told[one.instrument] = told.get(one.instrument, 0) + one.quantity
    for share, quantity in told.items():
        owned[share] = max(quantity, owned.get(share, 0))
    draft.learn(morning=replace(draft.evidence.morning, owned=owned, owned_at=reading.began_at))


def _absorb_quotes(draft: Draft, reading: Reading) -> None:
    """Quotes are prices too; the newest of each contract stays, and for a moment which were read together."""
    recent = {one: at for one, at in draft.evidence.quoted_at.items() if draft.now - at <= prices.QUOTE_FRESH}
    draft.learn(quoted_at={**recent, reading.query: reading.began_at})
    quotes = {**draft.evidence.quotes, **{one.instrument: one for one in reading.quotes}}
    draft.learn(quotes=quotes)
    _learn_prices(draft, {one.instrument: one.price for one in reading.quotes})


def _absorb_price(draft: Draft, reading: Reading) -> None:
    contract, price, close = reading.query.instrument, reading.price, reading.previous_close
    if contract is None or price is None:
        return
    _learn_prices(draft, {contract: price})
    if close is not None and draft.calendar.is_open(contract.segment, price.at):
        morning = draft.evidence.morning
        draft.learn(morning=replace(morning, closes={**morning.closes, contract: close}))


def _learn_prices(draft: Draft, told: Mapping[InstrumentKey, Price]) -> None:
    """The newest of each contract stays: a read is as old as its call, and a feed may have been quicker."""
    known, now = draft.evidence.prices, draft.now
    newer = {one: price for one, price in told.items() if one not in known or not price.at < known[one].at <= now}
    draft.learn(prices={**known, **newer})


def _absorb_order_book(draft: Draft, reading: Reading) -> None:
    wrong = _not_evidence(draft, reading)
    if wrong:
        _count_failure(draft, wrong)
    else:
        draft.learn(read=draft.evidence.read | {QueryKind.ORDER_BOOK})
        if not feed.is_behind(draft, reading):
            _count_clean(draft, reading)
    for report in reading.reports:
        if is_of_today(draft, report):
            absorb_report(draft, report)
    if not wrong:
        feed.check(draft, reading)


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


def _not_evidence(draft: Draft, reading: Reading) -> str:
    """Why an order book proves nothing: it lacks orders of ours that it showed today, or is yesterday's (F-26)."""
    told = {report.broker_id for report in reading.reports}
    ours = [order for order in draft.orders.values() if order.leg is not None and order.day == draft.day]
    shown = [order for order in ours if order.shown and not feed.may_lack(draft, order)]
    missing = [order for order in shown if order.broker_id not in told]
    if missing:
        return f"it lacks {len(missing)} orders that it showed before"
    old = [report for report in reading.reports if is_tag(report.tag) and not is_of_today(draft, report)]
    return f"it shows {len(old)} orders of ours from another day" if old else ""


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
