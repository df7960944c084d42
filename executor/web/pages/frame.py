"""The frame of every page: which accounts these are and of what kind, whether their trader lives, what is halted.

A page that looks again by itself asks with the tag of what it has; while nothing changed it is answered 304, before its
view has read anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, g, render_template, request

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
#: Where a person can go: path, words, and the paths that belong to it. What nobody registered is not shown.
_PLACES = (
    ("/", "Log", ("/signals/", "/deliveries/", "/refusals")),
    ("/positions", "Positions", ()),
    ("/orders", "Orders", ()),
    ("/strategies", "Strategies", ("/strategies/", "/alerts/")),
    ("/profit", "Profit", ()),
    ("/account", "Account", ()),
    ("/instruments", "Instruments", ()),
    ("/commands", "Commands", ()),
    ("/status", "Status", ()),
)
#: Pages whose every change stands in the audit. Others change with prices and with what books show, beat by beat.
_AUDITED = frozenset({"pages.audit_log", "pages.commands", "pages.standing"})


@dataclass(frozen=True, slots=True)
class AccountBadge:
    """`halted` are the words of what stops the whole account."""

    account: Account
    trader: str
    tone: str
    halted: tuple[str, ...] = ()


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
        names = [account.name for account, _ in standing.accounts]
        strategies = self._pages.strategy_names()
        return render_template(
            template,
            now=now,
            csrf=csrf_token(),
            here=request.full_path.rstrip("?"),
            navigation=_navigation(),
            kinds={account.name: account.kind for account, _ in standing.accounts},
            strategy_names=strategies,
            scopes=_scopes(names, strategies),
            **self._head(standing, now),
            **values,
        )

    def tag(self) -> str:
        """What names the present state of the page that is asked for, for this session."""
        now = self._clock.now()
        seq, beat_at = self._pages.pulse()
        beat = None if request.endpoint in _AUDITED else beat_at
        seen = (request.full_path, csrf_token(), seq, beat, self._head(self._pages.standing(), now))
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]

    def _head(self, standing: Standing, now: datetime) -> dict[str, Any]:
        halts = _halts(standing)
        return {
            "badges": [_badge(account, beat, now, halts) for account, beat in standing.accounts],
            "halts": halts,
            "warnings": [*_warnings(standing), *_untold(self._pages.notices()), *self._troubles(now)],
        }


def add_freshness(blueprint: Blueprint, frame: Frame) -> None:
    """Answer a page that looks again with 304 while nothing changed, and give what it gets a tag."""

    @blueprint.before_request
    def unchanged() -> Response | None:
        if request.method != "GET" or "HX-Request" not in request.headers:
            return None
        g.tag = frame.tag()
        return Response(status=HTTPStatus.NOT_MODIFIED) if request.if_none_match.contains_weak(g.tag) else None

    @blueprint.after_request
    def tagged(answer: Response) -> Response:
        if "tag" in g and answer.status_code in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
            answer.set_etag(g.tag, weak=True)
        return answer

    @blueprint.get("/standing")
    def standing() -> str:
        """How things stand alone: what pages ask for that do not look again as a whole."""
        return frame.render("base.html")


def _navigation() -> list[tuple[str, str, bool]]:
    """The registered pages: path, words, whether this page is one of them."""
    known = {rule.rule for rule in current_app.url_map.iter_rules()}
    return [
        (path, words, request.path == path or request.path.startswith(others))
        for path, words, others in _PLACES
        if path in known
    ]


def _halts(standing: Standing) -> list[tuple[str, Halt, bool]]:
    """Each halt in force, the hardest first: its word, itself, whether a page can end it. Those without a row are told
    by traders.
    """
    found = [(halt, standing.may_resume(halt)) for halt in standing.halts]
    for _, beat in standing.accounts:
        found += [(_told(halt), False) for halt in (beat.status.get("halts", ()) if beat else ())]
    found = list(dict.fromkeys(found))  # the traders of one state dir say the same of its file KILL
    found.sort(key=lambda one: one[0].kind is not HaltKind.KILL)
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


def _badge(account: Account, beat: Beat | None, now: datetime, halts: Sequence[tuple[str, Halt, bool]]) -> AccountBadge:
    trader, tone = _trader(beat, now)
    own = {word for word, halt, _ in halts if halt.scope in {"ALL", f"account:{account.name}"}}
    return AccountBadge(account, trader, tone, tuple(sorted(own, reverse=True)))


def _trader(beat: Beat | None, now: datetime) -> tuple[str, str]:
    """What is said of an account's trader, and its tone."""
    if beat is None:
        return "no trader has run yet", "bad"
    if not beat.holder:
        return "no trader runs", "bad"
    if beat.age(now) >= SILENT:
        away = span(beat.age(now))
        return f"trader's beat lies {away} ahead" if beat.at > now else f"trader silent for {away}", "bad"
    if beat.status.get("session") is False:
        return "trader runs, no broker session", "warn"
    return "trader runs", "good"
