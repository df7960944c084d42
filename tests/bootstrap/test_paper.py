"""The paper exchange: it answers nothing that is not saved, and tells no price for true that nobody quoted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from executor.bootstrap.paper import PaperBroker, SavedExchange, broker_of
from executor.bootstrap.paper_prices import PaperPrices, Quotes
from executor.broker.port import Broker, Session
from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.wire import Wire, to_app
from executor.clock import ManualClock
from executor.domain.ids import IntentId, OrderId, OrderTag
from executor.domain.instrument import Instrument, InstrumentKey, Kind, Price, Segment
from executor.domain.intent import Accepted, Call, Intent, IntentKind, OrderRequest, PermitClass, Refused, Sent, Unknown
from executor.domain.order import OrderType, Side
from executor.domain.reading import Query, QueryKind, Reading
from executor.domain.strategy import Product
from executor.errors import BrokerUnavailable, NotRecorded
from executor.simulator import SimulatorConfig, create_app, credentials
from executor.simulator.simulation import Simulation
from executor.simulator.snapshot import restore
from executor.store.paper import SYNTHETIC
from tests.desk.charts import a_chain, an_option

SBIN = Instrument(InstrumentKey(Segment.NSE, "3045"), "SBIN-EQ", "SBIN", Kind.CASH, 1, Decimal("0.05"), series="EQ")
NIFTY = Instrument(
    InstrumentKey(Segment.NFO, "53001"), "NIFTY24NOV26FUT", "NIFTY", Kind.FUTURE, 65, Decimal("0.10"), freeze=1801
)
CHAIN = a_chain()
CALL = an_option(25000, "CE")
BOOK = Query(QueryKind.ORDER_BOOK)


@dataclass
class Login:
    """Another account's broker that only quotes: what `price` says, or nothing."""

    clock: ManualClock
    price: str | None = "800"
    asked: int = 0

    def read(self, query: Query) -> Reading:
        self.asked += 1
        if self.price is None:
            raise BrokerUnavailable("getLtpData: no answer", None)
        now = self.clock.now()
        call = Call("getLtpData", "", "", 200, now, 1)
        return Reading(query, now, now, call, price=Price(Decimal(self.price), now))

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        raise AssertionError("only quotes are asked of it")

    def send(self, intent: Intent) -> Sent:
        raise AssertionError("only quotes are asked of it")


@dataclass
class Floor:
    """The paper exchange with its client, and what it saved."""

    clock: ManualClock
    login: Login | None = None
    saved: list[str] = field(default_factory=list)
    full: bool = False

    def __post_init__(self) -> None:
        app = create_app(SimulatorConfig(seed=4, journal=0, limits=False), self.clock)
        self.simulation: Simulation = app.extensions["simulation"]
        self.simulation.exchange.walks.clear()
        table = {one.key: one for one in (SBIN, NIFTY, *CHAIN.contracts, CHAIN.underlying)}
        self.prices = PaperPrices(
            self.simulation, find=table.get, quotes=Quotes(self._login, self.clock), clock=self.clock, seed=4
        )
        login = credentials(4)
        secrets = Credentials(login.api_key, login.client_code, login.pin, login.totp_secret)
        wire = Wire(
            "http://paper",
            headers=headers_of(secrets),
            transport=to_app(SavedExchange(app, self.simulation, self._save)),
        )
        client = SmartApi(secrets, wire=wire, clock=self.clock, reserve_step=lambda step: None)
        self.broker = PaperBroker(client, self.prices)
        self.broker.open_session(None)

    def _login(self) -> Broker | None:
        return self.login

    def _save(self, state: str) -> None:
        if self.full:
            raise NotRecorded("no space")
        self.saved.append(state)

    def place(self, side: Side = Side.BUY, price: str = "810", *, of: Instrument = SBIN) -> Sent:
        request = OrderRequest(
            instrument=of.key,
            symbol=of.symbol,
            side=side,
            product=Product.INTRADAY,
            type=OrderType.LIMIT,
            quantity=of.lot,
            price=Decimal(price),
            trigger=None,
            tag=OrderTag("x" + "0" * 15),
        )
        now = self.clock.now()
        return self.broker.send(
            Intent(IntentId("0" * 13), OrderId("0" * 13), "paper", IntentKind.PLACE, PermitClass.ENTER, request, now)
        )

    def tell(self, price: str, *, of: Instrument = SBIN) -> None:
        self.prices.tell(of, Decimal(price), fired_at=self.clock.now())

    def last(self, of: Instrument = SBIN) -> Decimal:
        found = self.broker.read(Query(QueryKind.LTP, of.key, of.symbol)).price
        assert found is not None
        return found.value

    def texts(self) -> list[str]:
        return [report.text for report in self.broker.read(BOOK).reports]

    def in_store(self) -> list[tuple[str, int]]:
        """State and filled quantity of the orders that were saved last."""
        return [(order["state"], order["filled"]) for order in json.loads(self.saved[-1])["orders"]]


@pytest.fixture
def floor(clock: ManualClock) -> Floor:
    """Without any login behind it."""
    return Floor(clock)


@pytest.fixture
def quoted(clock: ManualClock) -> Floor:
    """Priced by the quotes of an account with a login."""
    return Floor(clock, Login(clock))


# -- saved before it answers


def test_an_order_is_saved_before_it_is_answered(floor: Floor) -> None:
    floor.tell("800")

    sent = floor.place()

    assert isinstance(sent.answer, Accepted)
    assert floor.in_store() == [("complete", 1)]


def test_a_fill_that_came_with_the_price_is_saved_before_a_book_shows_it(quoted: Floor) -> None:
    assert quoted.login is not None
    quoted.place(price="790")
    before = quoted.in_store()
    quoted.login.price = "789"
    quoted.clock.advance(3)

    (report,) = quoted.broker.read(BOOK).reports

    assert (before, report.filled) == ([("open", 0)], 1)
    assert quoted.in_store() == [("complete", 1)]


def test_what_could_not_be_saved_is_unknown_until_a_book_that_was_shows_it(floor: Floor) -> None:
    floor.tell("800")
    floor.full = True

    sent = floor.place()
    with pytest.raises(BrokerUnavailable):
        floor.broker.read(BOOK)
    floor.full = False
    reports = floor.broker.read(BOOK).reports

    assert isinstance(sent.answer, Unknown)
    assert [report.filled for report in reports] == [1]
    assert floor.in_store() == [("complete", 1)]


def test_a_question_that_changes_nothing_saves_nothing(floor: Floor) -> None:
    floor.tell("800")
    floor.place()

    floor.broker.read(BOOK)
    floor.last()

    assert len(floor.saved) == 1


# -- instruments


def test_a_contract_without_any_price_is_refused(floor: Floor) -> None:
    sent = floor.place()

    assert isinstance(sent.answer, Refused)
    assert "have the alert send `price`" in sent.answer.text
    with pytest.raises(BrokerUnavailable):
        floor.last()


def test_a_contract_that_our_table_lacks_is_refused(quoted: Floor) -> None:
    unknown = Instrument(InstrumentKey(Segment.NSE, "999"), "GONE-EQ", "GONE", Kind.CASH, 1, Decimal("0.05"))

    assert isinstance(quoted.place(of=unknown).answer, Refused)


def test_a_derivative_is_listed_as_what_it_is(floor: Floor) -> None:
    floor.tell("25080", of=NIFTY)
    floor.place(price="25100", of=NIFTY)

    listed = floor.simulation.exchange.walks["NFO", "53001"].instrument

    assert (listed.kind, listed.lot, listed.freeze, listed.symbol) == ("FUTIDX", 65, 1801, NIFTY.symbol)


# -- prices


def test_without_a_login_the_alerts_price_is_where_it_trades_and_the_order_says_synthetic(floor: Floor) -> None:
    floor.tell("800")
    floor.place()

    assert [fill.price for fill in floor.broker.read(Query(QueryKind.TRADES)).fills] == [Decimal(800)]
    assert floor.texts() == [SYNTHETIC]


def test_each_alert_sets_the_price_anew_and_between_them_it_walks(floor: Floor) -> None:
    floor.tell("800")
    first = floor.last()
    floor.clock.advance(1800)
    walked = floor.last()
    floor.tell("815")

    assert (first, floor.last()) == (Decimal(800), Decimal(815))
    assert walked != first
    assert abs(walked - first) < 20


def test_an_alerts_price_that_is_old_counts_no_more(floor: Floor) -> None:
    floor.tell("800")
    floor.clock.advance(11)

    assert isinstance(floor.place().answer, Refused)


def test_a_quote_goes_before_an_alerts_price_and_the_order_says_nothing(quoted: Floor) -> None:
    assert quoted.login is not None
    quoted.login.price = "802.5"
    quoted.tell("800")
    quoted.place()

    assert [fill.price for fill in quoted.broker.read(Query(QueryKind.TRADES)).fills] == [Decimal("802.5")]
    assert quoted.texts() == [""]


def test_a_quote_stands_until_the_next_one(quoted: Floor) -> None:
    assert quoted.login is not None
    quoted.last()
    quoted.login.price = None
    quoted.clock.advance(600)

    assert quoted.last() == Decimal(800)


def test_what_trades_at_an_old_quote_is_synthetic(quoted: Floor) -> None:
    assert quoted.login is not None
    quoted.last()
    quoted.login.price = None
    quoted.clock.advance(5)
    quoted.place()
    quoted.clock.advance(60)
    quoted.place()

    assert quoted.texts() == ["", SYNTHETIC]


def test_only_what_works_or_is_held_is_followed(quoted: Floor) -> None:
    assert quoted.login is not None
    quoted.broker.read(BOOK)
    idle = quoted.login.asked
    quoted.place()
    for _ in range(10):
        quoted.clock.advance(1)
        quoted.broker.read(BOOK)
    held = quoted.login.asked
    quoted.place(Side.SELL, "790")
    after = quoted.login.asked
    quoted.clock.advance(10)
    quoted.broker.read(BOOK)

    assert (idle, held) == (0, 1 + 5)
    assert quoted.login.asked == after


def test_quotes_stay_within_what_the_logins_own_reads_leave(quoted: Floor) -> None:
    assert quoted.login is not None
    for _ in range(400):
        quoted.last()
        quoted.clock.advance(0.1)

    assert 40 <= quoted.login.asked <= 45


def test_a_login_that_ends_while_it_is_looked_for_gives_no_quote(clock: ManualClock) -> None:
    """Its thread may end its trading between two looks at it."""
    looks: Any = iter([SimpleNamespace(broker=Login(clock)), None])
    seat: Any = type("Ending", (), {"trading": property(lambda _self: next(looks))})()

    assert broker_of([seat]) is not None
    assert broker_of([seat]) is None


# -- options of an underlying that an alert tells ------------------------------------------------------------------


def test_without_a_login_an_option_follows_what_the_alert_tells_of_its_underlying(clock: ManualClock) -> None:
    floor = Floor(clock)
    floor.prices.tell_underlying(CHAIN, Decimal(25000), fired_at=clock.now())
    first = floor.last(CALL)
    floor.prices.tell_underlying(CHAIN, Decimal(25200), fired_at=clock.now())

    second = floor.last(CALL)

    assert Decimal(50) < first < Decimal(300)
    assert Decimal(80) < second - first < Decimal(200)


def test_what_trades_at_a_price_of_the_model_is_synthetic_also_after_a_restart(clock: ManualClock) -> None:
    floor = Floor(clock)
    floor.prices.tell_underlying(CHAIN, Decimal(25000), fired_at=clock.now())

    floor.place(price=str(floor.last(CALL) + 1), of=CALL)
    again = create_app(SimulatorConfig(seed=5, journal=0, limits=False), clock).extensions["simulation"]
    restore(again.exchange, json.loads(floor.saved[-1]), seed=5)

    orders = list(floor.simulation.exchange.book.orders(clock.now()))
    assert SYNTHETIC in repr(orders[-1])
    walk = again.exchange.walks["NFO", CALL.key.token]
    assert (walk.remark, walk.follows) == (SYNTHETIC, {("NSE", CHAIN.underlying.key.token)})


def test_with_a_login_an_option_costs_its_own_quote_or_is_not_listed(clock: ManualClock) -> None:
    floor = Floor(clock, login=Login(clock, price="130"))
    floor.prices.tell_underlying(CHAIN, Decimal(25000), fired_at=clock.now())
    quoted = floor.last(CALL)
    floor.login = Login(clock, price=None)
    clock.advance(1)

    put = an_option(25000, "PE")
    sent = floor.place(of=put)

    assert quoted == Decimal(130)
    assert isinstance(sent.answer, Refused)


def test_quotes_of_several_contracts_are_priced_before_they_are_read(clock: ManualClock) -> None:
    floor = Floor(clock)
    floor.prices.tell_underlying(CHAIN, Decimal(25000), fired_at=clock.now())
    keys = tuple(one.key for one in CHAIN.contracts)

    found = floor.broker.read(Query(QueryKind.QUOTES, instruments=keys)).quotes

    assert {one.instrument for one in found} == set(keys)
    assert all(one.bid and one.ask and one.bid < one.ask for one in found)
