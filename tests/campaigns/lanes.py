"""What campaigns trade: shares, strategies, a lane a share; the alerts that are sent, and the HTTP log of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.domain.strategy import Level, LevelKind, Protection, Rails, Short, Strategy, Target
from tests.builders import a_strategy
from tests.house import ACCOUNT

QUANTITY = 10
_MAX_QUANTITY = 40


@dataclass(frozen=True, slots=True)
class Share:
    """What is traded: as TradingView names it, and the exchange's token."""

    exchange: str
    ticker: str
    token: str
    tick: str

    @property
    def name(self) -> str:
        return f"{self.exchange}:{self.ticker}"

    @property
    def key(self) -> str:
        return f"{self.exchange}:{self.token}"

    @property
    def instrument(self) -> Instrument:
        """The row of the instrument table that it is."""
        is_nse = self.exchange == "NSE"
        return Instrument(
            InstrumentKey(Segment(self.exchange), self.token),
            f"{self.ticker}-EQ" if is_nse else self.ticker,
            self.ticker,
            Kind.CASH,
            1,
            Decimal(self.tick),
            series="EQ" if is_nse else "",
        )


SHARES = (
    Share("NSE", "SBIN", "3045", "0.05"),
    Share("NSE", "RELIANCE", "2885", "0.10"),
    Share("NSE", "INFY", "1594", "0.10"),
    Share("NSE", "TCS", "11536", "0.10"),
    Share("NSE", "HDFCBANK", "1333", "0.05"),
    Share("NSE", "TATASTEEL", "3499", "0.01"),
    Share("NSE", "BHARTIARTL", "10604", "0.10"),
    Share("NSE", "SUZLON", "12018", "0.01"),
    Share("BSE", "RELIANCE", "500325", "0.05"),
    Share("BSE", "INFY", "500209", "0.05"),
    Share("BSE", "TCS", "532540", "0.05"),
    Share("BSE", "HDFCBANK", "500180", "0.05"),
)


@dataclass(frozen=True, slots=True)
class Lane:
    """A strategy on a share; `short` may also sell first."""

    strategy: str
    share: Share
    short: bool = False


def lanes() -> tuple[Lane, ...]:
    """Twelve, each on a share of its own, so that the exchange's net of a share is the position of its lane."""
    names = ("pair", "shorts", "single", "bare")
    return tuple(Lane(names[place % 4], share, short=place % 4 == 1) for place, share in enumerate(SHARES))


def strategies() -> tuple[Strategy, ...]:
    """Both legs and long only; also short; `single`; a stop alone."""
    rails = Rails(frozenset(share.name for share in SHARES), max_quantity=_MAX_QUANTITY, max_trades=999)
    one, two = Level(LevelKind.PERCENT, Decimal(1)), (Target(Level(LevelKind.PERCENT, Decimal(2))),)
    common = {"account": ACCOUNT, "rails": rails, "stop_loss": one}
    return (
        a_strategy(name="pair", take_profit=two, **common),
        a_strategy(name="shorts", take_profit=two, short=Short.INTRADAY_CASH, **common),
        a_strategy(name="single", take_profit=two, protection=Protection.SINGLE, **common),
        a_strategy(name="bare", take_profit=(), **common),
    )


@dataclass(frozen=True, slots=True)
class Message:
    """An alert on its way: where to, its bytes, and what its sender knows of it."""

    lane: Lane
    action: str
    url: str
    body: bytes
    kind: str = "genuine"

    @property
    def enters(self) -> bool:
        return self.action in {"buy", "short"}


@dataclass(frozen=True, slots=True)
class Post:
    """One line of the HTTP log. Status 0: no answer came."""

    at: datetime
    message: Message
    status: int
    signal: str | None
