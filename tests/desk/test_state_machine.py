"""The desk alone against a tiny exchange: every order of events that hypothesis can think of, shrunk when it fails.

No store, no client, no simulator: decide and its Book. A crash keeps the rows and loses everything else. After each
step the invariants are asked of the exchange's truth and of every intent that leaves; at the end everything is
answered honestly, and all must have come to rest. More: `EXAMPLES=5000 pytest tests/desk/test_state_machine.py`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from executor.desk.book import Draft
from executor.domain.bracket import Bracket, BracketState, Leg, Role
from executor.domain.command import Command, CommandKind
from executor.domain.ids import CommandId, DeliveryId, Ids, SignalId
from executor.domain.intent import (
    Intent,
    IntentKind,
    Sent,
)
from executor.domain.messages import (
    BookRows,
    CommandsArrived,
    HaltsRead,
    ReadFailed,
    SendEnded,
    SessionChanged,
    Tick,
)
from executor.domain.order import DONE, Order, OrderState, OrderType
from executor.domain.position import NOTHING
from executor.domain.record import Halt, HaltKind
from executor.domain.signal import Action, Signal, SignalState
from executor.domain.strategy import Level, LevelKind, Protection, Short, Target, Trail
from tests.builders import ACCOUNT, NOW, a_signal, a_strategy
from tests.desk.exchange import Exchange
from tests.desk.machine import Machinery

EXAMPLES = int(os.environ.get("EXAMPLES", "200"))
STEPS = int(os.environ.get("STEPS", "40"))
_REST = 600  # looks

picks = st.integers(0, 30)
ONE = (Target(Level(LevelKind.PERCENT, Decimal(2))),)
TWO = (
    Target(Level(LevelKind.PERCENT, Decimal(1)), Decimal(50)),
    Target(Level(LevelKind.PERCENT, Decimal(2)), Decimal(50)),
)
THREE = (
    *TWO[:1],
    Target(Level(LevelKind.POINTS, Decimal(2)), Decimal(5)),
    Target(Level(LevelKind.POINTS, Decimal(4)), Decimal(30)),
)
TRAIL = Trail(Level(LevelKind.PERCENT, Decimal(1)))
_OTHERS = (Action.REVERSE, Action.CANCEL, Action.MODIFY, Action.FLATTEN)


def _position(prev: int, now: int) -> dict[str, str]:
    words = {-1: "short", 0: "flat", 1: "long"}
    told = {name: (size > 0) - (size < 0) for name, size in (("now", now), ("prev", prev))}
    return {
        "now": words[told["now"]],
        "now_size": str(abs(now)),
        "prev": words[told["prev"]],
        "prev_size": str(abs(prev)),
    }


class Desk(Machinery):
    @initialize(
        protection=st.sampled_from((Protection.PAIR, Protection.SINGLE)),
        shorts=st.booleans(),
        looks=picks,
        aims=st.sampled_from((ONE, TWO, THREE, ())),
        trail=st.sampled_from((None, None, TRAIL)),
    )
    def open(
        self,
        protection: Protection,
        shorts: bool,
        looks: int,
        aims: tuple[Target, ...] = ONE,
        trail: Trail | None = None,
    ) -> None:
        """A trading morning; after some looks a first entry may be filled and protected."""
        self.now = NOW
        self.ids = Ids(lambda: self.now, Random(1))
        self.strategy = a_strategy(
            protection=protection,
            short=Short.INTRADAY_CASH if shorts else Short.NONE,
            take_profit=aims,
            trail=trail,
        )
        self.chart = 0
        self.moved: dict[str, Decimal] = {}
        self.exchange = Exchange()
        self.last = Decimal(150)
        self.received: dict[SignalId, Signal] = {}  # as web recorded them
        self.exits: set[str] = set()
        self.halts: tuple[Halt, ...] = ()
        self.permits = 99
        self._begin(BookRows(ACCOUNT, (), (), (), (), (), (), (), frozenset(), ()))
        self._read_all()
        if looks:
            self.alert(Action.SELL if shorts and looks % 2 else Action.BUY, None, priced=True)
        for _ in range(looks % 6):
            self._honest_look()

    # -- what comes from outside -----------------------------------------------------------------------------------

    @rule(
        action=st.sampled_from((Action.BUY, Action.SELL, Action.BUY, Action.SELL, Action.EXIT, *_OTHERS)),
        size=st.none() | st.integers(1, 15),
        priced=st.booleans(),
    )
    def alert(self, action: Action, size: int | None, priced: bool) -> None:
        fields: dict[str, Any] = {}
        if size is not None and action in {Action.BUY, Action.SELL, Action.REVERSE}:
            fields["size"] = {"quantity": str(size)}
        if priced:
            fields["price"] = str(self.last)
        if action is Action.MODIFY and size is not None:
            fields |= {"stop_loss": {"points": str(size)}} if size % 2 else {"take_profit": [{"points": str(size)}]}
        self._send(action, fields)

    @rule(now=st.integers(-2, 2), arrives=st.sampled_from((True, True, True, False)))
    def the_chart_trades(self, now: int, arrives: bool) -> None:
        """An alert of a strategy tells prev → now; some never come."""
        prev, self.chart = self.chart, now
        if arrives and prev != now:
            fields = {"price": str(self.last), "position": _position(prev, now)}
            self._send(Action.BUY if now > prev else Action.SELL, fields)

    def _send(self, action: Action, more: dict[str, Any]) -> None:
        fields = {"exchange": "NSE", "ticker": "TATASTEEL", "action": action.value, **more}
        signal = a_signal(
            id=SignalId(self.ids.new()), delivery=DeliveryId(self.ids.new()), key=f"id:{len(self.received)}",
            action=action, fields=fields, fired_at=self.now, received_at=self.now,
        )  # fmt: skip
        self.received[signal.id] = signal
        if action is Action.EXIT:
            self.exits.add(signal.id)
        self._sweep()

    @rule()
    def a_person_exits(self) -> None:
        words = {"scope": "ALL"}
        command = Command(CommandId(self.ids.new()), ACCOUNT, CommandKind.EXIT, words, "person", self.now)
        self._do(CommandsArrived((command,)))

    @rule(kind=st.sampled_from((None, None, None, HaltKind.HALT, HaltKind.KILL)))
    def a_person_halts_or_resumes(self, kind: HaltKind | None) -> None:
        self.halts = (Halt("ALL", kind, self.now, "test", "person"),) if kind else ()
        self._do(HaltsRead(self.halts))

    @rule(seconds=st.sampled_from((0.25, 0.25, 0.6, 1.1, 2.5, 6.0, 16.0)))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self._sweep()
        self._do(Tick())

    @rule(move=st.sampled_from((-4, -2, -1, 1, 2, 4)))
    def the_price_moves(self, move: int) -> None:
        self.last = min(Decimal(160), max(Decimal(140), self.last + move))

    @rule(looks=st.integers(1, 4))
    def all_goes_well(self, looks: int) -> None:
        for _ in range(looks):
            self._honest_look()

    @rule(permits=st.sampled_from((0, 1, 99, 99, 99)))
    def permits_are_scarce_or_not(self, permits: int) -> None:
        self.permits = permits

    # -- the broker ------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.flying)
    @rule(pick=picks, fate=st.sampled_from(("taken", "taken", "taken", "refused", "lost", "vanished", "late", "idle")))
    def a_send_is_answered(self, pick: int, fate: str) -> None:
        intent = self.flying.pop(pick % len(self.flying))
        self._do(SendEnded(intent.id, Sent(self._fated(intent, fate), ())))

    @precondition(lambda self: self.late)
    @rule()
    def a_late_request_arrives(self) -> None:
        self.exchange.take(self.late.pop(0), self.now)

    @precondition(lambda self: self.asked)
    @rule()
    def books_are_read(self) -> None:
        self._read_all()

    @precondition(lambda self: self.asked)
    @rule(session_lost=st.booleans())
    def a_book_fails(self, session_lost: bool) -> None:
        query = next(iter(self.asked))
        del self.asked[query]
        self._do(ReadFailed(query, "test", session_lost=session_lost, call=None))

    @precondition(lambda self: not self.book.evidence.session_open)
    @rule()
    def the_session_opens(self) -> None:
        self._do(SessionChanged(open=True))
        self._read_all()

    # -- the exchange ----------------------------------------------------------------------------------------------

    @precondition(lambda self: self._resting())
    @rule(pick=picks, quantity=st.integers(1, 15))
    def an_order_fills(self, pick: int, quantity: int) -> None:
        order = self._picked(pick)
        self.exchange.fill(order, min(quantity, order.open), order.request.price, self.now)

    @precondition(lambda self: self._resting())
    @rule(pick=picks)
    def an_order_triggers(self, pick: int) -> None:
        order = self._picked(pick)
        if order.is_stop:
            self.exchange.trigger(order, self.now)

    @precondition(lambda self: self._resting())
    @rule(pick=picks)
    def an_order_is_cancelled_by_hand(self, pick: int) -> None:
        self.exchange.end(self._picked(pick), OrderState.CANCELLED, self.now)

    @precondition(lambda self: any(not order.filled for order in self._resting()))
    @rule(pick=picks)
    def an_order_is_rejected_after_all(self, pick: int) -> None:
        fresh = [order for order in self._resting() if not order.filled]
        self.exchange.end(fresh[pick % len(fresh)], OrderState.REJECTED, self.now)

    @rule()
    def the_market_trades(self) -> None:
        self.exchange.match(self.last, self.now)

    # -- the process -----------------------------------------------------------------------------------------------

    @rule(arrived=st.integers(0, 255))
    def the_trader_is_killed(self, arrived: int) -> None:
        """Of what was on the wire some has arrived; memory is gone, rows stay."""
        for place, intent in enumerate(self.flying):
            if arrived >> place % 8 & 1:
                self.exchange.take(intent, self.now)
        self.now += timedelta(seconds=1.5)
        self._begin(self._kept())

    # -- what must hold after each step ----------------------------------------------------------------------------

    @invariant()
    def an_entry_is_taken_once_and_fills_no_more_than_planned(self) -> None:
        taken: Counter[Leg] = Counter()
        filled: Counter[Leg] = Counter()
        for order, leg in self._placed(Role.ENTRY):
            taken[leg] += order.request.quantity if order.state is not OrderState.REJECTED else 0
            filled[leg] += order.filled
        assert all(units <= leg.quantity for leg, units in taken.items()), f"{taken} units sent for entry legs"
        assert all(filled[leg] <= leg.quantity for leg in filled)

    @invariant()
    def an_order_has_one_unsettled_intent_and_a_lane_one_bracket(self) -> None:
        if not hasattr(self, "book"):
            return
        unsettled = Counter(row.order for row in self._rows(Intent) if row.settled_by is None)
        live = [row for row in self._rows(Bracket) if row.state is not BracketState.CLOSED and not row.recovered]
        assert all(count == 1 for count in unsettled.values())
        assert len(live) <= 1

    @invariant()
    def an_exit_opens_nothing(self) -> None:
        if hasattr(self, "book"):
            assert not [leg for leg in self._rows(Leg) if leg.cause in self.exits and leg.role is Role.ENTRY]

    def _judge(self, sending: Sequence[Intent]) -> None:
        """What leaves now: changes only of orders that live, exits only for what is held."""
        for intent in sending:
            order = self.book.rows.tables[Order][intent.order]
            if intent.kind is not IntentKind.PLACE:
                assert order.state not in DONE, f"{intent.kind} of an order that is {order.state}"
                assert order.broker_id
            leg = self.book.rows.tables[Leg][order.leg]
            bracket = self.book.rows.tables[Bracket][leg.bracket]
            grows = intent.kind is IntentKind.PLACE or intent.request.quantity > (order.working_quantity or 0)
            if leg.side is not bracket.side and intent.kind is not IntentKind.CANCEL and grows:
                self._judge_exit(intent, order, leg, bracket)
            is_stop = leg.role is Role.STOP and intent.request.type is OrderType.STOP_LIMIT
            if is_stop and intent.kind is not IntentKind.CANCEL:
                self._judge_stop(intent, bracket)

    def _judge_stop(self, intent: Intent, bracket: Bracket) -> None:
        """A stop that was moved to a price by trail or alert never moves away from it again."""
        trigger = intent.request.trigger
        assert trigger is not None
        moved = self.moved.get(bracket.id)
        if moved is not None:
            assert (trigger - moved) * bracket.side.sign >= 0, f"the stop moves away from {moved} to {trigger}"
        if bracket.stop_loss is not None and bracket.stop_loss.kind is LevelKind.PRICE:
            self.moved[bracket.id] = trigger

    def _judge_exit(self, intent: Intent, order: Order, leg: Leg, bracket: Bracket) -> None:
        """With what rests of its own kind and of exits it must not exceed what is held (a pair: each for itself)."""
        draft = Draft(self.book, self.now, self.ids)
        kinds = {leg.role, Role.EXIT} if leg.role is not Role.EXIT else {Role.EXIT}
        for role in [leg.role] if leg.role is not Role.EXIT else [Role.STOP, Role.TARGET]:
            beside = [
                other
                for one, other in draft.orders_of_bracket(bracket.id, *kinds, role)
                if other.id != order.id and one.side is leg.side and draft.may_rest(other) and not self._going(other)
            ]
            total = sum(other.remaining for other in beside) + intent.request.quantity - order.filled
            held = draft.holding(bracket).held
            assert total <= held, f"{intent.kind} {leg.role} of {intent.request.quantity}: {total} leave, {held} held"

    def _going(self, order: Order) -> bool:
        """Whether its cancel is on the wire."""
        sent = (row for row in self._rows(Intent) if row.order == order.id and row.settled_by is None)
        return any(row.kind is IntentKind.CANCEL for row in sent)

    # -- the end ---------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not self.is_whole:
            return  # it has failed already, in the middle of a step
        self.permits = 99
        self.halts = ()
        self._do(HaltsRead(()))
        for intent in self.late:
            self.exchange.take(intent, self.now)
        self.late.clear()
        for _ in range(_REST):
            if not self._wrong():
                return
            self._honest_look()
        raise AssertionError(self._wrong())

    def _wrong(self) -> str:
        """What has not come to rest yet."""
        rows = self.book.rows
        units = {row.id: rows.holdings.get(row.id, NOTHING).held for row in self._rows(Bracket)}
        held = sum(units[row.id] * row.side.sign for row in self._rows(Bracket))
        working = list(self.exchange.working())
        bare = [row for row in self._rows(Bracket) if row.protection is Protection.NONE]  # a person took its stop twice
        meant = sum(units[row.id] * row.side.sign for row in bare)
        stopped = sum(order.open for order in working if order.is_stop)
        ours = {row.broker_id: row for row in self._rows(Order)}
        wrongs = {
            f"{held} held by our rows, {self.exchange.net} at the exchange": held != self.exchange.net,
            f"{stopped} in stops for {held} held": stopped != abs(held - meant),
            "orders rest for nothing": not held and bool(working),
            "reversed": any(one < 0 for one in units.values()),
            "a bracket is between states": any(
                row.state not in {BracketState.OPEN, BracketState.CLOSED} for row in self._rows(Bracket)
            ),
            "an intent is unsettled": any(row.settled_by is None for row in self._rows(Intent)) or bool(self.flying),
            "an order is not ours": any(order not in ours for order in self.exchange.orders),
            "a signal has not ended": any(self._state_of(one) is not SignalState.ENDED for one in self.received),
        }
        return "; ".join(text for text, is_wrong in wrongs.items() if is_wrong)


TestDesk = pytest.mark.timeout(60 + EXAMPLES)(Desk.TestCase)
TestDesk.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    derandomize="EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
