"""The notifier's thread: a look each second at what the audit says, for every address, and the heartbeat.

It only reads, on connections of its own. Whatever fails here is logged, kept for the pages, and tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Event as Flag
from threading import Thread

from executor.clock import Clock
from executor.errors import NotifyFailed, NotRecorded, StoreError
from executor.notify.channel import Channel
from executor.notify.hear import Hearing, Names
from executor.notify.message import Notice
from executor.notify.states import States
from executor.store.notices import Heard, Notices, Progress, Turn, failed
from executor.store.pages import Pages

log = logging.getLogger(__name__)

_LOOK_S = 1.0
#: How often it is looked whether accounts are ready, and how often that is called out.
_STATES_S, _BEAT_S = 5.0, 60.0
#: After a fault of this program's own.
_AGAIN_S = 30.0

#: The heartbeat's place among the addresses.
HEARTBEAT = "heartbeat"


@dataclass
class Heartbeat:
    """Calls an address every minute while ready; its silence is what somebody else watches."""

    call: Callable[[], None]
    notices: Notices
    clock: Clock
    progress: Progress = field(default_factory=lambda: Progress(HEARTBEAT, 0))
    _due: float = 0.0

    def tend(self, *, is_ready: bool) -> None:
        if not is_ready or self.clock.monotonic() < self._due:
            return
        self._due = self.clock.monotonic() + _BEAT_S
        before, at = self.progress, self.clock.now()
        try:
            self.call()
            self.progress = Progress(HEARTBEAT, 0, told_at=at.isoformat())
        except NotifyFailed as error:
            log.warning("heartbeat_failed why=%s", error)
            self.progress = failed(self.progress, str(error), at=at)
        if bool(before.failures) != bool(self.progress.failures) or not before.told_at:
            self.notices.remember(HEARTBEAT, self.progress)


@dataclass
class Follower:
    """Everything that tells; one of them a database (`turn`)."""

    channels: Sequence[Channel]
    heartbeat: Heartbeat | None
    notices: Notices
    pages: Pages
    states: States
    turn: Turn
    clock: Clock
    link: str
    _standing: list[Notice] = field(default_factory=list)
    _look_at: float = 0.0
    _ours: bool = False

    def run(self, stop: Flag) -> None:
        """Work until `stop`; after a fault of our own, which ends a thread and no more, it begins anew."""
        while not stop.is_set():
            rounds = Thread(target=self._rounds, args=[stop], name="notices", daemon=True)
            rounds.start()
            rounds.join()
            if not stop.is_set():
                log.critical("notices_failed again_in=%.0fs", _AGAIN_S)
                stop.wait(_AGAIN_S)
        self.turn.close()

    def round(self) -> None:
        """One look. Raises StoreError when the database does not answer."""
        if not self.turn.is_ours():
            self._ours = False
            return
        if not self._ours:  # another process told until now
            self._begin()
        if self.clock.monotonic() >= self._look_at:
            self._look_at = self.clock.monotonic() + _STATES_S
            self._standing = self.states.look(self._names())
        head = self.pages.head().seq
        for channel in self.channels:
            channel.round(head, self._hear, self._standing)
        if self.heartbeat is not None:
            self.heartbeat.tend(is_ready=self.states.is_ready)

    def _hear(self, heard: Sequence[Heard]) -> list[Notice]:
        return Hearing(self.pages, self._names(), self.link).notices(heard)

    def _names(self) -> Names:
        return Names({one.name: one for one, _ in self.pages.standing().accounts})

    def _begin(self) -> None:
        """Go on where each address was left; a new one begins with what happens from now on."""
        known, head = self.notices.progress(), self.pages.head().seq
        for channel in self.channels:
            kept = known.get(channel.mark, Progress(channel.progress.label, head))
            channel.progress = replace(kept, label=channel.progress.label)
        self._ours = True
        self._keep()

    def _keep(self) -> None:
        """What cannot be kept now, on a full disk, is kept with what is told."""
        beats = [HEARTBEAT] if self.heartbeat is not None else []
        try:
            for channel in self.channels:
                self.notices.remember(channel.mark, channel.progress)
            self.notices.forget(but=[*(channel.mark for channel in self.channels), *beats])
        except NotRecorded as error:
            log.warning("cursors_not_kept why=%s", error)

    def _rounds(self, stop: Flag) -> None:
        while not stop.wait(_LOOK_S):
            try:
                self.round()
            except StoreError as error:
                log.warning("notices_wait why=%s", error)
