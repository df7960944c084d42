"""What holds of merge and plan for any input: groups of reports, shorts, lots, ticks, levels (reliability.md T1)."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from executor.domain.order import Report, Side
from executor.domain.plan import EntryPlan, plan_entry
from executor.domain.price import CASH_BAND, CASH_SLIPPAGE
from executor.domain.signal import Action, Ask
from executor.domain.strategy import Level, LevelKind, Rails, Short, Size, SizeKind
from tests.builders import a_strategy, an_instrument, an_order
from tests.domain.test_order import TOLD, a_report, lattice, merged

reports = st.builds(
    lambda state, quantity, filled: a_report(state, min(filled, quantity), quantity),
    st.sampled_from(TOLD),
    st.integers(1, 20),
    st.integers(0, 20),
)
groups = st.lists(reports, min_size=1, max_size=4)
prices = st.decimals(20, 3000, places=2)
levels = st.builds(Level, st.sampled_from((LevelKind.PERCENT, LevelKind.POINTS)), st.decimals("0.1", 15, places=2))


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
    asked=st.none() | st.builds(Size, st.sampled_from(SizeKind), st.decimals("0.1", 400, places=1)),
    cap=st.integers(1, 300),
    lot=st.sampled_from((1, 5, 25, 65)),
    tick=st.sampled_from((Decimal("0.01"), Decimal("0.05"), Decimal("0.10"))),
    last=prices,
    told=st.none() | prices,
    levels=st.tuples(levels, levels),
    side=st.sampled_from(Side),
)
def test_a_plan_is_whole_lots_on_the_tick_inside_rails_and_band(
    asked: Size | None,
    cap: int,
    lot: int,
    tick: Decimal,
    last: Decimal,
    told: Decimal | None,
    levels: tuple[Level, Level],
    side: Side,
) -> None:
    rails = Rails(frozenset({"NSE:TATASTEEL"}), max_quantity=cap)
    strategy = a_strategy(rails=rails, stop_loss=levels[0], take_profit=levels[1], short=Short.INTRADAY_CASH)
    contract = an_instrument(lot=lot, tick=tick)
    ask = Ask("NSE", "TATASTEEL", Action.BUY if side is Side.BUY else Action.SELL, size=asked, price=told)

    plan = plan_entry(ask=ask, strategy=strategy, contract=contract, side=side, last=last)

    if not isinstance(plan, EntryPlan):
        return
    assert plan.trigger is not None
    assert plan.target_price is not None
    assert 0 < plan.quantity <= cap
    assert plan.quantity % lot == 0
    assert {price % tick for price in (plan.limit, plan.trigger, plan.target_price)} == {0}
    assert (last - plan.trigger) * side.sign > 0 < plan.trigger
    assert (plan.target_price - last) * side.sign > 0
    assert (plan.limit - last) * side.sign <= last * CASH_BAND
    assert (plan.limit - (told or last)) * side.sign <= (told or last) * CASH_SLIPPAGE
