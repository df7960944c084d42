"""`executor halt`, `flatten`, `kill`, `resume`: how a person stops the machine, and lets it go on.

They are in force with the commit, whether or not a trader runs or the broker answers. When the database cannot be
written, `kill` lays the file KILL into the state dir: its trader obeys it the same.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack

import click

from executor import bootstrap
from executor.cli.command import as_json_option, await_answers, open_room, print_answers, record
from executor.config.environment import Settings, open_settings
from executor.domain.command import CommandKind
from executor.errors import NotRecorded, SchemaBehind, StoreError
from executor.trader.lease import LOCK_FILE

_ALL = "ALL"
_EVERYTHING = "everything"
_OPTIONS = (
    click.option("--strategy", metavar="NAME", help="Only this strategy."),
    click.option("--account", metavar="NAME", help="Only this account. Without either: everything there is."),
    click.option("--why", default="", metavar="TEXT", help="Your reason; it stands on the pages and in the audit."),
    as_json_option,
)


def _scoped(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@_scoped
def halt(*, strategy: str | None, account: str | None, why: str, as_json: bool) -> None:
    """Let no new entry through. Stops, targets and exits go on.

    It lasts until `executor resume` with the same scope, over restarts too.

    \b
        executor halt --why lunch
        executor halt --strategy dip
    """
    _give(CommandKind.HALT, _scope(strategy, account), why=why, as_json=as_json)


@click.command()
@_scoped
def flatten(*, strategy: str | None, account: str | None, why: str, as_json: bool) -> None:
    """Halt, cancel entries, and leave every position of ours at a marketable limit.

    What you or others hold in the same account outside this program is not touched.

    \b
        executor flatten --strategy dip
    """
    _give(CommandKind.FLATTEN, _scope(strategy, account), why=why, as_json=as_json)


@click.command()
@_scoped
@click.option("--everything", is_flag=True, help="Cancel the stops as well: what is held then has no protection.")
@click.option("--confirm", metavar="everything", help="The word, where there is no terminal to type it on.")
def kill(
    *, strategy: str | None, account: str | None, why: str, as_json: bool, everything: bool, confirm: str | None
) -> None:
    """Send no order for any alert, job or rail, exits included. Working entries are cancelled.

    Stops that rest stay, and what an entry still fills gets its stop. It lasts until `executor resume`, which sends no
    alert that came meanwhile. When the database cannot be written, the file KILL in the state dir does the same.

    \b
        executor kill
        executor kill --everything
    """
    if everything:
        _confirm(confirm)
    scope, settings = _scope(strategy, account), open_settings()
    arguments = {_EVERYTHING: True} if everything else {}
    with ExitStack() as stack:
        try:
            room = stack.enter_context(open_room(settings))
            made = record(room, CommandKind.KILL, scope=scope, arguments=arguments, why=why)
        except StoreError as error:
            return _kill_by_file(settings, scope, error, as_json=as_json)
        print_answers(await_answers(room, CommandKind.KILL, scope, made), as_json=as_json)


@click.command()
@_scoped
def resume(*, strategy: str | None, account: str | None, why: str, as_json: bool) -> None:
    """End the halts of a scope. Alerts that came meanwhile are not made up for.

    It ends what was ordered with the same scope: after `executor halt --strategy dip` say `executor resume --strategy
    dip`. Without a scope it takes the file KILL away too. A live account's first halt takes its name, typed.

    \b
        executor resume
        executor resume --strategy dip
    """
    scope, settings = _scope(strategy, account), open_settings()
    file = settings.state_dir / bootstrap.KILL_FILE
    with open_room(settings) as room:
        made = record(room, CommandKind.RESUME, scope=scope, arguments={}, why=why)
        if scope == _ALL:
            file.unlink(missing_ok=True)
        print_answers(await_answers(room, CommandKind.RESUME, scope, made), as_json=as_json)
    if file.exists():
        click.echo(f"in force: KILL by the file {file}; `executor resume` without a scope takes it away", err=True)


def _give(kind: CommandKind, scope: str, *, why: str, as_json: bool) -> None:
    with open_room(open_settings()) as room:
        made = record(room, kind, scope=scope, arguments={}, why=why)
        print_answers(await_answers(room, kind, scope, made), as_json=as_json)


def _scope(strategy: str | None, account: str | None) -> str:
    if strategy is not None and account is not None:
        raise click.UsageError("give --strategy or --account, not both")
    if strategy is not None:
        return f"strategy:{strategy}"
    return f"account:{account}" if account is not None else _ALL


def _confirm(given: str | None) -> None:
    """Have the word typed: after it positions stand without a stop."""
    if given is None:
        if not _on_terminal():
            raise click.UsageError(f"there is no terminal to ask on; use --confirm {_EVERYTHING}")
        click.echo("Every order of ours is cancelled, stops as well. What is held then has no protection.")
        given = str(click.prompt(f'Type "{_EVERYTHING}" to go on', default="", show_default=False))
    if given != _EVERYTHING:
        raise click.UsageError(f"--confirm: expected {_EVERYTHING}, was {given!r}; nothing was done")


def _on_terminal() -> bool:
    return sys.stdin.isatty()


def _kill_by_file(settings: Settings, scope: str, error: StoreError, *, as_json: bool) -> None:
    """Lay the file, which kills everything; a narrower kill is not widened without being asked for."""
    if scope != _ALL:
        undone = isinstance(error, NotRecorded | SchemaBehind)
        done = "Nothing was done" if undone else "Nobody can tell whether it was done"
        words = f"{error}. {done}. `executor kill` without a scope stops everything, without the database"
        raise click.ClickException(words)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    file = settings.state_dir.resolve() / bootstrap.KILL_FILE
    file.touch()
    if not (settings.state_dir / LOCK_FILE).exists():
        # the wrong folder, most likely, or a machine with web alone: "it is stopped" would be false
        words = f"NOTHING WAS STOPPED: {error}. Only the file {file} was laid, and no trader ever ran with this folder"
        raise click.ClickException(words)
    if as_json:
        click.echo(json.dumps({"command": "kill", "scope": scope, "recorded": False, "kill_file": str(file)}))
        return
    click.echo(f"it could not be recorded: {error}")
    click.echo(f"the file {file} lies there now: the trader of this state dir sends no order but stops for what fills")
    click.echo("it lasts until `executor resume`, or until you delete the file")
