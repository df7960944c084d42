"""Answers that the API gave under an Idempotency-Key: begun before anything is done, kept for who asks once more.

Not audited: what was done stands there already, in the transaction that did it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update

from executor.errors import NotRecorded
from executor.store import schema
from executor.store.engine import Database
from executor.store.statements import put_new, row_as_stored

#: For how long a key is remembered.
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Begun:
    """The request that came first under a key, as its hash; that and `answer` are sealed, which is None at first."""

    sha256: str
    at: datetime
    answer: str | None


class ApiAnswers:
    """A key is of the token it came with: no token sees what another one was answered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, token: str, key: str, sha256: str, *, at: datetime, urgent: bool) -> Begun | None:
        """Put down durably that a request begins; if one began under this key already, that one, and nothing is done.

        `urgent`: what it asks for may be written from the reserve, so this may. Raises StoreError.
        """

        def write() -> Begun | None:
            table = schema.api_answer
            row = {"token": token, "key": key, "sha256": sha256, "at": at, "answer": None}
            with self._database.unaudited(urgent=urgent) as connection:
                connection.execute(delete(table).where(table.c.at < at - KEPT))
                if put_new(connection, table, row_as_stored(table, row)):
                    return None
                first = select(table.c.sha256, table.c.at, table.c.answer).where(*_of(token, key))
                found = connection.execute(first).one_or_none()
                if found is None:
                    raise NotRecorded("the first request under this key was just found to have done nothing; ask again")
                return Begun(*found)

        return self._database.from_reserve(write) if urgent else write()

    def finish(self, token: str, key: str, answer: str) -> None:
        """Keep the answer, sealed by the caller. Raises StoreError."""
        with self._database.unaudited(urgent=True) as connection:
            connection.execute(update(schema.api_answer).where(*_of(token, key)).values(answer=answer))

    def forget(self, token: str, key: str) -> None:
        """Nothing was done: whoever asks next under the key is the first. Raises StoreError."""
        with self._database.unaudited(urgent=True) as connection:
            connection.execute(delete(schema.api_answer).where(*_of(token, key)))


def _of(token: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    table = schema.api_answer
    return table.c.token == token, table.c.key == key
