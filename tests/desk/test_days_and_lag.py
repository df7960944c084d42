"""What only shows when the day changes, the book lags or no price is to be had. Told by the exchange."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from executor.clock import IST
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import Intent, IntentKind, IntentState, PermitClass
from executor.domain.order import Order, OrderState
from executor.domain.reading import Query, QueryKind
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.store import schema
from tests.builders import NOW
from tests.house import House


@pytest.mark.parametrize("lag", [6, 12])
def test_a_book_that_lags_makes_no_second_stop(house: House, lag: int) -> None:
    house.fault("getOrderBook", "lag", seconds=lag, times=200)
    house.signal("buy", price="800")

    house.run(60)

    stops = [row for row in house.orders() if row["type"] == "STOPLOSS_LIMIT"]
    assert [row["quantity"] for row in stops if row["status"] == "trigger pending"] == [10]
    assert house.net() == 10


def test_an_order_of_yesterday_is_no_stop_of_today(house: House) -> None:
    house.long()

    house.clock.set(datetime(2026, 11, 26, 9, 20, tzinfo=IST))
    house.start()
    house.price("800")
    house.run(10)

    old = [row for row in house.book.rows.tables[Order].values() if row.day.day == 25 and row.state not in _ENDED]
    assert old == []


_ENDED = {OrderState.FILLED, OrderState.EXPIRED, OrderState.CANCELLED, OrderState.REJECTED}


def test_a_cancel_that_never_left_is_dropped_when_its_order_ends_with_the_day(house: House) -> None:
    house.resting_long()
    house.run(2)
    house.permits.take([PermitClass.ENTER] * 8, house.clock.now())  # hang: the lapsed entry's cancel cannot leave
    house.run(15)
    waiting = [one for one in house.book.rows.tables[Intent].values() if one.state is IntentState.READY]

    house.clock.set(datetime(2026, 11, 26, 9, 20, tzinfo=IST))
    house.run(2)

    assert [one.kind for one in waiting] == [IntentKind.CANCEL]
    assert _stored_state(house, waiting[0]) == IntentState.DROPPED


def _stored_state(house: House, intent: Intent) -> str:
    """The book has forgotten what ended yesterday."""
    with house.store.database.read() as connection:
        return str(
            connection.execute(select(schema.intent.c.state).where(schema.intent.c.id == intent.id)).scalar_one()
        )


def test_a_restart_counts_what_may_still_be_on_its_way(house: House) -> None:
    house.latency = lambda: 7.0
    house.signal("buy", price="800")
    house.run(0.5)

    house.clock.advance(1.5)
    house.start()

    assert sum(house.permits.take([PermitClass.PROTECT] * 9, house.clock.now())) == 7


def test_an_exit_leaves_though_no_quote_is_to_be_had(house: House) -> None:
    house.long()
    house.fault("getLtpData", "status", status=500, body="", times=500)

    signal = house.signal("exit")
    house.run(20)

    assert house.net() == 0
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_price_too_large_for_the_store_ends_its_signal_and_nothing_else(house: House) -> None:
    house.long()

    signal = house.signal("buy", price="999999999999999")
    house.run(5)

    assert house.ended(signal).code in {RefusalCode.SET_ASIDE, RefusalCode.SIZE_OVER_LIMIT, RefusalCode.STOP_WRONG_SIDE}
    assert house.stopped() == 10


def test_what_was_asked_and_answered_yesterday_is_forgotten(house: House) -> None:
    """Each choice of options asks for other contracts, and answers are large."""
    asked = {Query(QueryKind.QUOTES, instruments=(InstrumentKey(Segment.NFO, str(n)),)): NOW for n in range(1000)}
    evidence = house.book.evidence
    answer = next(iter(evidence.calls.values()))
    calls = {f"quote {n}": answer for n in range(1000)}
    house.book.evidence = replace(evidence, asked_at={**evidence.asked_at, **asked}, calls={**evidence.calls, **calls})

    house.clock.advance(86_400)
    house.run(3)

    assert max(len(house.book.evidence.asked_at), len(house.book.evidence.calls)) < 100
