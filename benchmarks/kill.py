"""kill -9 of the trader under `executor run`: when does a lane trade again, and when one with a doubtful order?"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from benchmarks.alerts import LaneAlerts, add_lanes, tags_of
from benchmarks.figures import Figure
from benchmarks.findings import Findings, Place
from benchmarks.memory import family
from benchmarks.sender import Sender
from benchmarks.town import BenchFailed, Town, a_town, until
from executor.domain.signal import SignalState
from executor.domain.strategy import Protection
from executor.store import schema

#: How often a clean lane sends an alert after the kill, each on a lane of its own.
_PROBE_S = 0.25


def measure(place: Place) -> Findings:
    """The worst of some kills. The doubtful order never reached the exchange: that takes the longest to find out."""
    clean, doubtful = [], []
    for number in range(place.effort.kills):
        place.say(f"kill {number + 1} of {place.effort.kills}")
        with a_town(*place.town_in(f"kill{number}")) as town:
            one, other = _kill(town)
        clean.append(one)
        doubtful.append(other)
    note = f"worst of {len(clean)} kills, the supervisor's pause of a second included"
    return Findings(
        [
            Figure("after kill -9", "a lane without an unknown trades", max(clean), "s", 5, note=note),
            Figure("after kill -9", "a lane with one trades", max(doubtful), "s", 20, note=note),
        ]
    )


def _kill(town: Town) -> tuple[float, float]:
    """Seconds from the kill to the next order of a clean lane, and of the one whose entry was lost on the way."""
    supervisor = town.start("executor", "run")
    until(town.is_ready, "web and trader are ready")
    lanes = add_lanes(town, 100, name="kill", protection=Protection.SINGLE)
    sender = Sender(town.port)
    town.control("fault", {"route": "placeOrder", "kind": "cut_before", "times": 1})
    town.stamps()
    lost = sender.play([lanes[0].enter(0.0)])[0].answer["signal"]
    until(lambda: [one for one in town.stamps() if one["route"] == "placeOrder"], "the order leaves", every_s=0.002)
    os.kill(_trader(supervisor.pid), signal.SIGKILL)
    killed = time.time_ns()
    clean = _first_of(town, sender, lanes[1:])
    until(lambda: _has_ended(town, lost), "the lost entry has ended", within_s=60)
    doubtful = _first_of(town, sender, lanes[:1])
    sender.close()
    return (clean - killed) / 1e9, (doubtful - killed) / 1e9


def _first_of(town: Town, sender: Sender, lanes: Sequence[LaneAlerts]) -> int:
    """Alerts, one a lane, until an order of one arrives at the simulator: when (ns). Raises BenchFailed."""
    signals: list[str] = []
    for lane in lanes:
        signals.append(sender.play([lane.enter(0.0)])[0].answer["signal"])
        deadline = time.monotonic() + (_PROBE_S if len(lanes) > 1 else 10)
        while time.monotonic() < deadline:
            tags = tags_of(town, signals)
            for stamp in town.stamps():
                if stamp["tag"] in tags:
                    return int(stamp["at"])
            time.sleep(0.01)
    raise BenchFailed("no order left after the kill")


def _has_ended(town: Town, signal_id: str) -> bool:
    table = schema.signal
    with town.store.database.read() as connection:
        found = connection.execute(select(table.c.state).where(table.c.id == signal_id)).scalar_one()
    return bool(found == SignalState.ENDED)


def _trader(supervisor: int) -> int:
    """The process that `executor run` started as `trader`."""
    found = [pid for pid in family(supervisor) if Path(f"/proc/{pid}/cmdline").read_bytes().endswith(b"\0trader\0")]
    return found[0]
