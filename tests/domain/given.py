"""What property tests of plans draw from: a contract of every class with any tick and lot, levels, trails, fills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from executor.domain.instrument import ContractClass, Instrument, InstrumentKey, Kind, Segment
from executor.domain.order import Side
from executor.domain.plan import EntryPlan
from executor.domain.signal import Action, Ask
from executor.domain.strategy import Level, LevelKind, Product, Rails, Short, Strategy, Trail
from tests.builders import a_strategy, an_instrument

_MADE_OF = {
    ContractClass.CASH: (Segment.NSE, Kind.CASH, "TATASTEEL"),
    ContractClass.INDEX_FUTURE: (Segment.NFO, Kind.FUTURE, "NIFTY"),
    ContractClass.STOCK_FUTURE: (Segment.NFO, Kind.FUTURE, "TATASTEEL"),
    ContractClass.INDEX_OPTION: (Segment.BFO, Kind.OPTION, "SENSEX"),
    ContractClass.STOCK_OPTION: (Segment.NFO, Kind.OPTION, "TATASTEEL"),
    ContractClass.COMMODITY_FUTURE: (Segment.MCX, Kind.FUTURE, "GOLD"),
    ContractClass.COMMODITY_OPTION: (Segment.MCX, Kind.OPTION, "GOLD"),
}
#: What lets a strategy sell a contract of each kind short.
SHORT_OF = {Kind.CASH: Short.INTRADAY_CASH, Kind.FUTURE: Short.FUTURES, Kind.OPTION: Short.WRITE_OPTIONS}

sides = st.sampled_from(Side)
classes = st.sampled_from(ContractClass)
lots = st.sampled_from((1, 5, 65, 250))
ticks = st.sampled_from([Decimal(text) for text in ("0.0025", "0.01", "0.05", "0.10", "1")])
prices = st.decimals(min_value="0.05", max_value=60, places=4) | st.decimals(min_value=1, max_value=5000, places=2)
distances = st.builds(
    Level,
    st.sampled_from([LevelKind.POINTS, LevelKind.PERCENT]),
    st.decimals(min_value="0.05", max_value=20, places=2),
)
levels = distances | st.builds(Level, st.just(LevelKind.PRICE), prices)
steps = st.none() | st.decimals(min_value="0.01", max_value=30, places=2)
trails = st.builds(Trail, distances, steps)


def a_contract(kind: ContractClass, **changes: Any) -> Instrument:
    segment, made_of, name = _MADE_OF[kind]
    return an_instrument(**{"key": InstrumentKey(segment, "1001"), "kind": made_of, "name": name, **changes})


contracts = st.builds(lambda kind, lot, tick: a_contract(kind, lot=lot, tick=tick), classes, lots, ticks)


def a_wide_strategy(contract: Instrument, **changes: Any) -> Strategy:
    """One whose rails and shorts leave the arithmetic to decide."""
    fields: dict[str, Any] = {
        "rails": Rails(frozenset({"NSE:TATASTEEL"}), max_quantity=10**9),
        "product": Product.INTRADAY,
        "short": SHORT_OF[contract.kind],
        "take_profit": (),
    }
    return a_strategy(**{**fields, **changes})


def an_ask(side: Side = Side.BUY, **changes: Any) -> Ask:
    action = Action.BUY if side is Side.BUY else Action.SELL
    return Ask(**{"exchange": "NSE", "ticker": "TATASTEEL", "action": action, **changes})


def fill_between(plan: EntryPlan, thousandths: int) -> Decimal:
    """An average at which a plan may fill: between what is expected and its limit, on the tick or not."""
    entry = plan.entry
    return entry.expected + (entry.limit - entry.expected) * thousandths / 1000
