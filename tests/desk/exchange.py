"""A tiny exchange in memory for the state machine: orders by their broker id, what they filled, what the account nets.

It speaks the desk's own words, knows nothing of the desk, and does what it is told: fills are pushed, never guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from executor.domain.ids import BrokerOrderId
from executor.domain.intent import Accepted, Answer, Intent, IntentKind, OrderRequest, RefusalReason, Refused
from executor.domain.order import FillReport, OrderState, OrderType, Report, Source
from executor.domain.reading import NetPosition


@dataclass(frozen=True, slots=True)
class Resting:
    """One version of an order; `request` holds what it was asked for last."""

    id: BrokerOrderId
    request: OrderRequest
    at: datetime
    filled: int = 0
    paid: Decimal = Decimal(0)
    ended: OrderState | None = None
    triggered: bool = False

    @property
    def open(self) -> int:
        return 0 if self.ended else self.request.quantity - self.filled

    @property
    def is_stop(self) -> bool:
        """Whether it waits for its trigger."""
        return self.request.type is OrderType.STOP_LIMIT and not self.triggered

    @property
    def state(self) -> OrderState:
        if self.ended:
            return self.ended
        if self.filled:
            return OrderState.PARTIALLY_FILLED
        return OrderState.TRIGGERED if self.triggered else OrderState.ACCEPTED


@dataclass
class Exchange:
    """What was taken, in the order in which it came."""

    orders: dict[BrokerOrderId, Resting] = field(default_factory=dict)
    trades: list[FillReport] = field(default_factory=list)

    def take(self, intent: Intent, at: datetime) -> Answer:
        """Do what a request asks, or refuse it with proof."""
        if intent.kind is IntentKind.PLACE:
            order = Resting(BrokerOrderId(f"2611{len(self.orders):011d}"), intent.request, at)
            self.orders[order.id] = order
            return Accepted(order.id, None)
        assert intent.request.broker_id is not None, "a change names its order"
        order = self.orders[intent.request.broker_id]
        if not order.open:
            return Refused(RefusalReason.INVALID, "the order is not open any more")
        if intent.kind is IntentKind.CANCEL:
            self.end(order, OrderState.CANCELLED, at)
        elif intent.request.quantity <= order.filled:
            return Refused(RefusalReason.INVALID, "it has filled more")
        else:
            stays = order.triggered and order.request.type is intent.request.type
            self.orders[order.id] = replace(order, request=intent.request, at=at, triggered=stays)
        return Accepted(order.id, None)

    def end(self, order: Resting, state: OrderState, at: datetime) -> None:
        self.orders[order.id] = replace(order, ended=state, at=at)

    def trigger(self, order: Resting, at: datetime) -> None:
        self.orders[order.id] = replace(order, triggered=True, at=at)

    def fill(self, order: Resting, quantity: int, price: Decimal, at: datetime) -> None:
        filled = order.filled + quantity
        ended = OrderState.FILLED if filled == order.request.quantity else None
        paid, is_stop = order.paid + quantity * price, order.request.type is OrderType.STOP_LIMIT
        self.orders[order.id] = replace(order, filled=filled, paid=paid, ended=ended, at=at, triggered=is_stop)
        self.trades.append(
            FillReport(order.id, str(len(self.trades)), quantity, price, at, f"trade {len(self.trades)}")
        )

    def match(self, last: Decimal, at: datetime) -> None:
        """Trade as a market would at this price: stops trigger, limits that reach it fill whole."""
        for order in list(self.working()):
            trigger = order.request.trigger
            if order.is_stop and trigger is not None and (last - trigger) * order.request.side.sign >= 0:
                self.trigger(order, at)
        for order in list(self.working()):
            if not order.is_stop and (order.request.price - last) * order.request.side.sign >= 0:
                self.fill(order, order.open, last, at)

    def working(self) -> Iterator[Resting]:
        return (order for order in self.orders.values() if order.open)

    @property
    def net(self) -> int:
        return sum(order.filled * order.request.side.sign for order in self.orders.values())

    # -- what the books show -------------------------------------------------------------------------------------------

    def reports(self) -> tuple[Report, ...]:
        return tuple(_report(order) for order in self.orders.values())

    def positions(self) -> tuple[NetPosition, ...]:
        one = next(iter(self.orders.values()), None)
        if one is None:
            return ()
        return (NetPosition(one.request.instrument, one.request.symbol, one.request.product, self.net),)


def _report(order: Resting) -> Report:
    request = order.request
    raw = repr(order)
    return Report(
        broker_id=order.id, unique_id=None, tag=request.tag, source=Source.BOOK, state=order.state,
        instrument=request.instrument, symbol=request.symbol, side=request.side, product=request.product,
        type=request.type, quantity=request.quantity, price=request.price, trigger=request.trigger,
        filled=order.filled, average=order.paid / order.filled if order.filled else None, text="",
        updated_at=order.at, raw=raw, hash=hashlib.sha256(raw.encode()).hexdigest(),
    )  # fmt: skip
