"""Which prices judge the levels of an underlying: none from before they were laid, and none of another contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest

from executor.clock import IST, ManualClock
from executor.domain.ids import Ids
from executor.domain.instrument import Price
from executor.domain.messages import PricesSeen
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import LevelOf, Product, Rails, Size, SizeKind
from executor.store.store import Store
from tests.desk.charts import DECEMBER, JANUARY, NIFTY, Charts, a_chain, an_option, charted, priced
from tests.house import SBIN_EQ

Make = Callable[..., Charts]
CE = an_option(24900, "CE").symbol
STOP = {"price": "24800", "of": "underlying"}


@pytest.fixture
def make(sqlite_store: Store, clock: ManualClock, ids: Ids) -> Make:
    def made(**settings: object) -> Charts:
        return priced(Charts(sqlite_store, clock, ids, strategy=charted(**settings)))

    return made


def test_a_moved_stop_is_not_judged_by_a_price_from_before_the_alert(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss=STOP)
    house.at(24850)
    house.run(2)
    house.at(24910)
    house.fault("getLtpData", "status", status=500, body="", times=6, match={"symboltoken": NIFTY.key.token})
    house.run(3)

    moved = house.alert("modify", price="24910", stop_loss={"price": "24870", "of": "underlying"})
    house.run(15)

    assert house.ended(moved).outcome is Outcome.FILLED
    assert [row[0] for row in house.trades()] == ["BUY"]


def test_a_price_of_the_next_future_is_no_level_of_a_position_that_watches_the_one_before(make: Make) -> None:
    house = make(rails=Rails(frozenset({"NSE:NIFTY1!"}), 1000))
    house.means = replace(a_chain(), underlying=DECEMBER)
    stop = {"percent": "1", "of": "underlying"}
    opened = house.alert("buy", ticker="NIFTY1!", stop_loss=stop)
    house.means = replace(a_chain(), underlying=JANUARY)
    before = house.brackets()[0].underlying

    codes = [
        house.ended(house.alert(action, ticker="NIFTY1!", stop_loss={"price": "25000", "of": "underlying"})).code
        for action in ("modify", "buy")
    ]

    assert house.ended(opened).outcome is Outcome.FILLED
    assert codes == [RefusalCode.CHART_NOT_TRADED] * 2
    assert (house.brackets()[0].underlying, [row[0] for row in house.trades()]) == (before, ["BUY"])


def test_a_slow_read_brings_no_older_price_back(make: Make) -> None:
    house = make()
    house.alert("buy", price="24910", stop_loss={"price": "24800", "of": "underlying"})
    house.latency = lambda: 3.0
    house.at(24850)
    asked = len(house.requests("getLtpData"))
    house.until(lambda: len(house.requests("getLtpData")) > asked, within=3)  # its answer, 24850, is on its way
    house.at(24910)
    house.run(0.5)
    the_feed_tells(house)
    house.signal("modify", ticker="NIFTY", stop_loss={"price": "24870", "of": "underlying"})

    for _ in range(16):
        house.run(0.25)
        the_feed_tells(house)

    assert house.trades() == [("BUY", CE, 65)]


def the_feed_tells(house: Charts) -> None:
    now = house.clock.now()
    prices = {NIFTY.key: Price(Decimal(24910), now), an_option(24900, "CE").key: Price(Decimal(190), now)}
    house.inbox.put(PricesSeen(prices))


def test_a_future_that_has_expired_is_not_watched_any_more_and_a_person_is_told(make: Make) -> None:
    """Its last price was read as one of now for ever: the stop was never reached, and nobody was told."""
    house = make()
    ten = Size(SizeKind.QUANTITY, Decimal(10))
    house.strategy = replace(house.strategy, product=Product.DELIVERY, size=ten, levels_of=LevelOf.UNDERLYING)
    house.means, house.beside = SBIN_EQ, DECEMBER
    house.price("800")
    house.control("price", {"exchange": "NFO", "token": DECEMBER.key.token, "ltp": "25000"})
    house.run(3)
    house.signal("buy", ticker="NIFTY1!", price="25000", stop_loss={"percent": "2"})
    house.run(6)
    assert DECEMBER.expiry is not None
    for day in (DECEMBER.expiry, DECEMBER.expiry + timedelta(days=1)):
        house.clock.set(datetime.combine(day, time(9, 14, 30), IST))
        house.run(45)
        house.price("800")
        house.run(15)

    (told,) = house.said("underlying_unknown")
    assert "NIFTY29DEC26FUT has expired" in told
    assert [(row["quantity"], row["trigger"]) for row in house.working(type="STOPLOSS_LIMIT")] == [(10, "760.00")]
    before = len(house.requests("getLtpData"))
    house.run(10)
    assert len(house.requests("getLtpData")) == before
