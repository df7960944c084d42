"""Play many weeks over all cores: `python -m tests.campaigns.weeks --weeks 200 --store sqlite`, or `make weeks N=200`.

As `days`, whose frame it uses: a line a week under build/campaigns/, a run that was broken off goes on there, and it
fails when a checker speaks, when too little was carried, or when something that a week is for never came up.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from executor.domain.bracket import Role
from executor.domain.calendar import clock_time, trading_day
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Action, Outcome
from tests.campaigns.chart_week import ChartWeek, chart_plan, play_charts
from tests.campaigns.check_charts import FEATURES as CHARTS
from tests.campaigns.check_charts import chart_features, check_charts
from tests.campaigns.days import line_of, results_of, run, summary, violated
from tests.campaigns.fed import FedChartWeek, FedWeek
from tests.campaigns.results import commit_of_sources
from tests.campaigns.stores import StoreMaker
from tests.campaigns.truth import Truth, path_of
from tests.campaigns.week import Week, play_week
from tests.campaigns.week_plan import week_plan

#: What a week is for; each must have come up in a run of enough weeks.
NIGHTS = (
    "carried overnight",
    "stop again in the morning",
    "left at a gap",
    "squared off by us",
    "settled at expiry",
    "left before delivery",
    "entry of an expiring contract refused",
    "exit after the close",
    "restart",
    "crash",
)
CARRIED_A_WEEK = 4
#: In fewer weeks a rare thing may well not come up.
ENOUGH_WEEKS = 40
_CLOSED = dt.time(15, 40)


def play_one(seed: int, maker: StoreMaker, *, feeds: bool = False) -> dict[str, Any]:
    """Play and check the week of a seed; its line."""
    began = time.process_time()
    with maker.a_store() as store:
        week = play_week(seed, store, plan=week_plan(seed), kind=FedWeek if feeds else Week)
        truth = week.truth()
        line = line_of(week, truth)
        line["features"] = dict(Counter(line["features"]) + nights(truth))
        return line | {"cpu_s": round(time.process_time() - began, 2)}


def play_charts_one(seed: int, maker: StoreMaker, *, feeds: bool = False) -> dict[str, Any]:
    """Play and check the week of charts of a seed; its line."""
    began = time.process_time()
    with maker.a_store() as store:
        week = play_charts(seed, store, plan=chart_plan(seed), kind=FedChartWeek if feeds else ChartWeek)
        truth = week.truth()
        line = line_of(week, truth, violations=check_charts(truth, week.spots))
        line["features"] = dict(chart_features(truth, week.spots))
        return line | {"cpu_s": round(time.process_time() - began, 2)}


def nights(truth: Truth) -> Counter[str]:
    """What came up of a week's own, told by fills, by our notes and by why brackets were left."""
    found: Counter[str] = Counter()
    for lane in truth.lanes:
        steps = list(path_of(truth, lane.share.key))
        for before, after in pairwise(steps):
            found["carried overnight"] += bool(before.after) and trading_day(before.at) != trading_day(after.at)
    for row in truth.brackets:
        why = row.closing_reason or ""
        for words, name in _WHY.items():
            found[name] += words in why
    for signal in truth.signals.values():
        found["entry of an expiring contract refused"] += signal.code == RefusalCode.EXPIRING
        is_late = signal.action == Action.EXIT and clock_time(signal.received_at) > _CLOSED
        found["exit after the close"] += is_late and signal.outcome == Outcome.FILLED
    found["stop again in the morning"] += sum(_stops_again(truth, leg) for leg in truth.legs)
    return +found


_WHY = {
    "square-off": "squared off by us",
    "settled": "settled at expiry",
    "delivery": "left before delivery",
    "gap": "left at a gap",
}


def _stops_again(truth: Truth, leg: str) -> int:
    """Days beyond its first on which a STOP leg had an order at the exchange."""
    if truth.legs[leg].role != Role.STOP:
        return 0
    return max(0, len({order["placed_at"][:10] for order in truth.state["orders"] if order["tag"][1:14] == leg}) - 1)


def verdict(lines: Sequence[Mapping[str, Any]], *, charts: bool = False) -> list[str]:
    """Why the run fails; nothing when it does not."""
    found = violated(lines)
    shown: Counter[str] = Counter()
    for line in lines:
        shown.update(line["features"])
        shown.update(line["faults"])
    if len(lines) >= ENOUGH_WEEKS:
        wanted = CHARTS if charts else NIGHTS
        found += [f"{name}: never came up, so nothing is shown about it" for name in wanted if not shown[name]]
    if charts:
        return found
    carried = shown["carried overnight"] / len(lines)
    if carried < CARRIED_A_WEEK:
        found.append(f"{carried:.1f} positions carried a week: too few to show anything")
    return found


def main(words: Iterable[str] | None = None) -> int:
    options = _options(words)
    seeds = range(options.first, options.first + options.weeks)
    what, play = ("charts", play_charts_one) if options.charts else ("weeks", play_one)
    what, play = what + "-feeds" * options.feeds, partial(play, feeds=options.feeds)
    results = results_of(options.store, what)
    lines: list[dict[str, Any]] = []
    began = time.monotonic()
    for line in run(seeds, kind=options.store, jobs=options.jobs, results=results, play_one=play):
        lines.append(line)
        if len(lines) % 10 == 0 or line["violations"]:
            bad = sum(bool(one["violations"]) for one in lines)
            done = f"{len(lines)} of {options.weeks} weeks, {bad} with a violation"
            print(f"{done}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    failures = verdict(lines, charts=options.charts)
    sums = summary(lines)
    report = {
        "what": what,
        "store": options.store,
        "seeds": [seeds.start, seeds.stop - 1],
        "weeks": sums.pop("days"),
    }
    report |= {"hell_weeks": sums.pop("hell_days"), "cpu_s_a_week": sums.pop("cpu_s_a_day")} | sums
    report |= {"commit": commit_of_sources(), "failures": failures}
    if options.report:
        Path(options.report).write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
    rows = [f"{name:15} {value}" for name, value in report.items() if name != "failures"]
    print("\n".join([*rows, *failures[:40]]))
    return 1 if failures else 0


def _options(words: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.weeks", description=__doc__)
    parser.add_argument("--weeks", type=int, default=20, help="how many weeks (20)")
    parser.add_argument("--charts", action="store_true", help="options from an index chart, and 1! over its roll")
    parser.add_argument("--feeds", action="store_true", help="hear both feeds, with faults of their own")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one a core)")
    parser.add_argument("--report", help="write the sums to this file, as JSON")
    return parser.parse_args(list(words) if words is not None else None)


if __name__ == "__main__":
    sys.exit(main())
