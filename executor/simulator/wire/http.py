"""The SmartAPI paths as a Flask application.

One request goes through: journal, firewall (headers), rate limit, planted fault, key and token, address, handler. All
of it under the simulation's lock, but for the waiting of a delay fault. A cut connection leaves the application as
`ConnectionCut`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event
from typing import Any

from flask import Flask, Response, request

from executor.clock import Clock
from executor.simulator.config import SimulatorConfig
from executor.simulator.control import control
from executor.simulator.faults import ConnectionCut, Fault, Kind
from executor.simulator.master import rows
from executor.simulator.simulation import Simulation, iso, masked
from executor.simulator.wire import account, market, trading
from executor.simulator.wire.answers import (
    Answer,
    Call,
    empty,
    firewall,
    plain,
    refused,
    success,
    too_fast,
)

MASTER_PATH = "/OpenAPI_File/files/OpenAPIScripMaster.json"
_HEADERS = ("X-PrivateKey", "X-UserType", "X-SourceID", "X-MACAddress")
_SECURE = "/rest/secure/angelbroking"


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    method: str
    path: str
    handler: Callable[[Simulation, Call], Answer]
    secure: bool = True  #: needs a token
    writes: bool = False  #: comes from a registered address only


ROUTES = (
    Route("loginByPassword", "POST", "/rest/auth/angelbroking/user/v1/loginByPassword", account.login, False),
    Route("generateTokens", "POST", "/rest/auth/angelbroking/jwt/v1/generateTokens", account.tokens, False),
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
    Route("getHolding", "GET", f"{_SECURE}/portfolio/v1/getHolding", account.holding_book),
    Route("getLtpData", "POST", f"{_SECURE}/order/v1/getLtpData", market.last_price),
    Route("quote", "POST", f"{_SECURE}/market/v1/quote/", market.quote),
)


def create_app(config: SimulatorConfig, clock: Clock) -> Flask:
    """Make a simulator as a WSGI application; it can be called in-process, without a socket."""
    simulation = Simulation(config, clock)
    app = Flask("executor.simulator", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True  # a cut must leave the application, not become a 500
    app.url_map.strict_slashes = False
    app.before_request(_read_whole_body)
    for route in ROUTES:
        app.add_url_rule(route.path, route.name, _view(simulation, route), methods=[route.method])
    app.add_url_rule("/rest/<path:name>", "unknown", _unknown(simulation), methods=["GET", "POST"])
    app.add_url_rule(MASTER_PATH, "master", _master(simulation))
    app.register_blueprint(control(simulation, frozenset(route.name for route in ROUTES) | {"*"}))
    return app


def serve(simulation: Simulation, route: Route, call: Call) -> Answer:
    """Answer one request of a known route. Raises ConnectionCut where a fault says so."""
    with simulation.lock:
        now = simulation.advance()
        call = replace(call, now=now, as_of=now)
        entry = simulation.note(
            at=iso(now),
            route=call.route,
            method=call.method,
            path=call.path,
            body=masked(call.body),
            status=None,
            answer_kind="cut",
            fault=None,
        )
        fault, answer = _pass(simulation, route, call)
        entry["fault"] = fault.kind.value if fault else None
        if answer is not None:
            entry["status"], entry["answer_kind"] = answer.status, answer.kind
    if answer is None:
        raise ConnectionCut(f"{call.route}: the connection was cut")
    if fault is not None and fault.kind is Kind.DELAY:
        Event().wait(fault.seconds)
    return answer


def _pass(simulation: Simulation, route: Route, call: Call) -> tuple[Fault | None, Answer | None]:
    """Return the fault that struck and the answer; no answer means that the connection is cut."""
    if any(name not in call.headers for name in _HEADERS):
        return None, firewall()
    if simulation.config.limits and not simulation.limits.admit(route.name, call.now):
        return None, too_fast()
    fault = simulation.faults.take(route.name, call.body or {})
    if fault is None:
        return None, _handle(simulation, route, call)
    return fault, _strike(simulation, route, call, fault)


def _strike(simulation: Simulation, route: Route, call: Call, fault: Fault) -> Answer | None:  # noqa: C901
    match fault.kind:
        case Kind.CUT_BEFORE:
            return None
        case Kind.CUT_AFTER:
            _handle(simulation, route, call)
            return None
        case Kind.LATE:
            _handle_later(simulation, route, call, fault)
            return None
        case Kind.REFUSE:
            return refused(str(fault.detail["code"]), str(fault.detail["message"]))
        case Kind.DROP:
            return _turned_away(simulation, route, call) or trading.drop(simulation, call)
        case Kind.RATE:
            return too_fast()
        case Kind.HTML:
            return firewall()
        case Kind.EMPTY:
            return empty(int(fault.detail.get("status", 200)))
        case Kind.STATUS:
            return plain(int(fault.detail["status"]), fault.detail["body"])
        case Kind.DELAY:
            return _handle(simulation, route, call)
        case Kind.REJECT:
            return _handle(simulation, route, replace(call, reject=str(fault.detail["text"])))
        case Kind.NULL_BOOK:
            return success(None)
        case Kind.LAG:
            as_of = call.now - timedelta(seconds=fault.seconds)
            return _handle(simulation, route, replace(call, as_of=as_of))


def _handle(simulation: Simulation, route: Route, call: Call) -> Answer:
    return _turned_away(simulation, route, call) or route.handler(simulation, call)


def _handle_later(simulation: Simulation, route: Route, call: Call, fault: Fault) -> None:
    """Process the call `seconds` later on the simulated clock; nothing of it is visible until then."""
    if _turned_away(simulation, route, call) is not None:
        return
    due = call.now + timedelta(seconds=fault.seconds)
    simulation.exchange.later(due, lambda: _ignore(route.handler(simulation, replace(call, now=due, as_of=due))))


def _ignore(_answer: Answer) -> None:
    """Nobody is there any more to hear it."""


def _turned_away(simulation: Simulation, route: Route, call: Call) -> Answer | None:
    if call.headers.get("X-PrivateKey") != simulation.sessions.credentials.api_key:
        return refused("AG8004", "Invalid API Key")
    if call.headers.get("X-UserType") != "USER":
        return refused("AB1005", "User Type Must Be USER")
    if route.secure and (answer := simulation.sessions.check(call.headers.get("Authorization"), call.now)):
        return answer
    registered = simulation.config.registered_ips
    if route.writes and registered and call.headers.get("X-ClientPublicIP") not in registered:
        return refused("AG7002", "Access denied: Unregistered IP address. Register your IP before retrying.")
    return None


def _view(simulation: Simulation, route: Route) -> Callable[..., Response]:
    def view(name: str = "") -> Response:
        return _respond(serve(simulation, route, _read_call(simulation, route.name, name)))

    return view


def _unknown(simulation: Simulation) -> Callable[[str], Response]:
    """Answer paths that do not exist with the firewall's page, and note them."""
    route = Route("unknown", "", "", lambda _simulation, _call: firewall(), secure=False)

    def view(name: str) -> Response:
        return _respond(serve(simulation, route, _read_call(simulation, name.rpartition("/")[2])))

    return view


def _master(simulation: Simulation) -> Callable[[], Response]:
    def view() -> Response:
        walks = simulation.exchange.walks.values()
        return Response(json.dumps(rows(walk.instrument for walk in walks)), mimetype="application/json")

    return view


def _read_whole_body() -> None:
    request.get_data(cache=True)  # what stays unread would be taken for the next request of a kept connection


def _read_call(simulation: Simulation, route: str, name: str = "") -> Call:
    now = simulation.clock.now()
    body: Any = request.get_json(force=True, silent=True) if request.data else {}
    return Call(
        route=route,
        method=request.method,
        path=request.path,
        headers=request.headers,
        body=body if isinstance(body, dict) else None,
        now=now,
        as_of=now,
        name=name,
    )


def _respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, content_type=answer.content_type)
