"""What a person looks at: orders, funds, holdings, and how a session stands."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from executor import bootstrap
from executor.cli import login
from executor.clock import IST, ManualClock
from executor.config.environment import open_settings
from executor.config.secrets import unseal
from executor.domain.command import Command, CommandKind, CommandState
from executor.domain.ids import Ids
from executor.domain.strategy import AccountKind
from tests.cli.office import Office, add_account, an_office, move_in


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return an_office(sqlite_url, tmp_path, monkeypatch)


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_orders_of_a_day_are_listed_with_their_legs_and_foreign_ones_as_such(
    office: Office, clock: ManualClock, ids: Ids
) -> None:
    house = move_in(office, clock, ids)
    house.long()
    by_hand = {
        "variety": "NORMAL",
        "tradingsymbol": "SBIN-EQ",
        "symboltoken": "3045",
        "transactiontype": "BUY",
        "exchange": "NSE",
        "ordertype": "LIMIT",
        "producttype": "INTRADAY",
        "duration": "DAY",
        "price": "790",
        "quantity": "1",
        "ordertag": "by hand",
    }
    house.control("order", by_hand)
    house.run(6)
    day = f"{clock.now().astimezone(IST):%Y-%m-%d}"

    found = lines(office.run("orders", "--day", day, "--json"))

    assert [(one["leg"], one["side"], one["quantity"], one["status"]) for one in found] == [
        ("ENTRY", "BUY", 10, "FILLED"),
        ("STOP", "SELL", 10, "ACCEPTED"),
        ("TARGET", "SELL", 10, "ACCEPTED"),
        (None, "BUY", 1, "ACCEPTED"),
    ]
    assert [one["trigger"] for one in found if one["leg"] == "STOP"] == ["792"]
    table = office.run("orders", "--day", day)
    assert "foreign" in table
    assert lines(office.run("orders", "--day", day, "--account", "paper", "--json")) == []
    assert lines(office.run("orders", "--day", "2026-11-02", "--json")) == []
    assert office.run("orders", "--day", "2026-11-02") == "no orders on 02 Nov 2026\n"


def test_funds_and_holdings_are_those_that_the_trader_kept_last(office: Office, clock: ManualClock, ids: Ids) -> None:
    add_account(office, "default", AccountKind.SIMULATOR, ids, clock)
    assert "nothing was read yet" in office.run("funds")
    ledger, at = office.store.ledger, clock.now()
    money = {"available": "19948.77", "cash": "19948.77", "collateral": "0", "used": "29.07"}
    for kept in ({**money, "available": "1"}, money):
        ledger.save_snapshot("default", "FUNDS", kept, at=at)
    shares = [{"instrument": "NSE:3045", "symbol": "SBIN-EQ", "quantity": 2}]
    ledger.save_snapshot("default", "HOLDINGS", {"holdings": shares}, at=at)

    assert lines(office.run("funds", "--json")) == [
        {"account": "default", "at": at.astimezone(UTC).isoformat(), **money}
    ]
    assert lines(office.run("holdings", "--json")) == [
        {"account": "default", "at": at.astimezone(UTC).isoformat(), **shares[0]}
    ]
    assert "19948.77  0.00        29.07" in office.run("funds")
    assert "SBIN-EQ" in office.run("holdings")
    assert office.run("holdings", "--account", "paper", "--json") == ""


# -- login ---------------------------------------------------------------------------------------------------------


class Keeper:
    """Stands in for the pause between two looks: the trader's session keeper answers meanwhile."""

    def __init__(self, office: Office, *, done: bool, answer: str) -> None:
        self.office, self.done, self.answer = office, done, answer
        self.codes: list[str] = []
        self.epoch = 0

    def wait(self, _timeout: float) -> None:
        ledger = self.office.store.ledger
        keys = bootstrap.open_keys(open_settings())
        for command in ledger.asked("default"):
            self.codes.append(unseal(keys, command.arguments["totp"]))
            state = CommandState.DONE if self.done else CommandState.REFUSED
            ledger.answer(command, self.epoch, state, self.answer, at=command.made_at)


def test_a_typed_code_is_sealed_and_the_traders_answer_is_shown(
    office: Office, clock: ManualClock, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = a_keeper(office, clock, ids, monkeypatch, done=True, answer="a session is open until 00:00 IST")

    said = office.run("login", "--totp", "123456")

    assert "a session is open until 00:00 IST" in said
    assert keeper.codes == ["123456"]
    (command,) = every_command(office)
    assert command.kind is CommandKind.LOGIN
    assert "123456" not in str(command.arguments)


def test_a_code_that_was_refused_ends_with_1(
    office: Office, clock: ManualClock, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_keeper(office, clock, ids, monkeypatch, done=False, answer="login refused: Invalid totp (AB1050)")

    said = json.loads(office.run("login", "--totp", "123456", "--json", code=1))

    assert (said["answer"], said["state"]) == ("login refused: Invalid totp (AB1050)", "REFUSED")


def test_without_a_trader_it_says_so(
    office: Office, clock: ManualClock, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_account(office, "default", AccountKind.SIMULATOR, ids, clock)
    monkeypatch.setattr(login, "_WAIT_S", 0.0)

    said = office.run("login", "--totp", "123456", code=1)

    assert "is a trader running?" in said
    assert "no trader has this account" in office.run("login")


@pytest.mark.parametrize("code", ["12345", "1234567", "12345x", "", "MFRGGZDFMZTWQ2LK"])
def test_what_is_no_code_is_wrong_use(office: Office, code: str) -> None:
    assert "six digits" in office.run("login", "--totp", code, code=2)


def test_an_account_that_does_not_exist_is_named(office: Office) -> None:
    assert "account:nobody" in office.run("login", "--account", "nobody", "--totp", "123456", code=1)


def a_keeper(
    office: Office, clock: ManualClock, ids: Ids, monkeypatch: pytest.MonkeyPatch, *, done: bool, answer: str
) -> Keeper:
    add_account(office, "default", AccountKind.SIMULATOR, ids, clock)
    keeper = Keeper(office, done=done, answer=answer)
    ledger = office.store.ledger
    keeper.epoch = ledger.take_lease("default", "keeper", at=clock.now(), follows=ledger.lease("default"))
    monkeypatch.setattr(login, "Flag", lambda: keeper)
    return keeper


def every_command(office: Office) -> list[Command]:
    with office.store.database.read() as connection:
        found = connection.exec_driver_sql("select id from command").scalars().all()
    return office.store.commands.answers(list(found))
