"""Levels of an underlying beside those of its contract: whose they are, which counts, and what rests meanwhile."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from executor.domain.aims import Shown
from executor.domain.levels import stop_trigger
from executor.domain.order import Side
from executor.domain.plan import EntryPlan, plan_entry
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Level, LevelKind, LevelOf, Short, Size, SizeKind, Target
from executor.domain.underlying import underlying_of
from tests.builders import a_strategy, an_instrument
from tests.domain.given import a_wide_strategy, an_ask
from tests.domain.test_strike import NIFTY, an_option

SPOT, PREMIUM = Decimal("25000"), Decimal("120.00")


def percent(value: str) -> Level:
    return Level(LevelKind.PERCENT, Decimal(value))


def planned(side: Side = Side.BUY, right: str = "CE", **asked: object) -> EntryPlan | Refusal:
    contract = an_option(25000, right)
    strategy = a_strategy(
        stop_loss=percent("50"), take_profit=(), short=Short.WRITE_OPTIONS, size=Size(SizeKind.LOTS, Decimal(1))
    )
    shown = Shown(underlying_of(NIFTY, contract, side), SPOT)
    return plan_entry(
        ask=an_ask(side, **asked), strategy=strategy, contract=contract, side=side, last=PREMIUM, cap=100, shown=shown
    )


def test_the_way_of_the_underlying_is_that_of_a_call_and_against_a_put() -> None:
    call, put = an_option(25000, "CE"), an_option(25000, "PE")

    ways = [underlying_of(NIFTY, one, side).side for one in (call, put) for side in Side]

    assert ways == [Side.BUY, Side.SELL, Side.SELL, Side.BUY]


def test_a_written_put_leaves_when_the_underlying_falls() -> None:
    plan = planned(Side.SELL, "PE", stop_loss=percent("1"), stop_of=LevelOf.UNDERLYING)

    assert isinstance(plan, EntryPlan)
    assert plan.underlying is not None
    assert (plan.underlying.side, plan.underlying.stop, plan.trigger) == (
        Side.BUY,
        Decimal("24750.00"),
        Decimal("180.00"),
    )


def test_the_alerts_price_is_neither_the_limit_nor_the_slippage_of_what_it_does_not_show() -> None:
    plan = planned(price=Decimal(25000))

    assert isinstance(plan, EntryPlan)
    assert plan.entry.limit == Decimal("123.00")


def test_targets_keep_the_order_in_which_they_are_reached_and_whose_they_are() -> None:
    below = Target(percent("2"), Decimal(50), LevelOf.UNDERLYING)
    plan = planned(right="PE", take_profit=(below, Target(percent("1"), Decimal(50), LevelOf.UNDERLYING)))

    assert isinstance(plan, EntryPlan)
    assert [(price, target.of) for target, price in plan.targets] == [
        (Decimal("24750.00"), LevelOf.UNDERLYING),
        (Decimal("24500.00"), LevelOf.UNDERLYING),
    ]


def test_a_target_of_the_underlying_on_the_wrong_side_is_refused() -> None:
    above = Target(Level(LevelKind.PRICE, Decimal(25100)), of=LevelOf.UNDERLYING)

    plan = planned(right="PE", take_profit=(above,))

    assert isinstance(plan, Refusal)
    assert plan.code is RefusalCode.TARGET_WRONG_SIDE


whose = st.sampled_from((None, *LevelOf))
percents = st.builds(percent, st.decimals("0.1", 90, places=1).map(str))


@given(
    side=st.sampled_from(Side),
    right=st.sampled_from(("CE", "PE")),
    own=percents,
    levels_of=st.sampled_from(LevelOf),
    disaster=st.none() | st.decimals(1, 90, places=0),
    asked=st.none() | percents,
    of=whose,
    target=st.none() | st.builds(Target, percents, st.just(Decimal(100)), whose),
    spot=st.decimals(100, 80_000, places=2),
    last=st.decimals("0.5", 2000, places=2),
)
def test_what_rests_is_never_further_than_any_stop_of_the_contract_or_the_disaster_stop(
    side: Side,
    right: str,
    own: Level,
    levels_of: LevelOf,
    disaster: Decimal | None,
    asked: Level | None,
    of: LevelOf | None,
    target: Target | None,
    spot: Decimal,
    last: Decimal,
) -> None:
    contract = an_option(25000, right)
    strategy = a_wide_strategy(contract, stop_loss=own, levels_of=levels_of, disaster_stop=disaster)
    goals = (target,) if target else ()
    ask = an_ask(side, stop_loss=asked, stop_of=of, take_profit=goals)
    shown = Shown(underlying_of(NIFTY, contract, side), spot)

    plan = plan_entry(ask=ask, strategy=strategy, contract=contract, side=side, last=last, cap=10**6, shown=shown)

    if not isinstance(plan, EntryPlan):
        return
    asked_of = of or levels_of
    resting = [level for level, one in ((own, levels_of), (asked, asked_of)) if level and one is LevelOf.CONTRACT]
    watched = [level for level, one in ((own, levels_of), (asked, asked_of)) if level and one is LevelOf.UNDERLYING]
    if watched:
        resting.append(percent(str(disaster or (35 if side is Side.BUY else 60))))
    at = [stop_trigger(level, plan.entry.expected, side, tick=contract.tick) for level in resting]
    assert plan.trigger == max(at, key=lambda price: price * side.sign)
    assert plan.underlying is not None
    assert (plan.underlying.stop is not None) == bool(watched)
    assert not plan.underlying.stopped(spot)
    for goal, price in plan.targets:
        if goal.of is LevelOf.UNDERLYING:
            assert (price - spot) * plan.underlying.side.sign > 0


def test_a_chart_that_shows_the_contract_has_one_price_whatever_is_said() -> None:
    stop = percent("1")
    ask = an_ask(Side.BUY, stop_loss=stop, stop_of=LevelOf.UNDERLYING)

    plan = plan_entry(
        ask=ask, strategy=a_strategy(), contract=an_instrument(), side=Side.BUY, last=Decimal(150), cap=100
    )

    assert isinstance(plan, EntryPlan)
    assert (plan.stop, plan.underlying) == (stop, None)
