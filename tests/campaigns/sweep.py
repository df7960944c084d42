"""The crash sweep (reliability.md 3.4, T3): every story dies at every passage of its seams, before and after.

`python -m tests.campaigns.sweep --store sqlite|postgres [--pairs]`: exit code 1 when something was violated; each
failure prints the line that repeats it. Results are kept until the sources change.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random
from typing import Any

from executor.store.engine import open_database
from executor.store.upgrade import upgrade
from tests.campaigns.fed import FedRig
from tests.campaigns.results import ROOT, Results, commit_of_sources, source_digest
from tests.campaigns.rig import Rig
from tests.campaigns.scenarios import SCENARIOS
from tests.campaigns.story import SEAMS, At
from tests.campaigns.theatre import Theatre
from tests.postgres import running_server

#: What besides the product decides how a run ends.
_FRAME = ("check*", "endings", "fed", "plan", "rig", "scenarios", "seam", "story", "theatre", "truth")
#: How far behind a story's last passage a sampled second crash may lie: recovery makes some more.
_RECOVERY = 12
_PAIRED = 0.7
_SHOWN = 20
#: The slowest after a restart, in seconds.
_SLOWEST = {"ready_s": "ready, s", "settled_s": "doubts settled, s", "stop_s": "stop, s"}

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One telling: of which story, and where it dies."""

    scenario: str
    crashes: tuple[At, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.scenario}: {', '.join(str(one) for one in self.crashes) or 'no crash'}"


def singles(scenario: str, passed: Mapping[str, int]) -> list[Run]:
    """Every passage of a story, before and after."""
    return [
        Run(scenario, (At(seam, count, after),))
        for seam in SEAMS
        for count in range(1, passed[seam] + 1)
        for after in (False, True)
    ]


def pairs(first: Run, line: Line) -> list[Run]:
    """Every second crash behind the first, given what the run with the first alone has passed."""
    (one,) = first.crashes
    seconds = [run.crashes[0] for run in singles(first.scenario, line["passed"])]
    behind = [two for two in seconds if _place(two) > _place(one)]
    return [Run(first.scenario, (one, two)) for two in behind if differs(two, line)]


def differs(crash: At, line: Line) -> bool:
    """Whether a crash leaves anything else than the one before it does.

    Dead after a passage is dead before the next when no time lies between them: what is durable is the same.
    """
    return crash.after or crash.count in line["moments"][crash.seam]


def _place(crash: At) -> tuple[int, int]:
    return SEAMS.index(crash.seam), crash.count


def sampled(random: Random, passed: Mapping[str, Mapping[str, int]]) -> Run:
    """One crash or a pair, by chance; a second one may lie behind the story's end and is then none."""
    name = random.choice(sorted(passed))
    first = random.choice(singles(name, passed[name]))
    if not SCENARIOS[name].is_core or random.random() >= _PAIRED:
        return first
    longer = {seam: count + (_RECOVERY if seam == "trader" else 0) for seam, count in passed[name].items()}
    (one,) = first.crashes
    behind = [run.crashes[0] for run in singles(name, longer) if _place(run.crashes[0]) > _place(one)]
    return Run(name, (one, random.choice(behind))) if behind else first


# -- many at a time ------------------------------------------------------------------------------------------------


class Company:
    """A theatre in each of some processes, each on its own database."""

    def __init__(self, urls: Sequence[str], *, feeds: bool = False) -> None:
        context = get_context("fork")
        self._theatres = {}
        for url in urls:
            mine, its = context.Pipe()
            process = context.Process(target=_perform, args=(url, its, FedRig if feeds else Rig))
            process.start()
            its.close()
            self._theatres[mine] = process

    def tell(self, runs: Iterable[Run]) -> Iterator[tuple[Run, Line]]:
        """Tell them all, in whatever order they end. Raises EOFError when a theatre has burnt down."""
        waiting, told = iter(runs), {}
        idle = list(self._theatres)
        while True:
            for pipe in idle:
                if (run := next(waiting, None)) is not None:
                    pipe.send(run)
                    told[pipe] = run
            if not told:
                return
            idle = [pipe for pipe in wait(list(told)) if isinstance(pipe, Connection)]
            for pipe in idle:
                yield told.pop(pipe), pipe.recv()

    def __enter__(self) -> Company:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        for pipe, process in self._theatres.items():
            if failure is None:
                pipe.send(None)
            else:
                process.terminate()
            process.join()


def _perform(url: str, pipe: Connection, kind: type[Rig]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    logging.disable(logging.CRITICAL)
    theatre = Theatre(url, kind)
    while (run := pipe.recv()) is not None:
        pipe.send(theatre.tell(SCENARIOS[run.scenario], run.crashes))
    theatre.close()


@contextmanager
def databases(store: str, count: int) -> Iterator[list[str]]:
    """URLs of so many migrated, empty databases, in memory where there is a file system in memory."""
    with ExitStack() as stack:
        stack.enter_context(_in_memory())
        if store == "postgres":
            server = stack.enter_context(running_server())
            yield [stack.enter_context(server.migrated()) for _ in range(count)]
            return
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="executor-sweep-")))
        first = open_database(f"sqlite:///{home}/0.db")
        upgrade(first)
        first.close()
        for number in range(1, count):
            shutil.copy(home / "0.db", home / f"{number}.db")
        yield [f"sqlite:///{home}/{number}.db" for number in range(count)]


@contextmanager
def _in_memory() -> Iterator[None]:
    """Temporary folders lie in memory: a sweep tries no disk."""
    before, shm = tempfile.tempdir, "/dev/shm"
    tempfile.tempdir = shm if os.access(shm, os.W_OK) else before
    try:
        yield
    finally:
        tempfile.tempdir = before


# -- the campaign --------------------------------------------------------------------------------------------------


class Sweep:
    """One campaign on one store: what was told before is taken from the kept lines."""

    def __init__(self, company: Company, kept: Results) -> None:
        self._company = company
        self._kept = kept
        self.lines: dict[Run, Line] = {}

    def tell(self, runs: Sequence[Run], what: str) -> None:
        todo = []
        for run in runs:
            if (line := self._kept.done(run.key)) is not None:
                self.lines[run] = line
            else:
                todo.append(run)
        for number, (run, line) in enumerate(self._company.tell(todo), start=1):
            self._kept.add(run.key, line)
            self.lines[run] = line
            if number % 50 == 0 or number == len(todo):
                print(f"\r{what}: {number} of {len(todo)}, {len(self.failed())} failed", end="", file=sys.stderr)
        print(f"\r{what}: {len(runs)} runs, {len(runs) - len(todo)} of them kept", file=sys.stderr)

    def passed(self, run: Run) -> dict[str, int]:
        """The passages of a run; none when it broke."""
        return self.lines[run].get("passed") or dict.fromkeys(SEAMS, 0)

    def failed(self) -> list[Run]:
        return [run for run, line in self.lines.items() if line["violations"]]


def full(sweep: Sweep, names: Sequence[str], *, with_pairs: bool) -> None:
    """All single crashes; where wanted then all pairs of the core stories."""
    dry = [Run(name) for name in names]
    sweep.tell(dry, "without a crash")
    ones = [one for run in dry for one in singles(run.scenario, sweep.passed(run))]
    sweep.tell(ones, "one crash")
    if with_pairs:
        dry_lines = {run.scenario: sweep.lines[run] for run in dry}
        core = [one for one in ones if SCENARIOS[one.scenario].is_core and "passed" in sweep.lines[one]]
        core = [one for one in core if differs(one.crashes[0], dry_lines[one.scenario])]
        twos = [two for one in core for two in pairs(one, sweep.lines[one])]
        Random("two crashes").shuffle(twos)  # one that is broken off has then told a fair part of them
        sweep.tell(twos, "two crashes")


def sample(sweep: Sweep, names: Sequence[str], *, count: int, seed: int) -> None:
    """So many crashes or pairs, by chance from a seed."""
    dry = [Run(name) for name in names]
    sweep.tell(dry, "without a crash")
    random = Random(f"{seed}/sweep")
    passed = {run.scenario: sweep.passed(run) for run in dry}
    chosen = dict.fromkeys(sampled(random, passed) for _ in range(count))
    sweep.tell(list(chosen), f"sample of seed {seed}")


def summary(lines: Mapping[Run, Line]) -> list[dict[str, Any]]:
    """A row a story, and one for all."""
    rows = []
    for name in [*SCENARIOS, "all"]:
        some = {run: line for run, line in lines.items() if name in {run.scenario, "all"}}
        if not some:
            continue
        dry = next((line for run, line in some.items() if not run.crashes), {})
        rows.append({
            "scenario": name,
            "passages": sum(dry.get("passed", {}).values()) if name != "all" else "",
            "runs": len(some),
            "violations": sum(bool(line["violations"]) for line in some.values()),
            "not reached": sum(bool(line.get("missed")) for line in some.values()),
            **{words: max(line.get(key, 0.0) for line in some.values()) for key, words in _SLOWEST.items()},
            "core-s a run": round(sum(line.get("cpu_s", 0.0) for line in some.values()) / len(some), 3),
        })  # fmt: skip
    return rows


def _shown(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(rows[0])
    widths = {name: max(len(name), *(len(str(row[name])) for row in rows)) for name in columns}
    lines = [columns, *([str(row[name]) for name in columns] for row in rows)]
    return "\n".join(
        "  ".join(text.ljust(widths[name]) for name, text in zip(columns, line, strict=True)).rstrip() for line in lines
    )


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.sweep", description=__doc__)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--pairs", action="store_true", help="also all pairs of the five core stories")
    parser.add_argument("--sample", type=int, metavar="N", help="only N crashes or pairs, by chance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--feeds", action="store_true", help="hear both feeds")
    parser.add_argument("--scenario", choices=SCENARIOS, action="append")
    parser.add_argument("--at", metavar="CRASHES", help='tell one run again: "trader 12 after, web 1 before"')
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", type=Path, help="write the table to this file, as JSON")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> int:
    words = _words()
    names = words.scenario or list(SCENARIOS)
    home = ROOT / "tests" / "campaigns"
    digest = source_digest(file for name in _FRAME for file in home.glob(f"{name}.py"))
    what = "sweep" + "-feeds" * words.feeds
    kept = Results(ROOT / "build" / "campaigns" / f"{what}-{words.store}.jsonl", digest)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or a server of ours would be left behind
    with (
        databases(words.store, 1 if words.at else words.processes) as urls,
        Company(urls, feeds=words.feeds) as company,
    ):
        sweep = Sweep(company, kept)
        if words.at:
            again = Run(names[0], tuple(At.read(one) for one in words.at.split(",")))
            sweep.lines.update(company.tell([again]))
        elif words.sample:
            sample(sweep, names, count=words.sample, seed=words.seed)
        else:
            full(sweep, names, with_pairs=words.pairs)
    return _tell(sweep, words)


def _tell(sweep: Sweep, words: argparse.Namespace) -> int:
    """The table, and of each failure what it violates and how it is repeated."""
    rows, failed = summary(sweep.lines), sweep.failed()
    failures = [{"run": run.key, "violations": sweep.lines[run]["violations"]} for run in failed]
    told = json.dumps({"store": words.store, "commit": commit_of_sources(), "rows": rows, "failures": failures})
    if words.report:
        words.report.write_text(told + "\n", encoding="utf-8")
    if words.json:
        print(told)
        return 1 if failed else 0
    print(_shown(rows))
    how = f"--store {words.store}{' --feeds' * words.feeds}"
    for run in failed[:_SHOWN]:
        where = ", ".join(str(one) for one in run.crashes)
        print(f'\npython -m tests.campaigns.sweep {how} --scenario {run.scenario} --at "{where}"')
        for name, sentences in sweep.lines[run]["violations"].items():
            print(*(f"  {name}: {one}" for one in sentences), sep="\n")
    if len(failed) > _SHOWN:
        print(f"\nand {len(failed) - _SHOWN} more")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
