"""The log: deliveries, newest first, each with what came of it.

Paging is by key: ids sort by time, so `before` an id is older, however deep the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, select

from executor.domain.bracket import Leg
from executor.domain.delivery import Delivery
from executor.domain.order import Order
from executor.domain.refusal import Refusal
from executor.domain.signal import Signal
from executor.store import schema
from executor.store.log_search import Filters, facets_of, named_by, newest, spelled_out, words_wanted
from executor.store.log_words import words_of_delivery, words_of_signal
from executor.store.rows import load
from executor.store.types import storable

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class LogLine:
    """One delivery with what came of it; `orders` are those of the legs that its signal caused, oldest first."""

    delivery: Delivery
    signal: Signal | None
    symbol: str | None
    orders: tuple[tuple[Leg, Order], ...]

    @property
    def state(self) -> str:
        return self.signal.state if self.signal else self.delivery.verdict

    @property
    def outcome(self) -> str | None:
        return self.signal.outcome if self.signal else None

    @property
    def word(self) -> str:
        """The one word for what came of it."""
        return self.outcome or self.state

    @property
    def reason(self) -> str | None:
        if self.signal:
            return self.signal.reason
        if self.delivery.code:
            return Refusal(self.delivery.code, self.delivery.detail).sentence
        return self.delivery.detail or None

    @property
    def words(self) -> set[str]:
        """What it is searched by."""
        if self.signal is None:
            return words_of_delivery(self.delivery)
        return words_of_signal(self.signal, [self.symbol or "", *(order.text for _, order in self.orders)])


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines, and the words of the text that begin so many others that only whole words were looked for."""

    lines: tuple[LogLine, ...]
    vague: tuple[str, ...] = ()


def read_page(connection: Connection, filters: Filters, *, before: str | None, limit: int) -> LogPage:
    """The newest lines below `before` for which all filters hold."""
    wanted = words_wanted(filters.text)
    texts = [spelled_out(connection, term) for term in wanted]
    facets = [spelled_out(connection, term) for term in facets_of(filters)]
    if not texts and not facets:
        return LogPage(tuple(_lines(connection, _unfiltered(filters, before).limit(limit))))
    terms = [*texts, *facets]
    found = set(newest(connection, terms, before=before, limit=limit, signals=filters.signals))
    named = _named(connection, filters.text)

    def holds(line: LogLine) -> bool:
        must = facets if line.delivery.id in named else terms
        return bool(line.signal or not filters.signals) and all(term.holds(line.words) for term in must)

    others = {key for key in named | _open(connection) if before is None or key < storable(before)} - found
    lines: dict[str, LogLine] = {}
    for keys in _parts(sorted(others, reverse=True), found):
        if len(lines) >= limit and max(keys) < sorted(lines, reverse=True)[limit - 1]:
            break
        read = _lines(connection, _these(keys))
        lines |= {line.delivery.id: line for line in read if line.delivery.id in found or holds(line)}
    vague = [term.beginning[2:] for term, said in zip(wanted, texts, strict=True) if term.beginning != said.beginning]
    return LogPage(tuple(lines[key] for key in sorted(lines, reverse=True)[:limit]), tuple(vague))


def read_line(connection: Connection, key: str) -> LogLine | None:
    """The line of a delivery, or of the delivery of a signal."""
    of_signal = connection.execute(select(schema.signal.c.delivery).where(schema.signal.c.id == key)).scalar()
    found = _lines(connection, _these([of_signal or key]))
    return found[0] if found else None


# -- what is looked at one by one ----------------------------------------------------------------------------------


def _open(connection: Connection) -> set[str]:
    """The deliveries of signals that have not ended: they have no words in the store yet."""
    return set(connection.execute(select(schema.signal.c.delivery).where(schema.SIGNAL_OPEN)).scalars())


def _named(connection: Connection, text: str) -> set[str]:
    """The deliveries that the text names by an id or number."""
    is_one_word = bool(text) and not any(character.isspace() for character in text)
    return named_by(connection, text) if is_one_word else set()


def _parts(others: Sequence[str], found: set[str]) -> Iterator[list[str]]:
    """What to read, some hundred lines at a time: what was found with the newest of the others."""
    if first := [*found, *others[:_CHUNK]]:
        yield first
    for start in range(_CHUNK, len(others), _CHUNK):
        yield list(others[start : start + _CHUNK])


# -- lines ---------------------------------------------------------------------------------------------------------


def _unfiltered(filters: Filters, before: str | None) -> Select[Any]:
    table = schema.delivery
    statement = select(table).order_by(table.c.id.desc())
    if filters.signals:
        statement = statement.where(exists().where(schema.signal.c.delivery == table.c.id))
    return statement if before is None else statement.where(table.c.id < before)


def _these(keys: Sequence[str]) -> Select[Any]:
    table = schema.delivery
    return select(table).where(table.c.id.in_(keys)).order_by(table.c.id.desc())


def _lines(connection: Connection, statement: Select[Any]) -> list[LogLine]:
    deliveries = [load(Delivery, row) for row in connection.execute(statement)]
    signals = _signals(connection, [delivery.id for delivery in deliveries])
    legs = _legs(connection, [signal.id for signal in signals.values()])
    symbols = {str(leg.cause): symbol for leg, symbol in legs.values()}
    orders: dict[str, list[tuple[Leg, Order]]] = defaultdict(list)
    for order in _orders(connection, list(legs)):
        leg, _ = legs[str(order.leg)]
        orders[leg.cause].append((leg, order))
    lines = []
    for delivery in deliveries:
        signal = signals.get(delivery.id)
        key: str = signal.id if signal else ""
        lines.append(LogLine(delivery, signal, symbols.get(key), tuple(orders[key])))
    return lines


def _signals(connection: Connection, deliveries: Sequence[str]) -> dict[str, Signal]:
    statement = select(schema.signal).where(schema.signal.c.delivery.in_(deliveries))
    return {row.delivery: load(Signal, row) for row in connection.execute(statement)}


def _legs(connection: Connection, causes: Sequence[str]) -> dict[str, tuple[Leg, str]]:
    """The legs of these signals by id, each with its contract."""
    leg, bracket = schema.leg.c, schema.bracket.c
    statement = select(schema.leg, bracket.symbol).join(schema.bracket, bracket.id == leg.bracket)
    found = connection.execute(statement.where(leg.cause.in_(causes))) if causes else ()
    return {row.id: (load(Leg, row), row.symbol) for row in found}


def _orders(connection: Connection, legs: Sequence[str]) -> list[Order]:
    order = schema.broker_order.c
    statement = select(schema.broker_order).where(order.leg.in_(legs)).order_by(order.id)
    return [load(Order, row) for row in connection.execute(statement)] if legs else []
