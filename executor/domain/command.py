"""A command: a person's order, from a page or the command line. It ends DONE or REFUSED, with an answer in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from executor.domain.ids import CommandId


class CommandKind(StrEnum):
    """halt: no entries · flatten: halt, and leave everything of ours · kill: no order from an alert, a job or a rail ·
    resume: end the halts of a scope · exit: leave a position · protect: move its stop or target · login: log in with a
    TOTP code that a person gives · look: ask the broker about one order · margin: ask what an order would take ·
    convert: have a position of the account's, not of ours, go on under another product · refresh: read funds and
    holdings anew. The session's keeper carries out the last five (ERRANDS and login), the desk all others.
    """

    HALT = "halt"
    FLATTEN = "flatten"
    KILL = "kill"
    RESUME = "resume"
    EXIT = "exit"
    PROTECT = "protect"
    LOGIN = "login"
    LOOK = "look"
    MARGIN = "margin"
    CONVERT = "convert"
    REFRESH = "refresh"


#: What a person asks of the broker itself: no decision of the desk's.
ERRANDS = frozenset({CommandKind.LOOK, CommandKind.MARGIN, CommandKind.CONVERT, CommandKind.REFRESH})


class CommandState(StrEnum):
    NEW = "NEW"
    DONE = "DONE"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Command:
    """`arguments`: `scope` (ALL, account:NAME, strategy:NAME), and by kind `everything`, `bracket`, `ticker`, `stop`,
    `target` (prices as text), `totp` (sealed); of errands what `trader/errands.py` reads. A convert that is NEW and has
    an answer was begun: nobody may begin it again.
    """

    id: CommandId
    account: str
    kind: CommandKind
    arguments: Mapping[str, Any]
    by: str
    made_at: datetime
    state: CommandState = CommandState.NEW
    answer: str | None = None

    @property
    def scope(self) -> str:
        scope: str = self.arguments.get("scope", f"account:{self.account}")
        return scope
