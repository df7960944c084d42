"""`executor margin`, `executor convert`, `executor orders --id` beside a whole trader over the simulator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from executor.cli import command
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.errors import NotRecorded
from executor.simulator import SimulatorConfig
from tests.cli.office import Office, an_office
from tests.house import SBIN_EQ
from tests.trader.kept_house import KeptHouse
from tests.trader.test_errands import buy_by_hand, positions


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    found = an_office(sqlite_url, tmp_path, monkeypatch)
    yield found
    found.store.database.close()


@pytest.fixture
def house(office: Office, clock: ManualClock, ids: Ids) -> KeptHouse:
    made = KeptHouse(office.store, clock, ids, kill_file=office.kill_file, simulator=SimulatorConfig(seed=3))
    made.price("800")
    made.run(3)
    office.house = made
    return made


def list_sbin(office: Office) -> None:
    office.store.loads.add_instruments("0" * 13, [(SBIN_EQ, "SBIN")])
    office.store.loads.switch_master("0" * 13, {"rows": 1}, at=datetime.now(UTC))


def test_an_order_is_asked_about_by_its_number(office: Office, house: KeptHouse) -> None:
    house.long()
    number = house.orders(side="BUY")[0]["orderid"]

    told = office.run_json("orders", "--id", number, "--day", "2026-11-25")

    assert (told["broker_id"], told["state"], told["filled"]) == (number, "FILLED", 10)
    for_people = office.run("orders", "--id", number, "--day", "2026-11-25")
    assert "average" in for_people
    assert re.search(r"^at +25 Nov 2026 09:2\d:\d\d IST$", for_people, re.MULTILINE)
    assert "None" not in for_people


def test_an_order_that_nobody_knows_is_not_asked_about(office: Office, house: KeptHouse) -> None:
    said = office.run("orders", "--id", "1", "--day", "2026-11-25", code=1)

    assert "known under the number 1" in said
    assert house.requests("details") == []


def test_what_an_order_would_take_and_cost(office: Office, house: KeptHouse) -> None:
    list_sbin(office)

    told = office.run_json("margin", "NSE:SBIN", "--quantity", "10")
    said = office.run("margin", "NSE:SBIN", "--quantity", "10", "--side", "sell", "--price", "750")

    assert (told["symbol"], Decimal(told["margin"]["total"]), Decimal(told["price"])) == ("SBIN-EQ", 1600, 800)
    assert said.startswith("10 SBIN-EQ at 750.00: 1500.00 rupees of margin, ")
    assert "charges: Angel One Brokerage" in said
    assert house.orders() == []


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (("SBIN", "--quantity", "1"), "its exchange too", 2),
        (("NSE:SBIN", "--quantity", "0"), "--quantity", 2),
        (("NSE:SBIN", "--quantity", "1", "--price", "-3"), "expected rupees", 2),
        (("NSE:NOSUCH", "--quantity", "1"), "NOSUCH", 1),
    ],
)
def test_what_cannot_be_asked_is_named(
    office: Office, house: KeptHouse, arguments: tuple[str, ...], words: str, code: int
) -> None:
    list_sbin(office)

    assert words in office.run("margin", *arguments, code=code)
    assert house.requests("batch") == []


def test_a_position_of_somebody_else_is_converted(office: Office, house: KeptHouse) -> None:
    buy_by_hand(house)
    house.run(2)

    said = office.run("convert", "SBIN-EQ", "--from", "intraday", "--to", "delivery", "--quantity", "4")

    assert said.startswith("default: 4 SBIN-EQ: INTRADAY is DELIVERY now, says the broker; the page Account shows it")
    assert positions(house) == {"INTRADAY": 6, "DELIVERY": 4}


def test_what_a_strategy_holds_is_not(office: Office, house: KeptHouse) -> None:
    house.long()

    said = office.run_json(*("convert", "SBIN-EQ", "--from", "intraday", "--to", "delivery", "--quantity", "4"), code=1)

    assert said["state"] == "REFUSED"
    assert "a strategy holds SBIN-EQ" in said["answer"]
    assert house.stopped() == house.net() == 10


def test_without_a_trader_it_is_recorded_and_said(
    office: Office, ids: Ids, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_ERRAND_S", 0.0)
    office.store.people.add_account(
        Account("default", AccountKind.SIMULATOR), by="test", at=clock.now(), new_id=ids.new
    )

    said = office.run("convert", "SBIN-EQ", "--from", "intraday", "--to", "delivery", "--quantity", "4", code=1)

    assert "is a trader of default running?" in said


def test_an_errand_whose_answer_cannot_be_read_is_said_to_be_recorded(
    office: Office, house: KeptHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise NotRecorded("the database could not take it: disk I/O error")

    monkeypatch.setattr("executor.store.commands.Commands.answers", lost)

    said = office.run("convert", "SBIN-EQ", "--from", "intraday", "--to", "delivery", "--quantity", "4", code=1)

    assert "the convert is recorded, but its answer cannot be read" in said
