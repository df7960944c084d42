"""A plan by example: what is refused, who may sell short, what protects, and its arithmetic in words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from executor.domain.instrument import ContractClass, Instrument, Kind
from executor.domain.order import Side
from executor.domain.plan import EntryPlan, plan_entry, protection_of
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import EntryType
from executor.domain.strategy import Level, LevelKind, Product, Protection, Short, Size, SizeKind, Target
from tests.builders import a_strategy, an_instrument
from tests.domain.given import a_contract, an_ask

LAST = Decimal("150.00")


def points(value: str) -> Level:
    return Level(LevelKind.POINTS, Decimal(value))


def at(price: str) -> Level:
    return Level(LevelKind.PRICE, Decimal(price))


def planned(
    strategy: Any = None,
    side: Side = Side.BUY,
    contract: Instrument | None = None,
    cap: int = 100,
    **asked: Any,
) -> EntryPlan | Refusal:
    return plan_entry(
        ask=an_ask(side, **asked),
        strategy=strategy or a_strategy(),
        contract=contract or an_instrument(),
        side=side,
        last=LAST,
        cap=cap,
    )


def code_of(plan: EntryPlan | Refusal) -> RefusalCode | None:
    return plan.code if isinstance(plan, Refusal) else None


def words_of(plan: EntryPlan | Refusal) -> str:
    assert isinstance(plan, EntryPlan)
    return plan.words


@pytest.mark.parametrize(
    ("changes", "asked", "code"),
    [
        ({"stop_loss": None}, {}, RefusalCode.NO_STOP),
        ({}, {"product": Product.DELIVERY}, RefusalCode.OUTSIDE_BOUNDS),
        ({}, {"size": Size(SizeKind.QUANTITY, Decimal(101))}, RefusalCode.SIZE_OVER_LIMIT),
        ({}, {"size": Size(SizeKind.QUANTITY, Decimal("0.5"))}, RefusalCode.SIZE_ZERO),
        ({}, {"size": Size(SizeKind.CONTRACTS, Decimal(1))}, RefusalCode.SIZE_UNDECLARED),
        ({}, {"stop_loss": at("151")}, RefusalCode.STOP_WRONG_SIDE),
        ({}, {"stop_loss": at("150")}, RefusalCode.STOP_WRONG_SIDE),
        ({"stop_loss": points("150")}, {}, RefusalCode.STOP_WRONG_SIDE),
        ({}, {"take_profit": (Target(at("149")),)}, RefusalCode.TARGET_WRONG_SIDE),
        ({}, {"take_profit": (Target(at("155")), Target(at("150")))}, RefusalCode.TARGET_WRONG_SIDE),
        ({}, {"take_profit": (Target(at("155")), Target(at("160")))}, RefusalCode.TARGET_SHARES),
        (
            {},
            {"take_profit": (Target(at("155"), Decimal("60.01")), Target(at("160"), Decimal("40")))},
            RefusalCode.TARGET_SHARES,
        ),
    ],
)
def test_what_cannot_be_done_is_refused(changes: dict[str, Any], asked: dict[str, Any], code: RefusalCode) -> None:
    assert code_of(planned(a_strategy(**changes), **asked)) is code


def test_a_stop_is_judged_at_the_price_the_entry_waits_for() -> None:
    """155 lies above the last price and below the trigger: a long's stop all the same."""
    waits: dict[str, Any] = {"type": EntryType.STOP_LIMIT, "trigger": Decimal(160), "take_profit": (Target(at("158")),)}

    kept = planned(a_strategy(stop_loss=at("155"), take_profit=()), type=EntryType.STOP_LIMIT, trigger=Decimal(160))

    assert isinstance(kept, EntryPlan)
    assert kept.trigger == 155
    assert code_of(planned(**waits)) is RefusalCode.TARGET_WRONG_SIDE


_CONTRACTS = {
    Kind.CASH: ContractClass.CASH,
    Kind.FUTURE: ContractClass.INDEX_FUTURE,
    Kind.OPTION: ContractClass.STOCK_OPTION,
}
_MAY_SHORT = (
    {(Kind.CASH, Short.INTRADAY_CASH, Product.INTRADAY)}
    | {
        (Kind.FUTURE, short, product)
        for short in (Short.FUTURES, Short.WRITE_OPTIONS)
        for product in (Product.INTRADAY, Product.CARRYFORWARD, Product.MARGIN)
    }
    | {
        (Kind.OPTION, Short.WRITE_OPTIONS, product)
        for product in (Product.INTRADAY, Product.CARRYFORWARD, Product.MARGIN)
    }
)


@pytest.mark.parametrize("product", Product)
@pytest.mark.parametrize("short", Short)
@pytest.mark.parametrize("kind", _CONTRACTS)
def test_only_a_strategy_with_leave_sells_short_and_never_for_delivery(
    kind: Kind, short: Short, product: Product
) -> None:
    strategy, contract = a_strategy(short=short, product=product), a_contract(_CONTRACTS[kind])

    sold, bought = (code_of(planned(strategy, side, contract)) for side in (Side.SELL, Side.BUY))

    assert sold is (None if (kind, short, product) in _MAY_SHORT else RefusalCode.SHORT_NOT_ALLOWED)
    assert bought is None


def test_an_index_is_never_sold() -> None:
    index = an_instrument(kind=Kind.INDEX, name="NIFTY")

    assert code_of(planned(a_strategy(short=Short.INTRADAY_CASH), Side.SELL, index)) is RefusalCode.SHORT_NOT_ALLOWED


def test_protection_none_is_the_only_way_without_a_stop() -> None:
    plan = planned(a_strategy(stop_loss=None, take_profit=(), protection=Protection.NONE))

    assert isinstance(plan, EntryPlan)
    assert (plan.trigger, plan.protection) == (None, Protection.NONE)
    assert plan.words.endswith("; no stop")


def test_without_protection_an_alerts_stop_is_neither_promised_nor_sized_by() -> None:
    """No stop will rest at the broker, so what it would have risked says nothing."""
    bare = a_strategy(stop_loss=None, protection=Protection.NONE)

    promised = planned(bare, stop_loss=at("145"))
    by_risk = planned(bare, stop_loss=at("145"), size=Size(SizeKind.RISK, Decimal(50)))

    assert isinstance(promised, EntryPlan)
    assert (promised.stop, promised.trigger) == (None, None)
    assert code_of(by_risk) is RefusalCode.SIZE_UNDECLARED


@pytest.mark.parametrize(("stop", "quantity"), [(points("1.03"), 970), (Level(LevelKind.PERCENT, Decimal(1)), 660)])
def test_a_size_by_risk_counts_on_the_worst_average(stop: Level, quantity: int) -> None:
    """Two fills on the tick may have an average off it: at 151.03 a stop 1.03 away lies at 150.00, a tick further."""
    by_risk = a_strategy(stop_loss=stop, take_profit=(), size=Size(SizeKind.RISK, Decimal(1000)))

    plan = planned(by_risk, cap=5000, type=EntryType.STOP_LIMIT, trigger=Decimal(151))

    assert isinstance(plan, EntryPlan)
    assert plan.quantity == quantity


def test_auto_is_a_pair_for_intraday_cash_only() -> None:
    cash = an_instrument()

    assert protection_of(a_strategy(), cash) is Protection.PAIR
    assert protection_of(a_strategy(product=Product.DELIVERY), cash) is Protection.SINGLE
    assert protection_of(a_strategy(), replace(cash, kind=Kind.FUTURE)) is Protection.SINGLE
    assert protection_of(a_strategy(protection=Protection.SINGLE), cash) is Protection.SINGLE


@pytest.mark.parametrize(
    ("asked", "allowed", "counts"),
    [
        (points("1"), points("2"), points("1")),
        (points("50"), points("2"), points("2")),
        (points("50"), Level(LevelKind.PERCENT, Decimal(1)), Level(LevelKind.PERCENT, Decimal(1))),
        (points("1"), None, points("1")),
        (None, points("2"), points("2")),
        (None, None, None),
    ],
)
def test_the_stop_goes_to_break_even_no_later_than_the_strategy_says(
    asked: Level | None, allowed: Level | None, counts: Level | None
) -> None:
    plan = planned(a_strategy(breakeven_after=allowed), breakeven_after=asked)

    assert isinstance(plan, EntryPlan)
    assert plan.breakeven_after == counts


def test_the_plan_tells_its_arithmetic() -> None:
    assert words_of(planned(price=LAST)) == (
        "asked 10 quantity, lot 1, cap 100 ⇒ 10; BUY 10 at last 150.00, limit 150.45; stop 148.50; target 153.00"
    )


def test_the_plan_of_an_entry_that_waits_tells_for_how_long() -> None:
    limit = planned(a_strategy(take_profit=()), type=EntryType.LIMIT, limit=Decimal(149), interval="5")
    stop = planned(a_strategy(take_profit=()), type=EntryType.STOP_LIMIT, trigger=Decimal(152), interval="5")

    assert words_of(limit).endswith("; BUY 10 limit 149.00 (last 150.00), for 300 s; stop 147.55")
    assert words_of(stop).endswith("; BUY 10 when 152.00 trades, limit 152.45 (last 150.00), for 300 s; stop 150.50")


def test_several_targets_are_told_nearest_first_with_what_leaves_at_each() -> None:
    targets = (
        Target(points("6"), Decimal(50)),
        Target(points("2"), Decimal(20)),
        Target(points("4"), Decimal("12.50")),
    )

    plan = planned(
        a_strategy(take_profit=targets, short=Short.FUTURES, size=Size(SizeKind.LOTS, Decimal(4))),
        Side.SELL,
        a_contract(ContractClass.STOCK_FUTURE, lot=25),
    )

    assert isinstance(plan, EntryPlan)
    assert [price for _, price in plan.targets] == [148, 146, 144]
    assert plan.words == (
        "asked 4 lots, lot 25, cap 100 ⇒ 100; SELL 100 at last 150.00, limit 149.80; stop 151.50; "
        "target 148.00 for 0 (20 %, less than a lot: left out); target 146.00 for 25 (12.5 %); "
        "target 144.00 for 50 (50 %)"
    )
