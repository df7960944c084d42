"""Tokens of the API: kept as hashes, made once, ended for ever.

The text of a token is 256 bits of chance, so a plain SHA-256 of it says nothing about it and needs no salt. The
column `revoked_at` is from when a token is none any more: of one that was made to expire it lies ahead.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select

from executor.errors import ConfigError
from executor.store import schema
from executor.store.engine import Database, Transaction

#: By this a token is known when it turns up where it should not be.
PREFIX = "xa1_"
_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)


class Scope(StrEnum):
    """read: see everything that the pages show · trade: do what the pages do, too."""

    READ = "read"
    TRADE = "trade"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """`ends_at`: from when it is none any more; None as long as nobody revokes it."""

    id: str
    name: str
    scope: Scope
    created_at: datetime
    ends_at: datetime | None

    def may(self, scope: Scope) -> bool:
        """Whether it reaches so far: who may trade may read."""
        return self.scope in (Scope.TRADE, scope)

    def is_valid(self, now: datetime) -> bool:
        return self.ends_at is None or now < self.ends_at


class Tokens:
    """Times are the machine's, as those of sessions are: a simulated clock lets no token live longer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, scope: Scope, *, ends_at: datetime | None, at: datetime, by: str, new_id: Callable[[], str]
    ) -> tuple[ApiToken, str]:
        """Make a token and its text, which is told this once. Raises ConfigError for a name that is none or in use."""
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} is no name; use up to 40 letters, digits, - and _, beginning with one of them")
        text = PREFIX + secrets.token_urlsafe(_BYTES)
        made = ApiToken(new_id(), name, scope, at, ends_at)
        with self._database.write(at) as transaction:
            if any(one.name == name and one.is_valid(at) for one in _all(transaction)):
                raise ConfigError(f"there is a token {name!r} already; revoke it, or take another name")
            values = {"id": made.id, "name": name, "scope": scope.value, "hash": _hash(text)}
            transaction.insert(schema.api_token, {**values, "created_at": at, "revoked_at": ends_at})
            until = "until it is revoked" if ends_at is None else f"until {ends_at.isoformat(timespec='seconds')}"
            transaction.note("api_token", made.id, f"API token {name} with scope {scope} made by {by}, {until}")
        return made, text

    def all(self) -> list[ApiToken]:
        """Every token that ever was, the oldest first."""
        table = schema.api_token
        with self._database.read() as connection:
            return [_made(row) for row in connection.execute(select(table).order_by(table.c.created_at, table.c.id))]

    def revoke(self, name: str, *, at: datetime, by: str) -> ApiToken | None:
        """End the valid token of this name at once; None when there is none."""
        with self._database.write(at) as transaction:
            found = next((one for one in _all(transaction) if one.name == name and one.is_valid(at)), None)
            if found is not None:
                transaction.change(schema.api_token, {"id": found.id}, {"revoked_at": at})
                transaction.note("api_token", found.id, f"API token {name} revoked by {by}")
        return found

    def verify(self, text: str, now: datetime) -> ApiToken | None:
        """The token with this text, None when it is none (any more). Takes the same time whichever it is."""
        given = _hash(text)
        with self._database.read() as connection:
            rows = connection.execute(select(schema.api_token)).all()
        found = [row for row in rows if hmac.compare_digest(row.hash, given)]
        return next((token for token in map(_made, found) if token.is_valid(now)), None)


def _all(transaction: Transaction) -> list[ApiToken]:
    return [_made(row) for row in transaction.connection.execute(select(schema.api_token))]


def _made(row: Row[Any]) -> ApiToken:
    return ApiToken(row.id, row.name, Scope(row.scope), row.created_at, row.revoked_at)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
