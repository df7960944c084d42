"""Packets of SmartStream become prices; subscriptions outlive a connection (smartapi.md 7.2)."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.broker.smartapi.price_feed import PriceFeed
from executor.broker.smartapi.ticks import Ticks
from executor.domain.instrument import InstrumentKey, Price, Segment

NOW = datetime(2026, 11, 25, 3, 50, tzinfo=UTC)
SBIN = InstrumentKey(Segment.NSE, "3045")
OPTION = InstrumentKey(Segment.NFO, "54759")
LENGTHS = {1: 51, 2: 123, 3: 379}


class Said:
    """Frames that only hear what is sent."""

    def __init__(self) -> None:
        self.frames: list[Any] = []

    def send(self, frame: bytes | str) -> None:
        self.frames.append(json.loads(frame))

    def receive(self, timeout_s: float) -> bytes | str | None:
        return None

    def close(self) -> None:
        """Nothing is open."""


def packet(token: str = "3045", *, paise: int = 80135, mode: int = 1, exchange: int = 1, at_ms: int = 1000) -> bytes:
    head = struct.pack("<BB25sqqq", mode, exchange, token.encode(), 7, at_ms, paise)
    return head + bytes(LENGTHS.get(mode, 51) - 51)


@pytest.fixture
def feed() -> PriceFeed:
    return PriceFeed(lambda: NOW)


@pytest.mark.parametrize("mode", [1, 2, 3])
def test_every_mode_tells_the_last_price_in_rupees(feed: PriceFeed, mode: int):
    feed.take(packet(mode=mode))

    assert feed.changed().get(SBIN) == Price(Decimal("801.35"), NOW)


@pytest.mark.parametrize(
    ("exchange", "segment"),
    [(1, Segment.NSE), (2, Segment.NFO), (3, Segment.BSE), (4, Segment.BFO), (5, Segment.MCX)],
)
def test_each_exchange_type_is_its_segment(feed: PriceFeed, exchange: int, segment: Segment):
    feed.take(packet("11", exchange=exchange))

    assert feed.changed().get(InstrumentKey(segment, "11")) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x01",
        packet()[:50],
        packet(mode=2)[:100],
        packet(mode=4),
        packet(exchange=13),
        packet(paise=0),
        packet(paise=-1),
        packet(token=""),
        packet(token="3045 x"),
        "pong",
        json.dumps({"correlationID": "a", "errorCode": "E1002", "errorMessage": "Limit"}),
    ],
)
def test_what_is_no_tick_is_counted(feed: PriceFeed, wrong: bytes | str):
    feed.take(wrong)

    assert (feed.skipped, feed.changed()) == (1, {})


def test_a_price_that_comes_late_does_not_replace_a_newer_one(feed: PriceFeed):
    feed.take(packet(paise=80200, at_ms=2000))
    feed.take(packet(paise=80100, at_ms=1000))

    assert feed.changed().get(SBIN) == Price(Decimal(802), NOW)


def test_many_packets_are_one_change(feed: PriceFeed):
    for paise in range(80000, 80100):
        feed.take(packet(paise=paise))
    feed.take(packet("54759", exchange=2, paise=2277))

    first, second = feed.changed(), feed.changed()

    assert {contract: price.value for contract, price in first.items()} == {
        SBIN: Decimal("800.99"),
        OPTION: Decimal("22.77"),
    }
    assert second == {}


def test_what_is_wanted_is_subscribed_to_and_the_rest_given_up(feed: PriceFeed):
    said = Said()
    feed.opened()
    feed.watch(frozenset({SBIN, OPTION}))
    feed.tend(said)
    feed.watch(frozenset({SBIN}))
    feed.tend(said)
    feed.tend(said)

    first, second = said.frames
    assert (first["action"], first["params"]["mode"], len(first["correlationID"]) <= 10) == (1, 1, True)
    assert first["params"]["tokenList"] == [
        {"exchangeType": 2, "tokens": ["54759"]},
        {"exchangeType": 1, "tokens": ["3045"]},
    ]
    assert (second["action"], second["params"]["tokenList"]) == (0, [{"exchangeType": 2, "tokens": ["54759"]}])


def test_a_new_connection_is_told_all_again_and_old_prices_are_forgotten(feed: PriceFeed):
    said = Said()
    feed.opened()
    feed.watch(frozenset({SBIN}))
    feed.tend(said)
    feed.take(packet())

    feed.opened()
    feed.tend(said)

    assert [one["action"] for one in said.frames] == [1, 1]
    assert feed.changed().get(SBIN) is None


def test_no_more_is_subscribed_to_than_a_connection_takes(feed: PriceFeed):
    said = Said()
    feed.opened()
    feed.watch(frozenset(InstrumentKey(Segment.NSE, str(n)) for n in range(1200)))
    feed.tend(said)

    assert len(said.frames[0]["params"]["tokenList"][0]["tokens"]) == 1000


@given(st.binary(max_size=400))
def test_no_packet_raises(packet: bytes):
    Ticks().read(packet)


@given(st.integers(0, 50), st.binary(min_size=1, max_size=8))
def test_no_mutation_of_a_packet_raises(place: int, junk: bytes):
    found = Ticks().read(packet(mode=3)[:place] + junk + packet(mode=3)[place + len(junk) :])

    assert found is None or found.paise > 0


def test_a_stamp_far_ahead_silences_nothing_behind_it(feed: PriceFeed):
    now_ms = int(NOW.timestamp() * 1000)
    feed.take(packet(paise=80000, at_ms=now_ms * 1000))
    feed.changed()

    feed.take(packet(paise=81000, at_ms=now_ms + 5000))

    assert feed.changed()[SBIN].value == Decimal(810)
