"""Find deliveries in the log: each filter is a term, a term is a word or the beginning of words, all terms must hold.

Every step follows the key of `log_word` (word, delivery) from the newest id downwards, so neither the depth of a page
nor the number of rows behind it costs anything; what several terms have in common is looked for from the rarest of
them. Signals that are still open have no words yet and are looked at one by one (store/log.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, bindparam, func, literal, select, union_all

from executor.domain.refusal import RefusalCode
from executor.store import schema
from executor.store.log_words import asked_words, codes_saying, day_word, ticker_word
from executor.store.types import storable

#: The beginning of more different words than these is no help; who searches is told to type more.
MOST_WORDS = 100
#: Which of two terms is rarer is told by so many rows of each.
_REACH = 300
#: What is asked of more words and terms is compiled each time: every number of them is a statement of its own, of up to
#: a megabyte, and all of them would be kept.
_KEPT = 6
_WORD = schema.log_word.c


@dataclass(frozen=True, slots=True)
class Filters:
    """What the log is narrowed to; empty means all.

    `outcome` is the word that a line shows, or a refusal's code; `ticker` goes without its exchange too; `day` is one
    of India; of `text` every word must be there, or the beginning of one; an id, a tag or the broker's order number
    finds its line as well. `signals`: only what became one.
    """

    strategy: str = ""
    account: str = ""
    ticker: str = ""
    outcome: str = ""
    day: date | None = None
    text: str = ""
    signals: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One of the words, or any word that begins so."""

    words: frozenset[str]
    beginning: str = ""

    def holds(self, words: AbstractSet[str]) -> bool:
        if not self.words.isdisjoint(words):
            return True
        return bool(self.beginning) and any(word.startswith(self.beginning) for word in words)


def facets_of(filters: Filters) -> list[Term]:
    """The terms of all filters but the text."""
    codes = frozenset(RefusalCode)
    exact = {
        "s": storable(filters.strategy),
        "a": storable(filters.account),
        "c" if filters.outcome in codes else "o": storable(filters.outcome),
    }
    terms = [Term(frozenset({f"{kind}:{value}"})) for kind, value in exact.items() if value]
    if filters.day:
        terms.append(Term(frozenset({day_word(filters.day)})))
    if filters.ticker:
        word = ticker_word(filters.ticker)
        terms.append(Term(frozenset({word}), "" if ":" in filters.ticker else word))
    return terms


def words_wanted(text: str) -> list[Term]:
    """The terms of a text; one that nothing holds when there is no word in it."""
    words = asked_words(text)
    if text.strip() and not words:
        return [Term(frozenset())]
    return [
        Term(frozenset({f"w:{word}", *(f"c:{code}" for code in codes_saying(word))}), f"w:{word}") for word in words
    ]


def spelled_out(connection: Connection, term: Term) -> Term:
    """The term with every word of the log that begins as it says; only with its own where they are too many."""
    if not term.beginning:
        return term
    found = connection.execute(_BEGINNING, {"low": term.beginning, "high": term.beginning + _LAST}).scalars().all()
    if len(found) > MOST_WORDS:
        return replace(term, beginning="")
    return replace(term, words=term.words | set(found))


def newest(
    connection: Connection, terms: Sequence[Term], *, before: str | None, limit: int, signals: bool
) -> list[str]:
    """The newest deliveries below `before` that all these terms hold for, newest first; terms are spelled out."""
    if not all(term.words for term in terms):
        return []
    first, *others = _rarest_first(connection, terms, before)
    too = [_is_there(_with(term.words)) for term in others]
    if signals:
        too.append(_is_there(select(literal(1)).where(schema.signal.c.delivery == _WORD.delivery)))
    if before is not None:
        too.append(_WORD.delivery < before)
    words = [select(_WORD.delivery).where(_WORD.word == word, *too) for word in sorted(first.words)]
    parts = [statement.order_by(_WORD.delivery.desc()).limit(limit).subquery() for statement in words]
    statement = union_all(*(select(part.c.delivery) for part in parts))
    found = connection.execute(statement, execution_options=_kept(len(parts) + len(too))).scalars()
    return sorted(set(found), reverse=True)[:limit]


def named_by(connection: Connection, text: str) -> set[str]:
    """The deliveries that an id of ours, an order's tag or the broker's number of an order names."""
    delivery, signal, leg, order = schema.delivery.c, schema.signal.c, schema.leg.c, schema.broker_order.c
    of_order = (
        select(signal.delivery).join(schema.leg, leg.cause == signal.id).join(schema.broker_order, order.leg == leg.id)
    )
    ways: tuple[Select[Any], ...] = (  # each by an index of its own
        select(delivery.id).where(delivery.id == text),
        select(delivery.id).where(delivery.of == text),
        select(signal.delivery).where(signal.id == text),
        of_order.where(order.tag == text),
        of_order.where(order.broker_id == text),
    )
    return set(connection.execute(union_all(*ways)).scalars())


# -- statements ----------------------------------------------------------------------------------------------------

#: Above every letter: the end of all words that begin with something.
_LAST = "\U0010ffff"


def _beginning() -> Select[Any]:
    """Each word between `low` and `high` once: from one to the next through the index, not over all its rows."""
    one = select(func.min(_WORD.word).label("word")).where(_WORD.word < bindparam("high"))
    hops = one.where(_WORD.word >= bindparam("low")).cte("hops", recursive=True)
    following = one.where(_WORD.word > hops.c.word).correlate(hops).scalar_subquery()
    hops = hops.union_all(select(following).where(hops.c.word.is_not(None)))
    return select(hops.c.word).where(hops.c.word.is_not(None)).limit(MOST_WORDS + 1)


_BEGINNING = _beginning()


def _rarest_first(connection: Connection, terms: Sequence[Term], before: str | None) -> list[Term]:
    """The terms by how far back some hundred rows of theirs reach: the further, the rarer. As it is when alone."""
    if len(terms) == 1:
        return list(terms)
    words = sorted({word for term in terms for word in term.words})
    statement = select(*(_reach(word, before) for word in words))
    row = connection.execute(statement, execution_options=_kept(len(words))).one()
    reached = {word: reach or "" for word, reach in zip(words, row, strict=True)}
    return sorted(terms, key=lambda term: max(reached[word] for word in term.words))


def _kept(size: int) -> Mapping[str, Any]:
    """How a statement of so many words and terms is carried out."""
    return {"compiled_cache": None} if size > _KEPT else {}


def _reach(word: str, before: str | None) -> ScalarSelect[str]:
    """The last of so many newest deliveries of a word; NULL where there are fewer."""
    column = schema.log_word.alias().c
    statement = select(column.delivery).where(column.word == word).order_by(column.delivery.desc())
    if before is not None:
        statement = statement.where(column.delivery < before)
    return statement.offset(_REACH).limit(1).scalar_subquery()


def _with(words: Collection[str]) -> Select[Any]:
    """Whether the delivery has one of these words as well."""
    other = schema.log_word.alias().c
    return select(literal(1)).where(other.delivery == _WORD.delivery, other.word.in_(sorted(words)))


def _is_there(question: Select[Any]) -> ColumnElement[bool]:
    """EXISTS, asked of one row after the other: Postgres would make a join of it that sorts all of the other word's."""
    return question.limit(1).correlate(schema.log_word).scalar_subquery().is_not(None)
