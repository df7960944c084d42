"""Known-bad executors: ours with one rule broken, for the time of a day, and the campaign that catches each.

A campaign that shows zero for ours means something only because it shows more than zero for these. Each still works
on a calm day; what it breaks shows under trouble alone. Sources: reliability.md T12, 1.7.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from executor.domain.bracket import Role
from executor.store.store import Store
from tests.campaigns import broken
from tests.campaigns.acts import Act
from tests.campaigns.broken import Patch
from tests.campaigns.checkers import check
from tests.campaigns.day import Day
from tests.campaigns.lanes import lanes
from tests.campaigns.mix import Trouble
from tests.campaigns.plan import Plan
from tests.campaigns.seam import Point
from tests.campaigns.stores import StoreMaker
from tests.campaigns.truth import Truth, truth_of

#: Makes an empty store, gone when its context ends.
Stores = Callable[[], AbstractContextManager[Store]]


@dataclass(frozen=True, slots=True)
class Campaign:
    """Days made for one fault: `only` is the trouble that strikes (none: no trouble), `factor` how often."""

    plans: tuple[Plan, ...]
    only: str | None = None
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Bad:
    """One broken rule: what it does, in words and by patches, and how it is caught."""

    what: str
    change: Callable[[Patch], None]
    campaign: Campaign


@dataclass(frozen=True)
class Result:
    """What a campaign showed of an executor. `counts` are violations by kind, the first word of their sentences."""

    name: str
    days: int
    entries: int
    first_seed: int | None
    caught_by: tuple[str, ...]
    counts: Mapping[str, int]
    lines: tuple[str, ...] = field(repr=False)


@contextmanager
def bad(name: str) -> Iterator[None]:
    """Break one rule of ours as long as the context lasts."""
    with Patch.context() as patch:
        BAD[name].change(patch)
        yield


def campaign_of(name: str) -> Campaign:
    """The days on which a known-bad executor is caught."""
    return BAD[name].campaign


def run_bad(name: str, stores: Stores) -> Result:
    """Play a known-bad executor on its campaign."""
    with bad(name):
        return _run(name, BAD[name].campaign, stores)


def run_ours(name: str, stores: Stores) -> Result:
    """Play our own executor on the campaign of a known-bad one."""
    return _run("ours", BAD[name].campaign, stores)


def run_calm(name: str, stores: Stores) -> Result:
    """Play a known-bad executor on a day on which nothing goes wrong: it must do its work there."""
    with bad(name):
        return _run(name, Campaign((drill(1, many=4, hold=12),), factor=0), stores)


# -- playing -----------------------------------------------------------------------------------------------------


def _run(name: str, campaign: Campaign, stores: Stores) -> Result:
    counts: Counter[str] = Counter()
    lines: list[str] = []
    caught_by: dict[str, None] = {}
    entries, first_seed = 0, None
    for plan in campaign.plans:
        with stores() as store:
            day = _play(plan, campaign, store)
            truth = truth_of(day.rig)
        violations = check(truth)
        entries += _entered(truth)
        if violations and first_seed is None:
            first_seed = plan.seed
        caught_by |= dict.fromkeys(violations)
        found = [sentence for sentences in violations.values() for sentence in sentences]
        counts.update(sentence.split(":")[0] for sentence in found)
        lines += [f"seed {plan.seed}: {sentence}" for sentence in found]
    return Result(name, len(campaign.plans), entries, first_seed, tuple(caught_by), dict(counts), tuple(lines))


def _play(plan: Plan, campaign: Campaign, store: Store) -> Day:
    day = Day(plan, store, Trouble(plan.seed, factor=campaign.factor, only=campaign.only))
    day.trouble.is_on = campaign.only is not None
    day.play()
    return day


def _entered(truth: Truth) -> int:
    """Entry legs of which the exchange filled something."""
    entries = {leg.id for leg in truth.legs.values() if leg.role == Role.ENTRY}
    return len({fill["tag"][1:14] for fill in truth.state["fills"]} & entries)


def drill(
    seed: int,
    *,
    many: int = 6,
    hold: float = 20.0,
    entries: str = "genuine",
    crashes: Sequence[Point] = (),
    web_crashes: Sequence[Point] = (),
    swings: Sequence[float] = (),
) -> Plan:
    """A short day: so many lanes are entered one after the other, held, and left; meanwhile their prices swing."""
    acts: list[Act] = []
    for place in range(many):
        lane = lanes()[(place + seed) % len(lanes())]
        begin = 8 + place * 0.9
        acts.append(Act(begin, "alert", lane, "buy", kind=entries))
        moves = (0.001, 0.001, *swings)
        acts += [Act(begin + 3 + 3.5 * number, "price", lane, value=move) for number, move in enumerate(moves)]
        acts.append(Act(begin + hold, "alert", lane, "exit"))
    ordered = tuple(sorted(acts, key=lambda act: act.at))
    return Plan(seed, False, ordered, frozenset(crashes), frozenset(web_crashes))


# -- their campaigns ---------------------------------------------------------------------------------------------


def _days(count: int, **words: Any) -> tuple[Plan, ...]:
    return tuple(drill(seed, **words) for seed in range(1, count + 1))


def _every(step: int, *, until: int) -> tuple[Point, ...]:
    return tuple(Point(count, after=False) for count in range(step, until, step))


def _followed(seed: int) -> Plan:
    """More entries at once than may leave within a second; then another trader follows the one that holds them."""
    entered = [Act(8 + place / 100, "alert", lane, "buy") for place, lane in enumerate(lanes())]
    left = [Act(40 + place / 2, "alert", lane, "exit") for place, lane in enumerate(lanes())]
    acts = (*entered, Act(8.3 + seed / 10, "second"), *left)
    return Plan(seed, False, acts, frozenset(), frozenset())


BAD: Mapping[str, Bad] = {
    "resend after unknown": Bad(
        "an order whose answer is lost is sent once more",
        broken.resend_after_unknown,
        Campaign(_days(2), "answer lost", 20),
    ),
    "answer before commit": Bad(
        "the alert is answered 202 and recorded later",
        broken.answer_before_commit,
        Campaign(_days(2, web_crashes=_every(2, until=12))),
    ),
    "empty book = flat": Bad(
        "an empty answer is taken for no orders and no positions",
        broken.empty_book_is_flat,
        Campaign(_days(2, hold=40), "book empty", 200),
    ),
    "stop on event only": Bad(
        "the stop is placed when a fill is told, never because one is missing",
        broken.stop_on_event_only,
        Campaign(_days(2, hold=60), "stop rejected", 100),
    ),
    "sibling left": Bad(
        "when stop or target has filled the other is not cancelled",
        broken.sibling_left,
        Campaign((drill(1), *_days(2, swings=(-0.015, 0.045)))),
    ),
    "fills summed twice": Bad(
        "each report adds its cumulative quantity",
        broken.fills_summed_twice,
        Campaign(_days(3, many=12)),
    ),
    "no epoch check": Bad(
        "a trader that was followed goes on",
        broken.no_epoch_check,
        Campaign((_followed(1), _followed(2))),
    ),
    "unbounded token": Bad(
        "the token is genuine, and what the body says is not held against it",
        broken.unbounded_token,
        Campaign(_days(2, entries="forged")),
    ),
    "record after send": Bad(
        "an order leaves before it is committed",
        broken.record_after_send,
        Campaign((*_days(2, crashes=_every(19, until=200)), drill(3, crashes=_every(17, until=200)))),
    ),
    "assume failed": Bad(
        "an answer that is lost is taken for a refusal",
        broken.assume_failed,
        Campaign(_days(3), "accepted late", 400),
    ),
}


# -- the report --------------------------------------------------------------------------------------------------

#: Violations that have a column of their own.
_KINDS = ("lost", "duplicated", "orphan", "reversed", "unprotected")


def row_of(name: str, stores: Stores) -> dict[str, Any]:
    """A line of the table: what a known-bad executor does, who catches it, how often, and ours on the same days."""
    found, ours = run_bad(name, stores), run_ours(name, stores)
    others = {kind: count for kind, count in found.counts.items() if kind not in _KINDS}
    return {
        "known-bad executor": name,
        "what it does": BAD[name].what,
        "days": found.days,
        "caught by": ", ".join(found.caught_by) or "nobody",
        "first seed": found.first_seed,
        **{kind: found.counts.get(kind, 0) for kind in _KINDS},
        "others": ", ".join(f"{count} {kind}" for kind, count in others.items()),
        "entries filled": found.entries,
        "ours: entries filled": ours.entries,
        "ours: violations": sum(ours.counts.values()),
    }


def main(words: Iterable[str] | None = None) -> int:
    """Play all of them and ours beside; 1 when one is not caught, or ours is."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.bad", description=__doc__)
    parser.add_argument("--report", help="write the table to this file, as JSON")
    options = parser.parse_args(list(words) if words is not None else None)
    logging.disable(logging.CRITICAL)
    maker = StoreMaker(None)
    rows = [row_of(name, maker.a_store) for name in BAD]
    maker.close()
    if options.report:
        Path(options.report).write_text(json.dumps({"what": "bad", "rows": rows}, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        print(" | ".join(str(value) for value in row.values()))
    return 1 if any(row["first seed"] is None or row["ours: violations"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
