"""A person's order from the command line: recorded, the traders rung, and their answers waited for a moment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Event as Flag
from typing import Any

import click

from executor import bootstrap
from executor.clock import IST, Clock
from executor.config.environment import Settings
from executor.domain.command import Command, CommandKind, CommandState
from executor.domain.ids import CommandId
from executor.domain.record import Halt
from executor.errors import ConfigError, NotRecorded
from executor.store.store import Store

BY = "cli"
#: How long the traders' answers are waited for; the command itself is in force with its commit.
WAIT_S = 2.0
_LOOK_S = 0.05
#: How long an errand's answer is waited for: it is looked for every second, and the broker takes its time.
_ERRAND_S = 15.0

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@dataclass(frozen=True, slots=True)
class Room:
    """What a command needs of the machine it is typed on."""

    settings: Settings
    store: Store
    clock: Clock


@dataclass(frozen=True, slots=True)
class Answers:
    """A recorded order: its commands as they stand after the wait, who of their accounts has a trader, all halts."""

    kind: CommandKind
    scope: str
    commands: tuple[Command, ...]
    held: frozenset[str]
    halts: tuple[Halt, ...]

    @property
    def refused(self) -> bool:
        return any(command.state is CommandState.REFUSED for command in self.commands)


@contextmanager
def open_room(settings: Settings) -> Iterator[Room]:
    """Open the store for one command. Raises as `bootstrap.open_store`."""
    store = bootstrap.open_store(settings)
    try:
        yield Room(settings, store, bootstrap.clock_of(settings))
    finally:
        store.database.close()


def record(room: Room, kind: CommandKind, *, scope: str, arguments: Mapping[str, Any], why: str) -> list[CommandId]:
    """Make an order durable. Raises ConfigError, NotRecorded."""
    at = room.clock.now()
    return room.store.commands.record(kind, scope=scope, arguments=arguments, by=BY, why=why, at=at)


def await_answers(room: Room, kind: CommandKind, scope: str, made: Sequence[CommandId]) -> Answers:
    """Ring, and see what the traders answer, for two seconds at most."""
    try:
        with closing(bootstrap.open_bell(room.settings, room.store)) as bell:
            bell.ring()
            standing = room.store.pages.standing()
            held = frozenset(account.name for account, beat in standing.accounts if beat and beat.holder)
            commands = _answered(room, made, held)
        return Answers(kind, scope, tuple(commands), held, room.store.pages.standing().halts)
    except NotRecorded as error:
        click.echo(f"executor: the {kind} is recorded, but its answer cannot be read: {error}", err=True)
        return Answers(kind, scope, (), frozenset(), ())


def ask(room: Room, kind: CommandKind, account: str, arguments: Mapping[str, Any], *, why: str) -> Command:
    """Give an errand to an account's trader, and wait for what comes of it. Raises ConfigError, NotRecorded."""
    made = record(room, kind, scope=f"account:{account}", arguments=arguments, why=why)
    pause, until = Flag(), room.clock.monotonic() + _ERRAND_S
    while True:
        try:
            (found,) = room.store.commands.answers(made)
        except NotRecorded as error:
            raise ConfigError(f"the {kind} is recorded, but its answer cannot be read: {error}") from error
        if found.state is not CommandState.NEW:
            return found
        if room.clock.monotonic() >= until:
            raise ConfigError(f"the {kind} is recorded, but no answer came: is a trader of {account} running?")
        pause.wait(_LOOK_S)


def finding(answered: Command) -> dict[str, Any]:
    """What an errand found out. Raises ConfigError with the reason when it was refused."""
    if answered.state is not CommandState.DONE:
        raise ConfigError(answered.answer or "refused")
    found: dict[str, Any] = json.loads(answered.answer or "{}")
    return found


def print_answers(answers: Answers, *, as_json: bool) -> None:
    """Print each account's answer, and the halts that are in force now."""
    if as_json:
        click.echo(json.dumps(_json(answers)))
        return
    for command in answers.commands:
        click.echo(f"{command.account}: {_said(command, has_trader=command.account in answers.held)}")
    for halt in answers.halts:
        since = f"{halt.since.astimezone(IST):%Y-%m-%d %H:%M:%S}"
        click.echo(f"in force: {halt.kind} on {halt.scope} since {since}: {halt.why} (by {halt.by})")


def _answered(room: Room, made: Sequence[CommandId], held: frozenset[str]) -> list[Command]:
    """The commands once every trader has answered, or when the time is over."""
    pause, until = Flag(), room.clock.monotonic() + WAIT_S
    while True:
        found = room.store.commands.answers(made)
        waits = any(one.state is CommandState.NEW and one.account in held for one in found)
        if not waits or room.clock.monotonic() >= until:
            return found
        pause.wait(_LOOK_S)


def _said(command: Command, *, has_trader: bool) -> str:
    if command.answer is not None:
        return command.answer if command.state is CommandState.DONE else f"REFUSED: {command.answer}"
    if not has_trader:
        return "recorded; no trader has this account, so nothing is sent for it"
    return f"recorded; no answer within {WAIT_S:.0f} s. Its trader carries it out as soon as it runs"


def _json(answers: Answers) -> dict[str, Any]:
    names = ("id", "account", "state", "answer")
    return {
        "command": answers.kind,
        "scope": answers.scope,
        "recorded": True,
        "answers": [{name: getattr(command, name) for name in names} for command in answers.commands],
        "halts": [
            {"scope": one.scope, "kind": one.kind, "since": one.since.isoformat(), "why": one.why, "by": one.by}
            for one in answers.halts
        ],
    }
