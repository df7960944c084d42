"""What charts trade that show something else: options from the charts of two indices, and NIFTY1! over its roll.

Everything follows its index, as the exchange lists and prices it; tickers are resolved as the trader does it, from a
table that is refreshed each morning. The week is that of week_market: NIFTY's weekly options end on its first day (the
holiday moves them there) and on Tuesday the 27th, its future on that Tuesday, and 1! turns on Friday the 23rd at noon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal

from executor.bootstrap.account import find_contract
from executor.broker.smartapi.master import read_row
from executor.clock import IST
from executor.domain.instrument import Instrument, Kind
from executor.domain.messages import Resolved
from executor.domain.option import OptionRule, OptionType
from executor.domain.signal import Signal
from executor.domain.strategy import (
    ContractsAre,
    Level,
    LevelKind,
    Product,
    Rails,
    Roll,
    RollKind,
    Size,
    SizeKind,
    Strategy,
)
from executor.instruments.ticker import alias_of
from executor.simulator import SimulatorConfig
from tests.builders import a_strategy
from tests.campaigns.lanes import Lane, Market, Share
from tests.campaigns.rig import Rig
from tests.house import ACCOUNT

#: Units of a lot, by the strategy that trades it.
LOTS = {"auto": 65, "rolled": 65, "premium": 30}
#: The most lots that a chart goes in.
MOST = 3
#: The most units that a strategy may hold: where a part of an exit was never placed, more is held than the chart shows.
RAIL = MOST * 65
STEP = Decimal(50)
#: What an option of `premium` shall cost, in rupees, and how wide its spread may be, in percent.
PREMIUM, WIDEST = Decimal(300), Decimal(4)
INDEX = Share("NSE", "NIFTY", "99926000", "0.05", kind=Kind.INDEX)
BANKS = Share("NSE", "BANKNIFTY", "99926009", "0.05", kind=Kind.INDEX)
#: TradingView shows the near month in 1! until it expires.
NEAR = Share(
    "NSE", "NIFTY1!", "53001", "0.10", "NFO", LOTS["rolled"], Kind.FUTURE, date(2026, 10, 27), underlying="NIFTY"
)
NEXT = "53002"
_NAMES = frozenset({INDEX.ticker, BANKS.ticker})
TURNS = datetime.combine(date(2026, 10, 23), time(12), IST)
AUTO, ROLLED = Lane("auto", INDEX, short=True), Lane("rolled", NEAR)
BY_PREMIUM = Lane("premium", BANKS, short=True)


def chart_market() -> Market:
    return Market((AUTO, ROLLED, BY_PREMIUM), (_auto(), _rolled(), _by_premium()))


def _auto() -> Strategy:
    """Calls where the chart is long, puts where it is short, at the money."""
    return a_strategy(
        name="auto", option=OptionRule(OptionType.AUTO, "ATM", "nearest"), stop_loss=_percent(45), **_common(INDEX)
    )


def _by_premium() -> Strategy:
    """The option whose price is nearest to a premium, by quotes, where its spread is not too wide."""
    rule = OptionRule(OptionType.AUTO, f"PREMIUM{PREMIUM}", "monthly")
    return a_strategy(name="premium", option=rule, max_spread=WIDEST, stop_loss=_percent(45), **_common(BANKS))


def _rolled() -> Strategy:
    roll = Roll(RollKind.BEFORE, days=2, at=TURNS.time())
    return a_strategy(name="rolled", roll=roll, stop_loss=_percent(3), **_common(NEAR))


def _common(share: Share) -> dict[str, object]:
    return {
        "account": ACCOUNT,
        "rails": Rails(frozenset({share.name}), max_quantity=RAIL, max_trades=999),
        "product": Product.CARRYFORWARD,
        "size": Size(SizeKind.LOTS, Decimal(1)),
        "contracts_are": ContractsAre.LOTS,
        "take_profit": (),
    }


def _percent(value: int) -> Level:
    return Level(LevelKind.PERCENT, Decimal(value))


@dataclass
class ChartRig(Rig):
    """A rig whose instrument table is the simulator's own, fetched anew each morning."""

    def resolve(self, signal: Signal) -> Resolved:
        return find_contract(self.store, self.clock, self.calendar)(signal)

    def a_simulator(self) -> SimulatorConfig:
        return replace(super().a_simulator(), all_follow=True)

    def start(self) -> None:
        if not self.store.master.current_load():
            self.refresh_master()
        super().start()

    def refresh_master(self) -> None:
        """Take the rows of both indices of the file of this morning."""
        self._loads = getattr(self, "_loads", 0) + 1
        load = f"{self._loads:013d}"
        rows = [(row, alias_of(row)) for row in self._listed()]
        for first in range(0, len(rows), 500):
            self.store.loads.add_instruments(load, rows[first : first + 500])
        self.store.loads.switch_master(load, {"rows": len(rows), "segments": {}}, at=self.clock.now())

    def _listed(self) -> list[Instrument]:
        has_expired = self.simulation.exchange.endings.has_expired
        rows = self.simulation.listing.rows(lambda one: one.name in _NAMES and not has_expired(one))
        return [found for found in map(read_row, rows) if isinstance(found, Instrument) and found.name in _NAMES]

    def _fill_master(self) -> None:
        """It is filled when the exchange is there."""
