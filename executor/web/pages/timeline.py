"""A signal's life as a list of events in time, each with the raw evidence behind it and its entry in the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from executor.domain.bracket import Role
from executor.domain.intent import Intent, IntentState
from executor.domain.order import Order, Source
from executor.domain.record import CallRow
from executor.store.story import AuditNote, Story
from executor.web.pages.words import request_terms, span, tone

#: Kinds of audit notes that a reader should stop at.
_ALARMS = frozenset(
    {"refused", "unknown", "not_placed", "no_effect", "unprotected", "forced_exit", "target_dropped", "reversed"}
    | {"missing", "changed", "gap", "rests", "not_flat", "settled", "outside", "missed", "taken_away", "stop_respected"}
    | {"underlying_unknown"}
)
_ANSWERS = frozenset({"accepted", "refused", "unknown"})
_WARNING = frozenset({"recovered", "lapsed", "square_off", "night", "expired"})
_TITLES = {
    "accepted": "The broker took it",
    "refused": "The broker refused it",
    "unknown": "No clear answer",
    "order": "The broker reports",
    "fill": "Filled",
    "outcome": "The signal ended",
    "bracket": "The position",
    "plan": "Planned",
    "stop_moved": "The stop moves",
    "freeze": "The exchange takes another quantity in one order",
    "target": "A target trades",
    "square_off": "Squared off",
    "night": "The night",
    "gap": "It opened beyond its stop",
    "outside": "Closed by somebody else",
    "missed": "An alert is missing",
    "missing": "The account does not show it",
    "changed": "It is priced like another thing",
    "rests": "Nobody takes the exit",
    "underlying_stop": "The underlying reached its stop",
    "underlying_unknown": "The underlying has no price",
}


_SOURCES = {
    Source.BOOK: "the order book's row",
    Source.FEED: "the order feed's frame",
    Source.TRADES: "the trade book's row",
    Source.POSTBACK: "the postback",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something as it was received or sent, secrets masked; of a call its request and its answer."""

    label: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """`tone` is a colour class, `seq` the entry in the audit that recorded it."""

    at: datetime
    title: str
    text: str
    tone: str = ""
    seq: int | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Latency:
    label: str
    length: timedelta


def timeline(story: Story) -> list[Event]:
    """Everything after the delivery, in the order in which it happened.

    Of one moment: what was learnt, then what left because of it, then the answer to that.
    """
    roles = _roles(story)
    sent = {(str(intent.order), intent.sending_at) for intent in story.intents}
    ranked = [(1, event) for event in _sends(story, roles)]
    for note, event in _notes(story, roles):
        answers = note.kind in _ANSWERS and (note.subject, note.at) in sent
        ranked.append((2 if answers else 0, event))
    ranked.sort(key=lambda each: (each[1].at, each[0]))
    return [event for _, event in ranked if event.at >= story.signal.received_at]


def latencies(story: Story) -> list[Latency]:
    """Fired → received → sent → taken → filled, as far as it went; of the signal's own first order."""
    signal = story.signal
    found = [Latency("fired → received", signal.received_at - signal.fired_at)]
    first = next((intent for intent in own_intents(story) if intent.sending_at), None)
    if first is None or first.sending_at is None:
        return found
    found.append(Latency("received → sent", first.sending_at - signal.received_at))
    call = next((row for row in story.calls if row.intent == first.id), None)
    if call is not None and first.state is IntentState.ACCEPTED:
        found.append(Latency("sent → taken", timedelta(milliseconds=call.call.ms)))
    filled = next((note for note in story.notes if note.kind == "fill" and note.subject == first.order), None)
    if filled is not None:
        found.append(Latency("sent → fill seen", filled.at - first.sending_at))
    return found


def own_intents(story: Story) -> list[Intent]:
    """The intents of the legs that this signal asked for; of a full exit, those that moved what already rested."""
    signal = story.signal
    own = {leg.id for leg in story.legs if leg.cause == signal.id and leg.role in {Role.ENTRY, Role.EXIT}}
    orders = {order.id for order in story.orders if order.leg in own}
    after = [intent for intent in story.intents if intent.created_at >= signal.received_at]
    return [intent for intent in after if intent.order in orders] or after


def _sends(story: Story, roles: dict[str, str]) -> Iterator[Event]:
    calls: dict[str, list[CallRow]] = defaultdict(list)
    for call in story.calls:
        if call.intent is not None:
            calls[call.intent].append(call)
    for intent in story.intents:
        evidence = tuple(_evidence(row) for row in calls[intent.id])
        if intent.sending_at is None:
            ended = intent.outcome or "waits for its turn"
            yield Event(intent.created_at, f"{roles[intent.order]}: {intent.kind} not sent", ended, "warn")
            continue
        text = request_terms(intent.request)
        yield Event(intent.sending_at, f"{roles[intent.order]}: {intent.kind} sent", text, "busy", evidence=evidence)


def _evidence(row: CallRow) -> Evidence:
    call = row.call
    status = "no answer" if call.status is None else f"answered {call.status}"
    label = f"{call.route}, {status} after {span(timedelta(milliseconds=call.ms))}"
    return Evidence(label, (call.request, call.answer))


def _notes(story: Story, roles: dict[str, str]) -> Iterator[tuple[AuditNote, Event]]:
    """The audit's own sentences, with the reports and fills that were recorded at the same moment."""
    raws: dict[tuple[str, datetime], list[Evidence]] = defaultdict(list)
    for report in story.reports:
        raws[str(report.order), report.at].append(Evidence(_SOURCES[Source(report.source)], (report.raw,)))
    symbols: dict[str | None, str] = {order.id: order.symbol for order in story.orders}
    fills: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
    for fill in story.fills:
        said = f"{fill.quantity} {symbols[fill.order]} at {fill.price}"  # the sentence of desk/absorb
        fills[str(fill.order), said].append(Evidence(f"trade {fill.fill_id}", (fill.raw,)))
    for note in story.notes:
        if note.kind == "delivery":
            continue
        kept = raws.pop((note.subject, note.at), []) if note.kind == "order" else []
        kept += fills.pop((note.subject, note.say), []) if note.kind == "fill" else []
        yield note, Event(note.at, _title(note, roles), note.say, _tone(note), note.seq, tuple(kept))


def _title(note: AuditNote, roles: dict[str, str]) -> str:
    title = _TITLES.get(note.kind, note.kind.replace("_", " ").capitalize())
    role = roles.get(note.subject)
    return f"{role}: {title[0].lower()}{title[1:]}" if role else title


def _tone(note: AuditNote) -> str:
    if note.kind in _ALARMS:
        return "bad"
    if note.kind in _WARNING:
        return "warn"
    if note.kind == "outcome":
        return tone(note.say.partition(":")[0])
    return "good" if note.kind == "fill" else ""


def _roles(story: Story) -> dict[str, str]:
    """Order → what it is for, said as a word; the attempt too when it is not the first."""
    roles = {leg.id: leg.role.capitalize() for leg in story.legs}

    def named(order: Order) -> str:
        role = roles[order.leg] if order.leg else "Foreign"
        return f"{role} (attempt {order.attempt})" if order.attempt > 1 else role

    return {order.id: named(order) for order in story.orders}
