"""How a signal finds its contract: what its alert says comes before what its strategy says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from types import SimpleNamespace

import pytest

from executor.bootstrap.account import find_contract
from executor.bootstrap.paper import _telling
from executor.clock import ManualClock
from executor.domain.instrument import Instrument
from executor.domain.option import OptionChain, OptionRule, OptionType
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Roll, RollKind
from tests.builders import a_signal, a_strategy
from tests.instruments.builders import CALENDAR, NOW
from tests.instruments.market import MARKET

WEEKLY = OptionRule(OptionType.AUTO, "ATM", "weekly")


@dataclass
class Told:
    """The paper exchange's prices, as far as alerts tell them."""

    prices: list[tuple[str, Decimal]] = field(default_factory=list)

    def tell(self, contract, price, *, fired_at):
        self.prices.append((contract.symbol, price))

    def tell_underlying(self, chain, price, *, fired_at):
        self.prices.append((chain.underlying.symbol, price))


def parts(**settings):
    strategy = a_strategy(**settings)
    people = SimpleNamespace(strategy=lambda _name: strategy)
    return SimpleNamespace(
        store=SimpleNamespace(people=people, master=MARKET), clock=ManualClock(NOW), calendar=CALENDAR
    )


def alert(ticker, **fields):
    return a_signal(fields={"v": "1", "exchange": "NSE", "ticker": ticker, "action": "buy", "price": "150", **fields})


def resolved(signal, **settings):
    common = parts(**settings)
    return find_contract(common.store, common.clock, common.calendar)(signal)


def symbol(found):
    assert isinstance(found, Instrument)
    return found.symbol


def test_a_continuous_future_is_what_the_strategy_rolls_to():
    now, early = resolved(alert("NIFTY1!")), resolved(alert("NIFTY1!"), roll=Roll(RollKind.BEFORE, 24, time(9)))

    assert (symbol(now.contract), now.underlying) == ("NIFTY29DEC26FUT", None)
    assert symbol(early.contract) == "NIFTY25JAN27FUT"
    assert symbol(early.underlying) == "NIFTY29DEC26FUT"


def test_what_the_alert_calls_its_contract_comes_before_the_roll():
    found = resolved(alert("NIFTY1!", contract="NSE:NIFTYF2027"), roll=Roll(RollKind.REFUSE))

    assert symbol(found.contract) == "NIFTY25JAN27FUT"
    assert symbol(found.underlying) == "NIFTY29DEC26FUT"


def test_without_a_rule_an_index_is_refused_and_with_one_it_is_the_underlying():
    refused, chain = resolved(alert("NIFTY")).contract, resolved(alert("NIFTY"), option=WEEKLY).contract

    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.TICKER_NOT_TRADABLE
    assert isinstance(chain, OptionChain)
    assert (chain.underlying.symbol, chain.rule) == ("Nifty 50", WEEKLY)


def test_options_of_a_future_that_the_strategy_has_rolled_to_are_not_priced_by_what_the_chart_shows():
    found = resolved(alert("NIFTY1!"), roll=Roll(RollKind.BEFORE, 24, time(9)), option=WEEKLY)

    assert isinstance(found.contract, OptionChain)
    assert (found.contract.underlying.symbol, symbol(found.underlying)) == ("NIFTY25JAN27FUT", "NIFTY29DEC26FUT")


def test_what_the_chart_shows_is_known_also_where_the_strategy_takes_no_contract_of_it():
    found = resolved(alert("NIFTY1!"), roll=Roll(RollKind.REFUSE))

    assert isinstance(found.contract, Refusal)
    assert symbol(found.underlying) == "NIFTY29DEC26FUT"


def test_the_alerts_own_rule_comes_before_the_strategys():
    own = {"type": "CE", "strike": "OTM1", "expiry": "monthly", "min_days": "2"}

    chain = resolved(alert("NIFTY", option=own), option=WEEKLY).contract

    assert isinstance(chain, OptionChain)
    assert chain.rule == OptionRule(OptionType.CE, "OTM1", "monthly", 2)


def test_fewest_days_of_the_strategy_hold_behind_the_alerts_own_rule():
    own = {"type": "auto", "strike": "OTM1", "expiry": "nearest", "min_days": "1"}
    careful = OptionRule(OptionType.AUTO, "ATM", "nearest", 7)

    chain = resolved(alert("NIFTY", option=own), option=careful).contract

    assert isinstance(chain, OptionChain)
    assert chain.rule == OptionRule(OptionType.AUTO, "OTM1", "nearest", 7)


@pytest.mark.parametrize(
    ("strategys", "asked", "may"),
    [("auto", "CE", True), ("auto", "PE", True), ("CE", "CE", True), ("CE", "PE", False), ("PE", "auto", False)],
)
def test_an_alert_trades_no_side_of_options_that_its_strategy_does_not(strategys, asked, may):
    rule = OptionRule(OptionType(strategys), "ATM", "weekly")

    found = resolved(alert("NIFTY", option={"type": asked, "strike": "ATM", "expiry": "weekly"}), option=rule).contract

    if may:
        assert isinstance(found, OptionChain)
        assert found.rule.type == asked
    else:
        assert isinstance(found, Refusal)
        assert found.code is RefusalCode.OUTSIDE_BOUNDS
        assert found.detail == f"the strategy's options are {strategys} ATM weekly, the alert asked {asked} ATM weekly"


@pytest.mark.parametrize(
    ("signal", "settings", "told"),
    [
        (alert("SBIN"), {}, [("SBIN-EQ", Decimal(150))]),
        (alert("NIFTY1!"), {}, [("NIFTY29DEC26FUT", Decimal(150))]),
        (alert("NIFTY1!", contract="NIFTYF2027"), {}, []),
        (alert("NIFTY"), {"option": WEEKLY}, [("Nifty 50", Decimal(150))]),
        (alert("NIFTY"), {}, []),
    ],
)
def test_the_paper_exchange_is_told_a_price_only_of_what_the_chart_shows(signal, settings, told):
    prices = Told()

    _telling(parts(**settings), prices)(signal)

    assert prices.prices == told
