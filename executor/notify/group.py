"""From notices to messages: a burst becomes one, and what waited through an outage a summary instead of a flood."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from executor.clock import IST
from executor.notify.message import Message, Notice

#: More of a kind than this, for one account, become one message; more messages than that become one summary.
_EACH_MOST = 3
_MESSAGES_MOST = 8
#: What is older than this waited for its address: more than a few such are summed up.
_LATE = timedelta(minutes=10)
_LATE_MOST = 3
#: Lines that a message of many quotes.
_QUOTED = 10


def messages_of(notices: Sequence[Notice], *, now: datetime, unread: int = 0) -> list[Message]:
    """The messages that tell these, oldest first; `unread` are older ones that were too many to be looked at."""
    groups: dict[tuple[str, str], list[Notice]] = defaultdict(list)
    for notice in notices:
        groups[notice.kind, notice.who].append(notice)
    found = [message for group in groups.values() for message in _told(group)]
    late = [notice for notice in notices if notice.seq and now - notice.at > _LATE]
    if unread or len(found) > _MESSAGES_MOST or len(late) > _LATE_MOST:
        apart = [notice for notice in notices if notice.day is not None]
        rest = [notice for notice in notices if notice.day is None]
        if not rest and not unread:
            return [*map(_single, apart)]
        return [_summary(rest, unread) if rest else _uncounted(unread), *map(_single, apart)]
    return sorted(found, key=lambda message: message.notices[0].at)


def _told(group: list[Notice]) -> list[Message]:
    return [_many(group)] if len(group) > _EACH_MOST else [_single(notice) for notice in group]


def _single(notice: Notice) -> Message:
    title = f"[{notice.who}] {notice.kind.upper()}: {notice.text}"
    return Message(_id([notice]), notice.kind, title, notice.more, (notice,))


def _many(group: Sequence[Notice]) -> Message:
    """Notices of one kind and account: how often each text came, the most frequent first."""
    first = group[0]
    texts = Counter(notice.text for notice in group)
    lines = [f"{count} × {text}" for text, count in texts.most_common(_QUOTED)]
    if len(texts) > _QUOTED:
        lines.append(f"and {len(texts) - _QUOTED} other texts")
    title = f"[{first.who}] {len(group)} {first.kind.upper()}, {_span(group)}"
    return Message(_id(group), first.kind, title, "\n".join(lines), tuple(group))


def _summary(notices: Sequence[Notice], unread: int) -> Message:
    """How many of each kind and account, then what was urgent, the newest last."""
    counts = Counter((notice.who, notice.kind) for notice in notices)
    lines = [f"[{who}] {count} {kind}" for (who, kind), count in counts.items()]
    if unread:
        lines.append(f"and {unread} before them: see the log")
    urgent = [notice for notice in notices if notice.is_urgent]
    if urgent:
        lines += ["", f"urgent, the last {min(len(urgent), _QUOTED)} of {len(urgent)}:"]
        lines += [f"{_hour(one.at)} [{one.who}] {one.kind.upper()}: {one.text}" for one in urgent[-_QUOTED:]]
    who = ", ".join(dict.fromkeys(notice.who for notice in notices))
    title = f"[{who}] {len(notices) + unread} notices that could not be told one by one, {_span(notices)}"
    return Message(_id(notices), "summary", title, "\n".join(lines), tuple(notices))


def _uncounted(unread: int) -> Message:
    """Of what nobody looked at only how many they were can be told."""
    title = f"{unread} entries were too many to be told: see the log"
    return Message(f"unread-{unread}", "summary", title, "", ())


def _span(notices: Sequence[Notice]) -> str:
    first, last = min(one.at for one in notices), max(one.at for one in notices)
    return f"{_hour(first)} to {_hour(last)}"


def _hour(at: datetime) -> str:
    return f"{at.astimezone(IST):%d %b %H:%M:%S}"


def _id(notices: Sequence[Notice]) -> str:
    first, last = notices[0], notices[-1]
    day = "-".join(first.day) if first.day else ""
    return f"{first.seq}-{last.seq}{'-' + day if day else ''}-{first.kind.replace(' ', '_')}"
