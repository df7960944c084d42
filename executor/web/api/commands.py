"""Commands: what a person orders. Recorded, the trader rung; its answer is looked for under the command's id."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import g

from executor.domain.command import Command, CommandKind, CommandState
from executor.domain.ids import CommandId
from executor.errors import StoreError
from executor.store.story import AuditNote
from executor.web.api import ApiParts, fields
from executor.web.api.fields import Answer, Asked
from executor.web.api.problems import Failed, not_found, wrong_fields
from executor.web.api.routes import Routes
from executor.web.pages.command import ORDERED
from executor.web.parts import WebParts

_NEEDS = {CommandKind.EXIT: ("bracket", "ticker"), CommandKind.PROTECT: ("bracket", "stop", "target")}
_EVERYTHING = "everything"
_LONGEST_WHY = 200


class CommandShown(Answer):
    id = fields.text("its id")
    account = fields.text("whose trader carries it out")
    kind = fields.word(CommandKind, "what was ordered")
    scope = fields.text("on what: ALL, account:NAME or strategy:NAME")
    by = fields.text("who ordered it")
    made_at = fields.moment("when it was recorded")
    state = fields.word(CommandState, "NEW: its trader has not answered yet")
    answer = fields.text("the trader's answer, as a sentence", allow_none=True)


class CommandTold(CommandShown):
    notes = fields.texts("what the audit says of it, in order")


class CommandsTold(Answer):
    items = fields.many(CommandTold, "the newest first")


class CommandsMade(Answer):
    items = fields.many(CommandShown, "one an account of the scope; a halt, flatten or kill is in force already")


class CommandAsked(Asked):
    """halt: no entries. flatten: halt, and leave everything of ours. kill: no order at all, stops stay. resume: end the
    halts of a scope. exit: leave a position. protect: move its stop or target.
    """

    kind = fields.asked_word(ORDERED, "what is ordered", required=True)
    scope = fields.asked("ALL, account:NAME or strategy:NAME; without it that of the `bracket`")
    bracket = fields.asked("of exit and protect: a position's id")
    ticker = fields.asked("of exit: only what is held of this, such as NSE:SBIN")
    stop = fields.asked("of protect: rupees at which the stop triggers from now on, as text")
    target = fields.asked("of protect: rupees at which the target lies from now on, as text")
    confirm = fields.asked_word([_EVERYTHING], "of kill: cancel the stops as well; what is held has no protection then")
    why = fields.asked("your reason; it stands on the pages and in the audit", longest=_LONGEST_WHY, load_default="")


class CommandQuery(Asked):
    limit = fields.asked_limit()


def commands(parts: ApiParts) -> Routes:
    routes, web = Routes("commands", "Halt, flatten, kill, resume, exit, protect."), parts.web

    @routes.does("/commands", CommandsMade, body=CommandAsked, status=HTTPStatus.ACCEPTED)
    def give_command(*, body: dict[str, str]) -> dict[str, Any]:
        """Order something; it is durable with this answer. Ask for its id to see what came of it."""
        kind, why = CommandKind(body.pop("kind")), body.pop("why")
        scope = body.pop("scope", None) or _scope(parts, body)
        arguments: dict[str, Any] = _arguments(kind, body)
        by, at = f"api:{g.token.name}", web.clock.now()
        made = web.store.commands.record(kind, scope=scope, arguments=arguments, by=by, why=why, at=at)
        web.doorbell.ring()
        return {"items": as_recorded(web, made)}

    @routes.shows("/commands", CommandsTold, query=CommandQuery)
    def list_commands(*, query: dict[str, int]) -> dict[str, Any]:
        """The newest commands of everybody, each with what the audit says of it."""
        return {"items": [_told(*found) for found in web.store.pages.commands(query["limit"])]}

    @routes.shows("/commands/<command>", CommandShown, missing=True)
    def show_command(command: str) -> Command:
        """One command: whether its trader has answered, and what."""
        found = web.store.commands.answers([CommandId(command)])
        if not found:
            raise not_found(f"command {command!r}")
        return found[0]

    return routes


def as_recorded(web: WebParts, made: Sequence[CommandId]) -> list[Command]:
    """Commands that are durable already. Raises Failed, which says so, when they cannot be read back."""
    try:
        return web.store.commands.answers(made)
    except StoreError:
        detail = f"It is recorded as {', '.join(made)}; the database does not answer any more."
        remedy = "Do not order it again: look for its answer under its id, at /api/v1/commands/ID."
        raise Failed(HTTPStatus.SERVICE_UNAVAILABLE, code="recorded", detail=detail, remedy=remedy) from None


def _scope(parts: ApiParts, body: dict[str, str]) -> str:
    """That of the position that is meant. Raises Failed."""
    bracket = body.get("bracket")
    if bracket is None:
        raise wrong_fields({"scope": ["give ALL, account:NAME or strategy:NAME"]})
    found = [one.bracket for one in parts.web.store.pages.positions() if one.bracket.id == bracket]
    if not found:
        raise wrong_fields({"bracket": ["there is no open position with this id; see /positions"]})
    return f"account:{found[0].account}"


def _arguments(kind: CommandKind, body: dict[str, str]) -> dict[str, Any]:
    """What the command names. Raises Failed for what its kind does not take."""
    taken = ("confirm",) if kind is CommandKind.KILL else _NEEDS.get(kind, ())
    strange = {name: [f"is nothing that {kind} takes; remove it"] for name in body if name not in taken}
    if kind is CommandKind.PROTECT and "bracket" not in body:
        strange["bracket"] = ["give the id of a position; see /positions"]
    if strange:
        raise wrong_fields(strange)
    if "confirm" in body:
        return {_EVERYTHING: True}
    return dict(body)


def _told(command: Command, notes: tuple[AuditNote, ...]) -> dict[str, Any]:
    shown = {name: getattr(command, name) for name in CommandShown().fields}
    return {**shown, "notes": [note.say for note in notes]}
