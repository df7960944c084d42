"""All tables, by the names they have in the database."""

from __future__ import annotations

from executor.store.schema.alerts import (
    COMMAND_NEW,
    SIGNAL_OPEN,
    alert,
    command,
    delivery,
    delivery_flood,
    lane,
    log_word,
    signal,
)
from executor.store.schema.keeping import Keeping, metadata
from executor.store.schema.orders import BRACKET_ALIVE, bracket, broker_call, broker_order, fill, intent, leg, report
from executor.store.schema.people import HALT_LOSS, account, api_answer, api_token, halt, person, strategy
from executor.store.schema.service import (
    MASTER_CURRENT,
    audit,
    instrument,
    job,
    lease,
    master_load,
    meta,
    session,
    simulator_state,
    snapshot,
)

__all__ = [
    "BRACKET_ALIVE",
    "COMMAND_NEW",
    "HALT_LOSS",
    "MASTER_CURRENT",
    "SIGNAL_OPEN",
    "Keeping",
    "account",
    "alert",
    "api_answer",
    "api_token",
    "audit",
    "bracket",
    "broker_call",
    "broker_order",
    "command",
    "delivery",
    "delivery_flood",
    "fill",
    "halt",
    "instrument",
    "intent",
    "job",
    "lane",
    "lease",
    "leg",
    "log_word",
    "master_load",
    "meta",
    "metadata",
    "person",
    "report",
    "session",
    "signal",
    "simulator_state",
    "snapshot",
    "strategy",
]
