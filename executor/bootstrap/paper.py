"""The paper account: the one SmartAPI client over the simulator's exchange in this process.

The exchange answers nothing that it has not saved, so that a process which is killed forgets no order and no fill.
Its sessions end with the process: each start logs in anew, with a login that is worth nothing elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from executor.bootstrap.account import Common, Desk, find_contract
from executor.bootstrap.paper_prices import PaperPrices, Quotes
from executor.broker.port import Broker, Session
from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.wire import Wire, to_app
from executor.domain.conversion import Conversion, Converted
from executor.domain.instrument import Instrument
from executor.domain.intent import Call, Intent, RefusalReason, Refused, Sent
from executor.domain.messages import Resolved
from executor.domain.option import OptionChain
from executor.domain.reading import Query, Reading
from executor.domain.signal import Signal, read_ask
from executor.errors import StoreError
from executor.simulator import ConnectionCut, SimulatorConfig, create_app, credentials
from executor.simulator.exchange.rules import Rules
from executor.simulator.simulation import Simulation
from executor.simulator.snapshot import restore, take
from executor.store.paper import Paper
from executor.trader.accounts import SessionStore
from executor.trader.seat import Seat

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_URL = "http://paper"
_NO_PRICE = "{}: nothing tells its price to the paper exchange; have the alert send `price`, or set a login for quotes"


class SavedExchange:
    """The simulator's application; whatever changed is saved before an answer can tell of it."""

    def __init__(self, app: WSGIApplication, simulation: Simulation, save: Callable[[str], None]) -> None:
        """`save` raises StoreError for what could not be made durable."""
        self._app = app
        self._simulation = simulation
        self._save = save
        self._saving = Lock()
        self._saved = simulation.exchange.book.revision

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer. Raises ConnectionCut when it was done but could not be saved: whoever asked must look again."""
        answer = self._app(environ, start_response)
        with self._saving:
            try:
                self._keep()
            except StoreError as error:
                raise ConnectionCut(f"the paper exchange could not be saved: {error}") from error
        return answer

    def _keep(self) -> None:
        with self._simulation.lock:
            exchange = self._simulation.exchange
            revision = exchange.book.revision
            if revision == self._saved:
                return
            state = json.dumps(take(exchange), separators=(",", ":"))
        self._save(state)
        self._saved = revision


class PaperBroker:
    """The client of the paper exchange; a contract is listed and priced there before it is spoken of."""

    def __init__(self, client: SmartApi, prices: PaperPrices) -> None:
        self._client = client
        self._prices = prices

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:  # noqa: ARG002 - no exchange before knew this one
        return self._client.open_session(None)

    def close_session(self) -> tuple[Call, ...]:
        return self._client.close_session()

    def send(self, intent: Intent) -> Sent:
        request = intent.request
        if not self._prices.ask(request.instrument):
            return Sent(Refused(RefusalReason.PRICE, _NO_PRICE.format(request.symbol)), ())
        return self._client.send(intent)

    def read(self, query: Query) -> Reading:
        wanted = query.instruments if query.instrument is None else (query.instrument,)
        for contract in wanted:
            self._prices.ask(contract)
        if not wanted:
            self._prices.follow()
        return self._client.read(query)

    def convert(self, wanted: Conversion) -> Converted:
        return self._client.convert(wanted)


def open_paper_desk(common: Common, sessions: SessionStore, *, priced_by: Sequence[Seat]) -> Desk:
    """Open the exchange where it was left, and a client of it. Quotes come from the first of `priced_by`, if any."""
    seed = sessions.epoch  # another for each start: no order number comes twice
    closed = frozenset.intersection(*common.calendar.holidays.values())
    app = create_app(SimulatorConfig(seed=seed, journal=0, rules=Rules(holidays=closed)), common.clock)
    simulation: Simulation = app.extensions["simulation"]
    _restore(simulation, Paper(common.store.database).load_simulator(sessions.account), seed=seed)
    prices = PaperPrices(
        simulation,
        find=common.store.master.find_by_key,
        quotes=Quotes(lambda: broker_of(priced_by), common.clock),
        clock=common.clock,
        seed=seed,
    )
    client = _client(common, sessions, app=app, simulation=simulation, seed=seed)
    return Desk(PaperBroker(client, prices), _telling(common, prices))


def _client(
    common: Common, sessions: SessionStore, *, app: WSGIApplication, simulation: Simulation, seed: int
) -> SmartApi:
    store, login = Paper(common.store.database), credentials(seed)

    def save(state: str) -> None:
        store.save_simulator(sessions.account, sessions.epoch, state, at=common.clock.now())

    secrets = Credentials(login.api_key, login.client_code, login.pin, login.totp_secret)
    transport = to_app(SavedExchange(app, simulation, save))
    wire = Wire(_URL, headers=headers_of(secrets), transport=transport)
    return SmartApi(secrets, wire=wire, clock=common.clock, reserve_step=lambda _step: None)


def _restore(simulation: Simulation, saved: str | None, *, seed: int) -> None:
    """Begin where the exchange was left; with nothing listed when there was none."""
    simulation.exchange.walks.clear()
    if saved is not None:
        restore(simulation.exchange, json.loads(saved), seed=seed)


def broker_of(seats: Sequence[Seat]) -> Broker | None:
    """The broker of the first account that is traded now."""
    tradings = (seat.trading for seat in seats)  # each is asked once: it may end at any moment
    return next((trading.broker for trading in tradings if trading is not None), None)


def _telling(common: Common, prices: PaperPrices) -> Callable[[Signal], Resolved]:
    """Find a signal's contract; its own price for it is told to the exchange, which may have no better one."""
    find = find_contract(common.store, common.clock, common.calendar)

    def resolve_signal(signal: Signal) -> Resolved:
        resolved = find(signal)
        price = read_ask(signal.fields).price
        # where the chart shows something else than what is traded, the price is that one's
        traded = resolved.contract if resolved.underlying is None else None
        if isinstance(traded, Instrument) and price is not None:
            prices.tell(traded, price, fired_at=signal.fired_at)
        elif isinstance(traded, OptionChain) and price is not None:
            prices.tell_underlying(traded, price, fired_at=signal.fired_at)
        return resolved

    return resolve_signal
