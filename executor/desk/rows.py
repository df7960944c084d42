"""Rows by kind and key, and the ways between them that rules ask for."""

from __future__ import annotations

from datetime import date
from typing import Any

from executor.domain.bracket import Bracket, Leg
from executor.domain.ids import BracketId, BrokerOrderId, IntentId, LegId, OrderId, OrderTag
from executor.domain.intent import Intent
from executor.domain.messages import Row
from executor.domain.order import Order
from executor.domain.position import Holding, holding_of
from executor.domain.record import Fill, Lane, ReportRow
from executor.domain.signal import Signal

Tables = dict[type, dict[Any, Any]]

_KINDS = (Signal, Lane, Bracket, Leg, Order, Intent, Fill)


class Rows:
    """Rows by kind and key, with the ways from one to the others and what each bracket holds, always up to date."""

    def __init__(self) -> None:
        self.tables: Tables = {kind: {} for kind in _KINDS}
        self.legs_of: dict[BracketId, tuple[LegId, ...]] = {}
        self.legs_by_cause: dict[str, tuple[LegId, ...]] = {}
        self.orders_of: dict[LegId, tuple[OrderId, ...]] = {}
        self.intents_of: dict[OrderId, tuple[IntentId, ...]] = {}
        self.by_broker_id: dict[tuple[date, BrokerOrderId], OrderId] = {}
        self.by_tag: dict[OrderTag, OrderId] = {}
        self.holdings: dict[BracketId, Holding] = {}

    def copy(self) -> Rows:
        """A copy whose changes the original does not see; the rows themselves never change."""
        other = Rows()
        other.tables = {kind: dict(rows) for kind, rows in self.tables.items()}
        other.legs_of = dict(self.legs_of)
        other.legs_by_cause = dict(self.legs_by_cause)
        other.orders_of = dict(self.orders_of)
        other.intents_of = dict(self.intents_of)
        other.by_broker_id = dict(self.by_broker_id)
        other.by_tag = dict(self.by_tag)
        other.holdings = dict(self.holdings)
        return other

    def take(self, row: Row) -> None:
        """Set a row; what it belongs to must be there already."""
        table, key = self.tables[type(row)], key_of(row)
        is_new = key not in table
        table[key] = row
        match row:
            case Leg() if is_new:
                _add(self.legs_of, row.bracket, row.id)
                _add(self.legs_by_cause, row.cause, row.id)
            case Intent() if is_new:
                _add(self.intents_of, row.order, row.id)
            case Order():
                self._take_order(row, is_new=is_new)
            case Bracket() if not is_new:
                self._hold(row)

    def _take_order(self, order: Order, *, is_new: bool) -> None:
        if order.broker_id is not None:
            self.by_broker_id[order.day, order.broker_id] = order.id
        if order.leg is None:
            return
        if is_new:
            _add(self.orders_of, order.leg, order.id)
            if order.tag is not None:
                self.by_tag[order.tag] = order.id
        self._hold(self.tables[Bracket][self.tables[Leg][order.leg].bracket])

    def _hold(self, bracket: Bracket) -> None:
        legs = [self.tables[Leg][leg] for leg in self.legs_of.get(bracket.id, ())]
        orders = self.tables[Order]
        pairs = [(leg, orders[one]) for leg in legs for one in self.orders_of.get(leg.id, ())]
        if pairs:
            self.holdings[bracket.id] = holding_of(bracket.side, pairs, outside=bracket.outside)


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


def _add(index: dict[Any, tuple[Any, ...]], key: Any, value: Any) -> None:
    index[key] = (*index.get(key, ()), value)
