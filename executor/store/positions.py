"""Open positions as pages and the command line show them: what is held, and what rests at the broker behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, select

from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.levels import target_price
from executor.domain.order import DONE, Order, OrderState, OrderType
from executor.domain.position import Holding, holding_of
from executor.domain.strategy import Level, LevelOf, Protection
from executor.store import schema
from executor.store.rows import load


@dataclass(frozen=True, slots=True)
class Aim:
    """One target: its price, its share in percent, and its order at the broker (None where the price is watched).

    `of`: the underlying whose price it is, where it is not the contract's.
    """

    price: Decimal
    share: Decimal | None
    order: Order | None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """A bracket that is not CLOSED, with its orders, oldest first; `halted`: its lane waits for a person."""

    bracket: Bracket
    holding: Holding
    halted: bool
    legs: tuple[Leg, ...]
    orders: tuple[tuple[Leg, Order], ...]

    @property
    def stop(self) -> Order | None:
        """The newest stop, whatever became of it."""
        return self._newest(Role.STOP)

    @property
    def targets(self) -> list[Aim]:
        """Where it is left with profit, the nearest first; those that were reached or given up are gone."""
        if self.holding.average is None:
            return []
        return [self._aim(leg, leg.level, self.holding.average) for leg in self.legs if leg.wanted and leg.level]

    def _aim(self, leg: Leg, level: Level, average: Decimal) -> Aim:
        if leg.of is LevelOf.UNDERLYING and self.bracket.underlying is not None:
            return Aim(level.value, leg.share, None, self.bracket.underlying.symbol)
        resting = [order for one, order in self.orders if one.id == leg.id and order.state not in DONE]
        price = target_price(level, average, self.bracket.side, tick=self.bracket.tick)
        return Aim(price, leg.share, resting[-1] if resting else None)

    @property
    def stopped(self) -> int:
        """Units covered by stops that the broker showed waiting for their trigger, as `desk/guard.py` counts them."""
        stops = [order for leg, order in self.orders if leg.role is Role.STOP]
        waiting = [o for o in stops if o.state is OrderState.ACCEPTED and o.working_type is OrderType.STOP_LIMIT]
        return sum(order.remaining for order in waiting)

    @property
    def is_protected(self) -> bool:
        """Whether stops cover all that is held; nothing held needs none."""
        return 0 <= self.holding.held <= self.stopped

    @property
    def stop_ended_with_its_day(self) -> bool:
        """A stop lives for a day: the next one is the first order of the next session."""
        return self.stop is not None and self.stop.state is OrderState.EXPIRED

    @property
    def never_had_a_stop(self) -> bool:
        """By the strategy's own will."""
        return self.bracket.protection is Protection.NONE

    def _newest(self, role: Role) -> Order | None:
        return next((order for leg, order in reversed(self.orders) if leg.role is role), None)


def read_positions(connection: Connection) -> list[OpenPosition]:
    """Every bracket that is not CLOSED, oldest first, in the connection's snapshot."""
    statement = select(schema.bracket).where(schema.BRACKET_ALIVE)  # in order SQLite would read all that ever was
    brackets = sorted((load(Bracket, row) for row in connection.execute(statement)), key=lambda one: one.id)
    leg = schema.leg
    rows = connection.execute(select(leg).where(leg.c.bracket.in_([one.id for one in brackets])).order_by(leg.c.id))
    legs = {row.id: load(Leg, row) for row in rows}
    orders = _orders(connection, legs)
    lane = schema.lane
    halted = set(connection.execute(select(lane.c.key).where(lane.c.halted == True)).scalars())  # noqa: E712
    return [
        OpenPosition(
            bracket,
            holding_of(bracket.side, orders[bracket.id], outside=bracket.outside),
            bracket.lane in halted,
            tuple(one for one in legs.values() if one.bracket == bracket.id),
            tuple(orders[bracket.id]),
        )
        for bracket in brackets
    ]


def _orders(connection: Connection, legs: Mapping[str, Leg]) -> dict[str, list[tuple[Leg, Order]]]:
    order = schema.broker_order
    statement = select(order).where(order.c.leg.in_(list(legs))).order_by(order.c.id)
    found: dict[str, list[tuple[Leg, Order]]] = defaultdict(list)
    for row in connection.execute(statement):
        found[legs[row.leg].bracket].append((legs[row.leg], load(Order, row)))
    return found
