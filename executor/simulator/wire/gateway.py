"""The way of a request: journal, firewall, rate limit, planted fault, key and token, address, handler.

All of it under the simulation's lock, but for the waiting of a delay. A connection that is cut ends as
`ConnectionCut`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event

from executor.simulator.faults import CALL_KINDS, ConnectionCut, Fault, Kind
from executor.simulator.simulation import Simulation, iso, masked
from executor.simulator.wire import trading
from executor.simulator.wire.answers import Answer, Call, empty, firewall, halved, plain, refused, success, too_fast

_HEADERS = ("X-PrivateKey", "X-UserType", "X-SourceID", "X-MACAddress")


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the API. `name` is the last fixed part of its path."""

    name: str
    method: str
    path: str
    handler: Callable[[Simulation, Call], Answer]
    secure: bool = True  #: needs a token
    writes: bool = False  #: comes from a registered address only


class Gateway:
    """Answers requests to one route."""

    def __init__(self, simulation: Simulation, route: Route) -> None:
        self._simulation = simulation
        self._route = route

    def serve(self, call: Call) -> Answer:
        """Answer one request. Raises ConnectionCut where a fault says so."""
        with self._simulation.lock:
            entry = self._simulation.note(
                at=iso(self._simulation.advance()),
                route=call.route,
                method=call.method,
                path=call.path,
                body=masked(call.body),
                status=None,
                answer_kind="cut",
                fault=None,
            )
            fault, answer = self._pass(call)
            entry["fault"] = fault.kind.value if fault else None
            if answer is not None:
                entry["status"], entry["answer_kind"] = answer.status, answer.kind
        if answer is None:
            raise ConnectionCut(f"{call.route}: the connection was cut")
        if fault is not None and fault.kind is Kind.DELAY:
            Event().wait(fault.seconds)
        return answer

    def _pass(self, call: Call) -> tuple[Fault | None, Answer | None]:
        """Return the fault that struck and the answer; no answer means that the connection is cut."""
        simulation = self._simulation
        if any(name not in call.headers for name in _HEADERS):
            return None, firewall()
        if simulation.config.limits and not simulation.limits.admit(self._route.name, simulation.exchange.at):
            return None, too_fast()
        fault = simulation.faults.take(self._route.name, call.body or {}, among=CALL_KINDS)
        return fault, self._handle(call) if fault is None else self._strike(call, fault)

    def _strike(self, call: Call, fault: Fault) -> Answer | None:  # noqa: C901 - one case a kind
        match fault.kind:
            case Kind.CUT_BEFORE:
                return None
            case Kind.CUT_AFTER:
                self._handle(call)
                return None
            case Kind.LATE:
                self._handle_later(call, fault)
                return None
            case Kind.REFUSE:
                return refused(str(fault.detail["code"]), str(fault.detail["message"]))
            case Kind.DROP:
                return self._turned_away(call) or trading.drop(self._simulation, call)
            case Kind.RATE:
                return too_fast()
            case Kind.HTML:
                return firewall()
            case Kind.EMPTY:
                return empty(int(fault.detail.get("status", 200)))
            case Kind.STATUS:
                return plain(int(fault.detail["status"]), fault.detail["body"])
            case Kind.DELAY:
                return self._handle(call)
            case Kind.REJECT:
                return self._handle(replace(call, reject=str(fault.detail["text"])))
            case Kind.NULL_BOOK:
                return success(None)
            case Kind.TRUNCATED:
                return halved(self._handle(call))
            case Kind.LAG:
                return self._handle(replace(call, lag=timedelta(seconds=fault.seconds)))
            case _:
                raise AssertionError(f"{fault.kind.value} strikes feeds only")

    def _handle(self, call: Call) -> Answer:
        return self._turned_away(call) or self._route.handler(self._simulation, call)

    def _handle_later(self, call: Call, fault: Fault) -> None:
        """Process the call `seconds` later on the simulated clock; nothing of it is visible until then."""
        if self._turned_away(call) is not None:
            return
        exchange = self._simulation.exchange

        def process() -> None:
            self._route.handler(self._simulation, call)

        exchange.later(exchange.at + timedelta(seconds=fault.seconds), process)

    def _turned_away(self, call: Call) -> Answer | None:
        simulation = self._simulation
        if call.headers.get("X-PrivateKey") != simulation.sessions.credentials.api_key:
            return refused("AG8004", "Invalid API Key")
        if call.headers.get("X-UserType") != "USER":
            return refused("AB1005", "User Type Must Be USER")
        if self._route.secure:
            answer = simulation.sessions.check(call.headers.get("Authorization"), simulation.exchange.at)
            if answer is not None:
                return answer
        registered = simulation.config.registered_ips
        if self._route.writes and registered and call.headers.get("X-ClientPublicIP") not in registered:
            return refused("AG7002", "Access denied: Unregistered IP address. Register your IP before retrying.")
        return None
