"""Orders of a day on their page: what each is for, and the broker's words as they came."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from executor.domain.ids import BrokerOrderId, OrderId, first_of
from executor.domain.order import OrderState
from executor.domain.strategy import Account, AccountKind
from executor.store.store import Store
from tests.builders import ACCOUNT, NOW, TODAY, a_delivery, a_lane, a_signal, an_order
from tests.house import House
from tests.store.trading import commit, decision_of, made, take_lease
from tests.web.browser import Browser, words

EVIL = '<script>alert("x")</script>'


def foreign(store: Store, count: int, **changes: object) -> None:
    """Orders that somebody else gave, one a minute."""
    store.people.add_account(Account(ACCOUNT, AccountKind.PAPER), by="test", at=NOW, new_id=str)
    take_lease(store)
    rows = []
    for number in range(count):
        at = NOW + timedelta(minutes=number)
        fields = {"id": OrderId(first_of(at)), "broker_id": BrokerOrderId(f"order-{number:04}"), "created_at": at}
        rows.append(an_order(**{"leg": None, "tag": None, "day": TODAY, **fields, **changes}))
    commit(store, decision_of(*made(*rows)))


def test_orders_stand_newest_first_with_what_they_are_for(house: House, browser: Browser) -> None:
    signal = house.long()
    entry, stop, target = house.orders()

    page = browser.get("/orders").text
    text = words(page.split("<main")[1])

    assert text.index(target["orderid"]) < text.index(stop["orderid"]) < text.index(entry["orderid"])
    assert re.search(
        rf"BUY 10 SBIN-EQ \d\d:\d\d:\d\d INTRADAY FILLED {entry['orderid']} trend entry default SIMULATOR", text
    )
    assert "trend stop" in text and "trigger 79" in text
    assert page.count(f'href="/signals/{signal}"') == 3


def test_a_rejection_stands_there_in_the_brokers_words_two_clicks_from_the_log(house: House, browser: Browser) -> None:
    said = "Order blocked: margin short by 1,600 <b>"
    house.fault("placeOrder", "refuse", code="AB4008", message=said)
    signal = house.signal("buy", price="800")
    house.run(8)

    log, story, orders = (browser.get(path).text for path in ("/", f"/signals/{signal}", "/orders?state=rejected"))

    assert f'href="/signals/{signal}"' in log
    assert all(said in words(page) for page in (story, orders))
    assert "<b>" not in orders


def test_an_order_of_others_is_called_foreign_and_its_words_are_harmless(store: Store, browser: Browser) -> None:
    foreign(store, 1, state=OrderState.REJECTED, text=EVIL)

    page = browser.get("/orders").text

    assert "foreign" in words(page)
    assert EVIL in words(page)
    assert EVIL not in page


def test_many_orders_come_in_pages(store: Store, browser: Browser) -> None:
    foreign(store, 101)

    first = browser.get("/orders").text
    older = first.split('rel="next" href="')[-1].split('"')[0].replace("&amp;", "&")
    second = browser.get(older).text

    assert (first.count("order-"), "order-0000" in first) == (100, False)
    assert "order-0000" in second and "To the newest" in second


@pytest.mark.parametrize("day", ["2026-11-24", "2026-11-26", "0001-01-01", "9999-12-31", "x", ""])
def test_any_day_can_be_asked_for(house: House, browser: Browser, day: str) -> None:
    house.long()

    page = browser.get(f"/orders?day={day}")

    assert page.status_code == 200
    assert ("No order on this day" in words(page.text)) is (day == "2026-11-24")


def test_where_nothing_matches_the_way_back_is_told(house: House, browser: Browser) -> None:
    house.long()

    page = browser.get("/orders?state=rejected&account=paper")

    assert "No order matches. Show all of this day" in words(page.text)


def test_a_signal_without_a_leg_makes_no_line(store: Store, browser: Browser) -> None:
    store.intake.record_delivery(a_delivery(), a_signal())
    take_lease(store)
    commit(store, decision_of(*made(a_lane())))

    assert "No order on this day" in words(browser.get("/orders").text)
