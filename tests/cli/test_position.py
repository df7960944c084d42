"""A person sees and moves single positions from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from tests.cli.office import Office, an_office, move_in
from tests.house import House


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    found = an_office(sqlite_url, tmp_path, monkeypatch)
    yield found
    found.store.database.close()


@pytest.fixture
def house(office: Office, clock: ManualClock, ids: Ids) -> House:
    return move_in(office, clock, ids)


def positions(office: Office) -> list[Any]:
    return [json.loads(line) for line in office.run("positions", "--json").splitlines()]


def test_a_position_is_told_with_the_stop_behind_it(office: Office, house: House) -> None:
    house.long()
    entry, stop, target = house.orders()

    [found] = positions(office)

    assert found | {"id": "", "average": ""} == {
        "id": "",
        "account": "default",
        "strategy": "trend",
        "symbol": "SBIN-EQ",
        "side": "BUY",
        "chart": "BUY",
        "underlying": None,
        "held": 10,
        "average": "",
        "stop": f"{Decimal(stop['trigger']):.2f}",
        "stop_order": stop["orderid"],
        "stop_state": "ACCEPTED",
        "target": f"{Decimal(target['price']):.2f}",
        "target_order": target["orderid"],
        "targets": [
            {"price": f"{Decimal(target['price']):.2f}", "share": "100", "order": target["orderid"], "of": None}
        ],
        "state": "OPEN",
        "protected": True,
    }
    assert Decimal(found["average"]) == Decimal(entry["average"])


def test_the_table_says_the_same_and_cries_when_a_stop_is_gone(office: Office, house: House) -> None:
    house.long()
    protected = office.run("positions")
    house.fault("placeOrder", "cut_before", times=100)
    house.cancel(house.orders()[1])
    house.run(6)

    text = " ".join(protected.split())
    assert "SBIN-EQ BUY 10" in text
    assert "UNPROTECTED" not in text
    assert "UNPROTECTED" in "".join(office.run("positions").split())
    assert positions(office)[0]["protected"] is False


def test_nothing_held_is_said(office: Office, house: House) -> None:
    assert office.run("positions") == "nothing is held\n"
    assert positions(office) == []


def test_exit_leaves_what_a_strategy_holds(office: Office, house: House) -> None:
    house.long()

    told = office.run("exit", "trend", "--ticker", "nse:sbin", "--why", "news")
    house.run(8)

    assert "default: 1 positions leave" in told
    assert house.net() == 0
    assert positions(office) == []


def test_exit_of_one_bracket(office: Office, house: House) -> None:
    house.long()
    [found] = positions(office)

    assert "nothing is held there" in office.run("exit", "trend", "--bracket", "other", code=1)
    office.run("exit", "trend", "--bracket", found["id"])
    house.run(8)

    assert house.net() == 0


def test_an_exit_that_was_refused_is_exit_code_one_in_json_too(office: Office, house: House) -> None:
    value = office.run_json("exit", "trend", code=1)

    [answer] = value["answers"]
    assert (answer["state"], answer["answer"]) == ("REFUSED", "nothing is held there")


def test_exit_of_an_unknown_strategy_or_a_ticker_without_exchange(office: Office, house: House) -> None:
    assert "there is no 'strategy:none'" in office.run("exit", "none", code=1)
    assert "such as NSE:SBIN" in office.run("exit", "trend", "--ticker", "sbin", code=2)


def test_protect_moves_the_stop_at_the_exchange(office: Office, house: House) -> None:
    house.long()
    [before] = positions(office)

    told = office.run("protect", before["id"], "--stop", "796", "--target", "830")
    house.run(5)

    [after] = positions(office)
    assert "SBIN-EQ: stop to 796, target to 830" in told
    assert Decimal(house.orders()[1]["trigger"]) == 796
    assert (after["stop"], after["target"], after["protected"]) == ("796.00", "830.00", True)


@pytest.mark.parametrize(
    ("price", "said"),
    [("817", "beyond the target"), ("796.01", "not on the tick"), ("abc", "expected a price such as 812.50")],
)
def test_a_stop_that_cannot_be_is_exit_code_one_and_changes_nothing(
    office: Office, house: House, price: str, said: str
) -> None:
    house.long()
    [before] = positions(office)

    told = office.run("protect", before["id"], "--stop", price, "--target", "816", code=1)
    house.run(3)

    assert said in told
    assert positions(office) == [before]


def test_protect_needs_a_price_and_a_position(office: Office, house: House) -> None:
    assert "--stop, --target or both" in office.run("protect", "b", code=2)
    assert "`executor positions` lists them" in office.run("protect", "b", "--stop", "1", code=1)


def test_what_nobody_answered_is_recorded_and_no_failure(office: Office, house: House) -> None:
    house.long()
    office.awake = False

    assert "recorded; no answer within" in office.run("exit", "trend")
    house.run(8)

    assert house.net() == 0
