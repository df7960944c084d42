"""What a trader starts from: everything that lives, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from executor.broker.limits import PermitBook, load_limits
from executor.domain.bracket import BracketState, Goal, Role
from executor.domain.ids import (
    BrokerOrderId,
    DeliveryId,
    IntentId,
    LegId,
    OrderId,
    SignalId,
)
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import Intent, IntentKind, IntentState, PermitClass
from executor.domain.messages import Change
from executor.domain.order import Order, OrderState, OrderType, Side
from executor.domain.record import Halt, HaltKind
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome, SignalState
from executor.domain.strategy import Level, LevelKind, LevelOf, Trail
from executor.domain.underlying import Underlying
from executor.store.store import Store
from tests.builders import (
    ACCOUNT,
    BRACKET,
    NOW,
    SIGNAL,
    TODAY,
    a_bracket,
    a_delivery,
    a_fill,
    a_lane,
    a_leg,
    a_report_row,
    a_request,
    a_signal,
    an_id,
    an_intent,
    an_order,
)
from tests.store.trading import commit, decision_of, made, take_lease

_YESTERDAY = TODAY - timedelta(days=1)


def _stop_order(**changes: Any) -> Order:
    """An order with every column filled."""
    fields: dict[str, Any] = {
        "id": OrderId(an_id(51)),
        "leg": LegId(an_id(41)),
        "side": Side.SELL,
        "type": OrderType.STOP_LIMIT,
        "sent_price": Decimal("147.0505"),
        "sent_trigger": Decimal("148.55"),
        "broker_id": BrokerOrderId("261125000000002"),
        "unique_id": "u-2",
        "working_type": OrderType.STOP_LIMIT,
        "working_quantity": 10,
        "working_price": Decimal("147.05"),
        "working_trigger": Decimal("148.55"),
        "filled": 3,
        "average": Decimal("148.4"),
        "state": OrderState.PARTIALLY_FILLED,
        "text": "₹ trigger",
        "seen_at": NOW,
    }
    return an_order(**{**fields, **changes})


def _modify() -> Intent:
    order = _stop_order()
    request = a_request(
        side=order.side,
        type=order.type,
        trigger=Decimal("148.55"),
        tag=order.tag,
        broker_id=order.broker_id,
    )
    return an_intent(
        id=IntentId(an_id(61)),
        order=order.id,
        kind=IntentKind.MODIFY,
        permit=PermitClass.PROTECT,
        request=request,
        state=IntentState.UNKNOWN,
        epoch=1,
        sending_at=NOW,
        outcome="no answer",
    )


def test_a_book_comes_back_as_it_was_committed(store: Store):
    store.intake.record_delivery(a_delivery(), a_signal())
    take_lease(store)
    lane = a_lane(synced=True, last_fired_at=NOW, last_exit_fired_at=NOW, halted=True)
    bracket = a_bracket(
        stop_loss=Level(LevelKind.PRICE, Decimal("160.5")),
        trail=Trail(Level(LevelKind.PERCENT, Decimal("0.5")), Decimal("0.25")),
        breakeven_after=Level(LevelKind.POINTS, Decimal(3)),
        chart=Side.SELL,
        underlying=Underlying(InstrumentKey(Segment.NFO, "53001"), "NIFTY", Side.SELL, Decimal("25290.00"), TODAY),
        closed_at=NOW,
        goal=Goal.FLAT,
        state=BracketState.CLOSING,
        closer=SIGNAL,
        closing_reason="exit",
    )
    stop = a_leg(
        id=LegId(an_id(41)),
        role=Role.STOP,
        side=Side.SELL,
        trigger=Decimal("148.5"),
        wanted=False,
        reason="x",
        of=LevelOf.UNDERLYING,
    )
    foreign = an_order(id=OrderId(an_id(52)), leg=None, tag=None, attempt=0, type=OrderType.MARKET)
    legs, orders, intents = (a_leg(), stop), (an_order(), _stop_order(), foreign), (an_intent(), _modify())
    fill, report = a_fill(), a_report_row()
    halt = Halt(f"account:{ACCOUNT}", HaltKind.KILL, NOW, "why", "cli")
    working = a_signal(state=SignalState.WORKING, plan="10 of 10")

    commit(store, decision_of(Change(working, before=a_signal())))
    commit(store, decision_of(*made(report, fill, *intents, *orders, *legs, bracket, lane)))
    store.ledger.set_halt(halt, at=NOW)
    book = store.recovery.load_book(ACCOUNT, TODAY)

    assert book.signals == (working,)
    assert book.lanes == (lane,)
    assert book.brackets == (bracket,)
    assert book.legs == legs
    assert book.orders == orders
    assert book.intents == intents
    assert book.fills == (fill,)
    assert book.report_hashes == {report.hash}
    assert book.halts == (halt,)


def test_words_come_back_as_members_of_their_enumerations(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(a_lane(), a_bracket(), a_leg(), an_order(), an_intent())))

    (intent,) = store.recovery.load_book(ACCOUNT, TODAY).intents

    assert intent.permit is PermitClass.ENTER
    assert intent.kind is IntentKind.PLACE
    assert intent.request.side is Side.BUY


def test_a_bracket_of_yesterday_is_loaded_whole_while_it_lives(store: Store):
    take_lease(store)
    rows = (a_bracket(state=BracketState.OPEN), a_leg(), an_order(day=_YESTERDAY, state=OrderState.FILLED))
    commit(store, decision_of(*made(a_lane(), *rows)))

    book = store.recovery.load_book(ACCOUNT, TODAY)

    assert (*book.brackets, *book.legs, *book.orders) == rows


def test_a_live_bracket_is_loaded_before_its_first_order(store: Store):
    take_lease(store)
    commit(store, decision_of(*made(a_lane(), a_bracket(), a_leg())))

    book = store.recovery.load_book(ACCOUNT, TODAY)

    assert (book.brackets, book.legs) == ((a_bracket(),), (a_leg(),))


def test_a_bracket_closed_yesterday_is_not_loaded(store: Store):
    take_lease(store)
    closed = a_bracket(state=BracketState.CLOSED)
    rows = (a_lane(), closed, a_leg(), an_order(day=_YESTERDAY), an_intent(), a_fill(day=_YESTERDAY))
    commit(store, decision_of(*made(*rows)))

    book = store.recovery.load_book(ACCOUNT, TODAY)

    assert (book.brackets, book.legs, book.orders, book.intents, book.fills) == ((), (), (), (), ())


def test_a_bracket_closed_today_is_loaded_because_fills_may_still_come(store: Store):
    take_lease(store)
    closed = a_bracket(state=BracketState.CLOSED)
    commit(store, decision_of(*made(a_lane(), closed, a_leg(), an_order())))

    assert store.recovery.load_book(ACCOUNT, TODAY).brackets == (closed,)


def test_the_signal_behind_a_loaded_bracket_is_loaded_though_it_ended(store: Store):
    store.intake.record_delivery(a_delivery(), a_signal())
    take_lease(store)
    ended = a_signal(state=SignalState.ENDED, outcome=Outcome.NOT_PLACED, code=RefusalCode.STALE, reason="r", plan="p")
    commit(store, decision_of(Change(ended, before=a_signal()), *made(a_lane(), a_bracket(), a_leg(), an_order())))

    assert store.recovery.load_book(ACCOUNT, TODAY).signals == (ended,)


def test_other_accounts_are_not_loaded(store: Store):
    other = {"account": "other"}
    store.intake.record_delivery(a_delivery(), a_signal(**other))
    epoch = store.ledger.take_lease("other", "one", at=NOW, follows=store.ledger.lease("other"))
    rows = (a_lane, a_bracket, a_leg, an_order, an_intent, a_report_row, a_fill)
    decision = decision_of(*made(*(row(**other) for row in rows)))
    store.ledger.commit("other", epoch, decision, permits=(), known=(), at=NOW)

    book = store.recovery.load_book(ACCOUNT, TODAY)

    assert not any(getattr(book, name) for name in book.__slots__ if name != "account")
    assert store.recovery.new_work(ACCOUNT).signals == []


def test_new_signals_are_those_received_oldest_first(store: Store):
    for number in (3, 1, 2):
        delivery, signal = DeliveryId(an_id(10 + number)), SignalId(an_id(20 + number))
        store.intake.record_delivery(
            a_delivery(id=delivery), a_signal(id=signal, delivery=delivery, key=f"content:{number}")
        )
    take_lease(store)
    first = a_signal(id=SignalId(an_id(21)), delivery=DeliveryId(an_id(11)), key="content:1")
    commit(store, decision_of(Change(a_signal(state=SignalState.ENDED, id=first.id), before=a_signal(id=first.id))))

    assert [signal.id for signal in store.recovery.new_work(ACCOUNT).signals] == [an_id(22), an_id(23)]


def test_writes_of_the_last_hour_count_whatever_came_of_them(store: Store):
    take_lease(store)
    sent = [NOW - timedelta(minutes=minutes) for minutes in (90, 30, 1)]
    orders = [an_order(id=OrderId(an_id(50 + n)), attempt=n + 1) for n in range(3)]
    intents = [
        an_intent(id=IntentId(an_id(60 + n)), order=orders[n].id, state=IntentState.REFUSED, sending_at=sent[n])
        for n in range(3)
    ]
    commit(store, decision_of(*made(a_lane(), a_bracket(), a_leg(), *orders, *intents)))

    assert store.recovery.recent_writes(ACCOUNT, NOW) == sent[1:]
    assert store.recovery.recent_writes("other", NOW) == []


def test_what_was_being_sent_when_the_trader_stopped_counts_from_now(store: Store):
    take_lease(store)
    order = an_order(id=OrderId(an_id(50)))
    sent_at = NOW - timedelta(seconds=6)
    intent = an_intent(id=IntentId(an_id(60)), order=order.id, state=IntentState.SENDING, sending_at=sent_at)
    commit(store, decision_of(*made(a_lane(), a_bracket(), a_leg(), order, intent)))

    assert store.recovery.recent_writes(ACCOUNT, NOW) == [NOW]


def test_writes_of_a_clock_that_was_ahead_count_from_now_not_until_that_time_has_come(store: Store):
    """A clock that was two minutes ahead is set back, and the trader is started anew: stops must not wait so long."""
    take_lease(store)
    ahead = [NOW + timedelta(seconds=100 + n) for n in range(8)]
    orders = [an_order(id=OrderId(an_id(50 + n)), attempt=n + 1) for n in range(8)]
    intents = [
        an_intent(id=IntentId(an_id(60 + n)), order=orders[n].id, state=IntentState.REFUSED, sending_at=ahead[n])
        for n in range(8)
    ]
    commit(store, decision_of(*made(a_lane(), a_bracket(), a_leg(), *orders, *intents)))

    permits = PermitBook(load_limits(), store.recovery.recent_writes(ACCOUNT, NOW))

    assert permits.take([PermitClass.PROTECT], NOW) == (False,)  # all eight may have left right now
    assert permits.take([PermitClass.PROTECT], NOW + timedelta(seconds=1)) == (True,)


def test_the_newest_id_is_the_greatest_of_all_tables(store: Store):
    assert store.recovery.newest_id() is None

    store.intake.record_delivery(a_delivery(), a_signal())
    take_lease(store)
    commit(store, decision_of(*made(a_lane(), a_bracket(), a_leg(id=LegId(an_id(999)), bracket=BRACKET))))

    assert store.recovery.newest_id() == an_id(999)
