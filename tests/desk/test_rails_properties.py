"""No plan exceeds any rail, whatever is held, asked and allowed."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from executor.desk.book import Book
from executor.desk.decide import decide
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.ids import Ids, SignalId
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.messages import Committed, RailsRead, Resolved, SignalsArrived
from executor.domain.signal import LaneKey
from executor.domain.strategy import AccountRails, Rails
from tests.builders import ACCOUNT, NOW, a_signal, a_strategy, an_id, an_instrument
from tests.desk.test_decide import open_brackets

_TICKERS = [f"NSE:T{number}" for number in range(5)]
_units = st.integers(1, 60)
_rupees = st.integers(1_000, 12_000).map(Decimal)
_shared: dict[str, Any] = {
    "max_order_quantity": st.none() | _units,
    "max_notional": st.none() | _rupees,
    "max_open": st.none() | st.integers(1, 4),
}
_rails = st.builds(Rails, st.just(frozenset(_TICKERS)), max_quantity=_units, max_trades=st.integers(1, 9), **_shared)
_account = st.builds(AccountRails, max_trades=st.none() | st.integers(1, 9), **_shared)
_asks = st.lists(st.tuples(st.sampled_from(_TICKERS), st.integers(1, 40)), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(held=st.integers(0, 3), rails=_rails, account=_account, asks=_asks)
def test_no_plan_exceeds_any_rail(held: int, rails: Rails, account: AccountRails, asks: list[tuple[str, int]]) -> None:
    book, _ = open_brackets(held)
    ids = Ids(lambda: NOW, Random(1))
    book.apply(decide(book, RailsRead({"trend": rails}, account), NOW, ids), None)

    for number, (ticker, units) in enumerate(asks):
        before = set(entries(book))
        signal = a_signal(
            id=SignalId(an_id(20_000 + number)),
            lane=LaneKey(ACCOUNT, "trend", ticker).text,
            fields={
                "v": 1, "exchange": "NSE", "ticker": ticker[4:], "action": "buy", "price": "150",
                "size": {"quantity": str(units)},
            },
        )  # fmt: skip
        contract = an_instrument(key=InstrumentKey(Segment.NSE, ticker[5:]))
        resolved = Resolved(signal, a_strategy(rails=rails), contract)

        decision = decide(book, SignalsArrived((resolved,)), NOW, ids)
        book.apply(decision, Committed((), ()))

        for leg in set(entries(book)) - before:
            event("an entry was planned")
            keeps_within(book, leg, rails, account)


def entries(book: Book) -> list[Leg]:
    return [leg for leg in book.rows.tables[Leg].values() if leg.role is Role.ENTRY]


def keeps_within(book: Book, new: Leg, rails: Rails, account: AccountRails) -> None:
    """All that was entered, or may be, against every rail; nothing has left."""
    position = sum(leg.quantity for leg in entries(book) if leg.bracket == new.bracket)
    lanes = {bracket.lane for bracket in book.rows.tables[Bracket].values()}
    worth = {leg.id: leg.quantity * price_of(book, leg) for leg in entries(book)}
    of_position = sum((worth[leg.id] for leg in entries(book) if leg.bracket == new.bracket), Decimal(0))

    assert position <= rails.max_quantity
    assert of_position <= (rails.max_notional or of_position)
    assert sum(worth.values()) <= (account.max_notional or Decimal("Infinity"))
    for limits in (rails, account):
        assert new.quantity <= (limits.max_order_quantity or new.quantity)
        assert len(lanes) <= (limits.max_open or len(lanes)) or _adds(book, new)
        assert len(entries(book)) <= (limits.max_trades or len(entries(book)))


def price_of(book: Book, leg: Leg) -> Decimal:
    """Its limit, or what was paid where it has filled."""
    holding = book.rows.holdings.get(leg.bracket)
    assert leg.price is not None
    return min(leg.price, holding.average) if holding and holding.average else leg.price


def _adds(book: Book, new: Leg) -> bool:
    return sum(leg.bracket == new.bracket for leg in entries(book)) > 1
