"""What holds of merge and plan for any input: groups of reports, shorts, lots, ticks, levels (reliability.md T1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from executor.domain.instrument import Instrument
from executor.domain.levels import stop_trigger
from executor.domain.order import Report, Side
from executor.domain.plan import EntryPlan, plan_entry
from executor.domain.price import band_of, slippage_of
from executor.domain.signal import EntryType
from executor.domain.strategy import ContractsAre, Level, LevelKind, Size, SizeKind, Target
from tests.builders import an_order
from tests.domain.given import (
    a_wide_strategy,
    an_ask,
    contracts,
    distances,
    fill_between,
    levels,
    prices,
    sides,
    trails,
)
from tests.domain.test_order import TOLD, a_report, lattice, merged

reports = st.builds(
    lambda state, quantity, filled: a_report(state, min(filled, quantity), quantity),
    st.sampled_from(TOLD),
    st.integers(1, 20),
    st.integers(0, 20),
)
groups = st.lists(reports, min_size=1, max_size=4)
budgets = st.decimals(1, 2_000_000, places=2)
targets = st.lists(st.builds(Target, levels, st.decimals(1, 60, places=1)), max_size=3).map(tuple)
fills = st.lists(st.integers(0, 1000), min_size=1, max_size=3)


@st.composite
def waits(draw: st.DrawFn) -> tuple[Side, Decimal, dict[str, Any]]:
    """A side, a last price, and an alert of any order type whose prices lie around it."""

    def around() -> Decimal:
        return last * draw(st.decimals("0.90", "1.10", places=3))

    side, last = draw(sides), draw(prices)
    asked: dict[str, Any] = {"type": draw(st.sampled_from(EntryType)), "interval": draw(st.sampled_from(("", "5")))}
    asked |= {name: around() for name in ("price", "limit", "trigger") if draw(st.booleans())}
    return side, last, asked


@given(groups, groups, groups)
def test_merge_is_associative(one: list[Report], two: list[Report], three: list[Report]) -> None:
    """Reports taken in one after the other, or in two batches by two readers, come to the same."""
    order = an_order()

    assert lattice(merged(merged(order, one), two + three)) == lattice(merged(merged(order, one + two), three))


@given(groups)
def test_nothing_is_filled_that_no_report_told(told: list[Report]) -> None:
    order = merged(an_order(), told)

    assert order.filled == max(report.filled for report in told)


@given(
    waits(),
    contracts,
    st.builds(Size, st.sampled_from(SizeKind), budgets),
    st.integers(1, 5000),
    st.none() | levels,
    distances,
    targets,
    st.none() | st.decimals("0.01", 5, places=2),
)
def test_a_plan_is_whole_lots_on_the_tick_inside_cap_band_and_slippage(
    entering: tuple[Side, Decimal, dict[str, Any]],
    contract: Instrument,
    size: Size,
    cap: int,
    stop: Level | None,
    allowed: Level,
    goals: tuple[Target, ...],
    slippage: Decimal | None,
) -> None:
    side, last, asked = entering
    strategy = a_wide_strategy(
        contract,
        stop_loss=allowed,
        max_slippage=slippage,
        contracts_are=ContractsAre.LOTS,
        capital=Decimal(100_000),
    )
    ask = an_ask(side, size=size, stop_loss=stop, take_profit=goals, **asked)

    plan = plan_entry(ask=ask, strategy=strategy, contract=contract, side=side, last=last, cap=cap)

    if not isinstance(plan, EntryPlan):
        return
    entry, sign, kind = plan.entry, side.sign, contract.contract_class
    decided_at = entry.trigger or ask.price or last
    rupees = slippage_of(kind, decided_at) if slippage is None else decided_at * slippage / 100
    assert plan.trigger is not None
    assert 0 < plan.quantity <= cap
    assert plan.quantity % contract.lot == 0
    on_ticks = [entry.limit, plan.trigger, entry.trigger or Decimal(0), *(price for _, price in plan.targets)]
    assert {price % contract.tick for price in on_ticks} == {0}
    assert (entry.limit - (entry.trigger or last)) * sign <= (entry.trigger or last) * band_of(
        kind, entry.trigger or last
    )
    assert (entry.limit - decided_at) * sign <= rupees
    assert (entry.expected - plan.trigger) * sign > 0 < plan.trigger
    assert (plan.trigger - stop_trigger(allowed, entry.expected, side, tick=contract.tick)) * sign >= 0
    assert all((price - entry.expected) * sign > 0 for _, price in plan.targets)


@given(waits(), contracts, budgets, levels, fills)
def test_a_size_by_risk_never_loses_more_than_asked_at_any_price_it_may_fill_at(
    entering: tuple[Side, Decimal, dict[str, Any]], contract: Instrument, budget: Decimal, stop: Level, at: list[int]
) -> None:
    """The stop that is placed is worked out anew from the average, which need not be on the tick."""
    side, last, asked = entering
    strategy = a_wide_strategy(contract, stop_loss=stop)
    ask = an_ask(side, size=Size(SizeKind.RISK, budget), **asked)

    plan = plan_entry(ask=ask, strategy=strategy, contract=contract, side=side, last=last, cap=10**9)

    if not isinstance(plan, EntryPlan):
        return
    assert plan.stop is not None
    for thousandths in (0, 1000, *at):
        average = fill_between(plan, thousandths)
        hits = stop_trigger(plan.stop, average, side, tick=contract.tick)
        assert (average - hits) * side.sign * plan.quantity <= budget


@given(waits(), contracts, budgets, st.decimals("0.01", 100, places=2), st.integers(1000, 5_000_000), fills)
def test_a_size_in_rupees_never_buys_more_at_any_price_it_may_fill_at(
    entering: tuple[Side, Decimal, dict[str, Any]],
    contract: Instrument,
    budget: Decimal,
    percent: Decimal,
    capital: int,
    at: list[int],
) -> None:
    side, last, asked = entering
    stop = Level(LevelKind.PERCENT, Decimal(20))
    strategy = a_wide_strategy(contract, stop_loss=stop, capital=Decimal(capital))
    sizes = (
        (Size(SizeKind.NOTIONAL, budget), budget),
        (
            Size(SizeKind.PERCENT_OF_CAPITAL, percent),
            percent * capital / 100,
        ),
    )

    for size, most in sizes:
        ask = an_ask(side, size=size, **asked)
        plan = plan_entry(ask=ask, strategy=strategy, contract=contract, side=side, last=last, cap=10**9)
        if isinstance(plan, EntryPlan):
            assert all(plan.quantity * fill_between(plan, each) <= most for each in (0, 1000, *at))


@given(waits(), contracts, st.none() | trails, st.none() | levels, distances)
def test_an_alert_never_loosens_the_strategys_stop_or_widens_its_product(
    entering: tuple[Side, Decimal, dict[str, Any]],
    contract: Instrument,
    trail: Any,
    stop: Level | None,
    allowed: Level,
) -> None:
    side, last, asked = entering
    strategy = a_wide_strategy(contract, stop_loss=allowed, size=Size(SizeKind.LOTS, Decimal(1)))
    ask = an_ask(side, stop_loss=stop, trail=trail, **asked)

    plan = plan_entry(ask=ask, strategy=strategy, contract=contract, side=side, last=last, cap=10**9)

    if not isinstance(plan, EntryPlan):
        return
    assert plan.trigger is not None
    widest = stop_trigger(allowed, plan.entry.expected, side, tick=contract.tick)
    assert (plan.trigger - widest) * side.sign >= 0
    assert (plan.product, plan.trail) == (strategy.product, trail)
