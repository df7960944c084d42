"""The frame of every page: which accounts these are and of what kind, whether their trader lives, what is halted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import render_template

from executor.clock import IST, Clock
from executor.domain.record import Halt, HaltKind
from executor.domain.strategy import Account
from executor.store.notices import Progress
from executor.store.pages import Beat, Pages, Standing
from executor.web.login import csrf_token
from executor.web.pages.words import span

#: A trader beats every second; one that has not for this long is said to be silent.
SILENT = timedelta(seconds=10)
_HALT_WORDS = {HaltKind.HALT: "HALTED", HaltKind.KILL: "KILLED", HaltKind.LOSS: "LOSS LIMIT"}


@dataclass(frozen=True, slots=True)
class AccountBadge:
    account: Account
    trader: str
    tone: str


class Frame:
    def __init__(self, pages: Pages, clock: Clock, troubles: Callable[[datetime], Sequence[str]]) -> None:
        """`troubles` tells what is wrong with the instrument table at a moment."""
        self._pages = pages
        self._clock = clock
        self._troubles = troubles

    def render(self, template: str, **values: Any) -> str:
        """Render a page with how things stand at this moment in its head."""
        now = self._clock.now()
        standing = self._pages.standing()
        return render_template(
            template,
            now=now,
            csrf=csrf_token(),
            badges=[_badge(account, beat, now) for account, beat in standing.accounts],
            kinds={account.name: account.kind for account, _ in standing.accounts},
            halts=_halts(standing),
            warnings=[*_warnings(standing), *_untold(self._pages.notices()), *self._troubles(now)],
            scopes=_scopes([account.name for account, _ in standing.accounts], self._pages.strategy_names()),
            **values,
        )


def _halts(standing: Standing) -> list[tuple[str, Halt, bool]]:
    """Each halt in force: its word, itself, whether a page can end it; those without a row as traders tell them."""
    found = [(halt, standing.may_resume(halt)) for halt in standing.halts]
    for _, beat in standing.accounts:
        found += [(_told(halt), False) for halt in (beat.status.get("halts", ()) if beat else ())]
    return [(_HALT_WORDS[halt.kind], halt, resumable) for halt, resumable in found]


def _warnings(standing: Standing) -> list[str]:
    """What traders say that a person should see to before it hurts."""
    said = [beat.status.get("calendar") for _, beat in standing.accounts if beat]
    return sorted({str(words) for words in said if words})


def _untold(addresses: Sequence[Progress]) -> list[str]:
    """Addresses that take no notices: nobody would hear of anything there."""
    failing = [(one, datetime.fromisoformat(one.failing_since).astimezone(IST)) for one in addresses if one.failures]
    return [
        f"Notices do not reach {one.label} since {since:%d %b %H:%M}: {one.failure}. What waits is told when it takes "
        "them again; `executor notify test` tries it now."
        for one, since in failing
    ]


def _told(halt: Mapping[str, str]) -> Halt:
    since = datetime.fromisoformat(halt["since"])
    return Halt(halt["scope"], HaltKind(halt["kind"]), since, halt["why"], halt["by"])


def _scopes(accounts: Sequence[str], strategies: Sequence[str]) -> list[tuple[str, str]]:
    """What can be stopped: the scope and its words."""
    named = [(f"account:{name}", f"account {name}") for name in accounts]
    return [("ALL", "everything"), *named, *((f"strategy:{name}", f"strategy {name}") for name in strategies)]


def _badge(account: Account, beat: Beat | None, now: datetime) -> AccountBadge:
    if beat is None:
        return AccountBadge(account, "no trader has run yet", "bad")
    if not beat.holder:
        return AccountBadge(account, "no trader runs", "bad")
    silence = now - beat.at
    if silence >= SILENT:
        return AccountBadge(account, f"trader silent for {span(silence)}", "bad")
    if beat.status.get("session") is False:
        return AccountBadge(account, "trader runs, no broker session", "warn")
    return AccountBadge(account, "trader runs", "good")
