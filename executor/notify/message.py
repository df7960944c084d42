"""What is told: a notice is one thing that is so, a message is what one address is sent, made of one notice or more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class NoticeKind(StrEnum):
    """Every kind there is, in the words in which it is shown."""

    READY = "ready"
    NOT_READY = "not ready"
    FILLED = "filled"
    NOT_FILLED = "not filled"
    REFUSED = "refused"
    REJECTED = "rejected"
    UNPROTECTED = "unprotected"
    HALTED = "halted"
    KILLED = "killed"
    LOSS_LIMIT = "loss limit"
    RESUMED = "resumed"
    MISSED = "missed signal"
    LOGIN = "login refused"
    ALARM = "alarm"
    REPORT = "day report"
    TEST = "test"


#: What a person may have to act on at once.
URGENT = frozenset(
    {
        NoticeKind.NOT_READY,
        NoticeKind.REJECTED,
        NoticeKind.UNPROTECTED,
        NoticeKind.HALTED,
        NoticeKind.KILLED,
        NoticeKind.LOSS_LIMIT,
        NoticeKind.MISSED,
        NoticeKind.LOGIN,
        NoticeKind.ALARM,
    }
)


@dataclass(frozen=True, slots=True)
class Notice:
    """`who`: kind and name of the account, such as LIVE default. `text` is one line; `more` may follow it. `seq` is its
    entry of the audit, 0 where there is none; `day`: what of a day it tells, told once.
    """

    kind: NoticeKind
    who: str
    text: str
    at: datetime
    seq: int = 0
    more: str = ""
    day: tuple[str, str] | None = None

    @property
    def is_urgent(self) -> bool:
        return self.kind in URGENT


@dataclass(frozen=True, slots=True)
class Message:
    """`title` is one line that says who and what; `id` is the same when it is sent again."""

    id: str
    kind: str
    title: str
    body: str
    notices: tuple[Notice, ...]

    @property
    def is_urgent(self) -> bool:
        return any(notice.is_urgent for notice in self.notices)


class Notifier(Protocol):
    """One address."""

    def tell(self, message: Message) -> None:
        """Have it delivered. Raises NotifyFailed."""
