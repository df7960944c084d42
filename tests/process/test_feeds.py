"""Both feeds over real sockets between real processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.process.conftest import Town, a_town, eventually, feeds_of, kill

pytestmark = pytest.mark.process


@pytest.fixture
def fed_town(sqlite_url: str, tmp_path: Path) -> Iterator[Town]:
    """A town whose trader hears both feeds; no process yet."""
    with a_town(sqlite_url, tmp_path) as town:
        yield replace(town, environ=town.environ | feeds_of(town))


def reads(town: Town) -> int:
    return sum(one["route"] == "getOrderBook" for one in town.control("state")["requests"])


def asked(town: Town) -> list[Any]:
    return [one for one in town.control("state")["requests"] if one["route"] == "getLtpData"]


def resting(town: Town) -> dict[str, Any]:
    """A long whose entry rests, and the feed is heard."""
    eventually(lambda: "feed_up feed=orders" in town.log)
    town.control("price", {"exchange": "NSE", "token": "3045", "ltp": "803"})
    town.signal(price="800")
    eventually(lambda: len(town.working()) == 1)
    return town.working()[0]


def test_a_fill_is_protected_by_the_feed_while_books_cannot_be_read(fed_town: Town) -> None:
    town = fed_town
    town.trader()
    entry = resting(town)
    town.control("fault", {"route": "getOrderBook", "kind": "html", "times": 1000})

    town.control(f"order/{entry['orderid']}/fill", {"quantity": 10})

    eventually(lambda: town.stopped() == 10, within_s=5)


def test_a_cut_feed_comes_back_and_nothing_is_missed(fed_town: Town) -> None:
    town = fed_town
    town.trader()
    entry = resting(town)
    town.control("fault", {"route": "order_feed", "kind": "disconnect"})

    town.control(f"order/{entry['orderid']}/fill", {"quantity": 10})
    eventually(lambda: town.stopped() == 10, within_s=10)
    eventually(lambda: town.log.count("feed_up feed=orders") == 2, within_s=10)

    assert town.held() == 10


def test_a_trader_that_is_killed_hears_the_feeds_again(fed_town: Town) -> None:
    town = fed_town
    first = town.trader()
    entry = resting(town)
    kill(first)
    town.control(f"order/{entry['orderid']}/fill", {"quantity": 10})

    town.trader()

    eventually(lambda: town.stopped() == 10, within_s=20)
    assert town.held() == 10


def test_with_both_feeds_a_position_is_watched_with_few_reads(fed_town: Town) -> None:
    town = fed_town
    town.trader()
    entry = resting(town)
    town.control(f"order/{entry['orderid']}/fill", {"quantity": 10})
    eventually(lambda: town.stopped() == 10 and len(town.working()) == 2)
    eventually(lambda: "feed_up feed=prices" in town.log)
    before = reads(town)
    began = town.now()

    eventually(lambda: (town.now() - began).total_seconds() >= 11)

    assert reads(town) - before <= 4
