"""A burst of entries in one second: all answered and none lost, and it leaves at our limit, protection first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from benchmarks.alerts import add_lanes
from benchmarks.figures import Figure, most_within, spread
from benchmarks.findings import Findings, Place
from benchmarks.sender import Sender
from benchmarks.town import Town, a_town, until
from executor.broker.limits import load_limits
from executor.domain.intent import PermitClass
from executor.domain.signal import Outcome, SignalState
from executor.domain.strategy import Protection
from executor.store import schema

_CONNECTIONS = 20
_WRITES = {"placeOrder", "modifyOrder", "cancelOrder"}
#: The broker's windows (smartapi.md 5), and how soon a stop follows its fill by books alone.
_BROKER = ((9, 1.0), (500, 60.0), (1000, 3600.0))
_STOP_S = 5.0


def measure(place: Place) -> Findings:
    """Entries with a stop each, on lanes of their own, as fast as twenty connections carry them."""
    with a_town(*place.town_in("burst")) as town:
        town.start("executor", "web"), town.start("executor", "trader")
        until(town.is_ready, "web and trader are ready")
        lanes = add_lanes(town, place.effort.burst, name="burst", protection=Protection.SINGLE)
        sender = Sender(town.port, connections=_CONNECTIONS)
        sent = sender.play([lane.enter(0.0) for lane in lanes])
        sender.close()
        until(lambda: _ended(town) == len(sent), "every signal of the burst has ended", within_s=120)
        until(lambda: _resting(town) >= _filled(town), "every fill has its stop", within_s=30)
        state = town.control("state")
        before, filled = _entries_before_stops(town), _filled(town)
    span_s = (max(one.answered_ns for one in sent) - min(one.sent_ns for one in sent)) / 1e9
    writes = [_at(one["at"]) for one in state["requests"] if one["route"] in _WRITES]
    ours = {window.span.total_seconds(): window.count for window in load_limits().write}
    name, limit = f"burst of {len(sent)}", ours[1.0]
    figures = [
        Figure(name, "not answered 202", sum(one.status != 202 for one in sent), "", 0),
        Figure(name, "all answered within", span_s, "s", 2.5),
        Figure(name, "entries that did not fill", len(sent) - filled, "", 0),
        Figure(name, "orders a second, while they queue", _rate(writes), "/s", 0.9 * limit, least=True),
        Figure(name, "entries sent while a stop waited for a permit", before, "", 0),
    ]
    figures += [
        Figure(name, f"most orders in any {seconds:.0f} s at the broker", most_within(writes, seconds), "", count,
               note=f"our own limit {ours[seconds]}")
        for count, seconds in _BROKER
    ]  # fmt: skip
    late = stop_times(state)
    figures.append(Figure(name, "fill → stop taken, p99", spread(late).p99, "s", _STOP_S, note="by books only"))
    return Findings(figures)


def stop_times(state: dict[str, Any]) -> Sequence[float]:
    """Seconds from the fill of an entry to its stop at the exchange, in the order of fills; both by its clock.

    One stop an entry, of the same contract and size: paired in the order of their times.
    """
    found: list[float] = []
    for token in {order["token"] for order in state["orders"]}:
        mine = [order for order in state["orders"] if order["token"] == token]
        fills = sorted(_at(one["updated_at"]) for one in mine if one["side"] == "BUY" and one["status"] == "complete")
        stops = sorted(_at(one["placed_at"]) for one in mine if one["side"] == "SELL")
        found += [stop - fill for fill, stop in zip(fills, stops, strict=True)]
    return found


def _rate(writes: Sequence[float]) -> float:
    """Orders a second over the time in which they leave, but for the first second, which starts with empty windows."""
    later = sorted(at for at in writes if at >= min(writes) + 1)
    return (len(later) - 1) / (later[-1] - later[0]) if len(later) > 1 else 0.0


def _entries_before_stops(town: Town) -> int:
    """Entries sent while the intent of a stop lay ready: it should have had the permit."""
    intent = schema.intent.c
    statement = select(intent.permit, intent.created_at, intent.sending_at).where(intent.sending_at.is_not(None))
    with town.store.database.read() as connection:
        rows = connection.execute(statement).all()
    stops = [row for row in rows if row.permit == PermitClass.PROTECT]
    entries = [row.sending_at for row in rows if row.permit == PermitClass.ENTER]
    return sum(any(stop.created_at < at < stop.sending_at for stop in stops) for at in entries)


def _ended(town: Town) -> int:
    return _count(town, schema.signal.c.state == SignalState.ENDED)


def _filled(town: Town) -> int:
    return _count(town, schema.signal.c.outcome == Outcome.FILLED)


def _count(town: Town, which: Any) -> int:
    with town.store.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.signal).where(which)).scalar_one())


def _resting(town: Town) -> int:
    return sum(order["status"] == "trigger pending" for order in town.control("state")["orders"])


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
