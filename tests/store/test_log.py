"""The log narrowed by each filter and by several, on both databases: open signals, ended ones, what became none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select

from executor.domain.delivery import Verdict
from executor.domain.ids import DeliveryId, Ids, LegId, OrderId, SignalId
from executor.domain.order import OrderState
from executor.domain.refusal import WORDS, RefusalCode
from executor.domain.signal import Action, LaneKey, Outcome, Signal, SignalState
from executor.store import schema
from executor.store.backup import dump, prepare, restore
from executor.store.engine import Database
from executor.store.log_search import MOST_WORDS
from executor.store.log_words import words_in
from executor.store.pages import Filters
from executor.store.store import Store
from tests.builders import ACCOUNT, DELIVERY, NOW, SIGNAL, a_delivery, a_leg, a_signal, a_store, an_id, an_order
from tests.store.trading import commit, decision_of, made, take_lease, trade

ALL = Filters()


def refuse(store: Store, number: int, **changes: object) -> DeliveryId:
    """One more refused delivery, newer with a greater number."""
    fields = {"verdict": Verdict.REFUSED, "code": RefusalCode.TOKEN_ALTERED, "id": DeliveryId(an_id(number))}
    store.intake.record_delivery(a_delivery(**{**fields, **changes}), None)
    return DeliveryId(an_id(number))


def signal(store: Store, number: int, **changes: Any) -> Signal:
    """One more signal, of an alert of its own; its delivery's number is `number`."""
    delivery_id, strategy = DeliveryId(an_id(number)), changes.get("strategy", "trend")
    found = a_signal(**{"id": SignalId(an_id(number + 1)), "delivery": delivery_id, "key": f"{number}", **changes})
    delivery = a_delivery(id=delivery_id, strategy=strategy, received_at=found.received_at)
    store.intake.record_delivery(delivery, found)
    return found


def end(store: Store, before: Signal, outcome: Outcome, **changes: Any) -> Signal:
    """What the desk says of a signal at its end, or later once more."""
    after = replace(before, state=SignalState.ENDED, outcome=outcome, **changes)
    commit(store, decision_of(replace(made(after)[0], before=before)))
    return after


def ids_of(store: Store, filters: Filters, *, before: str | None = None, limit: int = 10) -> list[str]:
    return [line.delivery.id for line in store.pages.deliveries(filters, before=before, limit=limit)]


@pytest.fixture
def held(store: Store) -> Store:
    """A store in which a trader has the lease."""
    take_lease(store)
    return store


def test_each_filter_narrows_what_became_no_signal(store: Store) -> None:
    body = '{"ticker": "infy", "exchange": "NSE", "action": "buy", "comment": "needle here"}'
    other = refuse(store, 50, strategy="other", body=body, received_at=NOW - timedelta(days=1))
    plain = refuse(store, 51, code=RefusalCode.NOT_JSON, body="no { alert: hay", detail="at column 3")

    assert ids_of(store, Filters(strategy="other")) == [other]
    assert ids_of(store, Filters(outcome="REFUSED")) == [plain, other]
    assert ids_of(store, Filters(outcome="not_json")) == [plain]
    assert ids_of(store, Filters(ticker="NSE:INFY")) == ids_of(store, Filters(ticker="Infy")) == [other]
    assert ids_of(store, Filters(ticker="INF")) == ids_of(store, Filters(ticker="BSE:INFY")) == []
    assert ids_of(store, Filters(day=date(2026, 11, 24))) == [other]
    assert ids_of(store, Filters(text="needle")) == ids_of(store, Filters(text="NEED")) == [other]
    assert ids_of(store, Filters(text="column hay")) == [plain]
    assert ids_of(store, Filters(account=ACCOUNT)) == []


def test_a_ticker_is_found_however_it_is_spelled(store: Store) -> None:
    one, other = (
        refuse(store, n, body=f'{{"ticker": "{said}", "exchange": "NSE"}}') for n, said in ((50, "M&M"), (51, "M_M"))
    )

    assert ids_of(store, Filters(ticker="M&M")) == ids_of(store, Filters(ticker="NSE:m_m")) == [other, one]


@pytest.mark.parametrize("is_ended", [False, True])
def test_each_filter_narrows_signals_open_and_ended(held: Store, is_ended: bool) -> None:
    infy = LaneKey(ACCOUNT, "fade", "NSE:INFY")
    fields = {"exchange": "NSE", "ticker": "INFY", "action": "sell", "comment": "Long exit", "price": "1500.00"}
    wanted = signal(
        held,
        60,
        strategy="fade",
        lane=infy.text,
        action=Action.SELL,
        fields=fields,
        received_at=NOW + timedelta(days=1),
    )
    other = signal(held, 70, account="default", lane=LaneKey("default", "trend", "NSE:TATASTEEL").text)
    if is_ended:
        end(held, wanted, Outcome.REJECTED, reason="RMS: margin exceeds")
        end(held, other, Outcome.FILLED)

    for filters in (
        Filters(strategy="fade"),
        Filters(account=ACCOUNT),
        Filters(ticker="NSE:INFY"),
        Filters(ticker="infy"),
        Filters(day=date(2026, 11, 26)),
        Filters(text="exit"),
        Filters(text="inf"),
        Filters(text="NSE:INFY sell"),
        Filters(strategy="fade", account=ACCOUNT, ticker="INFY", day=date(2026, 11, 26), text="long"),
    ):
        assert ids_of(held, filters) == [wanted.delivery], filters
    assert ids_of(held, Filters(outcome="REJECTED", text="margin")) == ([wanted.delivery] if is_ended else [])
    assert ids_of(held, Filters(outcome="RECEIVED")) == ([] if is_ended else [other.delivery, wanted.delivery])
    assert ids_of(held, Filters(strategy="fade", text="tatasteel")) == []


def test_a_day_is_one_of_india(store: Store) -> None:
    late = refuse(store, 50, received_at=datetime(2026, 11, 24, 19, 0, tzinfo=UTC))

    assert ids_of(store, Filters(day=date(2026, 11, 25))) == [late]
    assert ids_of(store, Filters(day=date(2026, 11, 24))) == []


def test_a_word_that_ends_is_no_beginning_of_another(store: Store) -> None:
    short, long = refuse(store, 50, strategy="a"), refuse(store, 51, strategy="ab")

    assert (ids_of(store, Filters(strategy="a")), ids_of(store, Filters(strategy="ab"))) == ([short], [long])


def test_open_and_ended_signals_stand_in_one_order_and_pages_follow_each_other(held: Store) -> None:
    signals = [signal(held, number) for number in range(60, 80, 2)]
    for one in signals[::2]:
        end(held, one, Outcome.FILLED)

    first = ids_of(held, Filters(strategy="trend"), limit=4)
    second = ids_of(held, Filters(strategy="trend"), before=first[-1], limit=4)
    third = ids_of(held, Filters(strategy="trend"), before=second[-1], limit=4)

    assert [*first, *second, *third] == [one.delivery for one in reversed(signals)]


def test_an_ended_signal_is_found_by_its_outcome_not_by_its_state(held: Store) -> None:
    one = signal(held, 60)
    end(held, one, Outcome.FILLED, reason="10 filled at 150.1")

    assert ids_of(held, Filters(outcome="FILLED")) == [one.delivery]
    assert ids_of(held, Filters(outcome="ENDED")) == []


def test_a_late_truth_moves_a_signal_to_its_new_outcome(held: Store) -> None:
    ended = end(held, signal(held, 60), Outcome.NOT_PLACED, reason="never seen")
    end(held, ended, Outcome.FILLED, reason="late: filled")

    assert ids_of(held, Filters(outcome="NOT_PLACED")) == ids_of(held, Filters(text="never")) == []
    assert ids_of(held, Filters(outcome="FILLED")) == ids_of(held, Filters(text="late")) == [ended.delivery]


def test_a_refusal_is_found_by_its_code_and_the_words_of_its_sentence_though_they_are_not_stored(held: Store) -> None:
    sentence = WORDS[RefusalCode.COOL_DOWN].sentence
    one = end(
        held,
        signal(held, 60),
        Outcome.REFUSED,
        code=RefusalCode.COOL_DOWN,
        reason=f"{sentence}: until half past ten",
    )
    other = refuse(held, 70, code=RefusalCode.TOKEN_EXPIRED)

    assert (
        ids_of(held, Filters(outcome="cool_down"))
        == ids_of(held, Filters(text="pauses after a loss"))
        == [one.delivery]
    )
    assert ids_of(held, Filters(text="half")) == [one.delivery]
    assert ids_of(held, Filters(text="expired token")) == [other]
    assert ids_of(held, Filters(text="expired half")) == []
    with held.database.read() as connection:
        assert connection.execute(select(schema.log_word).where(schema.log_word.c.word == "w:pauses")).all() == []


def test_an_order_is_found_by_the_brokers_number_and_by_our_tag(store: Store) -> None:
    trade(store)
    order = an_order()
    numbered = replace(order, broker_id="261125000000001", state=OrderState.ACCEPTED)
    commit(store, decision_of(replace(made(numbered)[0], before=order)))

    for text in ("261125000000001", str(order.tag), SIGNAL, DELIVERY):
        assert ids_of(store, Filters(text=text)) == [DELIVERY]
        assert ids_of(store, Filters(text=text, strategy="trend")) == [DELIVERY]
        assert (
            ids_of(store, Filters(text=text, strategy="other"))
            == ids_of(store, Filters(text=text), before=DELIVERY)
            == []
        )
    assert ids_of(store, Filters(text="26112500000000")) == []


def test_repeats_of_a_signal_are_found_by_its_id(store: Store) -> None:
    trade(store)
    again = a_delivery(id=DeliveryId(an_id(60)))
    store.intake.record_delivery(again, a_signal(id=SignalId(an_id(61)), delivery=again.id))

    assert ids_of(store, Filters(text=SIGNAL)) == [again.id, DELIVERY]
    assert ids_of(store, Filters(outcome="DUPLICATE")) == [again.id]


def test_the_brokers_words_and_the_contract_are_found_while_a_signal_is_open_and_after_its_end(store: Store) -> None:
    trade(store)
    order = an_order()
    rejected = replace(order, state=OrderState.REJECTED, text="RMS: Insufficient funds")
    commit(store, decision_of(replace(made(rejected)[0], before=order)))

    open_ = (ids_of(store, Filters(text="insufficient")), ids_of(store, Filters(text="TATASTEEL-EQ funds buy")))
    end(store, a_signal(), Outcome.REJECTED)
    ended = (ids_of(store, Filters(text="insufficient")), ids_of(store, Filters(text="TATASTEEL-EQ funds buy")))

    assert open_ == ended == ([DELIVERY], [DELIVERY])


def test_what_a_broker_says_of_a_stop_after_the_signal_has_ended_is_found(store: Store) -> None:
    trade(store)
    end(store, a_signal(), Outcome.FILLED)
    stop = an_order(id=OrderId(an_id(31)), leg=LegId(an_id(30)))
    commit(store, decision_of(*made(a_leg(id=LegId(an_id(30))), stop)))
    rejected = replace(stop, state=OrderState.REJECTED, text="Trigger outside circuit")
    commit(store, decision_of(replace(made(rejected)[0], before=stop)))

    assert ids_of(store, Filters(text="circuit")) == [DELIVERY]


def test_only_what_became_a_signal_may_be_asked_for(held: Store) -> None:
    one, other = signal(held, 60), signal(held, 62)
    end(held, other, Outcome.FILLED)
    refuse(held, 70)

    assert ids_of(held, Filters(signals=True)) == [other.delivery, one.delivery]
    assert ids_of(held, Filters(signals=True, strategy="trend")) == [other.delivery, one.delivery]


def test_a_word_that_begins_too_many_others_is_told_and_looked_for_alone(store: Store) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number, (one, two) in enumerate([(one, two) for one in letters for two in letters][: MOST_WORDS + 1]):
        refuse(store, 100 + number, body=f"begin{one}{two}")
    alone = refuse(store, 50, body="begin")

    vague = store.pages.log(Filters(text="begin"), before=None, limit=10)
    clear = store.pages.log(Filters(text="beginab"), before=None, limit=10)

    assert ([line.delivery.id for line in vague.lines], vague.vague) == ([alone], ("begin",))
    assert ([line.delivery.id for line in clear.lines], clear.vague) == ([an_id(101)], ())


def test_statements_of_ever_more_words_are_not_kept(store: Store) -> None:
    begun = [f"{one}{two}q" for one in "abcd" for two in "abcdefgh"]  # the first begins one word, the last 32
    rows = [
        {"word": f"w:{beginning}{one}{two}", "delivery": an_id(50)}
        for count, beginning in enumerate(begun)
        for one, two in list(product("abcdef", repeat=2))[: count + 1]
    ]
    with store.database.unaudited() as connection:
        connection.execute(insert(schema.log_word), rows)

    kept = []
    for beginning in begun:
        for strategy in ("", "trend"):
            store.pages.log(Filters(strategy=strategy, text=beginning), before=None, limit=10)
        kept.append(_statements_kept(store.database))

    assert kept[-1] == kept[8]


def test_any_text_may_be_asked_for(store: Store) -> None:
    trade(store)
    refuse(store, 50, body="\0 \ud800 ₹ NUL")

    for odd in ("\0", "%", "\\", "'", "\ud800", "₹" * 100, "x" * 5000, "a:b|c"):
        for name in ("strategy", "account", "ticker", "outcome", "text"):
            assert ids_of(store, Filters(**{name: odd})) in ([], [an_id(50)]), (name, odd)
        assert store.pages.line(odd) is None
        assert store.pages.signal_story(odd) is None
    assert (
        ids_of(store, ALL, before="\0")
        == ids_of(store, Filters(strategy="trend"), before="\0")
        == [an_id(50), DELIVERY]
    )


def test_a_text_without_a_word_matches_nothing(store: Store) -> None:
    refuse(store, 50)

    assert ids_of(store, Filters(text="%%%")) == []
    assert ids_of(store, Filters(text="   ")) == [an_id(50)]


def test_a_text_falls_into_words_where_letters_meet_digits() -> None:
    assert words_in("NIFTY26NOV24000CE at 150.10, M&M or Café") == ["nifty", "nov", "24000", "ce", "m&m", "café"]


@pytest.mark.parametrize("in_fields", [False, True])
def test_what_a_stranger_sends_does_not_grow(store: Store, in_fields: bool) -> None:
    words = [f"{one}{two}{three}" for one in "abcdefgh" for two in "abcdefgh" for three in "abcdefgh"]
    names = ("action", "ticker", "exchange", "contract", "comment", "order_id", "trade", "side")
    fields = {name: " ".join(words[index::8]) for index, name in enumerate(names)}

    refuse(store, 50, body=json.dumps(fields) if in_fields else " ".join(words * 20))

    with store.database.read() as connection:
        assert len(connection.execute(select(schema.log_word)).all()) < 80


def test_nothing_is_written_for_the_search_before_a_signal_ends(held: Store) -> None:
    with _writes(held.database) as tables:
        one = signal(held, 60)
        at_first = list(tables)
        end(held, one, Outcome.FILLED)

    assert "log_word" not in at_first
    assert "log_word" in tables


def test_the_audit_verifies_whatever_becomes_of_the_words(held: Store) -> None:
    end(held, signal(held, 60), Outcome.FILLED)
    before = held.pages.verify(None)

    with held.database.unaudited() as connection:
        connection.execute(delete(schema.log_word))

    assert held.pages.verify(None) == before


def test_a_restored_log_is_searched_as_the_one_that_was_copied(
    held: Store, empty_database: Database, tmp_path: Path, ids: Ids
) -> None:
    one = end(held, signal(held, 60), Outcome.REJECTED, reason="RMS: margin exceeds")
    copy = tmp_path / "copy.gz"
    with copy.open("wb") as file:
        dump(held.database, file, key="key", at=NOW)

    prepare(empty_database)
    restore(empty_database, copy, at=NOW, new_id=lambda _newest: ids.new(), meta={})

    assert ids_of(a_store(empty_database, new_id=str), Filters(text="margin")) == [one.delivery]


def test_every_line_comes_once_however_it_is_read(store: Store) -> None:
    for number in range(50, 60):
        refuse(store, number)

    found = [line.delivery.id for line in store.pages.every_delivery(ALL, before=an_id(59), limit=7)]

    assert found == [an_id(number) for number in range(58, 51, -1)]
    assert len(list(store.pages.every_delivery(ALL, before=None, limit=None))) == 10


@contextmanager
def _writes(database: Database) -> Iterator[list[str]]:
    """The tables that are inserted into, in their order."""
    seen: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO "):
            seen.append(statement.split()[2])

    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def _statements_kept(database: Database) -> int:
    return len(database.engine._compiled_cache) + len(database._glancing._engine._compiled_cache)
