"""The words that the log is searched by: facets such as `s:trend` and words of texts such as `w:margin`, one row each.

A delivery that becomes no signal has its words from the beginning, a signal gets them in the transaction that ends it:
nothing is written here between an alert and the broker's wire. Who searches looks at open signals themselves, which are
few, by these same words (store/log_search.py). Facets: strategy, account, ticker, day of India, outcome, refusal code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from executor.clock import IST
from executor.domain.delivery import Delivery
from executor.domain.instrument import charted
from executor.domain.messages import Change
from executor.domain.order import Order
from executor.domain.refusal import WORDS, RefusalCode
from executor.domain.signal import Signal, SignalState, lane_of
from executor.store import schema
from executor.store.statements import ask, put_all_new
from executor.store.types import storable

#: Fields of an alert that a person would search by; the others are numbers and times.
_SAID = ("action", "ticker", "exchange", "contract", "comment", "order_id", "trade", "side")
#: Letters, also of M&M, or digits; a text falls into words where one meets the other: NIFTY26NOV24000CE.
_WORD = re.compile(r"[^\W\d_]+(?:&[^\W\d_]+)*|\d+")
_SMALL = frozenset(
    {
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "that",
        "the",
        "to",
        "was",
    }
)
_SHORTEST, _FEWEST_DIGITS, _LONGEST = 2, 4, 32
#: Of one text: what a stranger sends to a known address must not grow.
_MOST = 60


def words_in(text: str) -> list[str]:
    """The words of a text, as they are searched by: small ones and short numbers say nothing."""
    found = _WORD.findall(storable(text[:4000]).lower())
    kept = [word[:_LONGEST] for word in found if len(word) >= (_FEWEST_DIGITS if word.isdigit() else _SHORTEST)]
    return [word for word in dict.fromkeys(kept) if word not in _SMALL][:_MOST]


def asked_words(text: str) -> list[str]:
    """The words to search by: as above, or what there is when nothing else is left."""
    return words_in(text) or [word[:_LONGEST] for word in _WORD.findall(storable(text).lower())]


def ticker_word(ticker: str) -> str:
    """SBIN:NSE of NSE:SBIN: so a ticker is found without its exchange by how its word begins; M_M for M&M too."""
    exchange, _, name = ticker.rpartition(":")
    return f"t:{storable(charted(f'{name}:{exchange}').upper())}"


def day_word(at: datetime | date) -> str:
    return f"d:{at.astimezone(IST).date() if isinstance(at, datetime) else at}"


def words_of_delivery(delivery: Delivery) -> set[str]:
    """The words of a delivery that became no signal."""
    body = _read(delivery.body)
    detail = "" if delivery.of else delivery.detail  # which signal it repeats is found by the id
    words = {
        day_word(delivery.received_at),
        f"o:{delivery.verdict}",
        # as one text: who knows a strategy's name may send all its fields, and each word is a page that is written
        *words_of_texts([" ".join([detail, *(_said(body) if body else [delivery.body])])]),
    }
    if delivery.strategy:
        words.add(storable(f"s:{delivery.strategy}"))
    if delivery.code:
        words.add(f"c:{delivery.code}")
    if isinstance(body.get("ticker"), str):
        # clipped, both: Postgres holds no word of any length in an index, and would not take the delivery
        words.add(ticker_word(f"{body.get('exchange', '')!s:.{_LONGEST}}:{body['ticker'][:_LONGEST]}"))
    return words


def words_of_signal(signal: Signal, said: Iterable[str]) -> set[str]:
    """The words of a signal; `said` are the contracts of its orders and the broker's texts."""
    lane = lane_of(signal)
    words = {
        f"s:{signal.strategy}",
        f"a:{signal.account}",
        ticker_word(lane.ticker),
        day_word(signal.received_at),
        f"o:{signal.outcome or signal.state}",
        *words_of_texts([*_said(signal.fields), _detail(signal), *said]),
    }
    return words | ({f"c:{signal.code}"} if signal.code else set())


def words_of_texts(texts: Iterable[str]) -> set[str]:
    return {f"w:{word}" for text in texts for word in words_in(text)}


def codes_saying(word: str) -> list[RefusalCode]:
    """The refusals whose sentence has a word that begins so: their sentences are not stored with every line."""
    return [code for code, said in WORDS.items() if any(one.startswith(word) for one in words_in(said.sentence))]


def add_delivery(connection: Connection, delivery: Delivery) -> None:
    """Make a delivery that became no signal searchable."""
    _put(connection, delivery.id, words_of_delivery(delivery))


def follow(connection: Connection, changes: Sequence[Change]) -> None:
    """Make signals searchable that end by these changes, which are written; what is said of an order later too."""
    for change in changes:
        row, before = change.row, change.before
        if isinstance(row, Signal) and row.state is SignalState.ENDED:
            _end(connection, row, before if isinstance(before, Signal) else None)
        elif isinstance(row, Order) and row.text and not (isinstance(before, Order) and before.text == row.text):
            for found in ask(connection, _DELIVERIES, leg=row.leg):
                _put(connection, found["delivery"], words_of_texts([row.text]))


# -- what a row says -----------------------------------------------------------------------------------------------


def _said(fields: Mapping[str, Any]) -> list[str]:
    return [value for name in _SAID if isinstance(value := fields.get(name), str)]


def _read(body: str) -> dict[str, Any]:
    """The fields of a body, empty when it is none of ours: unproved words either way."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _detail(signal: Signal) -> str:
    """The reason without its refusal's sentence, which is found by the code."""
    reason = signal.reason or ""
    return reason.removeprefix(WORDS[signal.code].sentence) if signal.code else reason


# -- rows ----------------------------------------------------------------------------------------------------------

#: Whose leg it is.
_DELIVERIES = (
    select(schema.signal.c.delivery)
    .join(schema.leg, schema.leg.c.cause == schema.signal.c.id)
    .where(schema.leg.c.id == bindparam("leg"))
)
_TRADED = (
    select(schema.bracket.c.symbol, schema.broker_order.c.text)
    .select_from(schema.leg)
    .join(schema.bracket, schema.bracket.c.id == schema.leg.c.bracket)
    .outerjoin(schema.broker_order, schema.broker_order.c.leg == schema.leg.c.id)
    .where(schema.leg.c.cause == bindparam("cause"))
)


def _end(connection: Connection, signal: Signal, before: Signal | None) -> None:
    said = {text for row in ask(connection, _TRADED, cause=signal.id) for text in row.values() if text}
    words = words_of_signal(signal, said)
    if before is not None and before.state is SignalState.ENDED:
        table, gone = schema.log_word, words_of_signal(before, said) - words
        connection.execute(delete(table).where(table.c.delivery == signal.delivery, table.c.word.in_(gone)))
    _put(connection, signal.delivery, words)


def _put(connection: Connection, delivery_id: str, words: Collection[str]) -> None:
    if words:
        put_all_new(connection, schema.log_word, [{"word": word, "delivery": delivery_id} for word in sorted(words)])
