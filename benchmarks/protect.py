"""From the fill to the stop at the exchange, one entry a second."""

from __future__ import annotations

from benchmarks.alerts import add_lanes
from benchmarks.burst import stop_times
from benchmarks.figures import Figure, spread
from benchmarks.findings import Findings, Place
from benchmarks.sender import Sender
from benchmarks.town import a_town, until
from executor.domain.strategy import Protection

_EVERY_S = 1.0
_BY_BOOKS_S = 5.0


def measure(place: Place) -> Findings:
    """Entries on lanes of their own; the exchange's clock tells both moments."""
    count = place.effort.calm
    with a_town(*place.town_in("protect")) as town:
        town.start("executor", "web"), town.start("executor", "trader")
        until(town.is_ready, "web and trader are ready")
        lanes = add_lanes(town, count, name="calm", protection=Protection.SINGLE)
        sender = Sender(town.port)
        sender.play([lane.enter(number * _EVERY_S) for number, lane in enumerate(lanes)])
        sender.close()
        until(lambda: _stops(town.control("state")["orders"]) == count, "every entry has its stop", within_s=30)
        found = spread(stop_times(town.control("state")))
    note = f"by books only; {count} entries, one a second"
    return Findings(
        [
            Figure("fill → stop taken", "p50", found.p50, "s", note=note),
            Figure("fill → stop taken", "p99", found.p99, "s", _BY_BOOKS_S, note=note),
        ]
    )


def _stops(orders: list[dict[str, str]]) -> int:
    return sum(order["status"] == "trigger pending" for order in orders)
