"""Rows by kind and key, the ways between them, and the few among them that rules look at at every event.

A day leaves hundreds of rows that have ended: they must be found when a late truth names them, and cost nothing
until then. So a rule asks for a `Watch`, never for all rows of a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Generic, TypeVar

from executor.domain.bracket import Bracket, BracketState, Leg, Role
from executor.domain.calendar import trading_day
from executor.domain.command import Command
from executor.domain.ids import BracketId, BrokerOrderId, IntentId, LegId, OrderId, OrderTag, SignalId
from executor.domain.intent import Intent, IntentState
from executor.domain.messages import Row
from executor.domain.order import DONE, MAY_COME, MAY_COME_FOR, Order, OrderState
from executor.domain.position import Holding, holding_of
from executor.domain.profit import profit_of, trades_of
from executor.domain.record import CallRow, Fill, Lane, ReportRow
from executor.domain.signal import CORRECTABLE, WITHDRAWN, Signal, SignalState

R = TypeVar("R")
Tables = dict[type, dict[Any, Any]]

_KINDS = (Signal, Lane, Bracket, Leg, Order, Intent, Fill)
#: Kinds of which a decision makes rows that nobody looks at later.
_MADE = (ReportRow, CallRow, Command)
#: Steps back: a dict and a key with what was there; ABSENT where nothing was, WHOLE with all that the dict held.
_ABSENT, _WHOLE = object(), object()


@dataclass(frozen=True, slots=True, eq=False)
class Watch(Generic[R]):
    """The rows of a kind for which something holds; kept up to date with every row taken."""

    kind: type[R]
    holds: Callable[[R], bool]


LIVE = Watch(Bracket, lambda row: row.state is not BracketState.CLOSED)
#: Of which units were closed by somebody else.
CHARGED = Watch(Bracket, lambda row: row.outside > 0)
OPEN_ORDERS = Watch(Order, lambda row: row.state not in DONE)
NOT_PLACED = Watch(Order, lambda row: row.state is OrderState.NOT_PLACED)
#: Orders that are not ours.
FOREIGN = Watch(Order, lambda row: row.leg is None)
#: One that is still READY is to be sent or dropped, also when its order has ended by itself.
UNSETTLED = Watch(Intent, lambda row: row.settled_by is None or row.state is IntentState.READY)
#: Signals whose outcome is still to come, or may yet be corrected.
UNDECIDED = Watch(Signal, lambda row: row.state is SignalState.WORKING or _may_be_corrected(row))
_WATCHES: tuple[Watch[Any], ...] = (LIVE, CHARGED, OPEN_ORDERS, NOT_PLACED, FOREIGN, UNSETTLED, UNDECIDED)
_WATCHES_OF: dict[type, tuple[Watch[Any], ...]] = {
    kind: tuple(watch for watch in _WATCHES if watch.kind is kind) for kind in _KINDS
}


class Rows:
    """Rows by kind and key, with the ways from one to the others and what each bracket holds, always up to date."""

    def __init__(self) -> None:
        self.tables: Tables = {kind: {} for kind in (*_KINDS, *_MADE)}
        self.legs_of: dict[BracketId, tuple[LegId, ...]] = {}
        self.legs_by_cause: dict[str, tuple[LegId, ...]] = {}
        self.orders_of: dict[LegId, tuple[OrderId, ...]] = {}
        self.intents_of: dict[OrderId, tuple[IntentId, ...]] = {}
        self.by_broker_id: dict[tuple[date, BrokerOrderId], OrderId] = {}
        self.by_tag: dict[OrderTag, OrderId] = {}
        self.by_closer: dict[str, tuple[BracketId, ...]] = {}
        self.holdings: dict[BracketId, Holding] = {}
        #: Brackets that hold something, whatever their state.
        self.holding: dict[BracketId, None] = {}
        #: Orders that filled more than their fills tell.
        self.unexplained: dict[OrderId, None] = {}
        self.fills_of: dict[tuple[date, BrokerOrderId], tuple[Fill, ...]] = {}
        #: Entries by day and strategy.
        self.entries: dict[tuple[date, str], tuple[LegId, ...]] = {}
        #: What each closed bracket made, and what those of a strategy made together, by day; rupees before charges.
        self.realised: dict[BracketId, Mapping[date, Decimal]] = {}
        self.made: dict[tuple[date, str], Decimal] = {}
        #: Signals that ended and are not kept.
        self.ended: set[SignalId] = set()
        self._watched: dict[Watch[Any], dict[Any, Any]] = {watch: {} for watch in _WATCHES}
        self._back: list[tuple[dict[Any, Any], Any, Any]] | None = None

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Whatever is taken inside is taken back at the end, in the order that was there before."""
        assert self._back is None, "rows are tried once at a time"
        back: list[tuple[dict[Any, Any], Any, Any]] = []
        self._back = back
        try:
            yield
        finally:
            self._back = None
            for rows, key, before in reversed(back):
                _step_back(rows, key, before)

    @property
    def are_tried(self) -> bool:
        """Whether what is taken now will be taken back."""
        return self._back is not None

    def of_day(self, day: date) -> Rows:
        """What lives, has orders of the day, an intent to be settled or an order that may come still: what a start on
        this day would load (`store/recovery.py`).
        """
        orders: dict[OrderId, Order] = self.tables[Order]
        legs: dict[LegId, Leg] = self.tables[Leg]
        unsettled = {intent.order for intent in self.watched(UNSETTLED)}
        wanted = [
            order.leg for order in orders.values() if order.day == day or order.id in unsettled or _may_come(order, day)
        ]
        today = {legs[leg].bracket for leg in wanted if leg is not None}
        kept_brackets = today | {bracket.id for bracket in self.watched(LIVE)}
        kept_legs = {leg.id for leg in legs.values() if leg.bracket in kept_brackets}
        kept_orders = {order.id for order in orders.values() if order.day == day or order.leg in kept_legs}
        causes = {legs[leg].cause for leg in kept_legs}
        keeps: dict[type, Callable[[Any], bool]] = {
            Signal: lambda row: row.state is not SignalState.ENDED or row.id in causes,
            Lane: bool,  # all of them
            Bracket: lambda row: row.id in kept_brackets,
            Leg: lambda row: row.id in kept_legs,
            Order: lambda row: row.id in kept_orders,
            Intent: lambda row: row.order in kept_orders,
            Fill: lambda row: row.day == day,
        }
        kept = Rows()
        for kind, keep in keeps.items():
            for row in filter(keep, self.tables[kind].values()):
                kept.take(row)
        return kept

    def watched(self, watch: Watch[R]) -> list[R]:
        """The rows for which it holds now."""
        return list(self._watched[watch].values())

    def take(self, row: Row) -> None:
        """Set a row; what it belongs to must be there already."""
        table, key = self.tables[type(row)], key_of(row)
        is_new = key not in table
        self._set(table, key, row)
        self._watch(row, key)
        match row:
            case Leg() if is_new:
                self._add(self.legs_of, row.bracket, row.id)
                self._add(self.legs_by_cause, row.cause, row.id)
                if row.role is Role.ENTRY:
                    strategy = self.tables[Bracket][row.bracket].strategy
                    self._add(self.entries, (trading_day(row.created_at), strategy), row.id)
            case Intent() if is_new:
                self._add(self.intents_of, row.order, row.id)
            case Order():
                self._take_order(row, is_new=is_new)
            case Bracket():
                self._take_bracket(row, is_new=is_new)
            case Fill() if is_new:
                self._tell(row)

    def let_go(self, signal: Signal) -> None:
        """Keep no more than the id of a signal that ended and brought nothing about: nothing asks for it again."""
        stays = signal.state is not SignalState.ENDED or signal.id in self._watched[UNDECIDED]
        if not stays and signal.id not in self.legs_by_cause and signal.id not in self.by_closer:
            self.ended.add(signal.id)
            self.tables[Signal].pop(signal.id, None)

    def _watch(self, row: Row, key: Any) -> None:
        for watch in _WATCHES_OF.get(type(row), ()):
            if watch.holds(row):
                self._set(self._watched[watch], key, row)
            else:
                self._drop(self._watched[watch], key)

    def _take_bracket(self, bracket: Bracket, *, is_new: bool) -> None:
        if bracket.closer and bracket.id not in self.by_closer.get(bracket.closer, ()):
            self._add(self.by_closer, bracket.closer, bracket.id)
        if not is_new:
            self._hold(bracket)

    def _tell(self, fill: Fill) -> None:
        place = (fill.day, fill.broker_id)
        self._add(self.fills_of, place, fill)
        if place in self.by_broker_id:
            self._explain(self.tables[Order][self.by_broker_id[place]])

    def _take_order(self, order: Order, *, is_new: bool) -> None:
        if order.broker_id is not None:
            self._set(self.by_broker_id, (order.day, order.broker_id), order.id)
        self._explain(order)
        if order.leg is None:
            return
        if is_new:
            self._add(self.orders_of, order.leg, order.id)
            if order.tag is not None:
                self._set(self.by_tag, order.tag, order.id)
        self._hold(self.tables[Bracket][self.tables[Leg][order.leg].bracket])

    def _hold(self, bracket: Bracket) -> None:
        legs = [self.tables[Leg][leg] for leg in self.legs_of.get(bracket.id, ())]
        orders = self.tables[Order]
        pairs = [(leg, orders[one]) for leg in legs for one in self.orders_of.get(leg.id, ())]
        if pairs:
            self._set(self.holdings, bracket.id, holding_of(bracket.side, pairs, outside=bracket.outside))
            self._mark(self.holding, bracket.id, holds=self.holdings[bracket.id].held != 0)
            if bracket.state is BracketState.CLOSED or bracket.id in self.realised:
                self._realise(bracket, [order for _, order in pairs])

    def _realise(self, bracket: Bracket, orders: Sequence[Order]) -> None:
        """Count what a bracket made once it is closed; what was counted before goes, for a late fill corrects it."""
        for day, rupees in self.realised.get(bracket.id, {}).items():
            self._set(self.made, (day, bracket.strategy), self.made[day, bracket.strategy] - rupees)
        if bracket.state is not BracketState.CLOSED:
            self._drop(self.realised, bracket.id)
            return
        trades = [trade for order in orders for trade in trades_of(order)]
        found = profit_of(bracket.side, trades, outside=bracket.outside).realised
        for day, rupees in found.items():
            place = (day, bracket.strategy)
            self._set(self.made, place, self.made.get(place, Decimal(0)) + rupees)
        self._set(self.realised, bracket.id, found)

    def _explain(self, order: Order) -> None:
        if order.broker_id is not None:
            told = sum(fill.quantity for fill in self.fills_of.get((order.day, order.broker_id), ()))
            self._mark(self.unexplained, order.id, holds=order.filled > told)

    # every change of a dict goes through these, which keep the way back

    def _set(self, rows: dict[Any, Any], key: Any, value: Any) -> None:
        if self._back is not None:
            self._back.append((rows, key, rows.get(key, _ABSENT)))
        rows[key] = value

    def _drop(self, rows: dict[Any, Any], key: Any) -> None:
        if key in rows:
            if self._back is not None:
                self._back.append((rows, _WHOLE, dict(rows)))
            del rows[key]

    def _mark(self, marks: dict[Any, None], key: Any, *, holds: bool) -> None:
        if not holds:
            self._drop(marks, key)
        elif key not in marks:
            self._set(marks, key, None)

    def _add(self, index: dict[Any, tuple[Any, ...]], key: Any, value: Any) -> None:
        self._set(index, key, (*index.get(key, ()), value))


def _step_back(rows: dict[Any, Any], key: Any, before: Any) -> None:
    if key is _WHOLE:
        rows.clear()
        rows.update(before)
    elif before is _ABSENT:
        del rows[key]
    else:
        rows[key] = before


def _may_be_corrected(signal: Signal) -> bool:
    return signal.outcome in CORRECTABLE or (signal.plan is not None and signal.outcome in WITHDRAWN)


def _may_come(order: Order, day: date) -> bool:
    return order.state in MAY_COME and order.filled == 0 and order.day >= day - MAY_COME_FOR


def key_of(row: Row) -> Any:
    """The key of a row within its kind."""
    match row:
        case Lane():
            return row.key
        case Fill():
            return (row.day, row.broker_id, row.fill_id)
        case ReportRow():
            return (row.day, row.hash)
        case _:
            return row.id
