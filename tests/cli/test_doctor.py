"""What the doctor finds, and that it ends with 1 when anything is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from executor import bootstrap
from executor.bootstrap.master import refresh_master
from executor.cli import main
from executor.clock import SimulatedClock
from executor.config.environment import open_settings
from executor.errors import BrokerUnavailable
from executor.trader.halts import unrecorded
from tests.builders import NOW
from tests.instruments.served import Served, say

DAY_S = 86400


class Clinic:
    """A state dir whose clock is moved, and the doctor over it."""

    def __init__(self, served: Served, clock: SimulatedClock) -> None:
        self.served = served
        self.clock = clock

    def take(self) -> None:
        settings = open_settings()
        store = bootstrap.open_store(settings)
        try:
            refresh_master(settings, store)
        finally:
            store.database.close()

    def say(self, *, code: int) -> dict[str, dict[str, Any]]:
        result = CliRunner().invoke(main, ["doctor", "--json"])
        assert result.exit_code == code, result.output
        found = json.loads(result.output)
        assert found["ok"] is (code == 0)
        return {finding["name"]: finding for finding in found["findings"]}


@pytest.fixture
def clinic(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    monkeypatch.chdir(tmp_path)
    clock = SimulatedClock(NOW, publish=tmp_path / "clock.json")
    with Served() as served:
        for name, value in {
            "DATABASE_URL": sqlite_url,
            "SECRET_KEY": "a secret key of this test, long enough",
            "EXECUTOR_CLOCK_FILE": str(tmp_path / "clock.json"),
            "SMARTAPI_BASE_URL": "http://127.0.0.1:9",
            "SMARTAPI_MASTER_URL": served.url,
        }.items():
            monkeypatch.setenv(name, value)
        yield Clinic(served, clock)


def test_nothing_is_wrong_when_all_is_well(clinic: Clinic) -> None:
    clinic.take()

    found = clinic.say(code=0)

    assert found["instruments"]["said"] == "3 of this trading day"
    assert found["calendar"]["said"].startswith("known until")
    assert "ok    database " in CliRunner().invoke(main, ["doctor"]).output


def make_accounts() -> None:
    """The accounts of the settings, with no trader at them yet."""
    settings = open_settings()
    store = bootstrap.open_store(settings)
    bootstrap.ensure_accounts(settings, store, at=NOW)
    store.database.close()


def test_an_account_without_a_trader_is_told_with_what_starts_one(clinic: Clinic) -> None:
    clinic.take()
    make_accounts()

    found = clinic.say(code=1)

    assert found["account paper"]["said"].startswith("No trader has run yet: `executor run` starts it")


def test_what_is_halted_is_told_with_its_end_and_is_no_fault(clinic: Clinic) -> None:
    clinic.take()
    make_accounts()
    assert CliRunner().invoke(main, ["halt", "--account", "paper", "--why", "lunch"]).exit_code == 0

    halt = clinic.say(code=1)["halt"]  # for want of a trader

    assert halt["ok"]
    assert halt["said"].startswith("HALT on account:paper since 25 Nov ")
    assert halt["said"].endswith("IST: lunch (by cli). `executor resume --account paper` ends it.")


def kill_file(folder: Path) -> Path:
    (folder / "KILL").touch()
    return folder / "KILL"


def test_the_file_kill_is_told_once_for_all_accounts_and_what_takes_it_away(clinic: Clinic, tmp_path: Path) -> None:
    """In its own words, because pages show them too and have no button for it."""
    clinic.take()
    settings = open_settings()
    store = bootstrap.open_store(settings)
    bootstrap.ensure_accounts(settings, store, at=NOW)
    (found,) = unrecorded(kill_file(tmp_path), None)
    halt = {"kind": "KILL", "scope": "ALL", "since": NOW.isoformat(), "why": found.why, "by": found.by}
    for account in ("default", "paper"):
        epoch = store.ledger.take_lease(account, "here", at=NOW, follows=None)
        store.ledger.beat(account, epoch, at=NOW, status={"halts": [halt]})
    store.database.close()

    result = CliRunner().invoke(main, ["doctor", "--json"])

    halts = [one for one in json.loads(result.output)["findings"] if one["name"] == "halt"]
    assert [(one["ok"], one["said"]) for one in halts] == [
        (True, "KILL on ALL: the file KILL lies in the state dir; `executor resume` there takes it away.")
    ]


def test_without_a_table_the_remedy_is_told(clinic: Clinic) -> None:
    found = clinic.say(code=1)

    assert not found["instruments"]["ok"]
    assert "executor instruments refresh" in found["instruments"]["said"]
    shown = CliRunner().invoke(main, ["doctor"], env={"COLUMNS": "80"}).output
    assert "WRONG instruments" in shown
    assert [line for line in shown.splitlines() if len(line) > 80] == []


def test_a_file_that_was_not_good_is_told_and_that_the_one_before_is_in_use(clinic: Clinic) -> None:
    clinic.take()
    clinic.clock.set(clinic.clock.now().replace(day=26))
    clinic.served.answer = lambda request: say(request, b"<html>Request Rejected</html>")
    with pytest.raises(BrokerUnavailable):
        clinic.take()

    said = clinic.say(code=1)["instruments"]["said"]

    assert "The instrument table is of 25 Nov 2026" in said
    assert "futures and options are refused" in said
    assert "it begins with '<html>Request Reject'" in said
    assert "the one before stays in use" in said


def test_a_database_without_its_schema_is_told_alone(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///empty.db")

    found = clinic.say(code=1)

    assert list(found) == ["database"]
    assert "executor db upgrade" in found["database"]["said"]


def test_wrong_settings_are_told(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "none")

    assert "PORT" in clinic.say(code=1)["settings"]["said"]


@pytest.mark.parametrize("name", ["EXECUTOR_CLOCK_FILE", "EXECUTOR_CALENDAR_FILE"])
@pytest.mark.parametrize("text", [None, "neither [ nor {"])
def test_a_file_of_the_settings_that_cannot_be_read_is_one_of_its_findings(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str | None
) -> None:
    path = tmp_path / "of.settings"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv(name, str(path))

    said = clinic.say(code=1)["settings"]["said"]

    assert name in said and str(path) in said
    assert "Errno" not in said
