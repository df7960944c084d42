"""What must be true of the exchange, the rows and the audit when everything has come to rest."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import select

from executor.domain.bracket import Bracket, BracketState, Leg, Role
from executor.domain.intent import Intent
from executor.domain.order import Order
from executor.domain.position import NOTHING
from executor.domain.signal import SignalState
from executor.store import schema
from executor.store.chain import verify
from tests.house import House

WRITES = {"placeOrder", "modifyOrder", "cancelOrder"}


def assert_at_rest(house: House) -> None:
    """All invariants at once, from the exchange's own truth."""
    orders = house.orders()
    _one_entry_a_leg(house, orders)
    units = {bracket.id: house.book.rows.holdings.get(bracket.id, NOTHING).held for bracket in house.brackets()}
    held = sum(units[bracket.id] * bracket.side.sign for bracket in house.brackets())
    assert house.net() == held
    assert house.stopped() == abs(held), f"{held} held, stops {[(o['quantity'], o['status']) for o in orders]}"
    assert abs(held) or not house.working(), "orders rest without a position"
    for bracket in house.brackets():
        assert units[bracket.id] >= 0, "reversed"
        assert bracket.state in {BracketState.OPEN, BracketState.CLOSED}, f"still {bracket.state}"
    _signals_ended(house)
    _writes_within_limits(house)
    with house.store.database.read() as connection:
        verify(connection)


def _one_entry_a_leg(house: House, orders: list[Any]) -> None:
    """At most one accepted entry order of a leg at the exchange."""
    tables = house.book.rows.tables
    roles = {one.tag: tables[Leg][one.leg] for one in tables[Order].values() if one.leg}
    taken = Counter(roles[row["tag"]].id for row in orders if row["status"] != "rejected" and row["tag"] in roles)
    for row in orders:
        assert row["tag"] in roles, f"an order nobody knows: {row}"
    for leg, count in taken.items():
        assert count == 1 or tables[Leg][leg].role is not Role.ENTRY, f"{count} entry orders of leg {leg}"


def _signals_ended(house: House) -> None:
    with house.store.database.read() as connection:
        for row in connection.execute(select(schema.signal)):
            assert (row.state, row.outcome is not None) == (SignalState.ENDED, True), f"{row.id}: {row.state}"


def _writes_within_limits(house: House) -> None:
    times = [datetime.fromisoformat(row["at"]) for row in house.state()["requests"] if row["route"] in WRITES]
    for place, at in enumerate(times):
        later = times[place : place + 9]
        assert len(later) < 9 or (later[-1] - at).total_seconds() >= 1, "more than 8 writes a second"
    unsettled = [one for one in house.book.rows.tables[Intent].values() if one.settled_by is None]
    assert unsettled == []


def live(house: House) -> list[Bracket]:
    return [bracket for bracket in house.brackets() if bracket.state is not BracketState.CLOSED]
