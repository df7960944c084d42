"""`executor doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from ipaddress import ip_address

import click
import httpx

from executor import bootstrap
from executor.cli.egress import egress
from executor.clock import IST
from executor.config.calendar import load_calendar
from executor.config.environment import Settings, open_settings
from executor.errors import ConfigError, ExecutorError
from executor.findings import Finding, findings
from executor.store.store import Store

_IPV4 = "0.0.0.0"  # noqa: S104 - not a server: leave as orders do
_PATIENCE_S = 5.0
#: How a person ends a halt, by the kind of its scope.
_RESUMES = {
    "ALL": "executor resume",
    "account": "executor resume --account {}",
    "strategy": "executor resume --strategy {}",
}


@click.command()
@click.option("--seen-by", "url", metavar="URL", help="Ask this https:// host, which answers with the address it sees.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(*, url: str | None, as_json: bool) -> None:
    """Say what is wrong, and the remedy; 1 when anything is.

    It looks at settings, database, instrument table, calendar, notices, each account's trader, session, books and
    feeds, and the clock and disk of their machines: what the status page shows. What is halted is told too, and is no
    fault. Of each login it compares the address that orders leave from with SMARTAPI_PUBLIC_IP, as far as it can be
    seen from inside; with --seen-by it is asked outside, at a host of your choice, by IPv4.

    \b
        executor doctor
        executor doctor --seen-by https://ip.example.com
    """
    if url is not None and not url.startswith("https://"):
        raise click.UsageError("--seen-by: give an https:// address that answers with nothing but the caller's address")
    found = list(dict.fromkeys(_look(url)))  # accounts of one machine say the same of it
    good = all(finding.ok for finding in found)
    if as_json:
        click.echo(json.dumps({"ok": good, "findings": [asdict(finding) for finding in found]}))
    else:
        for finding in found:
            click.echo(_line(finding, max(len(one.name) for one in found)))
    sys.exit(0 if good else 1)


def _line(finding: Finding, longest: int) -> str:
    """A finding as it fits a terminal, its sentence in a column of its own."""
    head = f"{'ok   ' if finding.ok else 'WRONG'} {finding.name:{longest}}  "
    width = max(shutil.get_terminal_size().columns, len(head) + 20)
    return textwrap.fill(
        finding.said,
        width,
        break_long_words=False,
        break_on_hyphens=False,
        initial_indent=head,
        subsequent_indent=" " * len(head),
    )


def _look(url: str | None) -> Iterator[Finding]:
    try:
        settings = open_settings()
        bootstrap.clock_of(settings)
        load_calendar(settings.calendar_file)
    except ConfigError as error:
        yield Finding("settings", ok=False, said=str(error))
        return
    try:
        store = bootstrap.open_store(settings)
    except (ExecutorError, OSError) as error:
        yield Finding("database", ok=False, said=str(error))
        return
    yield Finding("database", ok=True, said="answers, with the schema and the key of this program")
    try:
        yield from _look_at(settings, store)
        yield from egress(settings, store, seen=None if url is None else lambda: _seen_by(url))
    finally:
        store.database.close()


def _look_at(settings: Settings, store: Store) -> list[Finding]:
    now, calendar = bootstrap.clock_of(settings).now(), load_calendar(settings.calendar_file)
    found = findings(store, calendar, now=now, expected=bootstrap.expected_accounts(settings, store))
    return [*found, *_halts(store)]


def _halts(store: Store) -> Iterator[Finding]:
    """What a person or a rail stopped: nothing is wrong with that, but it is why nothing enters."""
    standing = store.pages.standing()
    for halt in standing.halts:
        kind, _, name = halt.scope.partition(":")
        end = _RESUMES.get(kind, "") if standing.may_resume(halt) else "executor account unhalt {0} --confirm {0}"
        ends = f" `{end.format(name)}` ends it." if end else ""
        since = f"{halt.since.astimezone(IST):%d %b %H:%M:%S} IST"
        yield Finding("halt", True, f"{halt.kind} on {halt.scope} since {since}: {halt.why} (by {halt.by}).{ends}")
    for _, beat in standing.accounts:  # the file KILL and a full disk are no rows: traders tell them
        for told in beat.status.get("halts", ()) if beat else ():
            yield Finding("halt", True, f"{told['kind']} on {told['scope']}: {told['why']}.")


def _seen_by(url: str) -> str:
    """The address that a host says it sees. Raises OSError."""
    transport = httpx.HTTPTransport(local_address=_IPV4)
    try:
        with httpx.Client(transport=transport, timeout=_PATIENCE_S, trust_env=False) as client:
            return str(ip_address(client.get(url).raise_for_status().text.strip()))
    except (httpx.HTTPError, ValueError) as error:
        raise OSError(f"{url}: {error}") from error
