"""A bracket: one position of a strategy on one contract, with the legs that open, protect and close it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from executor.domain.ids import BracketId, LegId, SignalId
from executor.domain.instrument import ContractClass, Instrument, InstrumentKey, Kind
from executor.domain.order import Side
from executor.domain.strategy import Gap, Level, LevelOf, Product, Protection, Trail
from executor.domain.underlying import Underlying


class BracketState(StrEnum):
    """By quantities: nothing held yet · held · being closed · nothing held and nothing in doubt."""

    OPENING = "OPENING"
    OPEN = "OPEN"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"


class Goal(StrEnum):
    OPEN = "OPEN"
    FLAT = "FLAT"


class Role(StrEnum):
    ENTRY = "ENTRY"
    STOP = "STOP"
    TARGET = "TARGET"
    EXIT = "EXIT"


@dataclass(frozen=True, slots=True)
class Bracket:
    """`lane` is a LaneKey's text; `symbol` the contract meant, kept beside its token, which may be used again, and
    `name` the one under which the master lists it.

    `chart` is the side as the chart sees it, with which alerts are compared: SELL for a put that was bought because
    the chart is short; for everything else `side`, the contract's own. `underlying`: what the chart shows, where that
    is not the contract.

    `closer` is the signal or command that set the goal FLAT; None when a leg of its own closed it.
    `recovered`: reopened by a fill that came after it was CLOSED. `outside`: units that others closed (a hand in the
    broker's app, the broker's square-off).

    `stop_loss` is the stop as it stands: a trail, break-even or a person turns it into a price. The targets are those
    of its TARGET legs. With a stop of the underlying it is the disaster stop.
    """

    id: BracketId
    lane: str
    account: str
    strategy: str
    instrument: InstrumentKey
    symbol: str
    name: str
    tick: Decimal
    lot: int
    kind: ContractClass
    expiry: date | None
    freeze: int | None
    product: Product
    side: Side
    chart: Side
    protection: Protection
    stop_loss: Level | None
    trail: Trail | None
    breakeven_after: Level | None
    gap: Gap
    opened_at: datetime
    underlying: Underlying | None = None
    goal: Goal = Goal.OPEN
    state: BracketState = BracketState.OPENING
    closer: str | None = None
    closing_reason: str | None = None
    recovered: bool = False
    outside: int = 0
    closed_at: datetime | None = None

    @property
    def contract(self) -> Instrument:
        """What is held, for whoever enters more of it: an add never resolves again."""
        return Instrument(
            key=self.instrument,
            symbol=self.symbol,
            name=self.name,
            kind=_KINDS[self.kind],
            lot=self.lot,
            tick=self.tick,
            expiry=self.expiry,
            freeze=self.freeze,
        )


_KINDS = {
    ContractClass.CASH: Kind.CASH,
    ContractClass.INDEX_FUTURE: Kind.FUTURE,
    ContractClass.STOCK_FUTURE: Kind.FUTURE,
    ContractClass.COMMODITY_FUTURE: Kind.FUTURE,
    ContractClass.INDEX_OPTION: Kind.OPTION,
    ContractClass.STOCK_OPTION: Kind.OPTION,
    ContractClass.COMMODITY_OPTION: Kind.OPTION,
}


@dataclass(frozen=True, slots=True)
class Leg:
    """A purpose inside a bracket. `cause` is the signal or command that asked for it.

    `quantity` units are planned; a STOP or TARGET follows what is held. `price` and `trigger` are those planned at
    the start. `wanted` is False once no order may be placed for it any more; `reason` then says why. `lasts`: seconds
    that an ENTRY may rest at the broker. `level` and `share` (percent of what was entered): a TARGET's; `of` whose
    price it is one of. One of the underlying never rests.
    """

    id: LegId
    bracket: BracketId
    account: str
    cause: SignalId
    role: Role
    side: Side
    quantity: int
    price: Decimal | None
    trigger: Decimal | None
    created_at: datetime
    lasts: int | None = None
    level: Level | None = None
    share: Decimal | None = None
    of: LevelOf = LevelOf.CONTRACT
    wanted: bool = True
    reason: str | None = None
