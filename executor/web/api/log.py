"""A line of the log and a signal's story as the API gives them: the words and names of `executor audit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from executor.domain.bracket import Role
from executor.domain.delivery import Verdict
from executor.domain.order import OrderState
from executor.domain.refusal import Refusal
from executor.domain.signal import Outcome, SignalState
from executor.store.log import LogLine
from executor.store.log_search import Filters
from executor.store.pages import Pages
from executor.store.story import Story
from executor.web.api import fields
from executor.web.api.fields import Answer, Asked
from executor.web.pages.line_file import line_json
from executor.web.pages.signal import layers_of
from executor.web.pages.timeline import latencies, timeline


class LineOrder(Answer):
    """An order of a leg that a signal caused."""

    orderid = fields.text("the broker's number of it", allow_none=True)
    tag = fields.text("our tag on it", allow_none=True)
    leg = fields.word(Role, "what it is for")
    status = fields.word(OrderState, "where it stands")
    quantity = fields.count("units that it is for")
    filled = fields.count("units filled")
    average = fields.money("rupees a unit, of what was filled", allow_none=True)
    text = fields.text("the broker's own words, unchanged")


class Line(Answer):
    """One delivery, and what came of it."""

    signal = fields.text("the signal that it became; null where it became none", allow_none=True)
    delivery = fields.text("its id; newer ones are greater")
    strategy = fields.text("whose address it came to", allow_none=True)
    account = fields.text("whose money its signal trades", allow_none=True)
    received_at = fields.moment("when it arrived")
    fired_at = fields.moment("when TradingView fired it", allow_none=True)
    action = fields.text("what it asked for", allow_none=True)
    ticker = fields.text("for what, as the chart names it", allow_none=True)
    instrument = fields.text("the contract that is traded for it", allow_none=True)
    state = fields.text(f"of a signal one of {', '.join(SignalState)}; else the verdict, one of {', '.join(Verdict)}")
    outcome = fields.word(Outcome, "how its signal ended", allow_none=True)
    reason = fields.text("why, as a sentence", allow_none=True)
    orders = fields.many(LineOrder, "the orders of the legs that it caused, the oldest first")


class Lines(Answer):
    items = fields.many(Line, "the newest first")
    next = fields.text("`before` of the next page; null where there is none", allow_none=True)


class Layer(Answer):
    layer = fields.text("what judged it")
    verdict = fields.text("passed or failed")
    found = fields.text("what it found")


class Evidence(Answer):
    label = fields.text("what it is")
    texts = fields.texts("as it was sent and received, secrets masked")


class Event(Answer):
    at = fields.moment("when")
    title = fields.text("what happened")
    text = fields.text("the audit's words on it")
    audit = fields.count("its entry in the audit", allow_none=True)
    evidence = fields.many(Evidence, "the raw frames, rows, requests and answers behind it")


class Told(Line):
    """All that is known of a delivery and its signal."""

    remedy = fields.text("what would have to be different, of one that was refused", allow_none=True)
    body = fields.text("what arrived, secrets masked")
    source = fields.text("the address that it came from")
    layers = fields.many(Layer, "how it was judged, layer by layer")
    plan = fields.text("the plan with its arithmetic, in words", allow_none=True)
    latencies_ms = fields.anything("milliseconds of each step")
    repeated_by = fields.texts("ids of later deliveries with the same key")
    events = fields.many(Event, "its life, in order")


class LogQuery(Asked):
    strategy = fields.asked("only this strategy's", load_default="")
    account = fields.asked("only this account's", load_default="")
    ticker = fields.asked("only this ticker's, with or without its exchange", load_default="")
    outcome = fields.asked("only those with this outcome, state, verdict or refusal code", load_default="")
    day = fields.asked_day("only those of this day, in India", load_default=None)
    text = fields.asked(
        "only those with all these words, or words that begin so; an id, an order's number or tag finds its line too",
        load_default="",
    )
    before = fields.asked("only those older than this delivery", load_default=None)
    limit = fields.asked_limit()


def page_of(pages: Pages, query: Mapping[str, Any], *, signals: bool = False) -> dict[str, Any]:
    """A page of the log by key; `signals`: without deliveries that became none."""
    asked_for = {name: query[name] for name in Filters.__dataclass_fields__ if name in query}
    limit: int = query["limit"]
    filters = Filters(**asked_for, signals=signals)
    found = pages.deliveries(filters, before=query["before"] or None, limit=limit + 1)
    lines = found[:limit]
    older = lines[-1].delivery.id if len(found) > limit else None
    return {"items": [line_of(line) for line in lines], "next": older}


def line_of(line: LogLine) -> dict[str, Any]:
    """As the log's file has it, with the broker's words."""
    told = line_json(line)
    texts = [order.text for _, order in line.orders]
    return {**told, "orders": [{**one, "text": text} for one, text in zip(told["orders"], texts, strict=True)]}


def told_of(line: LogLine, story: Story | None) -> dict[str, Any]:
    """The line, what arrived and how it was judged, and every event."""
    code = line.signal.code if line.signal else line.delivery.code
    return {
        **line_of(line),
        "remedy": Refusal(code).remedy if code else None,
        "body": line.delivery.body,
        "source": line.delivery.source,
        "layers": [
            {"layer": name, "verdict": verdict, "found": found} for name, verdict, found in layers_of(line.delivery)
        ],
        "plan": line.signal.plan if line.signal else None,
        "latencies_ms": _latencies(story),
        "repeated_by": [one.id for one in story.repeats] if story else [],
        "events": _events(story),
    }


def _latencies(story: Story | None) -> dict[str, int]:
    return {one.label: round(one.length.total_seconds() * 1000) for one in (latencies(story) if story else [])}


def _events(story: Story | None) -> Sequence[Mapping[str, Any]]:
    return [
        {"at": one.at, "title": one.title, "text": one.text, "audit": one.seq, "evidence": one.evidence}
        for one in (timeline(story) if story else [])
    ]
