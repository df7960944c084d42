"""What pages and the audit commands read: the log of deliveries, heads, verification, how things stand. Read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from executor.domain.command import Command
from executor.domain.profit import Traded
from executor.domain.record import Halt, HaltKind
from executor.domain.strategy import Account
from executor.store import chain, schema
from executor.store.commands import first_halts
from executor.store.engine import Database
from executor.store.ledger import halts_in_force
from executor.store.log import LogLine as LogLine
from executor.store.log import LogPage, read_line, read_page
from executor.store.log_search import Filters as Filters
from executor.store.notices import Notices, Progress
from executor.store.positions import OpenPosition, read_positions
from executor.store.profit import Days, read_traded
from executor.store.rows import load
from executor.store.story import AuditNote, Story, read_notes, read_story

_PART = 500


@dataclass(frozen=True, slots=True)
class Beat:
    """What an account's trader last said of itself."""

    holder: str
    at: datetime
    status: Mapping[str, Any]

    def age(self, now: datetime) -> timedelta:
        """How far it lies from now: one of the future proves as little as an old one, for a clock was set back."""
        return abs(now - self.at)


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand: every account with its trader's beat (None: no trader ever took it), halts in force.

    `unproved` are the scopes of live accounts still in the halt they began with: `resume` does not end it.
    """

    accounts: tuple[tuple[Account, Beat | None], ...]
    halts: tuple[Halt, ...]
    unproved: frozenset[str]

    def may_resume(self, halt: Halt) -> bool:
        """Whether a person's `resume` ends it."""
        return halt.kind is not HaltKind.HALT or halt.scope not in self.unproved


class Pages:
    def __init__(self, database: Database) -> None:
        self._database = database

    # the log

    def log(self, filters: Filters, *, before: str | None, limit: int) -> LogPage:
        """The newest lines with an id below `before` for which all filters hold, newest first."""
        with self._database.read() as connection:
            return read_page(connection, filters, before=before, limit=limit)

    def deliveries(self, filters: Filters, *, before: str | None, limit: int) -> list[LogLine]:
        """The same lines alone."""
        return list(self.log(filters, before=before, limit=limit).lines)

    def every_delivery(self, filters: Filters, *, before: str | None, limit: int | None) -> Iterator[LogLine]:
        """The same for any number of lines, None for all: read in parts, so that a long log is not held in memory."""
        while limit is None or limit > 0:
            part = _PART if limit is None else min(_PART, limit)
            lines = self.deliveries(filters, before=before, limit=part)
            yield from lines
            if len(lines) < part:
                return
            before = lines[-1].delivery.id
            limit = None if limit is None else limit - part

    def line(self, key: str) -> LogLine | None:
        """The line of a delivery, or of the delivery of a signal."""
        with self._database.read() as connection:
            return read_line(connection, key)

    def signal_story(self, signal_id: str) -> Story | None:
        with self._database.read() as connection:
            return read_story(connection, signal_id)

    def notes(self, subject: str) -> tuple[AuditNote, ...]:
        """What the audit says of one row."""
        with self._database.read() as connection:
            return read_notes(connection, [subject])

    def strategy_names(self) -> list[str]:
        column = schema.strategy.c.name
        with self._database.read() as connection:
            return list(connection.execute(select(column).distinct().order_by(column)).scalars())

    # how things stand

    def standing(self) -> Standing:
        accounts, leases = schema.account, schema.lease
        statement = (
            select(accounts.c.name, accounts.c.kind, leases.c.holder, leases.c.beat_at, leases.c.status)
            .outerjoin(leases, leases.c.account == accounts.c.name)
            .order_by(accounts.c.name, accounts.c.version)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
            halts = halts_in_force(connection, None)
            unproved = frozenset(row.scope for row in connection.execute(first_halts()))
        newest = {
            row.name: (
                Account(row.name, row.kind),
                Beat(row.holder, row.beat_at, row.status) if row.holder is not None else None,
            )
            for row in rows
        }
        return Standing(tuple(newest.values()), halts, unproved)

    def pulse(self) -> tuple[int, datetime | None]:
        """What moves when anything does: the audit's last number, the newest beat, which tells prices too."""
        beat = func.max(schema.lease.c.beat_at)
        with self._database.read() as connection:
            head = chain.read_head(connection)
            return head.seq, connection.execute(select(beat)).scalar()

    def notices(self) -> list[Progress]:
        """How far each address heard, and whether it takes what it is sent."""
        return list(Notices(self._database).progress().values())

    def positions(self) -> list[OpenPosition]:
        """Every open position of every account, oldest first."""
        with self._database.read() as connection:
            return read_positions(connection)

    def traded(self, days: Days) -> Iterator[Traded]:
        """Every bracket for which something filled on these days, in one snapshot."""
        with self._database.read() as connection:
            yield from read_traded(connection, days)

    def commands(self, limit: int) -> list[tuple[Command, tuple[AuditNote, ...]]]:
        """The newest commands, newest first, each with what the audit says of it."""
        table = schema.command
        with self._database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.id.desc()).limit(limit))
            found = [load(Command, row) for row in rows]
            notes = read_notes(connection, [command.id for command in found])
        return [(one, tuple(note for note in notes if note.subject == one.id)) for one in found]

    # the audit

    def head(self) -> chain.Head:
        with self._database.read() as connection:
            return chain.read_head(connection)

    def verify(self, kept: chain.Head | None, *, seen: chain.Seen = chain.unseen) -> chain.Verified:
        """Recompute the whole audit in one snapshot. Raises ChainBroken, naming the row."""
        with self._database.read(unhurried=True) as connection:
            return chain.verify(connection, kept=kept, seen=seen)

    def audit_entries(self, *, after: int = 0, most: int | None = None) -> Iterator[Mapping[str, Any]]:
        """Every entry above a number as it is stored, oldest first; `most` of them at most.

        Read in parts: who takes them slowly holds no snapshot meanwhile, and none is needed of what only grows.
        """
        plain = chain.as_plain(schema.audit)
        while most is None or most > 0:
            part = _PART if most is None else min(_PART, most)
            statement = select(plain).where(plain.c.seq > after).order_by(plain.c.seq).limit(part)
            with self._database.read() as connection:
                found = [dict(row._mapping) for row in connection.execute(statement)]
            yield from found
            if len(found) < part:
                return
            after = found[-1]["seq"]
            most = None if most is None else most - part
