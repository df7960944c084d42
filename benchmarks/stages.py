"""Where the time goes between the sender's bytes and the simulator: one entry at a time, from mark to mark."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from benchmarks.alerts import add_lanes
from benchmarks.figures import spread
from benchmarks.findings import Findings, Place
from benchmarks.latency import LANES, arrivals, product_shots, until_over
from benchmarks.sender import Sender
from benchmarks.town import a_town, until
from executor.domain.strategy import Protection

#: The marks of benchmarks/timed.py in the order of the way; a line of the table says what lies before its mark.
MARKS = (
    "web: the view begins",
    "web: strategy read",
    "web: alert read",
    "web: verified, parsed, judged",
    "web: commit 1",
    "trader: the sweep begins",
    "trader: new work read",
    "trader: strategy and contract found",
    "trader: decided",
    "trader: permits taken",
    "trader: commit 2",
    "trader: memory moved",
    "worker: begins",
    "worker: body built",
)
ARRIVED = "simulator: the order arrives"


def measure(place: Place) -> Findings:
    """The load of the latency measurement with marks on; they cost some 5 µs each."""
    with a_town(*place.town_in("stages")) as town:
        marks = town.state_dir / "marks"
        town.gunicorn("benchmarks.timed:web()", BENCH_MARKS=str(marks))
        town.start("benchmarks.timed", BENCH_MARKS=str(marks))
        until(town.is_ready, "web and trader are ready")
        lanes = add_lanes(town, LANES, name="bench", protection=Protection.NONE)
        quiet = add_lanes(town, 5, name="quiet", protection=Protection.NONE)
        sender = Sender(town.port)
        town.stamps()
        sent = sender.play(product_shots(lanes, quiet, place.effort.profile_s))
        until_over(town, 1.0)
        sender.close()
        arrived = arrivals(town, sent)
        entries = [one for one in sent if one.shot.kind == "entry" and one.answer.get("signal") in arrived]
        ways = [(one.sent_ns, arrived[one.answer["signal"]]) for one in entries]
        lines = [line.split(" ", 1) for line in marks.read_text().splitlines()]
    return Findings(tables={"stages": stages([(int(at), name) for at, name in lines], ways)})


def stages(marks: Sequence[tuple[int, str]], ways: Sequence[tuple[int, int]]) -> list[dict[str, object]]:
    """A row a step: p50 and p99 of the time it took, in ms. A way that lacks a mark is left out."""
    times = {name: sorted(at for at, marked in marks if marked == name) for name in MARKS}
    spans: dict[str, list[float]] = {name: [] for name in (*MARKS, ARRIVED)}
    for sent, arrived in ways:
        passed = _passed(times, sent, arrived)
        for name, before, after in zip(spans, [sent, *passed], [*passed, arrived], strict=False):
            if len(passed) == len(MARKS):
                spans[name].append((after - before) / 1e6)
    rows = [{"step": name, **spread(found).as_json()} for name, found in spans.items() if found]
    return sorted(rows, key=lambda row: [*MARKS, ARRIVED].index(row["step"]))


def _passed(times: dict[str, list[int]], sent: int, arrived: int) -> list[int]:
    """When a way passed each mark: the first time after the mark before. The sweep is the last before its reading."""
    found: list[int] = []
    at = sent
    for name in MARKS:
        moments = times[name]
        place = bisect_left(moments, at)
        if place == len(moments) or moments[place] > arrived:
            return found
        at = moments[place]
        found.append(at)
    return found
