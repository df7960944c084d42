"""SIGKILL at ten thousand instants: `make forkkills N=10000`, `python -m tests.campaigns.forkkill --kills 10000`.

A town is one store and one exchange. Child after child runs web and trader on it and is killed: before a statement
or a COMMIT, before or after a request, before an answer is told, or by a timer at any machine instruction. At the
end the parent runs the same rows to rest and leaves every position; what is checked is the exchange's truth and what
the sender was told.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from random import Random
from typing import Any

from executor.desk.guard import FORCED_EXIT
from executor.domain.ids import Ids
from executor.store.store import Store
from tests.campaigns.checkers import check
from tests.campaigns.lanes import Lane, Message, Post, lanes
from tests.campaigns.mortal import Fuse, Keeper, Town
from tests.campaigns.plan import START
from tests.campaigns.results import ROOT, Results, commit_of_sources, source_digest
from tests.campaigns.rig import Calm, HostClock
from tests.campaigns.stores import StoreMaker, server_url
from tests.campaigns.truth import Truth, net_of, truth_of, unprotected, when

#: Kills on one store before the next begins: rows of a day grow, and reading them at each start with them.
A_TOWN = 40
#: What fuses count, how many of it at most, and how often one is chosen; the rest dies by a timer within `_LIFE_S`.
_FUSES = (("", 900, 3), ("COMMIT", 40, 3), ("placeOrder", 8, 2), ("modifyOrder", 4, 1), ("is told", 5, 2))
_BY_TIMER, _LIFE_S = 4, 0.15
_DOWN_S = (1.2, 4.0)  # between two lives; a supervisor's restart is no quicker
_LOOK_S = 0.55
_REST_S = 180.0
_EXIT_TAKES = timedelta(seconds=10)
#: Those of a day that hold for any life, however short. What is late is judged by life, and at rest.
_CHECKERS = ("lost", "duplicated", "rates", "reconciled first", "in session", "audited")
_WORKING = {"open", "trigger pending"}
#: Modules whose change makes the kept lines void, beside the product's own.
_FRAME = ("forkkill", "mortal", "rig", "truth", "check_alerts", "check_orders", "check_record")
_maker: StoreMaker | None = None


@dataclass
class Sender:
    """TradingView, and the market: chooses alerts and moves prices by seed; what got no answer is sent again."""

    town: Town
    random: Random
    again: list[Message] = field(default_factory=list)
    prices: dict[str, Decimal] = field(default_factory=dict)
    unanswered: int = 0
    found_again: int = 0

    def offer(self) -> Message | None:
        """The next alert, if there is one at this moment."""
        if self.random.random() < 0.3:
            self._move(self.random.choice(lanes()))
        if self.again:
            return self.again.pop()
        return self._alert() if self.random.random() < 0.55 else None

    def heard(self, message: Message, status: int, signal: str | None) -> None:
        self.town.posts.append(Post(self.town.exchange_clock.now(), message, status, signal))
        self.found_again += status == 200
        if status == 0:
            self.unanswered += 1
            self.again.append(message)

    def _alert(self) -> Message:
        lane = self.random.choice(lanes())
        action = self.random.choices(("buy", "exit", "part"), (6, 3, 2))[0]
        if lane.short:
            action = {"buy": "short"}.get(action, "exit")
        price = str(self.prices[lane.share.key])
        return self.town.message(lane, action, price=price, quantity=self.random.randrange(1, 9))

    def _move(self, lane: Lane) -> None:
        """By up to 1.3 %: past a stop now and then."""
        share = lane.share
        moved = self.prices[share.key] * (1 + Decimal(str(round(self.random.uniform(-0.013, 0.013), 5))))
        tick = Decimal(share.tick)
        self.prices[share.key] = (moved / tick).quantize(Decimal(1), ROUND_HALF_EVEN) * tick
        self.town.set_price(share, str(self.prices[share.key]))


def play_town(seed: int, kills: int, store: Store) -> dict[str, Any]:
    """Kill that many children on one store, run to rest and check; the town's line."""
    random = Random(f"forkkill/{seed}")
    clock = HostClock(START)
    town = Town(store, clock, Ids(clock.now, Random(f"{seed}/first")), seed=seed, trouble=Calm())
    sender = Sender(town, random, prices=town.hold_prices())
    keeper = Keeper(town, offer=sender.offer, heard=sender.heard)
    town.pass_time(210)  # from 09:16:30 to 09:20
    for _ in range(kills):
        town.pass_time(random.uniform(*_DOWN_S))
        town.lives.append(town.exchange_clock.now())
        keeper.outlive(*_a_death(random))
    _rest(town, sender)
    return _line(seed, keeper, sender, truth_of(town))


def _a_death(random: Random) -> tuple[Fuse, float | None]:
    """Which fuse, and when the parent kills: short fuses as often as long ones, so that starts are killed too."""
    chosen = random.choices((*_FUSES, None), (*(weight for *_, weight in _FUSES), _BY_TIMER))[0]
    if chosen is None:
        return Fuse(0), random.uniform(0, _LIFE_S)
    on, most, _ = chosen
    return Fuse(max(1, round(most ** random.random())), on), None


def _rest(town: Town, sender: Sender) -> None:
    """Start once more, deliver what got no answer, leave every lane, and wait until nothing is open."""
    town.pass_time(_DOWN_S[1])
    town.start()
    for message in sender.again:
        sender.found_again += town.post(message).status == 200
    _pass(town, 30)
    for lane in lanes():
        town.post(town.message(lane, "exit", price=str(sender.prices[lane.share.key])))
    end = town.clock.monotonic() + _REST_S
    while town.clock.monotonic() < end and not town.is_quiet():
        _pass(town, _LOOK_S)
    _pass(town, 15)


def _pass(town: Town, seconds: float) -> None:
    for _ in range(round(seconds / _LOOK_S)):
        town.pass_time(_LOOK_S)
        town.work()


def _line(seed: int, keeper: Keeper, sender: Sender, truth: Truth) -> dict[str, Any]:
    """A town's figures.

    `unacknowledged`: committed when the child died before it could tell the sender. `in_flight`: sends of which a
    start could not know what became of them. `died`: where the children were killed.
    """
    told = {post.signal for post in truth.posts if 200 <= post.status < 300}
    ours = {"bare": _bare(truth), "forgotten": _forgotten(truth)}
    violations = check(truth, _CHECKERS) | {name: found for name, found in ours.items() if found}
    return {
        "seed": seed,
        "kills": keeper.kills,
        "alerts": len(truth.posts),
        "acknowledged": len(told),
        "unanswered": sender.unanswered,
        "unacknowledged": sender.found_again,
        "orders": len(truth.state["orders"]),
        "fills": len(truth.state["fills"]),
        "in_flight": sum(text.endswith("when the trader stopped") for text in sender.town.said("unknown")),
        "died": dict(keeper.died),
        "violations": violations,
    }


def _bare(truth: Truth) -> list[str]:
    """What was held without a stop, in one life for longer than a stop or else the exit takes; or at the end."""
    found = []
    for span in unprotected(truth):
        since = max([span.begin, *(life for life in truth.lives if span.begin < life < span.end)])
        at_end = when(truth.state["now"]) - span.end < timedelta(seconds=1)
        if at_end or span.end - since > FORCED_EXIT + _EXIT_TAKES:
            found.append(
                f"bare: {span.share} for {span.seconds:.1f} s from {span.begin}, {span.end - since} in one life"
            )
    return found


def _forgotten(truth: Truth) -> list[str]:
    """At rest every order of the exchange stands in our rows as it is, none works, and nothing is held."""
    found = [
        f"forgotten: {order['orderid']} ({order['tag']}, {order['status']}, {order['filled']} filled) is {row} here"
        for order in truth.state["orders"]
        if (row := _known(truth, order)) is not None
    ]
    nets = {lane.share.name: net_of(truth.fills_of(lane.share.key)) for lane in lanes()}
    return found + [f"forgotten: {net} of {share} are held at the end" for share, net in nets.items() if net]


def _known(truth: Truth, order: Mapping[str, Any]) -> str | None:
    """How our row of an order differs from it; None when it does not."""
    row = truth.orders.get(order["tag"])
    if row is None:
        return "not"
    is_same = (row.broker_id, row.filled) == (order["orderid"], order["filled"])
    return None if is_same and order["status"] not in _WORKING else f"{row.broker_id}, {row.state}, {row.filled} filled"


# -- many --------------------------------------------------------------------------------------------------------


def run(kills: int, *, first: int, kind: str, jobs: int, results: Results) -> Iterator[dict[str, Any]]:
    """Play towns until so many children were killed; their lines, those first that are kept from before."""
    towns = {first + place: min(A_TOWN, kills - A_TOWN * place) for place in range(-(-kills // A_TOWN))}
    kept = {seed: line for seed, size in towns.items() if (line := results.done(f"{kind}/{seed}/{size}"))}
    yield from kept.values()
    todo = {seed: size for seed, size in towns.items() if seed not in kept}
    if not todo:
        return
    with server_url(kind) as server, ProcessPoolExecutor(jobs, initializer=_begin, initargs=(server,)) as pool:
        for line in pool.map(_play, todo, todo.values()):
            results.add(f"{kind}/{line['seed']}/{line['kills']}", line)
            yield line


def results_of(kind: str) -> Results:
    """The lines kept of this campaign's towns, as long as no source that decides them has changed."""
    frame = [ROOT / "tests" / "house.py", *(ROOT / "tests" / "campaigns" / f"{name}.py" for name in _FRAME)]
    simulator = (ROOT / "executor" / "simulator").rglob("*.py")
    return Results(ROOT / "build" / "campaigns" / f"forkkill-{kind}.jsonl", source_digest([*frame, *simulator]))


def _begin(server: str | None) -> None:
    global _maker
    logging.disable(logging.CRITICAL)
    _maker = StoreMaker(server)


def _play(seed: int, kills: int) -> dict[str, Any]:
    assert _maker is not None
    with _maker.a_store() as store:
        return play_town(seed, kills, store)


def summary(lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The sums; `lost` and `doubled` are the promise, `violations` all that any checker said."""
    sums: Counter[str] = Counter()
    died: Counter[str] = Counter()
    violations: Counter[str] = Counter()
    for line in lines:
        sums.update({name: value for name, value in line.items() if isinstance(value, int) and name != "seed"})
        died.update(line["died"])
        violations.update({name: len(sentences) for name, sentences in line["violations"].items()})
    promise = {"lost": violations["lost"], "doubled": violations["duplicated"]}
    return {**sums, **promise, "violations": dict(violations), "died": dict(died.most_common())}


def main(words: Iterable[str] | None = None) -> int:
    options = _options(words)
    lines: list[dict[str, Any]] = []
    results = results_of(options.store)
    began = time.monotonic()
    towns = run(options.kills, first=options.first, kind=options.store, jobs=options.jobs, results=results)
    for line in towns:
        lines.append(line)
        bad = sum(bool(one["violations"]) for one in lines)
        text = f"{sum(one['kills'] for one in lines)} of {options.kills} kills, {bad} towns with a violation"
        print(f"{text}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    failures = [
        f"seed {line['seed']}: {sentence}"
        for line in lines
        for found in line["violations"].values()
        for sentence in found
    ]
    report = {"what": "forkkill", "store": options.store, "seeds": [options.first, options.first + len(lines) - 1]}
    report |= summary(lines) | {"commit": commit_of_sources(), "seconds": round(time.monotonic() - began)}
    report |= {"failures": failures}
    if options.report:
        Path(options.report).write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
    print(json.dumps(report) if options.json else "\n".join(f"{name:15} {value}" for name, value in report.items()))
    return 1 if failures else 0


def _options(words: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.forkkill", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="how many children are killed (1000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one a core)")
    parser.add_argument("--report", help="write the sums to this file, as JSON")
    parser.add_argument("--json", action="store_true", help="print the sums as one JSON value")
    return parser.parse_args(list(words) if words is not None else None)


if __name__ == "__main__":
    sys.exit(main())
