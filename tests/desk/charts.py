"""A house whose alerts come from the chart of NIFTY: the index, on which options are chosen, and its next future."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from executor.domain.ids import SignalId
from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.domain.messages import Resolved
from executor.domain.option import OptionChain, OptionRule, OptionType
from executor.domain.refusal import Refusal
from executor.domain.signal import Signal
from executor.domain.strategy import Level, LevelKind, Product, Rails, Size, SizeKind
from tests.builders import a_strategy
from tests.house import ACCOUNT, House

NIFTY = Instrument(InstrumentKey(Segment.NSE, "99926000"), "Nifty 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05"))
EXPIRY = date(2026, 12, 1)
STRIKES = (24900, 25000, 25100, 25200)


def an_option(strike: int, right: str) -> Instrument:
    """As the simulator lists it: the tokens of the puts lie a hundred above those of the calls."""
    token = 44000 + STRIKES.index(strike) + (100 if right == "PE" else 0)
    return Instrument(
        key=InstrumentKey(Segment.NFO, str(token)),
        symbol=f"NIFTY01DEC26{strike}{right}",
        name="NIFTY",
        kind=Kind.OPTION,
        lot=65,
        tick=Decimal("0.05"),
        expiry=EXPIRY,
        strike=Decimal(strike),
        right=right,
        freeze=1801,
    )


def a_future(token: str, symbol: str, expiry: date) -> Instrument:
    key = InstrumentKey(Segment.NFO, token)
    return Instrument(key, symbol, "NIFTY", Kind.FUTURE, 65, Decimal("0.10"), expiry=expiry, freeze=1801)


DECEMBER = a_future("53001", "NIFTY29DEC26FUT", date(2026, 12, 29))
JANUARY = a_future("53002", "NIFTY26JAN27FUT", date(2027, 1, 26))
OPTIONS = tuple(an_option(strike, right) for strike in STRIKES for right in ("CE", "PE"))


def a_chain(strike: str = "ATM", kind: OptionType = OptionType.AUTO) -> OptionChain:
    return OptionChain(NIFTY, OPTIONS, OptionRule(kind, strike, "nearest"))


AUTO = a_chain()


def charted(**settings: Any) -> Any:
    """A strategy that trades one lot from NIFTY's chart, its stop at 40 % of the premium."""
    fields = {
        "account": ACCOUNT,
        "rails": Rails(frozenset({"NSE:NIFTY", "NSE:NIFTY1!"}), 1000),
        "product": Product.CARRYFORWARD,
        "size": Size(SizeKind.LOTS, Decimal(1)),
        "stop_loss": Level(LevelKind.PERCENT, Decimal(40)),
        "take_profit": (),
    }
    return a_strategy(**{**fields, **settings})


@dataclass
class Charts(House):
    """`means` is what the ticker resolves to; it may change from alert to alert."""

    means: Instrument | OptionChain | Refusal = AUTO
    beside: Instrument | None = None

    def resolve(self, signal: Signal) -> Resolved:
        return Resolved(signal, self.strategy, self.means, self.beside)

    def at(self, spot: float | None = None, **options: float) -> None:
        """Set NIFTY's price, and those of options such as ce25000=128."""
        prices = {NIFTY.key: spot} if spot is not None else {}
        for name, value in options.items():
            prices[an_option(int(name[2:]), name[:2].upper()).key] = value
        for key, value in prices.items():
            self.control("price", {"exchange": key.segment.value, "token": key.token, "ltp": str(value)})

    def alert(self, action: str, **fields: Any) -> SignalId:
        """An alert of the index chart, and a few seconds for what it does."""
        signal = self.signal(action, **{"ticker": "NIFTY", **fields})
        self.run(6)
        return signal

    def trades(self) -> list[tuple[str, str, int]]:
        """Side, symbol and units of each order that filled, in the order in which they did."""
        orders = {row["orderid"]: row for row in self.orders()}
        filled = [orders[one] for one in dict.fromkeys(fill["orderid"] for fill in self.state()["fills"])]
        return [(row["side"], row["symbol"], row["filled"]) for row in filled]


def priced(house: Charts) -> Charts:
    """Reconciled at 09:20, with NIFTY at 24910 and a price for each of its options."""
    house.at(24910, ce24900=190, pe24900=62, ce25000=128, pe25000=96)
    house.at(ce25100=79, pe25100=148, ce25200=44, pe25200=212)
    house.run(3)
    return house
