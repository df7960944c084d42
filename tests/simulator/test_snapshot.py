"""An exchange that was saved as JSON and made again goes on: nothing is lost, nothing is done twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from executor.clock import IST
from executor.simulator.exchange.exchange import Exchange
from executor.simulator.exchange.instrument import Instrument
from executor.simulator.exchange.orders import Order, OrderType, Side, State, Terms, Ticket
from executor.simulator.exchange.positions import positions
from executor.simulator.exchange.rules import Rules
from executor.simulator.snapshot import list_instrument, restore, take

MORNING = datetime(2026, 11, 25, 9, 20, tzinfo=IST).astimezone(UTC)
SHARE = Instrument("NSE", "3045", "SBIN-EQ", "SBIN", "", 1, Decimal("0.05"), 0, Decimal(800))
KEY = SHARE.key


def an_exchange(price: str = "800", *, seed: int = 1) -> Exchange:
    """An exchange on which only SBIN is listed, at a price that is held."""
    exchange = Exchange([], seed=seed, start=MORNING, rules=Rules())
    list_instrument(exchange, SHARE, Decimal(price), seed=seed)
    exchange.set_price(KEY, Decimal(price))
    return exchange


def again(exchange: Exchange, *, seed: int = 2) -> Exchange:
    """The exchange of the next process, some seconds later."""
    later = Exchange([], seed=seed, start=exchange.at + timedelta(seconds=5), rules=Rules())
    restore(later, json.loads(json.dumps(take(exchange))), seed=seed)
    return later


def place(exchange: Exchange, side: Side, price: str, *, quantity: int = 10, **more: Any) -> Order:
    trigger = more.pop("trigger", "0")
    kind = OrderType.STOPLOSS_LIMIT if trigger != "0" else OrderType.LIMIT
    terms = Terms(kind, more.pop("product", "INTRADAY"), "DAY", quantity, Decimal(price), Decimal(trigger))
    return exchange.place(Ticket(SHARE, side, terms, tag="x0"))


def net(exchange: Exchange, at: datetime) -> int:
    return sum(row.net for row in positions(exchange.book.fills(at), at.astimezone(IST).date()))


def test_positions_and_working_orders_are_there_again() -> None:
    before = an_exchange()
    bought = place(before, Side.BUY, "801")
    stop = place(before, Side.SELL, "790", trigger="792")

    after = again(before)

    found = {order.order_id: (order.state, order.filled, order.terms) for order in after.book.orders(after.at)}
    assert found == {
        bought.order_id: (State.COMPLETE, 10, bought.terms),
        stop.order_id: (State.TRIGGER_PENDING, 0, stop.terms),
    }
    assert after.book.fills(after.at) == before.book.fills(before.at)
    assert (after.walk(KEY).ltp, net(after, after.at)) == (Decimal(800), 10)


def test_a_stop_of_the_exchange_before_still_works() -> None:
    before = an_exchange()
    place(before, Side.BUY, "801")
    place(before, Side.SELL, "790", trigger="792")

    after = again(before)
    after.advance(MORNING + timedelta(minutes=1))
    after.set_price(KEY, Decimal(791))

    assert net(after, after.at) == 0


def test_what_was_due_while_nobody_ran_is_played_at_its_time() -> None:
    before = an_exchange()
    order = place(before, Side.BUY, "790")

    after = again(before)
    after.advance(MORNING + timedelta(days=1))

    ended = after.book.get(order.order_id)
    assert ended is not None
    assert ended.state is State.CANCELLED
    assert ended.updated_at == datetime(2026, 11, 25, 15, 30, tzinfo=IST)


def test_a_parked_order_is_sent_on_in_the_morning() -> None:
    before = an_exchange()
    before.advance(datetime(2026, 11, 25, 20, 0, tzinfo=IST))
    place(before, Side.BUY, "801")

    after = again(before)
    after.advance(datetime(2026, 11, 26, 9, 16, tzinfo=IST))

    assert net(after, after.at) == 10


def test_no_number_is_handed_out_twice() -> None:
    exchange, orders = an_exchange(), []
    for seed in range(2, 12):
        orders.append(place(exchange, Side.BUY, "801"))
        exchange = again(exchange, seed=seed)
    fills = exchange.book.fills(exchange.at)

    for number in ("order_id", "unique_id", "exchange_id"):
        assert len({getattr(order, number) for order in orders}) == 10
    assert len({fill.fill_id for fill in fills}) == 10
    assert sorted(order.order_id for order in orders) == [order.order_id for order in orders]


@pytest.mark.parametrize("held", [True, False])
def test_a_price_stays_what_it_was_held_or_walking(held: bool) -> None:
    before = an_exchange("812.35")
    if not held:
        before.move_price(KEY, Decimal("812.35"))
        before.walk(KEY).remark = "a guess"

    after = again(before)

    walk = after.walks[KEY]
    assert (walk.ltp, walk.previous_close, walk.held) == (Decimal("812.35"), Decimal("812.35"), held)
    assert walk.remark == ("" if held else "a guess")
    after.advance(MORNING + timedelta(hours=2))
    assert (after.walk(KEY).ltp == Decimal("812.35")) is held


def test_what_was_over_and_flat_before_today_is_left_behind() -> None:
    exchange = an_exchange()
    for side in (Side.BUY, Side.SELL):
        place(exchange, side, "800", product="CARRYFORWARD")
        place(exchange, side, "800", product="INTRADAY")
    place(exchange, Side.BUY, "800", product="DELIVERY", quantity=3)
    exchange.advance(MORNING + timedelta(days=1))

    kept = take(exchange)

    assert kept["orders"] == []
    assert [(fill["product"], fill["quantity"]) for fill in kept["fills"]] == [("DELIVERY", 3)]


def test_an_order_that_trades_at_a_remarked_price_says_so() -> None:
    exchange = an_exchange()
    exchange.walks[KEY].remark = "a guess"

    guessed = exchange.book.get(place(exchange, Side.BUY, "801").order_id)
    exchange.walks[KEY].remark = ""
    known = exchange.book.get(place(exchange, Side.BUY, "801").order_id)

    assert guessed is not None
    assert known is not None
    assert (guessed.text, known.text) == ("a guess", "")
