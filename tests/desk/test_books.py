"""An error, an empty answer or a failed read is not "flat", not "rejected", not "success" (F-26, F-42)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from executor.domain.bracket import BracketState
from executor.domain.signal import Outcome
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
