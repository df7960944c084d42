"""What is watched is what a search through all rows would find, at every moment of a troubled day."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from executor.desk import rows
from executor.desk.book import Draft
from executor.desk.rows import Rows, Watch
from executor.domain.bracket import Bracket, BracketState, Leg, Role
from executor.domain.ids import LegId
from executor.domain.order import Order, OrderState
from executor.domain.profit import profit_of, trades_of
from executor.domain.record import Fill
from executor.errors import InvariantBroken
from tests.house import House


def agrees(found: Rows) -> bool:
    """Whether every short cut tells what the tables tell."""
    watches = [value for value in vars(rows).values() if isinstance(value, Watch)]
    told: dict[str, int] = {}
    for fill in found.tables[Fill].values():
        told[fill.broker_id] = told.get(fill.broker_id, 0) + fill.quantity
    orders = found.tables[Order].values()
    return (
        all(
            {row.id for row in found.watched(watch)}
            == {row.id for row in found.tables[watch.kind].values() if watch.holds(row)}
            for watch in watches
        )
        and set(found.holding) == {bracket for bracket, holding in found.holdings.items() if holding.held}
        and set(found.unexplained)
        == {row.id for row in orders if row.broker_id and row.filled > told.get(row.broker_id, 0)}
        and all(row.id in found.by_closer[row.closer] for row in found.tables[Bracket].values() if row.closer)
        and {key: rupees for key, rupees in found.made.items() if rupees} == made(found)
        and sorted(leg for legs in found.entries.values() for leg in legs)
        == sorted(row.id for row in found.tables[Leg].values() if row.role is Role.ENTRY)
    )


def made(found: Rows) -> dict[Any, Decimal]:
    """What closed brackets made, added up from their orders."""
    total: dict[Any, Decimal] = {}
    for bracket in found.tables[Bracket].values():
        if bracket.state is not BracketState.CLOSED:
            continue
        legs = [row.id for row in found.tables[Leg].values() if row.bracket == bracket.id]
        trades = [trade for row in found.tables[Order].values() if row.leg in legs for trade in trades_of(row)]
        for day, rupees in profit_of(bracket.side, trades, outside=bracket.outside).realised.items():
            total[day, bracket.strategy] = total.get((day, bracket.strategy), Decimal(0)) + rupees
    return {key: rupees for key, rupees in total.items() if rupees}


def test_what_is_watched_is_what_a_search_would_find(house: House) -> None:
    chance = Random(8)
    house.latency = lambda: chance.choice([0.0, 0.3, 1.0])
    house.fault("placeOrder", "cut_after", times=2)

    for _ in range(30):
        house.signal(chance.choice(["buy", "buy", "exit"]))
        house.price(str(800 + chance.randint(-12, 12)))
        for _ in range(chance.randint(1, 12)):
            house.run(0.25)
            assert agrees(house.book.rows)

    assert len(house.book.rows.tables[Bracket]) > 3


def as_it_is(found: rows.Rows) -> dict[str, Any]:
    """All that rows hold, in its order."""

    def told(value: Any) -> Any:
        return [(key, told(one)) for key, one in value.items()] if isinstance(value, dict) else value

    return {name: told(value) for name, value in vars(found).items()}


def test_what_is_tried_is_taken_back_in_its_old_order(house: House) -> None:
    house.long()
    house.signal("exit")
    house.run(2)
    house.long()
    found = house.book.rows
    before = as_it_is(found)

    with found.tried():
        for bracket in list(found.tables[Bracket].values()):
            state = BracketState.CLOSED if bracket.state is BracketState.OPEN else BracketState.CLOSING
            found.take(replace(bracket, state=state, closer="01made0signal"))
        for order in list(found.tables[Order].values()):
            found.take(replace(order, filled=order.filled + 1, state=OrderState.CANCELLED))
        for leg in list(found.tables[Leg].values()):
            found.take(replace(leg, id=LegId("z" + leg.id[1:]), cause="01made0signal"))
        inside = as_it_is(found)
        changed = {name for name in before if inside[name] != before[name]}
        assert changed >= {"tables", "_watched", "holdings", "holding", "realised", "made", "legs_of", "by_closer"}

    assert as_it_is(found) == before
    assert agrees(found)


def test_what_fails_half_way_is_taken_back_too(house: House) -> None:
    house.long()
    before = as_it_is(house.book.rows)

    def fail() -> None:
        with Draft(house.book, house.clock.now(), house.ids) as draft:
            for order in list(draft.orders.values()):
                draft.put(replace(order, state=OrderState.REJECTED))
            raise InvariantBroken("half way")

    with pytest.raises(InvariantBroken):
        fail()

    assert as_it_is(house.book.rows) == before


def test_nothing_is_put_where_nothing_would_take_it_back(house: House) -> None:
    house.long()
    draft = Draft(house.book, house.clock.now(), house.ids)

    with pytest.raises(AssertionError, match="take it back"):
        draft.put(next(iter(draft.orders.values())))
