"""The instrument file, streamed row by row; and how it can be broken (faults planted on the route `master`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from threading import Event
from typing import Any

from flask import Response

from executor.simulator.exchange.instrument import Instrument
from executor.simulator.faults import MASTER, MASTER_KINDS, ConnectionCut, Fault, Kind
from executor.simulator.simulation import Simulation
from executor.simulator.wire.answers import Answer, empty, firewall, plain

Row = dict[str, Any]
_ROWS_A_PIECE = 500


def instrument_file(simulation: Simulation) -> Callable[[], Response]:
    """Make the view of the file. It needs no login."""

    def view() -> Response:
        with simulation.lock:
            simulation.advance()
            fault = simulation.faults.take(MASTER, {}, among=MASTER_KINDS)
        if fault is None:
            return _file(_listed(simulation))
        return _broken(simulation, fault)

    return view


def _listed(simulation: Simulation) -> Iterator[Row]:
    """What has not expired; made outside the lock, for it takes seconds where the file is large."""
    has_expired, known = simulation.exchange.endings.has_expired, dict[tuple[str, str], bool]()

    def is_listed(one: Instrument) -> bool:
        day = (one.exchange, one.expiry)
        if day not in known:
            known[day] = not has_expired(one)
        return known[day]

    return simulation.listing.rows(is_listed)


def _file(rows: Iterable[Row]) -> Response:
    return Response(_pieces(rows), mimetype="application/json")


def _pieces(rows: Iterable[Row]) -> Iterator[str]:
    found, between = iter(rows), "["
    while piece := list(islice(found, _ROWS_A_PIECE)):
        yield between + json.dumps(piece)[1:-1]
        between = ","
    yield "]" if between == "," else "[]"


def _broken(simulation: Simulation, fault: Fault) -> Response:
    rows, detail = _listed(simulation), fault.detail
    match fault.kind:
        case Kind.DELAY:
            Event().wait(fault.seconds)
            return _file(rows)
        case Kind.CUT_BEFORE:
            raise ConnectionCut("the connection was cut before the instrument file")
        case Kind.TRUNCATED:
            text = "".join(_pieces(rows))
            return Response(text[: len(text) // 2], mimetype="application/json")
        case Kind.FEWER_ROWS:
            return _file(list(rows)[:: int(detail["of"])])
        case Kind.NO_SEGMENT:
            return _file(row for row in rows if row["exch_seg"] != detail["segment"])
        case Kind.NO_COLUMN:
            return _file({name: value for name, value in row.items() if name != detail["column"]} for row in rows)
        case Kind.DOUBLED:
            return _file(row for one in rows for row in (one, one | {"symbol": f"{one['symbol']}2"}))
        case Kind.HTML:
            return _respond(firewall())
        case Kind.EMPTY:
            return _respond(empty(int(detail.get("status", 200))))
        case _:
            return _respond(plain(int(detail["status"]), detail["body"]))


def _respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, content_type=answer.content_type)
