"""What is watched is what a search through all rows would find, at every moment of a troubled day."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from executor.desk import rows
from executor.desk.rows import Rows, Watch
from executor.domain.bracket import Bracket, BracketState, Leg, Role
from executor.domain.order import Order
from executor.domain.profit import profit_of, trades_of
from executor.domain.record import Fill
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


def test_a_copy_changes_without_its_original(house: House) -> None:
    house.long()
    before = house.book.rows
    counts = [len(before.watched(rows.LIVE)), len(before.watched(rows.OPEN_ORDERS)), len(before.tables[Order])]

    copy = before.copy()
    for table in copy.tables.values():
        table.clear()
    copy.holding.clear()

    assert counts == [
        len(before.watched(rows.LIVE)),
        len(before.watched(rows.OPEN_ORDERS)),
        len(before.tables[Order]),
    ]
    assert before.holding
    assert agrees(before)
