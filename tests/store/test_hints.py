"""A hint that something happened: noted once within half a second, whoever gives it, at whatever moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Flag

from sqlalchemy import insert

from executor.store import schema
from executor.store.hints import Hints, hint_key
from executor.store.store import Store
from tests.builders import NOW


def test_hints_that_come_close_together_are_one(store: Store) -> None:
    hints = Hints(store.database)

    given = [hints.give("default", at=NOW + timedelta(milliseconds=later)) for later in (0, 100, 600)]

    assert given == [True, False, True]


def test_the_first_hint_of_two_webs_at_once_is_noted_by_both(store: Store) -> None:
    hints = Hints(store.database)
    with ThreadPoolExecutor(1) as other, store.database.unaudited() as connection:
        connection.execute(insert(schema.meta).values(key=hint_key("default"), value=NOW.isoformat()))
        given = other.submit(hints.give, "default", at=NOW + timedelta(seconds=1))
        Flag().wait(0.2)  # it saw no hint yet and waits for us
        assert not given.done()
        connection.commit()

        assert given.result(5)
