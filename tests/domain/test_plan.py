"""A plan never exceeds the rails and never widens the strategy's stop (DESIGN: the promise, 4)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.instrument import Kind
from executor.domain.levels import stop_trigger
from executor.domain.order import Side
from executor.domain.plan import EntryPlan, plan_entry, protection_of
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, Ask
from executor.domain.strategy import Level, LevelKind, Product, Protection, Short, Size, SizeKind
from tests.builders import a_strategy, an_instrument

LAST = Decimal("150.00")


def an_ask(**changes: Any) -> Ask:
    return Ask(**{"exchange": "NSE", "ticker": "TATASTEEL", "action": Action.BUY, **changes})


def planned(strategy: Any = None, side: Side = Side.BUY, **asked: Any) -> EntryPlan | Refusal:
    return plan_entry(
        ask=an_ask(**asked), strategy=strategy or a_strategy(), contract=an_instrument(), side=side, last=LAST
    )


def code_of(plan: EntryPlan | Refusal) -> RefusalCode | None:
    return plan.code if isinstance(plan, Refusal) else None


kinds = st.sampled_from(list(LevelKind))
levels = st.builds(Level, kinds, st.decimals(min_value="0.1", max_value=200, places=2))
sides = st.sampled_from(list(Side))


@given(
    st.none() | levels, levels, st.none() | st.decimals("0.5", 500, places=1), st.decimals(140, 160, places=2), sides
)
def test_an_alert_only_narrows(
    asked: Level | None, allowed: Level, size: Decimal | None, last: Decimal, side: Side
) -> None:
    strategy = a_strategy(stop_loss=allowed, take_profit=None, short=Short.INTRADAY_CASH)
    ask = an_ask(stop_loss=asked, size=Size(SizeKind.QUANTITY, size) if size else None)

    plan = plan_entry(ask=ask, strategy=strategy, contract=an_instrument(), side=side, last=last)

    if isinstance(plan, Refusal):
        return
    widest = stop_trigger(allowed, last, side, tick=Decimal("0.05"))
    assert plan.quantity <= strategy.rails.max_quantity
    assert plan.product is strategy.product
    assert plan.trigger is not None
    assert (plan.trigger - widest) * side.sign >= 0
    assert (last - plan.trigger) * side.sign > 0
    assert (plan.limit - last) * side.sign <= last * Decimal("0.005")


@pytest.mark.parametrize(
    ("changes", "asked", "code"),
    [
        ({"stop_loss": None}, {}, RefusalCode.NO_STOP),
        ({}, {"product": Product.DELIVERY}, RefusalCode.OUTSIDE_BOUNDS),
        ({}, {"size": Size(SizeKind.QUANTITY, Decimal(101))}, RefusalCode.SIZE_OVER_LIMIT),
        ({}, {"size": Size(SizeKind.QUANTITY, Decimal("0.5"))}, RefusalCode.SIZE_ZERO),
        ({}, {"stop_loss": Level(LevelKind.PRICE, Decimal(151))}, RefusalCode.STOP_WRONG_SIDE),
        ({}, {"take_profit": (Level(LevelKind.PRICE, Decimal(149)),)}, RefusalCode.TARGET_WRONG_SIDE),
        ({}, {"take_profit": (Level(LevelKind.PERCENT, Decimal(1)),) * 2}, RefusalCode.UNSUPPORTED),
    ],
)
def test_what_cannot_be_done_is_refused(changes: dict[str, Any], asked: dict[str, Any], code: RefusalCode) -> None:
    assert code_of(planned(a_strategy(**changes), **asked)) is code


@pytest.mark.parametrize(
    ("short", "product", "code"),
    [
        (Short.NONE, Product.INTRADAY, RefusalCode.SHORT_NOT_ALLOWED),
        (Short.FUTURES, Product.INTRADAY, RefusalCode.SHORT_NOT_ALLOWED),
        (Short.INTRADAY_CASH, Product.DELIVERY, RefusalCode.SHORT_NOT_ALLOWED),
        (Short.INTRADAY_CASH, Product.INTRADAY, None),
    ],
)
def test_only_an_intraday_cash_strategy_with_leave_opens_short(
    short: Short, product: Product, code: RefusalCode | None
) -> None:
    strategy = a_strategy(short=short, product=product, take_profit=None)

    assert code_of(planned(strategy, side=Side.SELL)) is code


def test_protection_none_is_the_only_way_without_a_stop() -> None:
    plan = planned(a_strategy(stop_loss=None, take_profit=None, protection=Protection.NONE))

    assert isinstance(plan, EntryPlan)
    assert (plan.trigger, plan.protection) == (None, Protection.NONE)


def test_auto_is_a_pair_for_intraday_cash_only() -> None:
    cash = an_instrument()

    assert protection_of(a_strategy(), cash) is Protection.PAIR
    assert protection_of(a_strategy(product=Product.DELIVERY), cash) is Protection.SINGLE
    assert protection_of(a_strategy(), replace(cash, kind=Kind.FUTURE)) is Protection.SINGLE
    assert protection_of(a_strategy(protection=Protection.SINGLE), cash) is Protection.SINGLE


def test_the_plan_tells_its_arithmetic() -> None:
    plan = planned(price=Decimal(150))

    assert isinstance(plan, EntryPlan)
    assert plan.words == (
        "asked 10 quantity, lot 1, cap 100 ⇒ 10; BUY 10 at last 150.00, limit 150.45; stop 148.50; target 153.00"
    )
