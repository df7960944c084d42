"""A person reads what the strategies made, from the fills of a whole trader's day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from executor.cli.profit import line_json
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.profit import DayLine, Figures
from tests.builders import TODAY
from tests.cli.office import Office, an_office, move_in
from tests.house import House


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> Iterator[Office]:
    found = an_office(sqlite_url, tmp_path, monkeypatch)
    monkeypatch.setattr("executor.bootstrap.clock_of", lambda _settings: clock)
    yield found
    found.store.database.close()


@pytest.fixture
def house(office: Office, clock: ManualClock, ids: Ids) -> House:
    return move_in(office, clock, ids)


def a_round_trip(house: House) -> Decimal:
    """In and out again; what the exchange says that it made."""
    house.long()
    house.price("803")
    house.signal("exit")
    house.run(3)
    done = [order for order in house.orders() if order["filled"]]
    signs = {"BUY": -1, "SELL": 1}
    return sum((signs[o["side"]] * o["filled"] * Decimal(o["average"]) for o in done), Decimal(0))


def profit(office: Office, *more: str) -> list[Any]:
    return [json.loads(line) for line in office.run("profit", "--json", *more).splitlines()]


def test_a_round_trip_made_what_the_exchange_paid_for_it(office: Office, house: House) -> None:
    made = a_round_trip(house)

    [found] = profit(office)

    assert found | {"charges": "", "net": ""} == {
        "day": "2026-11-25",
        "strategy": "trend",
        "account": "default",
        "trades": 1,
        "gross": f"{made:.2f}",
        "charges": "",
        "net": "",
        "unknown": 0,
    }
    assert made != 0
    assert 0 < Decimal(found["charges"]) == Decimal(found["gross"]) - Decimal(found["net"])


def test_the_table_has_a_sum_and_says_what_is_estimated(office: Office, house: House) -> None:
    made = a_round_trip(house)

    head, row, foot = office.run("profit").splitlines()

    assert head.split() == ["day", "strategy", "account", "trades", "gross", "est.", "charges", "net"]
    assert row.split()[:5] == ["2026-11-25", "trend", "default", "1", f"{made:.2f}"]
    assert foot.split() == ["sum", *row.split()[2:]]


def test_days_strategies_and_accounts_narrow_it(office: Office, house: House) -> None:
    a_round_trip(house)

    assert len(profit(office, "--from", "2026-11-25", "--to", "2026-11-25", "--strategy", "trend")) == 1
    assert profit(office, "--to", "2026-11-24") == profit(office, "--strategy", "dip") == []
    assert profit(office, "--account", "paper") == []


def test_nothing_filled_is_said_with_the_days_that_were_looked_at(office: Office) -> None:
    assert office.run("profit") == "nothing filled from 2026-10-27 to 2026-11-25\n"


def test_days_the_wrong_way_round_are_refused(office: Office) -> None:
    told = office.run("profit", "--from", "2026-11-25", "--to", "2026-11-24", code=2)

    assert "--from 2026-11-25 is after --to 2026-11-24: exchange them" in told


def test_large_sums_and_long_names_fit_eighty_columns(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = Figures(12, Decimal("-1234567.80"), Decimal("12345.60"), 150)
    lines = [DayLine(TODAY, "bank-nifty-straddle-of-the-morning", "default", figures)] * 2
    monkeypatch.setattr("executor.cli.profit.lines_of", lambda *_, **__: lines)

    told = office.run("profit").splitlines()

    assert max(map(len, told)) <= 80
    assert "*-2,469,135.60" in told[-2]
    assert told[-1] == "* without 300 units that others closed at a price that is not known"


def test_paper_and_real_money_are_never_added_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"default": Decimal(5), "paper": Decimal(700)}
    lines = [DayLine(TODAY, "dip", account, Figures(1, gross)) for account, gross in made.items()]
    monkeypatch.setattr("executor.cli.profit.lines_of", lambda *_, **__: lines)

    sums = office.run("profit").splitlines()[3:]

    assert [row.split() for row in sums] == [
        ["sum", "default", "1", "5.00", "0.00", "5.00"],
        ["sum", "paper", "1", "700.00", "0.00", "700.00"],
    ]


def test_a_row_says_how_many_units_are_unknown() -> None:
    assert line_json(DayLine(TODAY, "dip", "paper", Figures(unknown=4)))["unknown"] == 4
