"""What a story may end as: all that must be true of a day, and at rest, flat, soon protected after each restart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from executor.domain.command import CommandState
from executor.store import schema
from tests.campaigns.checkers import check
from tests.campaigns.scenarios import OVERTAKEN, Scenario
from tests.campaigns.story import Story
from tests.campaigns.truth import Truth, truth_of, unprotected

_WORKING = {"open", "trigger pending"}
#: After a start: until the account is reconciled, until nothing of the former life is in doubt.
READY_S, SETTLED_S = 5.0, 20.0
#: Of two crashes that leave an exit in doubt each, no more than this without an alarm (DESIGN: the promise, 3).
_BARE_OF_TWO_S = 15.0


def judge(story: Story, scenario: Scenario) -> dict[str, Any]:
    """Return the violations, the slowest stop (or exit) after a restart in seconds, outcomes, and the audit's head."""
    truth = truth_of(story.rig)
    stretches = list(_bare(truth, story))
    longest = timedelta(seconds=max(scenario.bare_s, _BARE_OF_TWO_S) if len(story.crashes) > 1 else scenario.bare_s)
    found = {
        **check(truth),
        "rest": _unrest(truth, story),
        "bare": [f"bare for {length} from {begin}" for begin, length, _ in stretches if length > longest],
        "outcome": _outcomes(truth, scenario, deaths=len(story.crashes)),
        "recovery": _slow(story),
        "fault of ours": _set_aside(story),
    }
    slowest = max((length for _, length, restarted in stretches if restarted), default=timedelta())
    return {
        "violations": {name: sentences for name, sentences in found.items() if sentences},
        "stop_s": round(slowest.total_seconds(), 2),
        "ready_s": max(story.ready, default=0.0),
        "settled_s": max(story.settled, default=0.0),
        "head": _head(story),
        "outcomes": [f"{row.action} {row.outcome}" for _, row in sorted(truth.signals.items())],
    }


def _unrest(truth: Truth, story: Story) -> list[str]:
    """What still goes on, is held or waits at the end."""
    rig = story.rig
    found = [] if rig.is_quiet() else ["something is still open or in doubt"]
    if net := rig.net_of(story.lane.share):
        found.append(f"{net} are still held")
    found += [f"{one['orderid']} still works" for one in truth.state["orders"] if one["status"] in _WORKING]
    with rig.store.database.read() as connection:
        waiting = select(schema.command.c.id).where(schema.command.c.state == CommandState.NEW)
        found += [f"command {one} was not answered" for one in connection.execute(waiting).scalars()]
    return found


def _bare(truth: Truth, story: Story) -> Iterator[tuple[datetime, timedelta, bool]]:
    """The stretches without enough stops in which the trader was up: begin, length, whether a restart began it."""
    for span in unprotected(truth):
        since, restarted = span.begin, False
        for died, started in story.downs:
            if started <= span.begin or died >= span.end:
                continue
            if died > since:
                yield since, died - since, restarted
            since, restarted = started, True
        if span.end > since:
            yield since, span.end - since, restarted


def _slow(story: Story) -> list[str]:
    """Recoveries that took longer than DESIGN, section 8, allows."""
    found = [f"reconciled {seconds} s after a start" for seconds in story.ready if seconds > READY_S]
    return found + [f"in doubt for {seconds} s after a start" for seconds in story.settled if seconds > SETTLED_S]


def _outcomes(truth: Truth, scenario: Scenario, *, deaths: int) -> list[str]:
    """Alerts that ended as they must not; whether what they tell is true the day's checkers know."""
    found = []
    entries = scenario.entries if deaths < 2 else scenario.entries | OVERTAKEN  # dead for longer than a story waits
    for signal, enters in {post.signal: post.message.enters for post in truth.posts if post.signal}.items():
        row = truth.signals.get(signal)
        allowed = entries if enters else scenario.exits
        if row is not None and row.outcome not in allowed:
            found.append(f"{row.action} ended {row.outcome}: {row.reason}")
    return found


def _head(story: Story) -> str:
    """The hash of the newest audit entry: the same run has the same on both stores."""
    newest = select(schema.audit.c.hash).order_by(schema.audit.c.seq.desc()).limit(1)
    with story.rig.store.database.read() as connection:
        return str(connection.execute(newest).scalar_one())


def _set_aside(story: Story) -> list[str]:
    """Halts that the trader set because a rule of its own was broken."""
    with story.rig.store.database.read() as connection:
        reasons = connection.execute(select(schema.halt.c.why)).scalars()
        return [why for why in reasons if "fault of this program" in why]
