"""What the trader writes: the lease, decisions, sessions, jobs. Every write proves the lease's epoch first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from executor.domain.command import ERRANDS, Command, CommandKind, CommandState
from executor.domain.ids import IntentId
from executor.domain.intent import Intent, IntentState, PermitClass
from executor.domain.messages import Change, Committed, Decision
from executor.domain.record import CallRow, Halt, HaltKind
from executor.errors import InvariantBroken, LeaseLost
from executor.store import log_words, schema
from executor.store.engine import Database, Transaction
from executor.store.rows import TABLE_OF, changed_values, key_of, load, made, values_of
from executor.store.statements import as_stored, ask, change

_ORDER = {table.name: place for place, table in enumerate(schema.metadata.sorted_tables)}
#: Asked or said all day: made once, for making a statement costs more than running it.
_EPOCH = select(schema.lease.c.epoch).where(schema.lease.c.account == bindparam("account")).with_for_update()
_IN_FORCE = select(schema.halt).where(schema.halt.c.ended_at.is_(None)).order_by(schema.halt.c.id)
_ASKED = (
    select(schema.command)
    .where(schema.command.c.account == bindparam("account"), schema.COMMAND_NEW)
    .where(or_(*(schema.command.c.kind == kind for kind in (CommandKind.LOGIN, *sorted(ERRANDS)))))
    .order_by(schema.command.c.id)
)


@dataclass(frozen=True, slots=True)
class SavedSession:
    """A broker session as it is kept; `tokens` are sealed text."""

    tokens: str | None
    totp_step: int | None
    opened_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """Who owns an account; `holder` is unique to a process, and empty once it gave the lease back."""

    epoch: int
    holder: str
    beat_at: datetime


class Ledger:
    def __init__(self, database: Database, *, new_id: Callable[[], str]) -> None:
        self._database = database
        self._new_id = new_id

    # the lease

    def lease(self, account: str) -> LeaseRow | None:
        columns = schema.lease.c
        statement = select(columns.epoch, columns.holder, columns.beat_at).where(columns.account == account)
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return LeaseRow(*row) if row else None

    def take_lease(self, account: str, holder: str, *, at: datetime, follows: LeaseRow | None) -> int:
        """Become the owner of an account; every earlier owner's commit fails from now on.

        `follows` is the lease that the caller knows to be over. Raises LeaseLost when it is another one by now, or
        its holder has beaten again.
        """
        try:
            with self._write(at) as transaction:
                return _take_lease(transaction, account, holder, follows)
        except InvariantBroken as error:
            raise LeaseLost(f"account {account}: another host took its first lease at this moment") from error

    def release_lease(self, account: str, epoch: int, *, at: datetime) -> None:
        """Give the lease back: whoever asks next has it at once. Raises LeaseLost."""
        with self._write(at) as transaction:
            check_epoch(transaction.connection, account, epoch)
            transaction.connection.execute(
                update(schema.lease).where(schema.lease.c.account == account).values(status={})
            )
            transaction.change(schema.lease, {"account": account}, {"holder": ""})
            transaction.note("lease", account, f"epoch {epoch} given back")

    def beat(self, account: str, epoch: int, *, at: datetime, status: Mapping[str, Any]) -> None:
        """Say that the owner lives; not audited. Raises LeaseLost."""
        columns, whose = schema.lease.c, {"account": account, "epoch": epoch}
        beaten = {"beat_at": as_stored(columns.beat_at.type, at), "status": as_stored(columns.status.type, status)}
        with self._database.unaudited(urgent=True) as connection:
            if not change(connection, schema.lease, whose, beaten):
                raise LeaseLost(f"account {account}: epoch {epoch} is over")

    # decisions

    def commit(
        self,
        account: str,
        epoch: int,
        decision: Decision,
        *,
        permits: Collection[IntentId],
        known: Sequence[Halt],
        at: datetime,
    ) -> Committed:
        """Make a decision durable: facts with their consequences, intents, audit. The desk's only write.

        1. The lease is locked and its epoch checked (LeaseLost).
        2. Halts are read under the lock; if they are not those the desk knew, no entry is sent by this commit.
        3. Intents with a permit become SENDING here, before any byte leaves.
        Raises NotRecorded when the database could not take it, InvariantBroken when a constraint says no.
        """
        with self._write(at) as transaction:
            check_epoch(transaction.connection, account, epoch)
            halts = halts_in_force(transaction.connection, account)
            sending = _granted(decision, permits, halts=set(halts), known=set(known))
            started = [replace(intent, state=IntentState.SENDING, epoch=epoch, sending_at=at) for intent in sending]
            _write(transaction, _with_sending(decision.changes, started, decision.intents))
            log_words.follow(transaction.connection, decision.changes)
            for note in decision.notes:
                transaction.note(note.kind, note.subject, note.text, alarm=note.alarm)
            new = [halt for halt in decision.halts if self._set_halt(transaction, halt, halts)]
        return Committed(tuple(started), (*halts, *new))

    # sessions and jobs

    def session(self, account: str) -> SavedSession | None:
        table = schema.session
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.account == account)).one_or_none()
        return load(SavedSession, row) if row else None

    def save_session(self, account: str, epoch: int, session: SavedSession, *, say: str, at: datetime) -> None:
        """Keep a session, or the TOTP step about to be used, before the call that uses it."""
        with self._write(at) as transaction:
            check_epoch(transaction.connection, account, epoch)
            if not transaction.change(schema.session, {"account": account}, values_of(session)):
                transaction.insert(schema.session, {"account": account, **values_of(session)})
            transaction.note("session", account, say)

    def asked(self, account: str) -> list[Command]:
        """What a person wants of an account's session (logins, errands) and nobody has answered, the oldest first."""
        with self._database.glance() as connection:
            return [made(Command, row) for row in ask(connection, _ASKED, account=account)]

    def answer(self, command: Command, epoch: int, state: CommandState, text: str, *, at: datetime) -> None:
        """Answer a command that no decision carries: a login, an errand; NEW says that it is begun."""
        with self._write(at) as transaction:
            check_epoch(transaction.connection, command.account, epoch)
            transaction.change(schema.command, {"id": command.id}, {"state": state, "answer": text})
            transaction.note("command", command.id, f"{command.kind} by {command.by}: {text}")

    def is_held(self, account: str, symbol: str) -> bool:
        """Whether a position of ours in a contract is not over: held, opening or in doubt."""
        bracket = schema.bracket.c
        statement = select(bracket.id).where(bracket.account == account, bracket.symbol == symbol, schema.BRACKET_ALIVE)
        with self._database.read() as connection:
            return connection.execute(statement.limit(1)).first() is not None

    def save_snapshot(self, account: str, kind: str, body: Mapping[str, Any], *, at: datetime) -> None:
        """Keep what the broker last said of an account, for people to read; not audited."""
        table, values = schema.snapshot, {"at": at, "body": dict(body)}
        which = (table.c.account == account) & (table.c.kind == kind)
        with self._database.unaudited() as connection:
            if not connection.execute(update(table).where(which).values(values)).rowcount:
                connection.execute(insert(table).values(account=account, kind=kind, **values))

    def job_done(self, account: str, kind: str, day: date) -> bool:
        table = schema.job
        statement = select(table.c.done_at).where(table.c.account == account, table.c.kind == kind, table.c.day == day)
        with self._database.read() as connection:
            return connection.execute(statement).scalar_one_or_none() is not None

    def finish_job(self, account: str, epoch: int, kind: str, day: date, *, at: datetime) -> None:
        with self._write(at) as transaction:
            check_epoch(transaction.connection, account, epoch)
            transaction.insert(schema.job, {"account": account, "kind": kind, "day": day, "done_at": at})
            transaction.note("job", account, f"{kind} of {day} done")

    def record_calls(self, account: str, epoch: int, calls: Sequence[CallRow], *, say: str, at: datetime) -> None:
        """Keep calls that no decision carries: logins."""
        with self._write(at) as transaction:
            check_epoch(transaction.connection, account, epoch)
            for row in calls:
                transaction.insert(schema.broker_call, call_values(row))
            transaction.note("calls", account, say)

    def set_halt(self, halt: Halt, *, at: datetime) -> None:
        """Put a halt in force, unless one of its kind and scope is."""
        with self._write(at) as transaction:
            self._set_halt(transaction, halt, halts_in_force(transaction.connection, None))

    def _set_halt(self, transaction: Transaction, halt: Halt, known: Sequence[Halt]) -> bool:
        if (halt.scope, halt.kind) in {(one.scope, one.kind) for one in known}:
            return False
        # at Postgres somebody may have halted the same since `known` was read: what else is decided must not fail of it
        if not transaction.insert_if_new(schema.halt, {"id": self._new_id(), **values_of(halt)}):
            return False
        transaction.note("halt", halt.scope, f"{halt.kind}: {halt.why} (by {halt.by})")
        return True

    def _write(self, at: datetime) -> AbstractContextManager[Transaction]:
        """All that the trader writes reduces, protects or tells it how: entries the desk itself withholds."""
        return self._database.write(at, urgent=True)


def _take_lease(transaction: Transaction, account: str, holder: str, follows: LeaseRow | None) -> int:
    table, at = schema.lease, transaction.at
    statement = select(table).where(table.c.account == account).with_for_update()
    row = transaction.connection.execute(statement).one_or_none()
    if row is None:
        epoch = 1
        transaction.insert(table, {"account": account, "epoch": 1, "holder": holder, "beat_at": at, "status": {}})
    elif row.holder and LeaseRow(row.epoch, row.holder, row.beat_at) != follows:
        raise LeaseLost(f"account {account} is held by {row.holder}, last heard of at {row.beat_at}")
    else:
        epoch = int(row.epoch) + 1
        transaction.change(table, {"account": account}, {"epoch": epoch, "holder": holder, "beat_at": at})
    transaction.note("lease", account, f"epoch {epoch} taken by {holder}")
    return epoch


def check_epoch(connection: Connection, account: str, epoch: int) -> None:
    found = next((row["epoch"] for row in ask(connection, _EPOCH, account=account)), None)
    if found != epoch:
        raise LeaseLost(f"account {account}: epoch {epoch} is over, now {found}")


def halts_in_force(connection: Connection, account: str | None) -> tuple[Halt, ...]:
    """The halts that may concern an account: ALL, its own, and those of strategies and lanes."""
    return concerning(account, [made(Halt, row) for row in ask(connection, _IN_FORCE)])


def concerning(account: str | None, halts: Sequence[Halt]) -> tuple[Halt, ...]:
    """Those of these halts that may concern an account: all but other accounts'; all for None."""
    own = f"account:{account}"
    return tuple(one for one in halts if account is None or one.scope == own or not one.scope.startswith("account:"))


def call_values(row: CallRow) -> dict[str, Any]:
    """A call and what is kept beside it, as columns of broker_call."""
    return {
        "id": row.id,
        "account": row.account,
        "intent": row.intent,
        **values_of(row.call),
        "equal": row.equal,
        "last_at": row.last_at,
    }


def _granted(decision: Decision, permits: Collection[IntentId], *, halts: set[Halt], known: set[Halt]) -> list[Intent]:
    """What may leave: nothing beside a kill that the desk does not know yet, no entry beside any such halt."""
    granted = [intent for intent in decision.intents if intent.id in permits]
    if any(halt.kind is HaltKind.KILL for halt in halts - known):
        return []
    return [intent for intent in granted if halts == known or intent.permit is not PermitClass.ENTER]


def _with_sending(changes: Sequence[Change], started: Sequence[Intent], ready: Sequence[Intent]) -> list[Change]:
    """The changes with the started intents in place of their READY selves."""
    by_id = {intent.id: intent for intent in started}
    result = []
    for one in changes:
        if isinstance(one.row, Intent) and one.row.id in by_id:
            one = replace(one, row=by_id.pop(one.row.id))
        result.append(one)
    waiting = {intent.id: intent for intent in ready}
    return result + [Change(row=intent, before=waiting[intent.id]) for intent in by_id.values()]


def _write(transaction: Transaction, changes: Sequence[Change]) -> None:
    """Updates first (a closing bracket frees its lane), then inserts in the order of their foreign keys."""
    for one in changes:
        if one.before is not None:
            _update(transaction, one)
    inserts = [_insert_of(one.row) for one in changes if one.before is None]
    for table, values in sorted(inserts, key=lambda item: _ORDER[item[0].name]):
        transaction.insert(table, values)


def _update(transaction: Transaction, change: Change) -> None:
    if isinstance(change.row, CallRow):
        free = {"equal": change.row.equal, "last_at": change.row.last_at}
        transaction.change(schema.broker_call, {"id": change.row.id}, free)
        return
    table = TABLE_OF[type(change.row)]
    values = changed_values(change.before, change.row)
    if values and not transaction.change(table, key_of(table, values_of(change.row)), values):
        raise InvariantBroken(f"{table.name}: the row to change is not there: {change.row}")


def _insert_of(row: Any) -> tuple[Any, dict[str, Any]]:
    if isinstance(row, CallRow):
        return schema.broker_call, call_values(row)
    return TABLE_OF[type(row)], values_of(row)
