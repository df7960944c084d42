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
_BY_FEED_S, _BY_BOOKS_S = 1.5, 5.0


def measure(place: Place) -> Findings:
    """With both feeds, and by books only."""
    return Findings([*_play(place, feeds=True), *_play(place, feeds=False)])


def _play(place: Place, *, feeds: bool) -> list[Figure]:
    """Entries on lanes of their own; the exchange's clock tells both moments."""
    count, how = place.effort.calm, "feed" if feeds else "books"
    with a_town(*place.town_in(f"protect-{how}")) as town:
        town.start("executor", "web"), town.start("executor", "trader", **(town.feeds if feeds else {}))
        until(town.is_ready, "web and trader are ready")
        lanes = add_lanes(town, count, name="calm", protection=Protection.SINGLE)
        sender = Sender(town.port)
        sender.play([lane.enter(number * _EVERY_S) for number, lane in enumerate(lanes)])
        sender.close()
        until(lambda: _stops(town.control("state")["orders"]) == count, "every entry has its stop", within_s=30)
        found = spread(stop_times(town.control("state")))
    note = f"{'with both feeds' if feeds else 'by books only'}; {count} entries, one a second"
    limit = _BY_FEED_S if feeds else _BY_BOOKS_S
    return [
        Figure("fill → stop taken", f"by {how}, p50", found.p50, "s", note=note),
        Figure("fill → stop taken", f"by {how}, p99", found.p99, "s", limit, note=note),
    ]


def _stops(orders: list[dict[str, str]]) -> int:
    return sum(order["status"] == "trigger pending" for order in orders)
