"""How the audit keeps a column, said in the column's `info`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Column, MetaData

from executor.store.types import Words


class Keeping(StrEnum):
    """FIXED columns are hashed when their row is introduced and never change; STATE columns are written into the audit
    with each new value; SECRET ones likewise, but as a hash; FREE ones are for display or bookkeeping and not audited.
    """

    FIXED = "FIXED"
    STATE = "STATE"
    SECRET = "SECRET"
    FREE = "FREE"


STATE: dict[Any, Any] = {"keeping": Keeping.STATE}
SECRET: dict[Any, Any] = {"keeping": Keeping.SECRET}
FREE: dict[Any, Any] = {"keeping": Keeping.FREE}

#: SQLite keeps the rows in the tree of their key, instead of in one beside it: a page less to write for each row of a
#: commit. For small rows; one above 1 KB would take a page of its own.
CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}

metadata = MetaData()


def id_column() -> Column[str]:
    return Column("id", Words, primary_key=True)
