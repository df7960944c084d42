"""Play many days over all cores: `python -m tests.campaigns.days --days 500 --store sqlite`, or `make days N=500`.

`--feeds`: both feeds are heard, and have faults of their own. `--calm`: nothing goes wrong at all, so that the time
from a fill to its stop is that of the way itself.

A line a day is kept under build/campaigns/; a run that was broken off goes on there, until the sources change. The
run fails when a checker speaks, when too few entries filled, when a fault of the mix never fired, or when stops came
too late.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

from executor.store import chain
from tests.campaigns.checkers import check, widest
from tests.campaigns.day import Day
from tests.campaigns.features import FEATURES, features
from tests.campaigns.fed import FAULTS_OF_FEEDS, FedDay
from tests.campaigns.mix import HELL, MIX, Trouble
from tests.campaigns.plan import plan_of, undisturbed
from tests.campaigns.results import ROOT, Results, commit_of_sources, source_digest
from tests.campaigns.stores import StoreMaker, server_url
from tests.campaigns.truth import Truth, truth_of, unprotected

#: What happens on purpose beside the faults of the mix; each must have happened in a run of enough days.
ACCIDENTS = (
    "crash",
    "web killed",
    "clock stepped",
    "two traders",
    "hand: cancel",
    "hand: close",
    "hand: cancel part filled",
    "hand: square off",
    "alert duplicate",
    "alert reordered",
    "alert stale",
    "alert forged",
    "alert bad",
    "alert missed",
    "alert overtaken",
    "hand: resume",
    "hand: kill and resume",
    "hand: halt, alert, resume",
    "hand: version, exit and alerts",
    "hand: version, flatten and alerts",
    "hand: protect",
    "clock set back",
    "alert reverse again",
    "alert delayed",
    "alert spelled otherwise",
)
ENTRIES_A_DAY = 20
#: In fewer days a rare fault may well not come up.
ENOUGH_DAYS = 200

#: Plays and checks what a seed stands for; its line.
PlayOne = Callable[[int, StoreMaker], dict[str, Any]]

_maker: StoreMaker | None = None


@dataclass(frozen=True, slots=True)
class Mode:
    """What kind of days they are."""

    feeds: bool = False
    calm: bool = False

    @property
    def what(self) -> str:
        """What their results and reports are called."""
        return "days" + "-feeds" * self.feeds + "-calm" * self.calm

    @property
    def stop_within_s(self) -> float:
        """From a fill to its stop at the exchange, 99 of 100 (DESIGN.md 8; with faults reliability.md 3.2)."""
        if self.calm:
            return 1.5 if self.feeds else 5.0
        return 10.0

    @property
    def must_strike(self) -> Sequence[str]:
        """The faults without which nothing is shown."""
        if self.calm:
            return ()
        return (*(chance.name for chance in MIX), *ACCIDENTS, *(FAULTS_OF_FEEDS if self.feeds else ()))


BY_BOOKS = Mode()


def play_day(seed: int, maker: StoreMaker, mode: Mode = BY_BOOKS) -> dict[str, Any]:
    """Play and check the day of a seed; its line."""
    began = time.process_time()
    plan = undisturbed(plan_of(seed)) if mode.calm else plan_of(seed)
    factor = 0.0 if mode.calm else HELL if plan.is_hell else 1.0
    with maker.a_store() as store:
        day = (FedDay if mode.feeds else Day)(plan, store, Trouble(seed, factor=factor))
        day.play()
        return line_of(day) | {"cpu_s": round(time.process_time() - began, 2)}


def line_of(
    day: Day, truth: Truth | None = None, *, violations: Mapping[str, list[str]] | None = None
) -> dict[str, Any]:
    """What is kept of a day that was played (of its truth, where that is more); it is checked here, unless it was."""
    truth = truth or truth_of(day.rig)
    with day.store.database.read() as connection:
        head = chain.read_head(connection)
    faults = Counter(day.trouble.fired) + Counter(day.fired) + Counter(crash=day.crashes)
    return {
        "seed": day.plan.seed,
        "hell": day.plan.is_hell,
        "signals": len(truth.signals),
        "acknowledged": sum(200 <= post.status < 300 for post in truth.posts),
        "entries": _filled_entries(truth),
        "fills": len(truth.state["fills"]),
        "outcomes": dict(Counter(str(row.outcome) for row in truth.signals.values())),
        "faults": dict(faults),
        "features": dict(features(truth)),
        "unprotected": [round(span.seconds, 2) for span in unprotected(truth)],
        "widest": widest(truth),
        "head": f"{head.seq}:{head.hash}",
        "violations": check(truth) if violations is None else violations,
    }


def _filled_entries(truth: Truth) -> int:
    """Entry legs of which the exchange filled something."""
    entries = {leg.id for leg in truth.legs.values() if leg.role == "ENTRY"}
    return len({order["tag"][1:14] for order in truth.state["orders"] if order["filled"]} & entries)


# -- many --------------------------------------------------------------------------------------------------------


def run(
    seeds: Sequence[int], *, kind: str, jobs: int, results: Results, play_one: PlayOne = play_day
) -> Iterator[dict[str, Any]]:
    """Play the days (or weeks) that are not done yet; all lines, in the order in which they are ready."""
    wanted = []
    for seed in seeds:
        kept = results.done(f"{kind}/{seed}")
        if kept is None:
            wanted.append(seed)
        else:
            yield kept
    if not wanted:
        return
    with server_url(kind) as server, ProcessPoolExecutor(jobs, initializer=_begin, initargs=(server,)) as pool:
        for line in pool.map(_play, wanted, repeat(play_one)):
            results.add(f"{kind}/{line['seed']}", line)
            yield line


def _begin(server: str | None) -> None:
    global _maker
    logging.disable(logging.CRITICAL)
    _maker = StoreMaker(server)


def _play(seed: int, play_one: PlayOne) -> dict[str, Any]:
    assert _maker is not None
    return play_one(seed, _maker)


def summary(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sums of many days."""
    faults: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    violations: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    spans: list[float] = []
    for line in lines:
        faults.update(line["faults"])
        shown.update(line["features"])
        outcomes.update(line["outcomes"])
        violations.update({name: len(found) for name, found in line["violations"].items()})
        spans += line["unprotected"]
    spans.sort()
    return {
        "days": len(lines),
        "hell_days": sum(line["hell"] for line in lines),
        "signals": sum(line["signals"] for line in lines),
        "acknowledged": sum(line["acknowledged"] for line in lines),
        "entries": sum(line["entries"] for line in lines),
        "fills": sum(line["fills"] for line in lines),
        "outcomes": dict(sorted(outcomes.items())),
        "faults": dict(sorted(faults.items())),
        "features": dict(sorted(shown.items())),
        "unprotected_s": {
            "spans": len(spans),
            "p50": _share(spans, 0.5),
            "p99": _share(spans, 0.99),
            "p99.9": _share(spans, 0.999),
            "most": _share(spans, 1.0),
            "over_15": sum(span > 15 for span in spans),
            "over_30": sum(span > 30 for span in spans),
        },
        "widest": {name: max(line["widest"][name] for line in lines) for name in ("second", "minute", "hour")},
        "violations": dict(violations),
        "cpu_s_a_day": round(sum(line["cpu_s"] for line in lines) / len(lines), 2),
    }


def never_fired(lines: Sequence[Mapping[str, Any]], mode: Mode = BY_BOOKS) -> list[str]:
    """The faults and features that should have come up and never did."""
    fired: Counter[str] = Counter()
    for line in lines:
        fired.update(line["faults"])
        fired.update(line["features"])
    return [name for name in (*mode.must_strike, *FEATURES) if not fired[name]]


def violated(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every sentence of a checker, with its seed."""
    return [
        f"seed {line['seed']}: {name}: {sentence}"
        for line in lines
        for name, sentences in line["violations"].items()
        for sentence in sentences
    ]


def verdict(lines: Sequence[Mapping[str, Any]], mode: Mode = BY_BOOKS) -> list[str]:
    """Why the run fails; nothing when it does not."""
    found = violated(lines)
    if len(lines) >= ENOUGH_DAYS:
        found += [f"{name}: never fired, so nothing is shown about it" for name in never_fired(lines, mode)]
        p99 = _share(sorted(span for line in lines for span in line["unprotected"]), 0.99)
        if p99 > mode.stop_within_s:
            found.append(f"from a fill to its stop: p99 {p99} s, allowed are {mode.stop_within_s} s")
    filled = sum(line["entries"] for line in lines) / len(lines)
    if filled < ENTRIES_A_DAY:
        found.append(f"{filled:.1f} filled entries a day: too few to show anything")
    return found


def _share(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def results_of(kind: str, what: str = "days") -> Results:
    """The lines kept of this campaign's days, or weeks."""
    frame = [ROOT / "tests" / "house.py", ROOT / "tests" / "fed.py", *(ROOT / "tests" / "campaigns").glob("*.py")]
    simulator = (ROOT / "executor" / "simulator").rglob("*.py")
    kept = {"days.py", "weeks.py", "report.py", "bad.py", "sweep.py", "scenarios.py", "forkkill.py", "mortal.py"}
    frame = [file for file in frame if file.name not in kept and not file.name.startswith("test_")]
    return Results(ROOT / "build" / "campaigns" / f"{what}-{kind}.jsonl", source_digest([*frame, *simulator]))


def main(words: Iterable[str] | None = None) -> int:
    options = _options(words)
    seeds = range(options.first, options.first + options.days)
    lines: list[dict[str, Any]] = []
    mode, began = Mode(options.feeds, options.calm), time.monotonic()
    results, play_one = results_of(options.store, mode.what), partial(play_day, mode=mode)
    for line in run(seeds, kind=options.store, jobs=options.jobs, results=results, play_one=play_one):
        lines.append(line)
        _progress(lines, options.days, began)
    failures = verdict(lines, mode)
    report = {"what": mode.what, "store": options.store, "seeds": [seeds.start, seeds.stop - 1]} | summary(lines)
    report |= {"commit": commit_of_sources(), "stop_within_s": mode.stop_within_s, "failures": failures}
    if options.report:
        Path(options.report).write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
    print(json.dumps(report) if options.json else _table(report))
    return 1 if failures else 0


def _progress(lines: Sequence[Mapping[str, Any]], days: int, began: float) -> None:
    if len(lines) % 10 and len(lines) != days and not lines[-1]["violations"]:
        return
    bad = sum(bool(line["violations"]) for line in lines)
    text = f"{len(lines)} of {days} days, {bad} with a violation, {time.monotonic() - began:.0f} s"
    print(text, file=sys.stderr, flush=True)


def _table(report: Mapping[str, Any]) -> str:
    rows = [f"{name:15} {value}" for name, value in report.items() if name != "failures"]
    return "\n".join([*rows, *report["failures"][:40]])


def _options(words: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.days", description=__doc__)
    parser.add_argument("--days", type=int, default=50, help="how many days (50)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one a core)")
    parser.add_argument("--feeds", action="store_true", help="hear both feeds, with faults of their own")
    parser.add_argument("--calm", action="store_true", help="without any fault, crash or hand")
    parser.add_argument("--report", help="write the sums to this file, as JSON")
    parser.add_argument("--json", action="store_true", help="print the sums as one JSON value")
    return parser.parse_args(list(words) if words is not None else None)


if __name__ == "__main__":
    sys.exit(main())
