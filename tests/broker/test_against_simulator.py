"""The client and the simulator were written apart from the same facts; here they meet."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.wire import Wire, download, to_app
from executor.clock import ManualClock
from executor.domain.intent import Accepted, IntentKind, RefusalReason, Refused, Unknown
from executor.domain.order import OrderState, OrderType, Report, Side
from executor.domain.reading import Query, QueryKind
from executor.errors import BrokerUnavailable, LoginRefused, SessionLost
from executor.simulator import SimulatorConfig, create_app, credentials
from tests.broker.fakes import START, TAG, a_request, an_intent

INSTRUMENT = a_request().instrument
LTP = Query(QueryKind.LTP, INSTRUMENT, "SBIN-EQ")
AWAY = Decimal("10.00")  # how far below the market an order rests


class Day:
    """A simulator in this process, its clock, and our client to it."""

    def __init__(self, **changes: Any) -> None:
        self.clock = ManualClock(START)
        self.transport = to_app(create_app(SimulatorConfig(limits=False), self.clock))
        self.client = self.another_client(**changes)

    def another_client(self, **changes: Any) -> SmartApi:
        own = credentials(1)
        fields: dict[str, Any] = {
            "api_key": own.api_key,
            "client_code": own.client_code,
            "pin": own.pin,
            "totp_secret": own.totp_secret,
        }
        login = Credentials(**{**fields, **changes})
        wire = Wire("http://simulator", headers=headers_of(login), transport=self.transport)
        return SmartApi(login, wire=wire, clock=self.clock, reserve_step=lambda _step: None)

    def control(self, path: str, **body: Any) -> None:
        with httpx.Client(transport=self.transport, base_url="http://simulator") as http:
            assert http.post(f"/_control/{path}", json=body).status_code == 200

    def price(self, value: Decimal) -> None:
        self.control("price", exchange="NSE", token=INSTRUMENT.token, ltp=str(value))

    def last(self) -> Decimal:
        price = self.client.read(LTP).price
        assert price is not None
        return price.value

    def place(self, **changes: Any) -> Accepted:
        answer = self.client.send(an_intent(**changes)).answer
        assert isinstance(answer, Accepted)
        return answer

    def book(self) -> dict[str, Report]:
        self.clock.advance(2)
        return {report.broker_id: report for report in self.client.read(Query(QueryKind.ORDER_BOOK)).reports}


@pytest.fixture
def day() -> Day:
    found = Day()
    found.client.open_session(None)
    return found


def test_an_order_rests_is_changed_and_cancelled(day: Day):
    resting = day.last() - AWAY

    placed = day.place(price=resting)
    shown = day.book()[placed.order_id]
    changed = day.client.send(
        an_intent(IntentKind.MODIFY, broker_id=placed.order_id, price=resting - 1, quantity=4)
    ).answer
    shown_then = day.book()[placed.order_id]
    cancelled = day.client.send(an_intent(IntentKind.CANCEL, broker_id=placed.order_id)).answer
    gone = day.book()[placed.order_id]

    assert (shown.state, shown.quantity, shown.price, shown.tag) == (OrderState.ACCEPTED, 10, resting, TAG)
    assert shown.unique_id == placed.unique_id
    assert (changed, cancelled) == (placed, placed)
    assert (shown_then.state, shown_then.quantity, shown_then.price) == (OrderState.ACCEPTED, 4, resting - 1)
    assert (gone.state, gone.filled) == (OrderState.CANCELLED, 0)


def test_a_marketable_order_is_filled_and_seen_in_all_three_books(day: Day):
    placed = day.place(price=day.last() + 1)

    report = day.book()[placed.order_id]
    fills = day.client.read(Query(QueryKind.TRADES)).fills
    positions = day.client.read(Query(QueryKind.POSITIONS)).positions

    assert (report.state, report.filled) == (OrderState.FILLED, 10)
    assert [(fill.broker_id, fill.quantity, fill.price) for fill in fills] == [(placed.order_id, 10, report.average)]
    assert abs(fills[0].at - START) <= timedelta(seconds=2)
    assert [(row.instrument, row.quantity) for row in positions] == [(INSTRUMENT, 10)]


def test_a_stop_waits_triggers_and_fills(day: Day):
    last = day.last()
    placed = day.place(side=Side.SELL, type=OrderType.STOP_LIMIT, trigger=last - 5, price=last - 10)
    waiting = day.book()[placed.order_id]

    day.price(last - 6)
    done = day.book()[placed.order_id]

    assert (waiting.state, waiting.type, waiting.trigger) == (OrderState.ACCEPTED, OrderType.STOP_LIMIT, last - 5)
    assert (done.state, done.filled) == (OrderState.FILLED, 10)


def test_a_triggered_stop_that_cannot_fill_is_triggered(day: Day):
    last = day.last()
    placed = day.place(side=Side.SELL, type=OrderType.STOP_LIMIT, trigger=last - 5, price=last - 6)

    day.price(last - 9)

    assert day.book()[placed.order_id].state is OrderState.TRIGGERED


def test_empty_books_are_empty(day: Day):
    assert day.book() == {}
    assert day.client.read(Query(QueryKind.TRADES)).fills == ()
    assert day.client.read(Query(QueryKind.POSITIONS)).positions == ()
    assert day.client.read(Query(QueryKind.HOLDINGS)).holdings == ()


@pytest.mark.parametrize(("kind", "is_there"), [("cut_before", False), ("cut_after", True)])
def test_a_cut_connection_is_unknown_and_the_book_tells_which_it_was(day: Day, kind: str, is_there: bool):
    day.control("fault", route="placeOrder", kind=kind)

    sent = day.client.send(an_intent(price=day.last() - AWAY))

    assert isinstance(sent.answer, Unknown)
    assert [report.tag for report in day.book().values()] == [TAG] * is_there


@pytest.mark.parametrize("route", ["modifyOrder", "cancelOrder"])
@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
def test_a_cut_change_is_unknown(day: Day, route: str, kind: str):
    placed = day.place(price=day.last() - AWAY)
    day.control("fault", route=route, kind=kind)
    change = IntentKind.MODIFY if route == "modifyOrder" else IntentKind.CANCEL

    sent = day.client.send(an_intent(change, broker_id=placed.order_id, price=day.last() - AWAY))

    assert isinstance(sent.answer, Unknown)


@pytest.mark.parametrize("fault", [{"kind": "html"}, {"kind": "empty"}, {"kind": "status", "status": 502, "body": "x"}])
def test_pages_in_place_of_answers_are_unknown_or_unavailable(day: Day, fault: dict[str, Any]):
    price = day.last() - AWAY
    day.control("fault", route="*", times=2, **fault)

    sent = day.client.send(an_intent(price=price))
    with pytest.raises(BrokerUnavailable):
        day.book()

    assert isinstance(sent.answer, Unknown)


def test_a_rate_answer_is_refused_and_nothing_was_placed(day: Day):
    day.control("fault", route="placeOrder", kind="rate")

    answer = day.client.send(an_intent(price=day.last() - AWAY)).answer

    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.RATE
    assert day.book() == {}


def test_a_wrong_tick_is_refused_in_the_brokers_words(day: Day):
    answer = day.client.send(an_intent(price=day.last() - Decimal("10.01"))).answer

    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.INVALID
    assert "tick" in answer.text


def test_a_rejection_of_the_exchange_comes_by_the_book(day: Day):
    day.control("fault", route="placeOrder", kind="reject", text="no margin")

    placed = day.place(price=day.last() - AWAY)

    report = day.book()[placed.order_id]
    assert (report.state, report.text) == (OrderState.REJECTED, "no margin")


def test_another_login_ends_ours_and_one_login_brings_it_back(day: Day):
    saved = day.client.open_session(None)
    day.clock.advance(30)
    day.another_client().open_session(None)

    with pytest.raises(SessionLost):
        day.book()
    answer = day.client.send(an_intent(price=Decimal("800.00"))).answer
    day.clock.advance(30)
    again = day.client.open_session(saved)

    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.SESSION
    assert again.jwt != saved.jwt
    assert day.book() == {}


def test_a_saved_session_is_gone_on_with(day: Day):
    saved = day.client.open_session(None)

    assert day.client.open_session(saved).jwt == saved.jwt


def test_a_wrong_pin_is_a_refused_login():
    with pytest.raises(LoginRefused, match="invalid"):
        Day(pin="0000").client.open_session(None)


def test_the_instrument_file_can_be_fetched(day: Day, tmp_path):
    path = tmp_path / "master.json"

    size = download(
        "http://simulator/OpenAPI_File/files/OpenAPIScripMaster.json", path, clock=day.clock, transport=day.transport
    )

    assert path.stat().st_size == size > 0
