"""Several days in one exchange: the house of the other tests, with more contracts and steps from day to day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from executor.clock import IST
from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.domain.messages import Resolved
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Signal
from tests.house import SBIN, House

WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 11, day) for day in (25, 26, 27))
#: The simulator's NFO contracts; the near month ends on Tuesday 29 December 2026.
RELIANCE_FUTURE = InstrumentKey(Segment.NFO, "2885")
NIFTY_CALL = InstrumentKey(Segment.NFO, "44001")


def listed(expiries: dict[str, date]) -> dict[str, Instrument]:
    """Tickers of these tests; `expiries` by ticker."""
    tick = Decimal("0.10")
    return {
        "SBIN": Instrument(SBIN, "SBIN-EQ", "SBIN", Kind.CASH, 1, Decimal("0.05"), series="EQ"),
        **{
            ticker: Instrument(key, symbol, name, kind, lot, tick, expiry=expiries.get(ticker))
            for ticker, key, symbol, name, kind, lot in (
                ("RELIANCE1!", RELIANCE_FUTURE, "RELIANCE29DEC26FUT", "RELIANCE", Kind.FUTURE, 500),
                ("NIFTYCALL", NIFTY_CALL, "NIFTY01DEC2625000CE", "NIFTY", Kind.OPTION, 65),
            )
        },
    }


class Nights(House):
    """A house that goes from day to day; `contracts` are what its tickers mean."""

    contracts: dict[str, Instrument]

    def resolve(self, signal: Signal) -> Resolved:
        found: Instrument | Refusal = Refusal(RefusalCode.TICKER_UNKNOWN, signal.fields["ticker"])
        return Resolved(signal, self.strategy, self.contracts.get(signal.fields["ticker"], found))

    def go(self, day: date, at: str) -> None:
        """Go to a time of a day, through all that the exchange has due until then; a sweep follows."""
        self.clock.set(ist(day, at))
        self.run(0.25)

    def night(self, day: date, *, at: str = "09:15", restart: bool = False) -> None:
        """From wherever the house is through the close and the night to a day's morning; books are read from 09:00."""
        today = self.clock.now().astimezone(IST).date()
        self.clock.set(max(self.clock.now(), ist(today, "15:41")))
        self.run(31)
        self.go(day, "08:59")
        if restart:
            self.start()
        self.run(1)
        self.go(day, "09:00:30")
        self.run(15)
        if at > "09:01":
            self.go(day, at)

    def writes(self, since: datetime) -> list[Any]:
        """The orders that came to the exchange since a time, in their order."""
        return [row for row in self.orders() if datetime.fromisoformat(row["placed_at"]) >= since]


def ist(day: date, at: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), IST)


Make = Callable[..., Nights]
