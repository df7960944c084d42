"""`executor notify`: whether notices arrive, tried now and as the trader found it."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

import click

from executor.bootstrap.notify import named, notifier_of
from executor.cli.command import as_json_option, open_room
from executor.cli.noun import Noun
from executor.clock import IST
from executor.config.environment import Settings, open_settings
from executor.errors import NotifyFailed
from executor.notify.follower import HEARTBEAT
from executor.notify.hear import Names
from executor.notify.message import Message, NoticeKind
from executor.store.notices import Notices, Progress


@click.group(cls=Noun)
def notify() -> None:
    """Notices: to the addresses of EXECUTOR_NOTIFY_URLS.

    \b
        executor notify test
        executor notify status
    """


@notify.command("test")
@as_json_option
def send_test(*, as_json: bool) -> None:
    """Send one message to each address, now and from here; exit code 1 unless all took it."""
    settings = open_settings()
    if not settings.notify_urls:
        raise click.UsageError("EXECUTOR_NOTIFY_URLS is not set: nobody is told anything")
    with open_room(settings) as room:
        names = Names({one.name: one for one in room.store.people.accounts()})
        at = room.clock.now()
    title = f"[{names.who(None)}] {NoticeKind.TEST.upper()}: notices arrive here"
    body = f"sent {at.astimezone(IST):%d %b %H:%M:%S}"
    message = Message(f"test-{at:%Y%m%d%H%M%S}", NoticeKind.TEST, title, body, ())
    failures = {label: _try(settings, label, message) for _, label, _ in named(settings)}
    for label, failure in failures.items():
        said = {"address": label, "ok": not failure, "failure": failure}
        click.echo(json.dumps(said) if as_json else f"{label}: {failure or 'taken'}")
    if any(failures.values()):
        sys.exit(1)


@notify.command()
@as_json_option
def status(*, as_json: bool) -> None:
    """Tell of each address what the trader found: when it last took a notice, or since when and why it does not."""
    settings = open_settings()
    with open_room(settings) as room:
        known = Notices(room.store.database).progress()
    wanted = [(key, label) for key, label, _ in named(settings)]
    if settings.heartbeat_url is not None:
        wanted.append((HEARTBEAT, HEARTBEAT))
    if not wanted and not as_json:
        click.echo("EXECUTOR_NOTIFY_URLS is not set: nobody is told anything")
    for key, label in wanted:
        found = known.get(key)
        click.echo(json.dumps(_json(label, found)) if as_json else f"{label}: {_said(found)}")


def _try(settings: Settings, label: str, message: Message) -> str:
    """What went wrong; empty when it was taken."""
    (address,) = [address for _, one, address in named(settings) if one == label]
    try:
        notifier_of(address).tell(message)
    except NotifyFailed as error:
        return str(error)
    return ""


def _json(label: str, found: Progress | None) -> dict[str, Any]:
    """One address as tools rely on it."""
    return {
        "address": label,
        "known": found is not None,
        "audit": found.seq if found else None,
        "told_at": found.told_at or None if found else None,
        "failures": found.failures if found else 0,
        "failing_since": found.failing_since or None if found else None,
        "failure": found.failure or None if found else None,
    }


def _said(found: Progress | None) -> str:
    if found is None:
        return "no trader has run with it yet"
    if found.failures:
        return f"FAILING since {_hour(found.failing_since)}, attempts {found.failures}: {found.failure}"
    return f"last told {_hour(found.told_at)}" if found.told_at else "nothing told yet"


def _hour(stamp: str) -> str:
    return f"{datetime.fromisoformat(stamp).astimezone(IST):%d %b %H:%M:%S}"
