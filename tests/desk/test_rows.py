"""What is watched is what a search through all rows would find, at every moment of a troubled day."""

from __future__ import annotations

from random import Random

from executor.desk import rows
from executor.desk.rows import Rows, Watch
from executor.domain.bracket import Bracket
from executor.domain.order import Order
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
    )


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
