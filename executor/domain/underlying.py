"""Levels of what the chart shows, where that is not what is traded: fixed in its prices when a position opens.

They are watched and leave as an exit; meanwhile a disaster stop on the contract itself rests at the broker, as wide as
the strategy says, so that a price that stops coming costs a known part (DESIGN: Protection).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from executor.domain.instrument import Instrument, InstrumentKey, Kind
from executor.domain.levels import stop_trigger, target_price
from executor.domain.order import Side
from executor.domain.strategy import Level, LevelKind, LevelOf, Strategy

#: Percent of the price at which the disaster stop rests: of an option bought, of one written, of anything else. An
#: index that falls 5 % in a day halts none yet, and a stop on it lies far nearer.
_BOUGHT, _WRITTEN, _OTHER = Decimal(35), Decimal(60), Decimal(5)
_PAISA = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Underlying:
    """What a position's chart shows. `side`: the way its price must go for the position to gain. `stop`: the price at
    which the position leaves; None where its stop is one of the contract. `expiry`: its last day, where it has one.
    """

    instrument: InstrumentKey
    symbol: str
    side: Side
    stop: Decimal | None = None
    expiry: date | None = None

    def stopped(self, last: Decimal) -> bool:
        return self.stop is not None and (last - self.stop) * self.side.sign <= 0

    def reaches(self, target: Decimal, last: Decimal) -> bool:
        return (last - target) * self.side.sign >= 0


def underlying_of(shown: Instrument, contract: Instrument, side: Side) -> Underlying:
    """What `shown` is to a position of this side: a put gains when it falls."""
    falls = contract.right == "PE"
    return Underlying(shown.key, shown.symbol, side.opposite if falls else side, expiry=shown.expiry)


def nearest_of(stops: Iterable[Decimal], what: Underlying) -> Underlying:
    """With the nearest of these stops and the one that stands."""
    standing = () if what.stop is None else (what.stop,)
    return replace(what, stop=max((*standing, *stops), key=lambda stop: stop * what.side.sign, default=None))


def stop_at(level: Level, spot: Decimal, side: Side) -> Decimal:
    """The underlying's price at which a stop lies, from its price now; to the paisa, towards it."""
    return stop_trigger(level, spot, side, tick=_PAISA)


def target_at(level: Level, spot: Decimal, side: Side) -> Decimal:
    return target_price(level, spot, side, tick=_PAISA)


def disaster_stop(strategy: Strategy, contract: Instrument, side: Side) -> Level:
    """The stop that rests on the contract while levels of its underlying are watched."""
    usual = _OTHER
    if contract.kind is Kind.OPTION:
        usual = _BOUGHT if side is Side.BUY else _WRITTEN
    return Level(LevelKind.PERCENT, strategy.disaster_stop or usual)


def whose(of: LevelOf | None, strategy: Strategy, underlying: Underlying | None) -> LevelOf:
    """Whose price a level is one of: what was said of it, else what the strategy says where there are two prices."""
    if underlying is None:
        return LevelOf.CONTRACT
    return of or strategy.levels_of
