"""How each account stands, as its trader and its rows tell: what `/status`, `/readyz`, `/metrics` and the doctor read.

Readiness has one rule, for machines and for notices: an account counts that is expected (its login is configured), or
whose trader lives; all of them must have read their books.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, select, text

from executor.domain.signal import SignalState
from executor.domain.strategy import Account
from executor.store import schema
from executor.store.engine import Database
from executor.store.pages import Beat, Pages, Standing
from executor.store.recovery import Recovery
from executor.store.story import AuditNote, note_of
from executor.store.version import REVISION

#: A trader that has not beaten for this long is silent (a lease lasts 5 s).
SILENT = timedelta(seconds=5)
#: Kinds of the audit that tell what came of a login.
_LOGIN = ("calls", "session")


@dataclass(frozen=True, slots=True)
class Counted:
    """The accounts that should be traded, each with its beat while its trader lives; `unknown`: not even made yet."""

    accounts: tuple[tuple[Account, Beat | None], ...]
    unknown: frozenset[str]

    @property
    def is_ready(self) -> bool:
        return bool(self.accounts) and not self.unknown and all(is_reconciled(beat) for _, beat in self.accounts)

    @property
    def is_alive(self) -> bool:
        return any(beat is not None for _, beat in self.accounts)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: signals and commands that no trader has taken up, intents whose end is not known."""

    signals: int = 0
    oldest_signal: datetime | None = None
    commands: int = 0
    intents: int = 0
    oldest_intent: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """`writes`: when orders, changes and cancels left in the last hour; `login`, `feed`: the audit's newest words."""

    account: Account
    beat: Beat | None
    epoch: int | None
    opened_at: datetime | None
    ends_at: datetime | None
    login: AuditNote | None
    feed: AuditNote | None
    writes: Sequence[datetime]
    backlog: Backlog

    def is_alive(self, now: datetime) -> bool:
        return _living(self.beat, now) is not None


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """`size` in bytes; `revision` is the schema's."""

    kind: str
    size: int
    revision: str


def counted(standing: Standing, now: datetime, expected: Collection[str]) -> Counted:
    """Who counts at this moment."""
    beating = [(account, _living(beat, now)) for account, beat in standing.accounts]
    known = {account.name for account, _ in beating}
    found = [(account, beat) for account, beat in beating if beat is not None or account.name in expected]
    return Counted(tuple(found), frozenset(expected) - known)


def is_reconciled(beat: Beat | None) -> bool:
    """Whether its trader has read the broker's books: before, nothing is sent."""
    return beat is not None and bool(beat.status.get("reconciled"))


class Health:
    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(self, now: datetime) -> list[AccountHealth]:
        """Every account, by name."""
        standing, recovery = Pages(self._database).standing(), Recovery(self._database)
        writes = {account.name: recovery.recent_writes(account.name, now) for account, _ in standing.accounts}
        with self._database.read() as connection:
            sessions, epochs = _by_account(connection, schema.session), _by_account(connection, schema.lease)
            backlogs = _backlogs(connection)
            return [
                AccountHealth(
                    account=account,
                    beat=beat,
                    epoch=getattr(epochs.get(account.name), "epoch", None),
                    opened_at=getattr(sessions.get(account.name), "opened_at", None),
                    ends_at=getattr(sessions.get(account.name), "ends_at", None),
                    login=_newest(connection, account.name, _LOGIN),
                    feed=_newest(connection, account.name, ("feed",)) if beat and beat.status.get("feeds") else None,
                    writes=writes[account.name],
                    backlog=backlogs.get(account.name, Backlog()),
                )
                for account, beat in standing.accounts
            ]

    def database(self) -> DatabaseFacts:
        lite = self._database.is_sqlite
        asked = (
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            if lite
            else "SELECT pg_database_size(current_database())"
        )
        with self._database.read() as connection:
            size = int(connection.execute(text(asked)).scalar_one())
        return DatabaseFacts("SQLite" if lite else "Postgres", size, REVISION)


def _living(beat: Beat | None, now: datetime) -> Beat | None:
    return beat if beat is not None and beat.age(now) < SILENT else None


def _by_account(connection: Connection, table: Any) -> dict[str, Any]:
    return {row.account: row for row in connection.execute(select(table))}


def _newest(connection: Connection, subject: str, kinds: Sequence[str]) -> AuditNote | None:
    table = schema.audit
    statement = select(table).where(table.c.subject == subject, table.c.kind.in_(kinds))
    row = connection.execute(statement.order_by(table.c.seq.desc()).limit(1)).one_or_none()
    return note_of(row) if row is not None else None


def _backlogs(connection: Connection) -> dict[str, Backlog]:
    """What waits is little: it is counted here, because grouping leads SQLite away from the indexes of what is open."""
    signal, intent, command = schema.signal.c, schema.intent.c, schema.command.c
    received = (schema.SIGNAL_OPEN, signal.state == SignalState.RECEIVED)
    signals = _times(connection, select(signal.account, signal.received_at).where(*received))
    commands = _times(connection, select(command.account, command.made_at).where(schema.COMMAND_NEW))
    intents = _times(connection, select(intent.account, intent.created_at).where(intent.settled_by.is_(None)))
    return {
        name: Backlog(
            signals=len(signals[name]),
            oldest_signal=min(signals[name], default=None),
            commands=len(commands[name]),
            intents=len(intents[name]),
            oldest_intent=min(intents[name], default=None),
        )
        for name in signals.keys() | commands.keys() | intents.keys()
    }


def _times(connection: Connection, statement: Select[Any]) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = defaultdict(list)
    for account, at in connection.execute(statement):
        found[account].append(at)
    return found
