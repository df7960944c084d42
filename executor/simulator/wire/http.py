"""The SmartAPI paths as a Flask application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request

from executor.clock import Clock
from executor.simulator.config import SimulatorConfig
from executor.simulator.control import control
from executor.simulator.faults import FEEDS, MASTER
from executor.simulator.simulation import Simulation
from executor.simulator.wire import account, estimates, market, trading
from executor.simulator.wire.answers import Answer, Call, firewall
from executor.simulator.wire.gateway import Gateway, Route
from executor.simulator.wire.instrument_file import instrument_file

MASTER_PATH = "/OpenAPI_File/files/OpenAPIScripMaster.json"
_AUTH = "/rest/auth/angelbroking"
_SECURE = "/rest/secure/angelbroking"

ROUTES = (
    Route("loginByPassword", "POST", f"{_AUTH}/user/v1/loginByPassword", account.login, False),
    Route("generateTokens", "POST", f"{_AUTH}/jwt/v1/generateTokens", account.tokens, False),
    Route("logout", "POST", f"{_SECURE}/user/v1/logout", account.logout),
    Route("getProfile", "GET", f"{_SECURE}/user/v1/getProfile", account.profile),
    Route("getRMS", "GET", f"{_SECURE}/user/v1/getRMS", account.funds),
    Route("placeOrder", "POST", f"{_SECURE}/order/v1/placeOrder", trading.place, writes=True),
    Route("modifyOrder", "POST", f"{_SECURE}/order/v1/modifyOrder", trading.modify, writes=True),
    Route("cancelOrder", "POST", f"{_SECURE}/order/v1/cancelOrder", trading.cancel, writes=True),
    Route("getOrderBook", "GET", f"{_SECURE}/order/v1/getOrderBook", trading.order_book),
    Route("getTradeBook", "GET", f"{_SECURE}/order/v1/getTradeBook", trading.trade_book),
    Route("details", "GET", f"{_SECURE}/order/v1/details/<name>", trading.details),
    Route("getPosition", "GET", f"{_SECURE}/order/v1/getPosition", account.position_book),
    Route("convertPosition", "POST", f"{_SECURE}/order/v1/convertPosition", account.convert),
    Route("getHolding", "GET", f"{_SECURE}/portfolio/v1/getHolding", account.holding_book),
    Route("getAllHolding", "GET", f"{_SECURE}/portfolio/v1/getAllHolding", account.all_holdings),
    Route("getLtpData", "POST", f"{_SECURE}/order/v1/getLtpData", market.last_price),
    Route("quote", "POST", f"{_SECURE}/market/v1/quote/", market.quote),
    Route("batch", "POST", f"{_SECURE}/margin/v1/batch", estimates.margin),
    Route("estimateCharges", "POST", f"{_SECURE}/brokerage/v1/estimateCharges", estimates.charges),
)


def create_app(config: SimulatorConfig, clock: Clock) -> Flask:
    """Make a simulator as a WSGI application; it can be called in-process, without a socket.

    Raises ConnectionCut out of a request that a fault cuts.
    """
    simulation = Simulation(config, clock)
    app = Flask("executor.simulator", static_folder=None)
    app.extensions["simulation"] = simulation  # for a caller in the same process that wants the exchange's own truth
    app.config["PROPAGATE_EXCEPTIONS"] = True  # a cut must leave the application, not become a 500
    app.url_map.strict_slashes = False
    app.before_request(_read_whole_body)
    app.after_request(_dated(simulation))
    for route in ROUTES:
        view = _view(Gateway(simulation, route), route.name)
        app.add_url_rule(route.path, route.name, view, methods=[route.method])
    app.add_url_rule("/rest/<path:name>", "unknown", _unknown(simulation), methods=["GET", "POST"])
    app.add_url_rule(MASTER_PATH, "master", instrument_file(simulation))
    app.register_blueprint(control(simulation, frozenset(route.name for route in ROUTES) | {"*", MASTER, *FEEDS}))
    return app


def _view(gateway: Gateway, route: str) -> Callable[..., Response]:
    def view(name: str = "") -> Response:
        return _respond(gateway.serve(_read_call(route, name)))

    return view


def _unknown(simulation: Simulation) -> Callable[[str], Response]:
    """Answer paths that do not exist with the firewall's page, and note them."""
    route = Route("unknown", "", "", lambda _simulation, _call: firewall(), secure=False)
    gateway = Gateway(simulation, route)

    def view(name: str) -> Response:
        return _respond(gateway.serve(_read_call(name.rpartition("/")[2], "")))

    return view


def _dated(simulation: Simulation) -> Callable[[Response], Response]:
    """Date the answers by the broker's clock, which a client sets its TOTP codes by."""

    def date(response: Response) -> Response:
        response.date = simulation.sessions.by_its_clock(simulation.clock.now())
        return response

    return date


def _read_whole_body() -> None:
    request.get_data(cache=True)  # what stays unread would be taken for the next request of a kept connection


def _read_call(route: str, name: str) -> Call:
    body: Any = request.get_json(force=True, silent=True) if request.data else {}
    return Call(
        route=route,
        method=request.method,
        path=request.path,
        headers=request.headers,
        body=body if isinstance(body, dict) else None,
        name=name,
    )


def _respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, content_type=answer.content_type)
