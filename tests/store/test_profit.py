"""What was filled for brackets is found by day, strategy and account, the same on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from executor.config.charges import load_tariff
from executor.domain.bracket import BracketState, Leg, Role
from executor.domain.ids import BracketId, BrokerOrderId, Ids, LegId, OrderId
from executor.domain.order import Order, OrderState, Side
from executor.domain.profit import Traded, lines_of
from executor.domain.record import Fill
from executor.domain.strategy import Account, AccountKind
from executor.store.paper import SYNTHETIC
from executor.store.profit import Days
from executor.store.store import Store
from tests.builders import (
    ACCOUNT,
    LANE,
    NOW,
    TODAY,
    a_bracket,
    a_delivery,
    a_fill,
    a_lane,
    a_leg,
    a_signal,
    an_id,
    an_order,
)
from tests.store.trading import commit, decision_of, made, take_lease

YESTERDAY = TODAY - timedelta(days=1)
WEEK = Days(TODAY - timedelta(days=7), TODAY)
_numbers = count(100)


@pytest.fixture
def store(store: Store, ids: Ids) -> Store:
    """With the account, a signal and the lease; nothing traded yet."""
    store.people.add_account(Account(ACCOUNT, AccountKind.PAPER), by="test", at=NOW, new_id=ids.new)
    store.intake.record_delivery(a_delivery(), a_signal())
    take_lease(store)
    commit(store, decision_of(*made(a_lane())))
    return store


def an_execution(
    bracket: BracketId, role: Role, prices: str, *, day: date = TODAY, told: bool = True, **changes: Any
) -> tuple[Leg | Order | Fill, ...]:
    """A leg, its order and a fill of two units at each price; `told` False: the fills name no order."""
    number = next(_numbers) * 10
    side = Side.BUY if role is Role.ENTRY else Side.SELL
    each = [Decimal(price) for price in prices.split()]
    leg = a_leg(id=LegId(an_id(number)), bracket=bracket, role=role, side=side)
    fields = {"side": side, "filled": 2 * len(each), "average": sum(each) / len(each), "state": OrderState.FILLED}
    broker_id = BrokerOrderId(str(number))
    order = an_order(id=OrderId(an_id(number + 1)), leg=leg.id, day=day, broker_id=broker_id, **{**fields, **changes})
    fills = [
        a_fill(day=day, broker_id=broker_id, fill_id=str(n), order=order.id if told else None, quantity=2, price=price)
        for n, price in enumerate(each)
    ]
    return leg, order, *fills


def trade(store: Store, *executions: tuple[Any, ...], **changes: Any) -> BracketId:
    """A closed bracket; its executions are given its id by `an_execution`."""
    bracket = a_bracket(id=executions[0][0].bracket, state=BracketState.CLOSED, **changes)
    commit(store, decision_of(*made(bracket, *(row for execution in executions for row in execution))))
    return bracket.id


def found(store: Store, days: Days) -> list[Traded]:
    return list(store.pages.traded(days))


def test_a_bracket_comes_with_all_its_trades(store: Store) -> None:
    key = BracketId(an_id(31))
    trade(store, an_execution(key, Role.ENTRY, "100 101"), an_execution(key, Role.TARGET, "110"))

    [one] = found(store, WEEK)

    assert one.bracket.id == key
    assert [(each.side, each.quantity, each.price) for each in one.trades] == [
        (Side.BUY, 2, Decimal(100)),
        (Side.BUY, 2, Decimal(101)),
        (Side.SELL, 2, Decimal(110)),
    ]


def test_a_carried_bracket_comes_with_what_it_cost_on_an_earlier_day(store: Store) -> None:
    key = BracketId(an_id(31))
    trade(store, an_execution(key, Role.ENTRY, "100", day=YESTERDAY), an_execution(key, Role.STOP, "95"))

    [line] = lines_of(found(store, Days(TODAY, TODAY)), load_tariff(), first=TODAY, last=TODAY)

    assert (line.day, line.figures.gross) == (TODAY, Decimal(-10))
    assert found(store, Days(TODAY - timedelta(days=9), TODAY - timedelta(days=2))) == []
    assert found(store, Days(TODAY + timedelta(days=1), TODAY + timedelta(days=9))) == []


def test_a_strategy_and_an_account_narrow_it(store: Store) -> None:
    for number, strategy in ((31, LANE.strategy), (32, "dip")):
        trade(store, an_execution(BracketId(an_id(number)), Role.ENTRY, "100"), strategy=strategy)

    def names(**narrowed: str) -> list[str]:
        return [one.bracket.strategy for one in found(store, Days(YESTERDAY, TODAY, **narrowed))]

    assert names() == [LANE.strategy, "dip"]
    assert names(strategy="dip", account=ACCOUNT) == ["dip"]
    assert names(account="default") == names(strategy="none") == []


def test_a_fill_that_was_told_before_its_order_counts(store: Store) -> None:
    trade(store, an_execution(BracketId(an_id(31)), Role.ENTRY, "100 101", told=False))

    [one] = found(store, WEEK)

    assert [each.price for each in one.trades] == [100, 101]


def test_units_whose_fills_are_not_known_have_what_the_order_says(store: Store) -> None:
    trade(store, an_execution(BracketId(an_id(31)), Role.ENTRY, "100", filled=6, average=Decimal(102)))

    [one] = found(store, WEEK)

    assert [(each.quantity, each.price) for each in one.trades] == [(2, Decimal(100)), (4, Decimal(103))]


def test_what_filled_nothing_is_not_there(store: Store) -> None:
    trade(store, an_execution(BracketId(an_id(31)), Role.ENTRY, "100", filled=0)[:2])

    assert found(store, WEEK) == []


def test_a_bracket_that_traded_at_a_price_no_market_made_is_left_out(store: Store) -> None:
    key = BracketId(an_id(31))
    trade(store, an_execution(key, Role.ENTRY, "100"), an_execution(key, Role.STOP, "95", text=SYNTHETIC))

    assert found(store, WEEK) == []


def test_more_brackets_than_a_chunk_all_come_in_their_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executor.store.profit._CHUNK", 2)
    keys = [BracketId(an_id(number)) for number in range(31, 36)]
    for key in keys:
        trade(store, an_execution(key, Role.ENTRY, "100"))

    assert [one.bracket.id for one in found(store, WEEK)] == keys
