"""`executor audit`: what became of every alert, and whether the record of it is whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executor import bootstrap
from executor.cli.noun import Noun
from executor.cli.progress import progress
from executor.config.environment import open_settings
from executor.domain.refusal import Refusal, RefusalCode
from executor.store.chain import Head
from executor.store.log import LogLine
from executor.store.log_search import Filters
from executor.store.pages import Pages
from executor.store.story import Story
from executor.web.pages.layout import laid_out
from executor.web.pages.line_file import csv_parts, iso, line_json
from executor.web.pages.signal import layers_of
from executor.web.pages.timeline import Latency, latencies, timeline
from executor.web.pages.words import OUTCOMES, asked_of, ist_day, ist_exact, ist_time, rupees, span, spoken, terms, tone

SHOWN = 50
_COLOURS = {"good": "green", "busy": "blue", "warn": "yellow", "bad": "red"}


class _HeadText(click.ParamType[Head]):
    name = "seq:hash"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        seq, _, hashed = str(value).partition(":")
        if not seq.isdecimal() or len(hashed) != 64:
            self.fail(f"{value!r} is not SEQ:HASH as `executor audit head` prints it", param, ctx)
        return Head(int(seq), hashed)


class _OutcomeText(click.ParamType[str]):
    """An outcome, state or verdict as the log shows it, or a refusal's code; any spelling of the former."""

    name = "word"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        word = str(value).strip()
        spelled = word.upper().replace(" ", "_").replace("-", "_")
        if not word or word in set(RefusalCode):
            return word
        if spelled not in OUTCOMES:
            offered = ", ".join(OUTCOMES)
            self.fail(f"{word!r} is none of {offered}, and no code of `docs/refusals.md`", param, ctx)
        return spelled


@click.group(cls=Noun)
def audit() -> None:
    """What became of every alert, and the proof that nobody changed it afterwards.

    \b
        executor audit list
        executor audit show 1m88d6k3w1gqc
        executor audit verify
    """


@audit.command("list")
@click.option("--limit", type=click.IntRange(1), help="How many, newest first; without it 50, in a file all.")
@click.option("--before", metavar="DELIVERY", help="Only those older than this delivery.")
@click.option("--strategy", default="", help="Only this strategy's.")
@click.option("--account", default="", help="Only this account's.")
@click.option("--ticker", default="", help="Only this ticker's: NSE:SBIN, or SBIN on any exchange.")
@click.option("--outcome", default="", type=_OutcomeText(), help="Only what ended so, or a refusal's code.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Only of this day, in India.")
@click.option("--text", default="", help="Only with these words, or words that begin so; or an order's number or tag.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a delivery.")
@click.option("--csv", "as_csv", is_flag=True, help="A table for a spreadsheet.")
def list_(
    *,
    limit: int | None,
    before: str | None,
    day: datetime | None,
    as_json: bool,
    as_csv: bool,
    strategy: str,
    account: str,
    ticker: str,
    outcome: str,
    text: str,
) -> None:
    """List deliveries, newest first, with what came of each: refused ones too, and why."""
    if as_json and as_csv:
        raise click.UsageError("--json or --csv, not both")
    wanted = Filters(strategy, account, ticker, outcome, day.date() if day else None, text)
    pages = _pages()
    most = limit if limit or as_json or as_csv else SHOWN
    lines = pages.every_delivery(wanted, before=before, limit=most)
    if as_csv:
        for part in csv_parts(lines):
            click.echo(part, nl=False)
    elif as_json:
        for line in lines:
            _print_json(line_json(line))
    else:
        shown = list(lines)
        _print_table(shown)
        if len(shown) == most:
            click.echo(f"older ones: --before {shown[-1].delivery.id}")
    for word in pages.log(wanted, before=before, limit=1).vague if text else ():
        click.echo(f"more words than can be looked through begin with {word!r}: type more of it", err=True)


def _print_table(lines: Iterable[LogLine]) -> None:
    console = Console(highlight=False)
    for day, group in groupby(lines, lambda line: ist_day(line.delivery.received_at)):
        console.print(Text(day, "bold"))
        table = Table(box=None, pad_edge=False, show_header=False)
        for width in (8, 12, 20, 13, None):
            table.add_column(overflow="fold", width=width)
        for line in group:
            table.add_row(*_cells(line))
        console.print(table)


@audit.command()
@click.argument("signal_or_delivery")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON value.")
def show(*, signal_or_delivery: str, as_json: bool) -> None:
    """Tell a signal's life, from the delivery to the last fill; or why a delivery became none.

    \b
        executor audit show 1m88d6k3w1gqc
    """
    pages = _pages()
    line = pages.line(signal_or_delivery)
    if line is None:
        raise click.ClickException(f"there is no signal and no delivery {signal_or_delivery}")
    story = pages.signal_story(line.signal.id) if line.signal else None
    if as_json:
        _print_json(story_json(line, story))
    else:
        _print_story(line, story)


@audit.command()
@click.option("--head", type=_HeadText(), help="A head that you kept elsewhere: it must still be in the chain.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(*, head: Head | None, as_json: bool) -> None:
    """Recompute every link of the audit and compare every row with it; exit 1 names the first that differs.

    \b
        executor audit verify
        executor audit verify --head 1204:9f2c…
    """
    with progress("parts of the audit") as seen:
        found = _pages().verify(head, seen=seen)
    if as_json:
        _print_json({"entries": found.entries, "rows": found.rows, "head": _head_text(found.head)})
    else:
        click.echo(f"verified {found.entries} entries, {found.rows} rows, head {_head_text(found.head)}")


@audit.command("head")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def head_(*, as_json: bool) -> None:
    """Print the newest link. Keep it elsewhere: `verify --head` then proves that nothing before it was changed."""
    head = _pages().head()
    if as_json:
        _print_json({"seq": head.seq, "hash": head.hash})
    else:
        click.echo(_head_text(head))


@audit.command()
def export() -> None:
    """Print every entry of the audit as a JSON line, oldest first.

    \b
        executor audit export | gzip > audit.jsonl.gz
    """
    for entry in _pages().audit_entries():
        _print_json(entry)


# -- JSON --------------------------------------------------------------------------------------------------------


def story_json(line: LogLine, story: Story | None) -> dict[str, Any]:
    """The line, what arrived and how it was judged, and every event."""
    delivery = line.delivery
    return {
        **line_json(line),
        "remedy": _remedy(line),
        "body": delivery.body,
        "source": delivery.source,
        "layers": dict(delivery.layers),
        "plan": line.signal.plan if line.signal else None,
        "latencies_ms": {each.label: round(each.length.total_seconds() * 1000) for each in _latencies(story)},
        "repeated_by": [repeat.id for repeat in story.repeats] if story else [],
        "events": [
            {
                "at": iso(event.at),
                "title": event.title,
                "text": event.text,
                "audit": event.seq,
                "evidence": [{"label": piece.label, "texts": list(piece.texts)} for piece in event.evidence],
            }
            for event in (timeline(story) if story else [])
        ],
    }


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value))


# -- for people --------------------------------------------------------------------------------------------------


def _cells(line: LogLine) -> Sequence[Text]:
    words = (ist_time(line.delivery.received_at), line.delivery.strategy or "-", asked_of(line))
    return [*map(_text, words), _text(spoken(line.word), tone(line.word)), _text(line.reason or "")]


def _print_story(line: LogLine, story: Story | None) -> None:
    console = Console(highlight=False)
    console.print(_text(asked_of(line)), _text(spoken(line.word), tone(line.word)), _text(line.reason or ""))
    if remedy := _remedy(line):
        console.print(_text(remedy))
    at = line.delivery.received_at
    console.print(_text(f"received {ist_day(at)}, {ist_time(at)} IST from {line.delivery.source}"))
    for leg, order in line.orders:
        filled = f"{order.filled} filled at {rupees(order.average)}" if order.filled else "nothing filled"
        words = f"  {leg.role.lower()}: {terms(order)}, {filled}"
        console.print(_text(words), _text(spoken(order.state), tone(order.state)), _text(order.text))
    if story:
        console.print(_text(", ".join(f"{each.label} {span(each.length)}" for each in latencies(story))))
    console.print(_text(laid_out(line.delivery.body)))
    for name, verdict, words in layers_of(line.delivery):
        console.print(_text(f"  {verdict}", tone(verdict)), _text(f"{name} {words}"))
    for event in timeline(story) if story else []:
        audited = f" [audit {event.seq}]" if event.seq else ""
        console.print(_text(ist_exact(event.at)), _text(event.title, event.tone), _text(f"{event.text}{audited}"))


def _text(words: str, tone_: str = "") -> Text:
    """Words from anywhere, safe for a terminal: control characters are spelled out, markup means nothing."""
    safe = "".join(one if one.isprintable() or one == "\n" else f"\\x{ord(one):02x}" for one in words)
    return Text(safe, _COLOURS.get(tone_, ""))


def _remedy(line: LogLine) -> str | None:
    code = line.signal.code if line.signal else line.delivery.code
    return Refusal(code).remedy if code else None


def _latencies(story: Story | None) -> Sequence[Latency]:
    return latencies(story) if story else ()


def _head_text(head: Head) -> str:
    return f"{head.seq}:{head.hash}"


def _pages() -> Pages:
    return bootstrap.open_store(open_settings()).pages
