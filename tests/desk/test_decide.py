"""decide is pure: the same book, event, time and ids give the same decision, and the book stays as it was."""

from __future__ import annotations

import copy
import sys
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from executor.config.calendar import load_calendar
from executor.desk.book import Book
from executor.desk.decide import decide
from executor.domain.bracket import Bracket, BracketState, Leg, Role
from executor.domain.ids import BracketId, BrokerOrderId, Ids, IntentId, LegId, OrderId, SignalId, tag_of
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import Call, IntentState, SettledBy
from executor.domain.messages import BookRows, Event, Evidence, ReadEnded
from executor.domain.order import Order, OrderState, OrderType, Report, Side, Source
from executor.domain.reading import Query, QueryKind, Reading
from executor.domain.record import Lane
from executor.domain.signal import LaneKey, Outcome, Signal, SignalState
from tests.builders import ACCOUNT, NOW, a_bracket, a_lane, a_leg, a_signal, an_id, an_intent, an_order
from tests.house import House

ALL_READ = frozenset({QueryKind.ORDER_BOOK, QueryKind.TRADES, QueryKind.POSITIONS})


def open_brackets(count: int) -> tuple[Book, tuple[Report, ...]]:
    """A book of so many protected positions, and the order book that shows them."""
    rows: dict[str, list[Any]] = {"signals": [], "lanes": [], "brackets": [], "legs": [], "orders": [], "intents": []}
    reports: list[Report] = []
    for number in range(count):
        _add_position(rows, reports, number)
    tables = {kind: tuple(found) for kind, found in rows.items()}
    book = Book(BookRows(account=ACCOUNT, fills=(), report_hashes=frozenset(), halts=(), **tables), load_calendar(None))
    book.evidence = Evidence(session_open=True, read=ALL_READ)
    return book, tuple(reports)


def _add_position(rows: dict[str, list[Any]], reports: list[Report], number: int) -> None:
    base = 1000 * (number + 1)
    lane = LaneKey(ACCOUNT, "trend", f"NSE:T{number}")
    instrument = InstrumentKey(Segment.NSE, str(number))
    signal, bracket = SignalId(an_id(base)), BracketId(an_id(base + 1))
    rows["lanes"].append(a_lane(key=lane.text, ticker=lane.ticker))
    rows["signals"].append(a_signal(id=signal, lane=lane.text, state=SignalState.ENDED, outcome=Outcome.FILLED))
    rows["brackets"].append(a_bracket(id=bracket, lane=lane.text, instrument=instrument, state=BracketState.OPEN))
    for place, role in enumerate((Role.ENTRY, Role.STOP, Role.TARGET)):
        leg = LegId(an_id(base + 10 + place))
        side = Side.BUY if role is Role.ENTRY else Side.SELL
        type_ = OrderType.STOP_LIMIT if role is Role.STOP else OrderType.LIMIT
        state = OrderState.FILLED if role is Role.ENTRY else OrderState.ACCEPTED
        price, trigger = {
            Role.ENTRY: (Decimal("150.00"), None),
            Role.STOP: (Decimal("147.05"), Decimal("148.50")),
            Role.TARGET: (Decimal("153.00"), None),
        }[role]
        order = an_order(
            id=OrderId(an_id(base + 20 + place)), leg=leg, side=side, type=type_, instrument=instrument,
            sent_price=price, sent_trigger=trigger, broker_id=BrokerOrderId(str(base + place)), state=state,
            working_type=type_, working_quantity=10, working_price=price, working_trigger=trigger, seen_at=NOW,
            filled=10 if role is Role.ENTRY else 0, average=price if role is Role.ENTRY else None,
        )  # fmt: skip
        rows["legs"].append(a_leg(id=leg, bracket=bracket, cause=signal, role=role, side=side))
        rows["orders"].append(order)
        rows["intents"].append(
            an_intent(
                id=IntentId(an_id(base + 30 + place)), order=order.id, state=IntentState.ACCEPTED,
                settled_by=SettledBy.ANSWER, sending_at=NOW,
            )
        )  # fmt: skip
        reports.append(report_of(order))


def report_of(order: Order) -> Report:
    assert order.broker_id and order.working_type and order.working_quantity and order.working_price
    return Report(
        broker_id=order.broker_id, unique_id=None, tag=order.tag, source=Source.BOOK, state=order.state,
        instrument=order.instrument, symbol=order.symbol, side=order.side, product=order.product,
        type=order.working_type, quantity=order.working_quantity, price=order.working_price,
        trigger=order.working_trigger, filled=order.filled, average=order.average, text="", updated_at=NOW,
        raw="{}", hash=f"hash {order.broker_id}",
    )  # fmt: skip


def the_book_read(reports: tuple[Report, ...], at: Any) -> ReadEnded:
    call = Call("getOrderBook", "", "", 200, at, 5)
    return ReadEnded(Reading(Query(QueryKind.ORDER_BOOK), at, at, call, reports=reports))


def test_a_quiet_book_asks_for_nothing_to_be_sent() -> None:
    book, reports = open_brackets(3)

    decision = decide(book, the_book_read(reports, NOW), NOW, Ids(lambda: NOW, Random(1)))

    assert decision.intents == ()
    assert not [change for change in decision.changes if isinstance(change.row, (Order, Bracket, Leg, Signal, Lane))]


def test_deciding_twice_gives_the_same_and_moves_nothing(house: House) -> None:
    """Every event of a life is decided twice on the same book before it is taken."""
    now = house.clock.now
    handle = house.loop.handle

    def twice(event: Event) -> None:
        before = copy.deepcopy((house.book.rows.tables, house.book.evidence))
        first, second = (decide(house.book, event, now(), Ids(now, Random(5))) for _ in range(2))
        assert first == second
        assert (house.book.rows.tables, house.book.evidence) == before
        handle(event)

    house.loop.handle = twice  # type: ignore[method-assign]
    house.fault("placeOrder", "cut_after")
    house.long()
    house.signal("exit")
    house.run(6)

    assert house.net() == 0


def test_the_cost_of_a_decision_grows_with_the_book_and_not_with_its_square() -> None:
    small, large = calls_of_a_decision(20), calls_of_a_decision(100)

    assert large < 8 * small


def calls_of_a_decision(brackets: int) -> int:
    """How many Python calls it takes to decide on an order book that shows every order of so many brackets."""
    book, reports = open_brackets(brackets)
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        decide(book, the_book_read(reports, NOW), NOW, Ids(lambda: NOW, Random(1)))
    finally:
        sys.setprofile(None)
    return calls


def test_the_index_of_holdings_follows_every_change() -> None:
    book, _ = open_brackets(1)
    (bracket,) = book.rows.tables[Bracket].values()
    stop = next(row for row in book.rows.tables[Order].values() if row.type is OrderType.STOP_LIMIT)

    with book.rows.tried():
        book.rows.take(replace(stop, filled=4))
        tried = book.rows.holdings[bracket.id].held

    assert (tried, book.rows.holdings[bracket.id].held) == (6, 10)
    assert book.rows.by_tag[tag_of(stop.leg, 1)] == stop.id
