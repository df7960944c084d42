"""A person stops the machine from the command line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from executor.cli import main
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import AccountKind
from executor.errors import StoreError
from executor.store.engine import open_database
from tests.cli.office import Office, add_account, an_office, move_in
from tests.house import House


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    found = an_office(sqlite_url, tmp_path, monkeypatch)
    yield found
    found.store.database.close()


@pytest.fixture
def house(office: Office, clock: ManualClock, ids: Ids) -> House:
    return move_in(office, clock, ids)


@pytest.fixture
def locked(office: Office, house: House, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody else holds the database's write lock, and nobody waits long for it."""
    monkeypatch.setattr("executor.store.engine.LOCK_WAIT_MS", 50)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


def test_halt_is_recorded_answered_and_shown_in_force(office: Office, house: House) -> None:
    told = office.run("halt", "--why", "lunch")

    assert "default: no entries on ALL; stops, targets and exits go on\n" in told
    assert "in force: HALT on ALL since " in told
    assert told.endswith(": lunch (by cli)\n")
    assert office.halts() == {("ALL", "HALT", "lunch", "cli")}


def test_the_answer_as_json_tells_each_account_and_every_halt(office: Office, house: House) -> None:
    value = office.run_json("kill", "--why", "smoke")

    assert list(value) == ["command", "scope", "recorded", "answers", "halts"]
    assert (value["command"], value["scope"], value["recorded"]) == ("kill", "ALL", True)
    assert [(one["account"], one["state"]) for one in value["answers"]] == [("default", "DONE")]
    assert [(one["scope"], one["kind"], one["why"], one["by"]) for one in value["halts"]] == [
        ("ALL", "KILL", "smoke", "cli")
    ]


@pytest.mark.parametrize(
    ("options", "scope"), [(["--strategy", "trend"], "strategy:trend"), (["--account", "default"], "account:default")]
)
def test_a_scope_narrows_it_and_the_same_scope_ends_it(
    office: Office, house: House, options: list[str], scope: str
) -> None:
    office.run("halt", *options)
    assert office.halts() == {(scope, "HALT", "no reason given", "cli")}

    office.run("resume")
    assert office.halts() == {(scope, "HALT", "no reason given", "cli")}

    assert "in force" not in office.run("resume", *options)
    assert office.halts() == set()


def test_flatten_leaves_what_is_held(office: Office, house: House) -> None:
    house.long()

    told = office.run("flatten")
    house.run(10)

    assert "1 of its positions leave" in told
    assert house.net() == 0


def test_resume_lets_new_alerts_through_and_sends_no_old_one(office: Office, house: House) -> None:
    office.run("kill")
    old = house.signal("buy", price="800")
    house.run(3)

    office.run("resume")
    fresh = house.signal("buy", price="800")
    house.run(6)

    assert house.ended(old).code is RefusalCode.HALTED
    assert house.ended(fresh).outcome is Outcome.FILLED


@pytest.mark.parametrize("name", ["halt", "flatten", "kill", "resume"])
def test_a_trader_that_does_not_answer_is_said_and_the_command_succeeds(
    office: Office, house: House, name: str
) -> None:
    office.awake = False

    told = office.run(name)

    assert "default: recorded; no answer within" in told
    assert office.run_json(name)["answers"][0]["state"] == "NEW"


def test_an_account_without_a_trader_is_not_waited_for(
    office: Office, clock: ManualClock, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_account(office, "paper", AccountKind.PAPER, ids, clock)
    monkeypatch.setattr("executor.cli.command.WAIT_S", 3600)

    told = office.run("kill")

    assert told.startswith("paper: recorded; no trader has this account")
    assert office.halts() == {("ALL", "KILL", "no reason given", "cli")}


def test_with_the_broker_down_they_are_answered_all_the_same(office: Office, house: House) -> None:
    house.fault("*", "cut_before", times=10_000)

    for name in ("halt", "kill", "flatten", "resume"):
        [answer] = office.run_json(name)["answers"]
        assert answer["state"] == "DONE"


def test_a_live_accounts_first_halt_stays_and_is_told(office: Office, clock: ManualClock, ids: Ids) -> None:
    add_account(office, "real", AccountKind.LIVE, ids, clock)

    told = office.run("resume", "--account", "real")

    assert "in force: HALT on account:real" in told


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--strategy", "none"], "there is no 'strategy:none'"),
        (["--account", "none"], "there is no 'account:none'"),
    ],
)
def test_a_scope_that_is_none_is_refused_and_lays_no_file(
    office: Office, house: House, options: list[str], said: str
) -> None:
    assert said in office.run("kill", *options, code=1)
    assert office.halts() == set()
    assert not office.kill_file.exists()


def test_two_scopes_are_wrong_use(office: Office) -> None:
    assert "not both" in office.run("halt", "--strategy", "a", "--account", "b", code=2)


# -- everything


def test_kill_everything_takes_the_word_and_cancels_stops_too(office: Office, house: House) -> None:
    house.long()

    told = office.run("kill", "--everything", "--confirm", "everything")
    house.run(8)

    assert "stops as well" in told
    assert house.working() == []


@pytest.mark.parametrize("confirm", [[], ["--confirm", "yes"], ["--confirm", ""]])
def test_without_the_word_nothing_is_done(office: Office, house: House, confirm: list[str]) -> None:
    told = office.run("kill", "--everything", *confirm, code=2)

    assert "--confirm" in told
    assert office.halts() == set()


@pytest.mark.parametrize(("typed", "code", "stops"), [("everything\n", 0, 0), ("no\n", 2, 10)])
def test_on_a_terminal_the_word_is_asked_for(
    office: Office, house: House, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, stops: int
) -> None:
    house.long()
    monkeypatch.setattr("executor.cli.halt._on_terminal", lambda: True)

    told = office.run("kill", "--everything", typed=typed, code=code)
    house.run(8)

    assert "What is held then has no protection." in told
    assert house.stopped() == stops


# -- without the database


def test_kill_lays_a_file_when_the_database_cannot_be_written(office: Office, house: House, locked: None) -> None:
    told = office.run("kill")

    assert "could not be recorded: the database could not take it" in told
    assert f"the file {office.kill_file} lies there now" in told
    assert office.kill_file.exists()


def test_kill_as_json_tells_of_the_file(office: Office, house: House, locked: None) -> None:
    value = office.run_json("kill")

    assert value == {"command": "kill", "scope": "ALL", "recorded": False, "kill_file": str(office.kill_file)}


def test_kill_works_without_any_database(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/behind.db")
    open_database(f"sqlite:///{tmp_path}/behind.db").close()
    office.state_dir.mkdir(exist_ok=True)
    (office.state_dir / "trader.lock").touch()  # a trader has run here

    office.run("kill")

    assert office.kill_file.exists()


def test_kill_works_over_a_damaged_database(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/damaged.db")
    (tmp_path / "damaged.db").write_bytes(b"no database at all" * 300)
    office.state_dir.mkdir(exist_ok=True)
    (office.state_dir / "trader.lock").touch()

    told = office.run("kill")

    assert "the database file is damaged" in told
    assert office.kill_file.exists()


def test_kill_where_no_trader_ever_ran_does_not_say_that_it_stopped_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "EXECUTOR_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)

    told = CliRunner().invoke(main, ["kill"])

    assert told.exit_code == 1
    assert "NOTHING WAS STOPPED" in told.output
    assert f"no database {tmp_path}/var/executor.sqlite3: run the command in the folder of your .env" in told.output
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["KILL"]


def test_kill_beside_a_postgres_that_is_down_where_no_trader_ever_ran_says_so_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXECUTOR_STATE_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/none")
    monkeypatch.setenv("SECRET_KEY", "a secret key of this test, long enough")

    told = CliRunner().invoke(main, ["kill"])

    assert told.exit_code == 1
    assert "NOTHING WAS STOPPED" in told.output


def test_a_narrow_kill_is_not_widened_by_the_file(office: Office, house: House, locked: None) -> None:
    told = office.run("kill", "--strategy", "trend", code=1)

    assert "Nothing was done. `executor kill` without a scope stops everything" in told
    assert not office.kill_file.exists()


def test_a_narrow_kill_of_which_nobody_can_tell_is_said_to_be_in_doubt(
    office: Office, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise StoreError("lost the database at COMMIT, it cannot be asked what it did")

    monkeypatch.setattr("executor.store.commands.Commands.record", lost)

    told = office.run("kill", "--strategy", "trend", code=1)

    assert "Nobody can tell whether it was done" in told
    assert "Nothing was done" not in told


@pytest.mark.parametrize("name", ["halt", "flatten", "resume"])
def test_what_cannot_be_recorded_is_told_and_fails(office: Office, house: House, locked: None, name: str) -> None:
    assert "the database could not take it" in office.run(name, code=1)


def test_the_file_kills_and_resume_without_a_scope_takes_it_away(office: Office, house: House) -> None:
    office.state_dir.mkdir(exist_ok=True)
    office.kill_file.touch()
    house.run(1)
    refused = house.signal("buy", price="800")
    house.run(3)
    assert house.ended(refused).code is RefusalCode.HALTED

    assert "KILL by the file" in office.run("resume", "--strategy", "trend")
    assert office.kill_file.exists()

    office.run("resume")
    assert not office.kill_file.exists()
    house.run(1)
    fresh = house.signal("buy", price="800")
    house.run(6)
    assert house.ended(fresh).outcome is Outcome.FILLED
