"""One address: its own cursor in the audit, its own pauses after failures. Another one that is dead is no matter to it.

A message is told at least once: the cursor moves when all was taken, and what a failure left over is told later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from executor.clock import Clock
from executor.errors import NotifyFailed, NotRecorded
from executor.notify.group import messages_of
from executor.notify.message import Notice, Notifier
from executor.store.notices import Heard, Notices, Progress, failed

log = logging.getLogger(__name__)

#: A burst is waited out this long, counted from its newest entry, but never longer than that from its first.
_QUIET_S, _BURST_S = 2.0, 10.0
#: After a failure: longer each time. The audit keeps what waits, so nothing is lost by it.
_AGAIN_S, _AGAIN_MOST_S = 5.0, 600.0
#: Messages that an address is sent in ten minutes: what comes above that waits, and becomes one then. More when
#: something is urgent.
_WITHIN_S, _MOST, _MOST_URGENT = 600.0, 20, 60
#: Entries that are looked at one by one; older ones are only counted.
_LOOKED_AT = 500

Hear = Callable[[Sequence[Heard]], list[Notice]]


@dataclass
class Channel:
    """`mark` tells the address from others and says nothing about it; `progress` is what is kept of it."""

    mark: str
    notifier: Notifier
    notices: Notices
    clock: Clock
    progress: Progress
    _told: set[int] = field(default_factory=set)
    _waiting: int = 0
    _first_seen: float = 0.0
    _last_seen: float = 0.0
    _not_before: float = 0.0
    _sent: list[float] = field(default_factory=list)

    def round(self, head: int, hear: Hear, states: Sequence[Notice]) -> None:
        """Tell what there is up to the audit's head, when it is time."""
        now = self.clock.monotonic()
        if now < self._not_before:
            return
        heard, older = self._heard(head)
        due = [one for one in states if one.day and self.progress.said.get(one.day[0]) != one.day[1]]
        if not heard and not due:
            self.progress = replace(self.progress, seq=head)  # kept with the next notice: nothing is lost by a restart
            self._waiting = 0
            return
        if self._bursts(len(heard) + older, now) or self._sent_enough(heard, now):
            return
        found = [one for one in hear(heard) if one.seq not in self._told]
        self._tell([*due, *found], older, head)

    def _heard(self, head: int) -> tuple[list[Heard], int]:
        return self.notices.heard(self.progress.seq, head, limit=_LOOKED_AT) if head > self.progress.seq else ([], 0)

    def _bursts(self, waiting: int, now: float) -> bool:
        """Whether more may be coming that belongs to it."""
        if waiting != self._waiting:
            self._first_seen = self._first_seen if self._waiting else now
            self._waiting, self._last_seen = waiting, now
        return waiting > 0 and now - self._last_seen < _QUIET_S and now - self._first_seen < _BURST_S

    def _sent_enough(self, heard: Sequence[Heard], now: float) -> bool:
        """Whether it has to wait, so that nobody is buried under what somebody else can cause."""
        self._sent = [at for at in self._sent if now - at < _WITHIN_S]
        urgent = any(one.alarm or one.kind == "halt" for one in heard)
        return len(self._sent) >= (_MOST_URGENT if urgent else _MOST)

    def _tell(self, notices: Sequence[Notice], older: int, head: int) -> None:
        try:
            for message in messages_of(notices, now=self.clock.now(), unread=older) if notices or older else ():
                self.notifier.tell(message)
                self._sent.append(self.clock.monotonic())
                self._told |= {notice.seq for notice in message.notices}
                said = dict(notice.day for notice in message.notices if notice.day)
                self.progress = replace(self.progress, said={**self.progress.said, **said})
        except NotifyFailed as error:
            self._failed(error)
        else:
            self._done(head, told=bool(notices))
        self._keep()

    def _failed(self, error: NotifyFailed) -> None:
        self.progress = failed(self.progress, str(error), at=self.clock.now())
        pause = min(_AGAIN_S * 2 ** min(self.progress.failures - 1, 10), _AGAIN_MOST_S)
        self._not_before = self.clock.monotonic() + max(pause, min(error.pause_s, _AGAIN_MOST_S))
        log.warning("notice_not_told to=%r failures=%d why=%s", self.progress.label, self.progress.failures, error)

    def _done(self, head: int, *, told: bool) -> None:
        if self.progress.failures:
            log.info("notices_told_again to=%r after=%d failures", self.progress.label, self.progress.failures)
        told_at = self.clock.now().isoformat() if told else self.progress.told_at
        self.progress = replace(self.progress, seq=head, told_at=told_at, failures=0, failing_since="", failure="")
        self._told, self._waiting = set(), 0

    def _keep(self) -> None:
        """What cannot be kept now is kept later: at worst something is told twice after a restart."""
        try:
            self.notices.remember(self.mark, self.progress)
        except NotRecorded as error:
            log.warning("notice_not_kept to=%r why=%s", self.progress.label, error)
