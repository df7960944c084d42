"""Open positions on their page: what rests behind them, and what a person does about one."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from executor.clock import ManualClock
from executor.domain.bracket import Bracket, BracketState, Role
from executor.domain.ids import Ids, LegId, OrderId
from executor.domain.order import OrderState, Side
from executor.domain.position import Holding
from executor.domain.strategy import Protection
from executor.store.positions import OpenPosition
from executor.store.store import Store
from executor.web.pages.position import danger, worth
from tests.builders import NOW, a_bracket, a_leg, an_id, an_order
from tests.desk.charts import Charts, charted
from tests.house import House
from tests.web.browser import Browser, a_browser, words


def press(browser: Browser, button: str, **fields: str) -> None:
    """Send the form that has this button, with its own hidden fields."""
    page = browser.get("/positions").text.split("<main")[1]
    [form] = [form for form in page.split("<form")[1:] if f">{button}</button>" in form]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert browser.post("/commands", **{**hidden, **fields}).status_code == 303


def test_a_position_shows_what_is_held_and_where_its_stop_rests(house: House, browser: Browser) -> None:
    signal = house.long()
    _, stop, target = house.orders()

    page = browser.get("/positions").text

    assert "SBIN-EQ trend, default SIMULATOR" in words(page)
    assert re.search(r"BUY 10 @ 80\d\.\d+ INTRADAY, OPEN", words(page))
    assert re.search(
        rf"stop 79\d\.\d+ ACCEPTED {stop['orderid']} the book showed it at 09:20:\d\d, .* ago", words(page)
    )
    assert re.search(rf"target for 10 81\d\.\d+ ACCEPTED {target['orderid']}", words(page))
    assert f'href="/signals/{signal}"' in page
    assert "UNPROTECTED" not in page
    assert re.search(r"without a stop today [0-9]\.[0-9] s", words(page))


def test_what_the_trader_tells_of_prices_says_what_a_position_is_worth(
    house: House, clock: ManualClock, browser: Browser
) -> None:
    house.long()
    prices = {"NSE:3045": {"value": "804.5", "at": (clock.now() - timedelta(seconds=40)).isoformat()}}
    house.store.ledger.beat("default", 1, at=clock.now(), status={"prices": prices})

    told = words(browser.get("/positions").text)

    assert re.search(r"last 804.50 40 s old profit 4\d.\d\d lost at the stop 8\d.\d\d", told)


def test_a_price_that_nobody_saw_says_nothing_of_profit(house: House, browser: Browser) -> None:
    house.long()

    told = words(browser.get("/positions").text)

    assert "profit" not in told.split("lost at the stop")[0].split("SBIN-EQ")[1]
    assert "lost at the stop" in told


def test_a_short_gains_when_its_price_falls() -> None:
    short = a_bracket(side=Side.SELL, state=BracketState.OPEN)
    position = OpenPosition(short, Holding(10, 0, Decimal(150)), halted=False, legs=(), orders=())

    found = worth(position, {"prices": {short.instrument.text: {"value": "148", "at": NOW.isoformat()}}})

    assert (found.profit, found.at_stop) == (Decimal(20), None)


def test_nothing_held_is_said(browser: Browser) -> None:
    assert "Nothing is held." in words(browser.get("/positions").text)


def test_a_stop_that_is_gone_is_cried_out(house: House, browser: Browser) -> None:
    house.long()
    house.fault("placeOrder", "cut_before", times=100)
    house.cancel(house.orders()[1])
    house.run(6)

    page = browser.get("/positions").text

    assert '<strong class="bad">UNPROTECTED: stops that wait cover 0 of 10</strong>' in page


def test_exit_leaves_this_position(house: House, browser: Browser) -> None:
    house.long()

    press(browser, "Exit SBIN-EQ")
    house.run(8)

    assert house.net() == 0
    assert "1 positions leave" in words(browser.get("/commands").text)


def test_move_moves_the_stop_and_leaves_the_target(house: House, browser: Browser) -> None:
    house.long()
    before = house.orders()[2]["price"]

    press(browser, "Move", stop=" 796 ", target="")
    house.run(5)

    _, stop, target = house.orders()
    assert (Decimal(stop["trigger"]), target["price"]) == (796, before)
    assert "stop 796.00" in words(browser.get("/positions").text)


def test_why_a_position_stands_alone_is_told_apart() -> None:
    leg = a_leg(id=LegId(an_id(20)), role=Role.STOP, side=Side.SELL)
    expired = an_order(id=OrderId(an_id(21)), leg=leg.id, side=Side.SELL, state=OrderState.EXPIRED)
    ten = Holding(10, 0, Decimal(150))
    bracket = a_bracket(state=BracketState.OPEN)

    def why(held: Holding = ten, bracket: Bracket = bracket, **more: Any) -> tuple[str, str] | None:
        return danger(OpenPosition(bracket, held, **{"halted": False, "legs": (), "orders": (), **more}))

    assert why(Holding(0, 0, None)) is None
    assert why() == ("bad", "UNPROTECTED: stops that wait cover 0 of 10")
    in_question = why(halted=True)
    assert in_question and in_question[1].startswith("HALTED")
    overnight = why(orders=((leg, expired),))
    assert overnight and overnight[0] == "warn" and "first order of the next session" in overnight[1]
    willed = why(bracket=a_bracket(protection=Protection.NONE))
    assert willed == ("bad", "NO STOP: protection none")


def test_a_put_bought_for_a_short_chart_tells_its_levels_and_what_only_stands_behind_them(
    store: Store, clock: ManualClock, ids: Ids
) -> None:
    house = Charts(store, clock, ids, strategy=charted())
    house.at(25190, pe25200=212)
    house.run(3)
    target = [{"price": "25000", "of": "underlying"}]
    signal = house.alert("sell", price="25190", stop_loss={"price": "25290", "of": "underlying"}, take_profit=target)
    browser = a_browser(store, clock)

    page, story = words(browser.get("/positions").text), words(browser.get(f"/signals/{signal}").text)

    assert "NIFTY01DEC2625200PE trend" in page
    assert "BUY 65 @ 212.00" in page
    assert "chart Nifty 50, short, leaves when it trades at 25,290.00 disaster stop 137.80 ACCEPTED" in page
    assert "target Nifty 50 at 25,000.00 watched on the price" in page
    assert "NIFTY 25190 → ATM 25200 PE of 01 Dec 2026" in story
    assert "SELL 65 when the underlying trades at 25,000.00" in story
