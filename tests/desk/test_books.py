"""An error, an empty answer or a failed read is not "flat", not "rejected", not "success" (F-26, F-42)."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import groupby
from typing import Any

import pytest

from executor.clock import IST
from executor.domain.bracket import BracketState
from executor.domain.signal import Outcome
from tests.desk.test_outside import by_hand
from tests.house import House


def envelope(*, ok: bool, code: str = "", data: Any) -> str:
    return json.dumps({"status": ok, "message": "", "errorcode": code, "data": data})


BAD_BOOKS: list[dict[str, Any]] = [
    {"kind": "null_book"},
    {"kind": "html"},
    {"kind": "empty"},
    {"kind": "status", "status": 500, "body": "oops"},
    {"kind": "status", "status": 200, "body": envelope(ok=True, data=[])},
    {"kind": "status", "status": 201, "body": envelope(ok=False, code="AB1004", data=None)},
    {"kind": "cut_before"},
    {"kind": "lag", "seconds": 3600},
    {"kind": "truncated"},
]


@pytest.mark.parametrize("bad", BAD_BOOKS, ids=lambda bad: f"{bad['kind']}{bad.get('status', '')}")
def test_a_position_survives_bad_books(house: House, bad: dict[str, Any]) -> None:
    house.long()
    before = [(row["orderid"], row["status"]) for row in house.orders()]
    for route in ("getOrderBook", "getPosition", "getTradeBook"):
        house.fault(route, times=27, **bad)

    house.run(30)

    assert [(row["orderid"], row["status"]) for row in house.orders()] == before
    assert len(house.requests("placeOrder")) == 3
    assert [bracket.state for bracket in house.brackets()] == [BracketState.OPEN]
    house.run(15)
    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)


@pytest.mark.parametrize("bad", BAD_BOOKS, ids=lambda bad: f"{bad['kind']}{bad.get('status', '')}")
def test_no_verdict_comes_from_a_book_that_shrank(house: House, bad: dict[str, Any]) -> None:
    """The account has shown an order before, so a book without any is no evidence about the next."""
    house.long()
    house.signal("exit")
    house.run(10)
    house.fault("placeOrder", "cut_after")
    house.fault("getOrderBook", times=22, **bad)
    signal = house.signal("buy", price="800")

    house.run(20)
    waiting = house.stored(signal).outcome
    house.run(30)

    assert waiting is None
    assert house.ended(signal).outcome is Outcome.FILLED
    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)


def test_bad_books_alarm_once(house: House) -> None:
    house.long()
    house.fault("getOrderBook", "null_book", times=27)

    house.run(40)

    assert len(house.said("reads_failing")) == 1


def test_entries_wait_while_the_book_cannot_be_read(house: House) -> None:
    house.fault("getOrderBook", "status", times=30, status=500, body="no")
    house.long()
    house.run(5)
    before = house.orders()
    second = house.signal("buy", price="800")
    house.run(5)

    assert len(house.orders()) == len(before)
    house.run(60)
    assert house.ended(second).outcome in {Outcome.EXPIRED, Outcome.FILLED}


def test_a_book_that_lags_does_not_undo_what_was_seen(house: House) -> None:
    house.resting_long()
    house.fill(house.orders()[0], 10)
    house.run(5)
    house.fault("getOrderBook", "lag", times=5, seconds=4)

    house.run(15)

    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)
    assert len(house.orders()) == 3


@pytest.fixture
def second_day(house: House) -> House:
    """A day of trading lies behind; at 11:20 of the next one ten are held, with stop and target. Books only."""
    house.long()
    house.signal("exit")
    house.run(8)
    assert (house.net(), house.working()) == (0, [])
    house.clock.set(datetime(2026, 11, 26, 11, 20, tzinfo=IST))
    house.start()
    house.price("800")
    house.run(3)
    house.long()
    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)
    return house


IN_TURN: list[dict[str, Any]] = [
    {"kind": "null_book"},
    {"kind": "status", "status": 200, "body": envelope(ok=False, code="AB2001", data=None)},
    {"kind": "html"},
    {"kind": "truncated"},
    {"kind": "lag", "seconds": 24 * 3600},
]


#: 30 s of books, one each 1.5 s: the first sweep after 1.1 s of the answer.
READS_OF_A_KIND = 4


def test_half_a_minute_of_bad_books_then_a_hand_that_closes_the_position(second_day: House) -> None:
    """Point by point what is promised of a time without evidence, and of the first evidence after it."""
    house = second_day
    before = house.orders()
    sent = len(house.requests("placeOrder"))
    for bad in IN_TURN:
        house.fault("getOrderBook", times=READS_OF_A_KIND, **bad)
        house.fault("getPosition", times=1, **bad)
    journal = len(house.state()["requests"])
    house.run(4)  # three bad books make the desk blind
    entry = house.signal("buy", price="800", trade="other", ago=40)

    house.run(26)

    books = [row["fault"] for row in house.state()["requests"][journal:] if row["route"] == "getOrderBook"]
    assert [kind for kind, _ in groupby(books)] == [bad["kind"] for bad in IN_TURN]
    assert house.orders() == before
    assert len(house.requests("placeOrder")) == sent
    assert [bracket.state for bracket in house.brackets()] == [BracketState.OPEN]
    assert len(house.said("reads_failing")) == 1
    assert house.ended(entry).outcome is Outcome.EXPIRED

    house.run(10)  # good books again
    assert house.orders() == before
    by_hand(house, "SELL", 10)
    house.run(10)
    leaving = house.signal("exit")
    house.run(3)

    assert house.net() == 0
    assert house.working() == []
    assert [row["status"] for row in house.orders()[-4:]] == ["complete", "cancelled", "cancelled", "complete"]
    assert len(house.requests("placeOrder")) == sent
    assert house.ended(leaving).outcome is Outcome.NOTHING_TO_DO
    assert house.said("outside")
