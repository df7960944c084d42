"""What is wrong with this installation, and what to do about it: one list for `executor doctor` and the status page.

Everything is told from rows, so that whoever asks needs no broker and no trader; read only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from executor.clock import IST
from executor.domain.calendar import Calendar
from executor.instruments.freshness import troubles
from executor.store.health import AccountHealth, Health
from executor.store.store import Store

#: What waits for longer than this waits for something that does not come.
_WAITS = timedelta(seconds=10)
#: An answer that was lost is settled by books within 13 s (DESIGN: NOT_PLACED).
_UNSETTLED = timedelta(seconds=30)
#: A TOTP code is good for 30 s; further off logins fail, and fire times are misjudged.
_CLOCK_S = 5
#: Twice what the log of a busy day and a backup beside it take.
_LOW_DISK = 1_000_000_000
#: Between the desk's own reads of the order book there are 30 s at most.
_BOOK = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `said` names what is wrong and the remedy where it is not ok."""

    name: str
    ok: bool
    said: str


def findings(store: Store, calendar: Calendar, *, now: datetime, expected: Collection[str]) -> list[Finding]:
    """Look at everything but the settings and whether the database answers. Raises StoreError."""
    accounts = [
        one for one in Health(store.database).accounts(now) if one.account.name in expected or one.is_alive(now)
    ]
    found = [_instruments(store, calendar, now), _calendar(calendar, now), *_notices(store)]
    for account in accounts:
        found += [_trader(account, now), *_details(account, now)]
    return [*found, *_host([one for one in accounts if one.is_alive(now)])]


def _instruments(store: Store, calendar: Calendar, now: datetime) -> Finding:
    current, newest = store.loads.current_load(), next(iter(store.loads.history(1)), None)
    wrong = troubles(current, newest, calendar, now)
    rows = current.checks.get("rows", 0) if current else 0
    return Finding("instruments", not wrong, " ".join(wrong) or f"{rows:,} of this trading day")


def _calendar(calendar: Calendar, now: datetime) -> Finding:
    ends = calendar.ends_soon(now)
    return Finding("calendar", not ends, ends or f"known until {calendar.valid_until:%d %b %Y}")


def _notices(store: Store) -> Iterator[Finding]:
    for one in store.pages.notices():
        if one.failures:
            since = datetime.fromisoformat(one.failing_since).astimezone(IST)
            said = (
                f"{one.label} takes none since {since:%d %b %H:%M} IST: {one.failure}. `executor notify test` tries it."
            )
            yield Finding("notices", False, said)


def _trader(one: AccountHealth, now: datetime) -> Finding:
    """Whether the account is traded; each cause hides those behind it."""
    name, beat = f"account {one.account.name}", one.beat
    if beat is not None and beat.at > now and not one.is_alive(now):
        ahead = "Which clock is wrong, this machine's or the trader's, `timedatectl` shows; whether one runs, its log."
        return Finding(name, False, f"The trader's last beat lies in the future, at {_time(beat.at)}. {ahead}")
    if beat is None or not one.is_alive(now):
        since = "has run yet" if beat is None else f"has beaten since {_time(beat.at)}"
        return Finding(name, False, f"No trader {since}: `executor run` starts it, and its log says why it ended.")
    status = beat.status
    if not status.get("session"):
        if not status.get("session_wanted", True):
            return Finding(name, True, "no session now: they are opened on trading days, 08:30 to 23:45")
        said = f" The last words of a login, at {_time(one.login.at)}: {one.login.say}." if one.login else ""
        return Finding(
            name, False, f"No session with the broker.{said} `executor login` and the page Account take a code."
        )
    if not status.get("reconciled"):
        said = "The broker's books are not read yet: entries wait. It goes on by itself as soon as they are answered."
        return Finding(name, False, said)
    until = f" until {_time(one.ends_at)}" if one.ends_at else ""
    return Finding(name, True, f"traded, its session is open{until}")


def _details(one: AccountHealth, now: datetime) -> Iterator[Finding]:
    """What else may be wrong with an account; only what is."""
    name, backlog = f"account {one.account.name}", one.backlog
    if backlog.oldest_signal is not None and now - backlog.oldest_signal > _WAITS:
        said = f"{backlog.signals} signals wait, the oldest since {_time(backlog.oldest_signal)}. A trader has to run."
        yield Finding(name, False, said)
    if backlog.oldest_intent is not None and now - backlog.oldest_intent > _UNSETTLED:
        said = f"What became of {backlog.intents} sends is not known, the oldest of {_time(backlog.oldest_intent)}."
        yield Finding(name, False, f"{said} It is settled by the order book: look at the session, and at `/orders`.")
    status: Any = one.beat.status if one.beat is not None and one.is_alive(now) else {}
    if status.get("session") and status.get("reconciled"):
        yield from _read(name, status, now)
    for since in status.get("unprotected", {}).values():
        length = (now - datetime.fromisoformat(since)).total_seconds()
        yield Finding(name, False, f"A position has had no working stop for {length:.0f} s: look at `/positions`.")


def _read(name: str, status: Any, now: datetime) -> Iterator[Finding]:
    book = status.get("book_at")
    if "book_at" in status and (book is None or now - datetime.fromisoformat(book) > _BOOK):
        said = f"The order book was not read well for a minute ({status.get('failed_reads', 0)} reads failed in a row)."
        yield Finding(name, False, f"{said} Entries wait until the broker answers; stops rest there meanwhile.")
    for feed, words in status.get("feeds", {}).items():
        if not words["up"]:
            said = (
                "order books are read every second instead" if feed == "orders" else "prices are asked for one by one"
            )
            yield Finding(name, False, f"The feed of {feed} is down, {said}. It is connected again by itself.")
        elif words.get("doubted"):
            said = "did not tell what the order book shows, which is read every second instead"
            yield Finding(name, False, f"The feed of {feed} {said}.")


def _host(accounts: Sequence[AccountHealth]) -> Iterator[Finding]:
    """The machines on which traders run."""
    told = [one.beat.status for one in accounts if one.beat is not None]
    for ahead in {status["clock_ahead"] for status in told if status.get("clock_ahead") is not None}:
        yield _clock(ahead)
    for disk in {str(status["disk"]): status["disk"] for status in told if status.get("disk")}.values():
        yield _disk(disk)


def _clock(ahead: int) -> Finding:
    if abs(ahead) < _CLOCK_S:
        return Finding("clock", True, "agrees with the broker's")
    off = f"{abs(ahead)} s {'behind' if ahead > 0 else 'ahead of'} the broker's"
    return Finding("clock", False, f"This machine's clock is {off}: set it by NTP (`timedatectl`), else logins fail.")


def _disk(disk: Any) -> Finding:
    free = f"{disk['free'] / 1e9:,.1f} GB free"
    if disk["reserve"] is False:
        said = f"The disk is full ({free}): only exits and stops are written. Make space; it goes on by itself."
        return Finding("disk", False, said)
    if disk["free"] < _LOW_DISK:
        said = f"Only {free} where the state dir lies: make space before it is full, then entries are refused."
        return Finding("disk", False, said)
    return Finding("disk", True, free)


def _time(at: datetime) -> str:
    return f"{at.astimezone(IST):%d %b %H:%M:%S} IST"
