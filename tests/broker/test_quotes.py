"""Quotes of several contracts at once: both sides, and what has none is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from executor.broker.smartapi.wire import RawAnswer, Wire
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.reading import Query, QueryKind
from executor.errors import BrokerUnavailable
from tests.broker.test_against_simulator import Day

SBIN, TCS, NOBODY = (InstrumentKey(Segment.NSE, token) for token in ("3045", "11536", "999999999"))


def quotes_of(day: Day, *instruments: InstrumentKey) -> Any:
    return day.client.read(Query(QueryKind.QUOTES, instruments=instruments)).quotes


@pytest.fixture
def day() -> Day:
    day = Day()
    day.client.open_session(None)
    return day


def test_both_sides_of_each_contract_are_read_and_an_unknown_one_is_left_out(day: Day) -> None:
    found = {quote.instrument: quote for quote in quotes_of(day, SBIN, NOBODY, TCS)}

    assert set(found) == {SBIN, TCS}
    assert all(quote.bid < quote.price.value < quote.ask for quote in found.values())
    assert found[SBIN].ask - found[SBIN].bid == Decimal("0.10")
    assert found[SBIN].price.at == day.clock.now()


def test_a_side_on_which_nobody_offers_is_none(day: Day) -> None:
    day.control("band", exchange="NSE", token=SBIN.token, low="779.00", high="820.00")
    day.control("price", exchange="NSE", token=SBIN.token, ltp="820.00")

    (quote,) = quotes_of(day, SBIN)

    assert (quote.bid is None, quote.ask is None) == (False, True)


@pytest.mark.parametrize("body", ['{"status": true, "data": []}', '{"status": true, "data": {"fetched": [1]}}'])
def test_what_is_no_list_of_quotes_is_an_error_and_never_an_empty_answer(
    day: Day, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    def answered(*_args: object, **_more: object) -> RawAnswer:
        return RawAnswer(200, {}, body.encode())

    monkeypatch.setattr(Wire, "call", answered)

    with pytest.raises(BrokerUnavailable, match="not a list of rows"):
        quotes_of(day, SBIN)
