"""Known-bad executors: ours with one rule broken, for the time of a day, and the campaign that catches each.

A campaign that shows zero for ours means something only because it shows more than zero for these. Each still works
on a calm day; what it breaks shows under trouble alone. Sources: reliability.md T12, 1.7.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from executor.alerts.bounds import Grant
from executor.broker.smartapi import orders as smartapi_orders
from executor.desk import absorb, guard, outcome, outside, reads
from executor.desk.book import Draft
from executor.desk.reports import absorb_report
from executor.desk.want import flat, pair
from executor.desk.want.difference import Need, Place
from executor.domain.bracket import Bracket, BracketState, Goal, Leg, Role
from executor.domain.delivery import Recorded
from executor.domain.intent import Intent, IntentKind, RefusalReason, Refused, Sent, Unknown
from executor.domain.order import Order, Report
from executor.errors import StoreError
from executor.store import ledger
from executor.store.ledger import Ledger
from executor.store.store import Store
from executor.trader.lease import Lease
from executor.trader.loop import Loop
from tests.campaigns.checkers import check
from tests.campaigns.day import Day
from tests.campaigns.mix import Trouble
from tests.campaigns.plan import Act, Plan
from tests.campaigns.rig import lanes
from tests.campaigns.seam import Crash, Point, SeamedIntake
from tests.campaigns.truth import Truth, truth_of

Patch = pytest.MonkeyPatch
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


# -- what each of them breaks ------------------------------------------------------------------------------------


def _resend_after_unknown(patch: Patch) -> None:
    send = smartapi_orders.send

    def twice(intent: Intent, **words: Any) -> Sent:
        sent = send(intent, **words)
        if intent.kind is not IntentKind.PLACE or not isinstance(sent.answer, Unknown):
            return sent
        again = send(intent, **words)
        return Sent(again.answer, (*sent.calls, *again.calls))

    patch.setattr(smartapi_orders, "send", twice)


def _answer_before_commit(patch: Patch) -> None:
    """The web's writer has its turn whenever the trader looks; what it still holds dies with the web's process."""
    waiting: deque[Callable[[], Any]] = deque()
    record, sweep = SeamedIntake.record_delivery, Loop._sweep

    def queue(intake: SeamedIntake, *words: Any) -> Recorded:
        waiting.append(lambda: record(intake, *words))
        return Recorded()

    def write_then_sweep(loop: Loop, *words: Any) -> None:
        try:
            while waiting:
                waiting.popleft()()
        except (Crash, StoreError):
            waiting.clear()
        sweep(loop, *words)

    patch.setattr(SeamedIntake, "record_delivery", queue)
    patch.setattr(Loop, "_sweep", write_then_sweep)


def _empty_book_is_flat(patch: Patch) -> None:
    suspected = outside.suspected_outside

    def everything(draft: Draft, like: Bracket) -> int:
        leaves = like.goal is Goal.FLAT  # positions run ahead of the order book then, on a calm day too
        return suspected(draft, like) if leaves else 10**6

    patch.setattr(absorb, "_not_evidence", lambda draft, reading: "")
    for room in (outside, reads):
        patch.setattr(room, "suspected_outside", everything)


def _stop_on_event_only(patch: Patch) -> None:
    needs = pair.stop_needs

    def on_fill(draft: Draft, bracket: Bracket, leg: Leg, keep: int) -> list[Need]:
        found = needs(draft, bracket, leg, keep)
        return found if _has_just_filled(draft, bracket) else [one for one in found if not isinstance(one, Place)]

    patch.setattr(pair, "stop_needs", on_fill)
    patch.setattr(guard, "_force", lambda *words: "")


def _has_just_filled(draft: Draft, bracket: Bracket) -> bool:
    """Whether the event being decided on has brought a fill of the bracket."""
    before = {key: row.filled for (kind, key), row in draft._before.items() if kind is Order and isinstance(row, Order)}
    return any(order.filled > before.get(order.id, order.filled) for _, order in draft.orders_of_bracket(bracket.id))


def _sibling_left(patch: Patch) -> None:
    needs, state_of = flat.flat_needs, outcome._state_of

    def leave(draft: Draft, bracket: Bracket) -> list[Need]:
        return needs(draft, bracket) if draft.holding(bracket).held else []

    def closed_when_flat(draft: Draft, bracket: Bracket, *, held: int) -> Any:
        is_flat = held == 0 and draft.holding(bracket).entered > 0
        return BracketState.CLOSED if is_flat else state_of(draft, bracket, held=held)

    patch.setattr("executor.desk.want.flat_needs", leave)
    patch.setattr(outcome, "_state_of", closed_when_flat)
    patch.setattr("executor.desk.settle._wind_up_late", lambda draft: None)


def _fills_summed_twice(patch: Patch) -> None:
    def sum_up(draft: Draft, report: Report) -> None:
        order = draft.order_by_broker_id(draft.day, report.broker_id)
        before = order.filled if order else 0
        more = 0 if draft.knows_report(report.hash) else report.filled
        absorb_report(draft, replace(report, filled=before + more))

    patch.setattr("executor.desk.absorb.absorb_report", sum_up)


def _no_epoch_check(patch: Patch) -> None:
    patch.setattr(ledger, "check_epoch", lambda *words: None)
    patch.setattr(Ledger, "beat", lambda *words, **more: None)
    patch.setattr(Lease, "holds", property(lambda lease: True))


def _unbounded_token(patch: Patch) -> None:
    patch.setattr(Grant, "refuses", lambda grant, fields: None)


def _record_after_send(patch: Patch) -> None:
    commit, hand_over = Loop._commit, Loop._hand_over

    def send_then_commit(loop: Loop, decision: Any, permits: Any, *rest: Any) -> Any:
        for intent in decision.intents:
            if intent.id in permits:
                loop._parts.workers.submit(intent)
        return commit(loop, decision, permits, *rest)

    def only_reads(loop: Loop, decision: Any, committed: Any) -> None:
        hand_over(loop, decision, None)

    patch.setattr(Loop, "_commit", send_then_commit)
    patch.setattr(Loop, "_hand_over", only_reads)


def _assume_failed(patch: Patch) -> None:
    take = absorb._absorb_send

    def refused(draft: Draft, intent: Intent, answer: Any, calls: Any) -> None:
        if isinstance(answer, Unknown):
            answer = Refused(RefusalReason.NEVER_SENT, answer.why)
        take(draft, intent, answer, calls)

    patch.setattr(absorb, "_absorb_send", refused)


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
        _resend_after_unknown,
        Campaign(_days(2), "answer lost", 20),
    ),
    "answer before commit": Bad(
        "the alert is answered 202 and recorded later",
        _answer_before_commit,
        Campaign(_days(2, web_crashes=_every(2, until=12))),
    ),
    "empty book = flat": Bad(
        "an empty answer is taken for no orders and no positions",
        _empty_book_is_flat,
        Campaign(_days(2, hold=40), "book empty", 200),
    ),
    "stop on event only": Bad(
        "the stop is placed when a fill is told, never because one is missing",
        _stop_on_event_only,
        Campaign(_days(2, hold=60), "stop rejected", 100),
    ),
    "sibling left": Bad(
        "when stop or target has filled the other is not cancelled",
        _sibling_left,
        Campaign((drill(1), *_days(2, swings=(-0.015, 0.045)))),
    ),
    "fills summed twice": Bad(
        "each report adds its cumulative quantity",
        _fills_summed_twice,
        Campaign(_days(2, many=12)),
    ),
    "no epoch check": Bad(
        "a trader that was followed goes on",
        _no_epoch_check,
        Campaign((_followed(1), _followed(2))),
    ),
    "unbounded token": Bad(
        "the token is genuine, and what the body says is not held against it",
        _unbounded_token,
        Campaign(_days(2, entries="forged")),
    ),
    "record after send": Bad(
        "an order leaves before it is committed",
        _record_after_send,
        Campaign(_days(2, crashes=_every(23, until=200))),
    ),
    "assume failed": Bad(
        "an answer that is lost is taken for a refusal",
        _assume_failed,
        Campaign(_days(2), "accepted late", 400),
    ),
}
