"""The same look-ups of the instrument table on Postgres: by index, once it knows how many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event

from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.store.engine import open_database
from executor.store.master import Master
from executor.store.store import Store
from tests.builders import NOW, TODAY, a_store

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def store(postgres: Any) -> Iterator[Store]:
    """A table of 8,000 shares and options, its statistics gathered."""
    with postgres.migrated() as url:
        database = open_database(url)
        store = a_store(database, new_id=str)
        store.loads.add_instruments("load", [*_shares(4000), *_options(4000)])
        store.loads.switch_master("load", {"rows": 8000, "segments": {}}, at=NOW)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE instrument")
            connection.commit()
        yield store
        database.close()


@pytest.fixture
def seen() -> Iterator[list[tuple[str, Any]]]:
    """Every statement that any engine executes, with its parameters."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        found.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


def _shares(count: int) -> Iterator[tuple[Instrument, str]]:
    for n in range(count):
        key = InstrumentKey(Segment.NSE, str(n))
        yield Instrument(key, f"S{n}-EQ", f"S{n}", Kind.CASH, 1, Decimal("0.05"), series="EQ"), f"S{n}"


def _options(count: int) -> Iterator[tuple[Instrument, str]]:
    for n in range(count):
        expiry, strike, right = TODAY + timedelta(days=7 * (n % 20)), 20000 + 50 * (n // 40), "CE" if n % 2 else "PE"
        key = InstrumentKey(Segment.NFO, str(n))
        symbol = f"NIFTY{expiry:%d%b%y}{strike}{right}".upper()
        terms = {"expiry": expiry, "strike": Decimal(strike), "right": right}
        yield Instrument(key, symbol, "NIFTY", Kind.OPTION, 65, Decimal("0.05"), **terms), "NIFTY"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "read",
    [
        lambda master: master.find_by_key(InstrumentKey(Segment.NSE, "17")),
        lambda master: master.find_by_alias("S17", [Segment.NSE]),
        lambda master: master.find_by_symbol(Segment.NSE, "S17-EQ"),
        lambda master: master.futures_of(Segment.NFO, "NIFTY"),
        lambda master: master.option_of(Segment.NFO, "NIFTY", TODAY, Decimal(20050), "CE"),
        lambda master: master.expiries_of(Segment.NFO, "NIFTY"),
        lambda master: master.aliases_like("S17", 5),
    ],
    ids=["key", "alias", "symbol", "futures", "option", "expiries", "like"],
)
def test_an_instrument_is_found_by_an_index(
    store: Store, seen: list[tuple[str, Any]], read: Callable[[Master], object]
):
    read(store.master)
    with store.database.read() as connection:
        plan = [
            str(row[0])
            for statement, parameters in [one for one in seen if one[0].startswith(("SELECT", "WITH"))]
            for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        ]

    assert any("Index" in step for step in plan), plan
    assert not any("Seq Scan on instrument" in step for step in plan), plan
