"""`executor demo`: see it work, from nothing, at any hour of any day."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from executor.demo.check import Row, check
from executor.demo.play import Play
from executor.demo.stage import DemoFailed, Stage, free_port, json_lines

PAGE_PORT = 8080

Prepare = Callable[[Stage], None]


@click.command()
@click.option(
    "--once", is_flag=True, help="End after the table, on a free port; exit 1 if anything is not as expected."
)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON lines.")
def demo(*, once: bool, as_json: bool) -> None:
    """Set everything up, trade on a simulated exchange, and check every word against the exchange's own truth.

    A simulator plays a Wednesday morning; web and trader run as real processes in a new state dir; eight alerts are
    sent, signed, over HTTP. Then a table says what became of each. Without --once the audit page stays up.

    \b
        executor demo
        executor demo --once --json
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    sys.exit(perform(once=once, as_json=as_json))


def perform(*, once: bool, as_json: bool, prepare: Prepare | None = None) -> int:
    """The demo from curtain to table; returns the exit code. `prepare` comes between set-up and first alert."""
    state_dir = Path(tempfile.mkdtemp(prefix="executor-demo-")) / "var"
    stage = Stage(state_dir, free_port() if once else PAGE_PORT)
    good = False
    try:
        good = show(run(stage, _quiet if as_json else click.echo, prepare), as_json=as_json)
        if not once:
            click.echo(f"\naudit page: {stage.url}   name: trader   password: {stage.password}   (Ctrl-C ends)")
            stage.wait()
    except KeyboardInterrupt:
        click.echo("ending")
    except DemoFailed as error:
        click.echo(f"demo: {error}\nlogs: {state_dir}", err=True)
    finally:
        stage.close()
    return 0 if good else 1


def run(stage: Stage, say: Callable[[str], None], prepare: Prepare | None) -> list[Row]:
    """Play all of it and check it. Raises DemoFailed when the stage itself breaks."""
    say("starting simulator, web and trader …")
    stage.raise_curtain()
    play = Play(stage, say)
    play.set_up()
    if prepare is not None:
        prepare(stage)
    missed = _perform(play)
    say(stage.command("audit", "verify").strip())
    rows = check(play.sent, json_lines(stage.command("audit", "list", "--json")), stage.control("state"))
    return rows + ([Row("what was waited for", None, "", "", (missed,))] if missed else [])


def _perform(play: Play) -> str | None:
    """Play as far as it goes; what was waited for in vain, if anything was."""
    try:
        play.perform()
    except DemoFailed as error:
        return str(error)
    return None


def show(rows: list[Row], *, as_json: bool) -> bool:
    """Print the table; whether everything is as expected."""
    if as_json:
        for row in rows:
            click.echo(json.dumps(asdict(row), ensure_ascii=False))
    else:
        table = Table(title="what became of each alert")
        table.add_column("alert", no_wrap=True)
        for column in ("answer", "our audit says", "the exchange says", ""):
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(row.title, str(row.answer or ""), row.audit, row.exchange, "\n".join(row.wrong) or "ok")
        Console().print(table)
    return not any(row.wrong for row in rows)


def _quiet(_text: str) -> None:
    """Progress is for people."""
