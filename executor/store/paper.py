"""What the exchange of a paper account keeps: its state, written before it answers; read once, at a start."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update

from executor.store import schema
from executor.store.engine import Database
from executor.store.ledger import check_epoch

#: What an order is told that traded at a price which no market made; the word for pages, audit and statistics.
SYNTHETIC = "synthetic price"


class Paper:
    def __init__(self, database: Database) -> None:
        self._database = database

    def load_simulator(self, account: str) -> str | None:
        """The state that was saved last."""
        table = schema.simulator_state
        with self._database.read() as connection:
            return connection.execute(select(table.c.state).where(table.c.account == account)).scalar_one_or_none()

    def save_simulator(self, account: str, epoch: int, state: str, *, at: datetime) -> None:
        """Keep the state of an account's exchange; not audited. Raises NotRecorded, LeaseLost."""
        table, values = schema.simulator_state, {"state": state, "at": at}
        with self._database.unaudited(urgent=True) as connection:  # what it was asked for may be a stop
            check_epoch(connection, account, epoch)
            if not connection.execute(update(table).where(table.c.account == account).values(values)).rowcount:
                connection.execute(insert(table).values(account=account, **values))
