"""Values come back from the store as they went in, whatever they are."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.types import TypeDecorator

from executor.domain.ids import BrokerOrderId, OrderTag
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import OrderRequest, PermitClass
from executor.domain.order import OrderType, Side
from executor.domain.strategy import Level, LevelKind, Product
from executor.domain.underlying import Underlying
from executor.store.types import (
    Day,
    Flag,
    Json,
    Key,
    LevelText,
    Money,
    Permit,
    Request,
    Stamp,
    UnderlyingText,
    Word,
    canonical,
    storable,
)

_money = st.decimals(min_value=-(10**12), max_value=10**12, places=4)
_any_text = st.text(st.characters(exclude_categories=()))
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | _any_text,
    lambda inner: st.lists(inner) | st.dictionaries(_any_text, inner),
    max_leaves=8,
)
_keys = st.builds(InstrumentKey, st.sampled_from(Segment), st.from_regex(r"[0-9:]{1,8}", fullmatch=True))
_requests = st.builds(
    OrderRequest,
    instrument=_keys,
    symbol=st.text(),
    side=st.sampled_from(Side),
    product=st.sampled_from(Product),
    type=st.sampled_from(OrderType),
    quantity=st.integers(0, 10**9),
    price=_money,
    trigger=st.none() | _money,
    tag=st.text().map(OrderTag),
    broker_id=st.none() | st.text().map(BrokerOrderId),
)


def _there_and_back(kind: TypeDecorator[Any], value: Any) -> Any:
    stored = kind.process_bind_param(value, None)  # type: ignore[arg-type]  # no dialect differs
    assert stored is None or type(stored) in {int, str}
    return kind.process_result_value(stored, None)  # type: ignore[arg-type]


@given(st.datetimes(min_value=datetime(1990, 1, 1), timezones=st.just(UTC) | st.just(timezone(timedelta(hours=5.5)))))
def test_a_time_keeps_its_microsecond_and_becomes_utc(value: datetime):
    found = _there_and_back(Stamp(), value)

    assert found == value
    assert found.tzinfo is UTC


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(TypeError):
        _there_and_back(Stamp(), datetime(2026, 11, 25, 9, 20))


@given(_money)
def test_money_keeps_four_places(value: Decimal):
    found = _there_and_back(Money(), value)

    assert found == value
    assert "E" not in str(found)


@given(st.dictionaries(_any_text, _json))
def test_json_comes_back_whole_and_can_always_be_written(value: dict[str, Any]):
    assert _there_and_back(Json(), value) == value
    canonical(value).encode()


@given(_json)
def test_canonical_text_does_not_depend_on_the_order_of_keys(value: Any):
    text = canonical(value)

    assert canonical(json.loads(text)) == text


@given(_any_text)
def test_any_text_can_be_stored(value: str):
    found = storable(value)

    assert "\0" not in found.encode().decode()
    assert storable(found) == found


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_ordinary_text_is_stored_as_it_is(value: str):
    assert storable(value) == value


@given(_requests)
def test_a_request_comes_back_whole(value: OrderRequest):
    assert _there_and_back(Request(), value) == value


@given(st.builds(Level, st.sampled_from(LevelKind), _money))
def test_a_level_comes_back_whole(value: Level):
    assert _there_and_back(LevelText(), value) == value


@given(
    st.builds(
        Underlying, _keys, st.text(st.characters(categories=["L", "N"])), st.sampled_from(Side), st.none() | _money
    )
)
def test_an_underlying_comes_back_whole(value: Underlying):
    assert _there_and_back(UnderlyingText(), value) == value


@given(_keys)
def test_an_instrument_key_comes_back_whole(value: InstrumentKey):
    assert _there_and_back(Key(), value) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Flag(), True),
        (Flag(), False),
        (Day(), date(2026, 11, 25)),
        *((Permit(), permit) for permit in PermitClass),
        *((Word(Side), side) for side in Side),
    ],
)
def test_a_word_comes_back_as_itself(kind: TypeDecorator[Any], value: object):
    assert _there_and_back(kind, value) == value
    assert type(_there_and_back(kind, value)) is type(value)


@pytest.mark.parametrize("kind", [Stamp(), Money(), Json(), Flag(), Day(), Key(), LevelText(), Request(), Permit()])
def test_nothing_stays_nothing(kind: TypeDecorator[Any]):
    assert _there_and_back(kind, None) is None
