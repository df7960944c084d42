"""Connections that stay open between uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from executor.store.kept import Kept

_ONE = text("SELECT 1")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(f"sqlite:///{tmp_path / 'some.db'}")
    yield made
    made.dispose()


@pytest.fixture
def kept(engine: Engine) -> Iterator[Kept]:
    made = Kept(engine, most=1)
    yield made
    made.close()


def test_the_connection_that_was_used_last_is_lent_again(kept: Kept) -> None:
    assert _lent(kept) is _lent(kept)


def test_two_users_at_a_time_have_one_each_and_no_more_are_kept_than_may_be(kept: Kept, engine: Engine) -> None:
    with kept.lend() as one, kept.lend() as other:
        assert one is not other

    assert engine.pool.checkedout() == 1  # type: ignore[attr-defined]


def test_what_a_user_left_open_is_rolled_back(kept: Kept) -> None:
    with kept.lend() as connection:
        connection.execute(_ONE)
        assert connection.in_transaction()

    with kept.lend() as connection:
        assert not connection.in_transaction()


def test_one_that_failed_its_user_is_not_lent_again(kept: Kept) -> None:
    before = _lent(kept)

    with pytest.raises(ZeroDivisionError), kept.lend() as connection:
        connection.execute(_ONE)
        raise ZeroDivisionError

    assert before.closed
    assert _lent(kept) is not before


def test_none_outlives_its_pool(kept: Kept, engine: Engine) -> None:
    """The pool is given up when the server was lost: the next user would be the one who finds it out."""
    before = _lent(kept)

    engine.dispose()

    assert _lent(kept) is not before
    assert before.closed


def _lent(kept: Kept) -> Connection:
    with kept.lend() as connection:
        connection.execute(_ONE)
        return connection
