"""The desk's state machine on a chart whose alerts buy calls and puts, with levels of the contract or the underlying.

Premiums cost what the underlying does: one price moves both.
More: `EXAMPLES=5000 pytest tests/desk/test_options_machine.py`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.domain.intent import Intent
from executor.domain.messages import BookRows
from executor.domain.option import OptionChain, OptionRule, OptionType
from executor.domain.order import Order, Side
from executor.domain.reading import NetPosition
from executor.domain.strategy import LevelOf, Product, Protection, Target
from tests.builders import ACCOUNT, an_instrument
from tests.desk.exchange import Exchange
from tests.desk.test_state_machine import EXAMPLES, ONE, STEPS, TWO, Desk, picks

_STEP = 5


def _option(strike: int, right: str) -> Instrument:
    return Instrument(
        key=InstrumentKey(Segment.NFO, f"{strike}{1 if right == 'PE' else 0}"),
        symbol=f"TATASTEEL29DEC26{strike}{right}",
        name="TATASTEEL",
        kind=Kind.OPTION,
        lot=1,
        tick=Decimal("0.05"),
        expiry=date(2026, 12, 29),
        strike=Decimal(strike),
        right=right,
    )


CHAIN = OptionChain(
    underlying=an_instrument(),
    contracts=tuple(_option(strike, right) for strike in range(130, 175, _STEP) for right in ("CE", "PE")),
    rule=OptionRule(OptionType.AUTO, "ATM", "nearest"),
)


class Contracts(Exchange):
    """The same exchange, with a position for each contract."""

    def positions(self) -> tuple[NetPosition, ...]:
        nets: dict[tuple[InstrumentKey, str, Product], int] = {}
        for order in self.orders.values():
            place = (order.request.instrument, order.request.symbol, order.request.product)
            nets[place] = nets.get(place, 0) + order.filled * order.request.side.sign
        return tuple(NetPosition(*place, quantity) for place, quantity in nets.items())


class OptionDesk(Desk):
    contract = CHAIN

    @initialize(
        protection=st.sampled_from((Protection.PAIR, Protection.SINGLE)),
        looks=picks,
        aims=st.sampled_from((ONE, TWO, ())),
        of=st.sampled_from(LevelOf),
    )
    def open(self, protection: Protection, looks: int, aims: tuple[Target, ...], of: LevelOf) -> None:
        """A trading morning; after some looks a first call or put may be held and protected."""
        Desk.open(self, protection, False, 0, aims, None)
        self.strategy = replace(self.strategy, levels_of=of)
        self.exchange = Contracts()
        self._begin(BookRows(ACCOUNT, (), (), (), (), (), (), (), frozenset(), ()))
        self._read_all()
        if looks:
            self.the_chart_trades(1 if looks % 2 else -1, True)
        for _ in range(looks % 6):
            self._honest_look()

    def _judge(self, sending: Sequence[Intent]) -> None:
        super()._judge(sending)
        tables = self.book.rows.tables
        for intent in sending:
            leg = tables[Leg][tables[Order][intent.order].leg]
            bracket = tables[Bracket][leg.bracket]
            assert intent.request.instrument == bracket.instrument, "an order for another contract"

    @invariant()
    def what_is_held_is_a_listed_call_for_a_long_chart_and_a_put_for_a_short_one(self) -> None:
        if not hasattr(self, "book"):
            return
        listed = {one.key: one for one in CHAIN.contracts}
        for bracket in self._rows(Bracket):
            chosen = listed[bracket.instrument]
            assert chosen.right == ("CE" if bracket.chart is Side.BUY else "PE")
            assert bracket.side is Side.BUY
            assert bracket.underlying is not None
            assert (bracket.underlying.instrument, bracket.underlying.side) == (CHAIN.underlying.key, bracket.chart)

    @invariant()
    def an_entry_goes_the_way_of_the_chart_that_asked_for_it(self) -> None:
        if not hasattr(self, "book"):
            return
        brackets = {row.id: row for row in self._rows(Bracket)}
        for leg in self._rows(Leg):
            if leg.role is not Role.ENTRY:
                continue
            fields = self.received[leg.cause].fields
            told = {"long": Side.BUY, "short": Side.SELL}.get(fields.get("position", {}).get("now", ""))
            told = told or {"buy": Side.BUY, "sell": Side.SELL}.get(fields["action"])
            assert told in (None, brackets[leg.bracket].chart)


TestOptionDesk = pytest.mark.timeout(60 + EXAMPLES)(OptionDesk.TestCase)
TestOptionDesk.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    derandomize="EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
