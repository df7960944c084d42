"""Cold start: from exec of `executor run` to /readyz, session and books included; and what its supervisor costs."""

from __future__ import annotations

import time

from benchmarks.figures import Figure, percentile
from benchmarks.findings import Findings, Place
from benchmarks.memory import pss_mb
from benchmarks.town import a_town, until


def measure(place: Place) -> Findings:
    """The same house started several times; the first start makes its database."""
    times, memory = [], 0.0
    with a_town(*place.town_in("start")) as town:
        for _ in range(place.effort.starts):
            began = time.monotonic()
            running = town.start("executor", "run")
            until(town.is_ready, "/readyz says 200", every_s=0.02)
            times.append(time.monotonic() - began)
            memory = pss_mb(running.pid)
            town.end(running)
    note = f"{len(times)} starts, {min(times):.1f}–{max(times):.1f} s"
    return Findings(
        [
            Figure("cold start", "exec → /readyz, median", percentile(times, 50), "s", 3, note=note),
            Figure("memory", "`executor run`: supervisor, web and trader right after the start (PSS)", memory, "MB"),
        ]
    )
