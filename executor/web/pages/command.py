"""What a person orders on a page: recorded, the trader rung; and the list of all commands with their answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from executor.clock import Clock
from executor.domain.command import Command, CommandKind, CommandState
from executor.doorbell import Doorbell
from executor.errors import ConfigError, NotRecorded
from executor.store.commands import Commands
from executor.store.pages import Pages
from executor.web.login import PERSON
from executor.web.pages.frame import Frame

PAGE = 50
#: For how long the page looks again by itself for an answer that is not there yet.
AWAITED = timedelta(seconds=30)
#: What is ordered here and through the API. The code of a login and errands come with words of their own, elsewhere:
#: without them a trader could not read them.
ORDERED = (
    *(CommandKind.HALT, CommandKind.FLATTEN, CommandKind.KILL, CommandKind.RESUME),
    *(CommandKind.EXIT, CommandKind.PROTECT),
)
_ARGUMENTS = ("bracket", "stop", "target")
_INSTEAD = "Nothing was done. On the machine itself `executor kill` works without the database."


@dataclass(frozen=True, slots=True)
class CommandParts:
    pages: Pages
    commands: Commands
    doorbell: Doorbell
    clock: Clock


def add_commands(blueprint: Blueprint, parts: CommandParts, frame: Frame) -> None:
    @blueprint.get("/commands")
    def commands() -> str:
        lines = parts.pages.commands(PAGE)
        waiting = any(_is_awaited(command, parts.clock.now()) for command, _ in lines)
        return frame.render("commands.html", lines=lines, waiting=waiting)

    @blueprint.post("/commands")
    def give() -> Response | tuple[str, int]:
        try:
            _record(parts)
        except (ValueError, ConfigError) as error:
            page = frame.render("message.html", title="This cannot be done", text=str(error))
            return page, HTTPStatus.BAD_REQUEST
        except NotRecorded as error:
            words = {"title": "It could not be recorded", "text": f"{error}. {_INSTEAD}"}
            return render_template("message.html", **words), HTTPStatus.SERVICE_UNAVAILABLE
        parts.doorbell.ring()
        return redirect(url_for("pages.commands"), HTTPStatus.SEE_OTHER)


def _record(parts: CommandParts) -> None:
    """Record what the form asks for. Raises ValueError for a kind that is none here; ConfigError, NotRecorded."""
    kind = CommandKind(request.form.get("kind", ""))
    if kind not in ORDERED:
        raise ValueError(f"{kind} is not ordered here; see `executor {kind} --help`")
    said = {name: request.form.get(name, "").strip() for name in _ARGUMENTS}
    parts.commands.record(
        kind,
        scope=request.form.get("scope", ""),
        arguments={name: value for name, value in said.items() if value},
        by=PERSON,
        why=request.form.get("why", ""),
        at=parts.clock.now(),
    )


def _is_awaited(command: Command, now: datetime) -> bool:
    return command.state is CommandState.NEW and now - command.made_at < AWAITED
