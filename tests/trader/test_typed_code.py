"""A TOTP code that a person types: `executor login --totp` records it, the session's keeper uses it and answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from executor.clock import IST, ManualClock
from executor.domain.command import Command, CommandKind, CommandState
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.errors import BrokerUnavailable, CodeNeeded, ConfigError, LoginRefused
from executor.store.store import Store
from tests.trader.harness import ACCOUNT
from tests.trader.office import Office, a_session

MORNING = datetime(2026, 11, 25, 8, 30, 5, tzinfo=IST)


@pytest.fixture
def office(store: Store, ids: Ids) -> Iterator[Office]:
    """A Wednesday morning; the account has no TOTP secret."""
    clock = ManualClock(MORNING)
    if store.people.account(ACCOUNT) is None:
        store.people.add_account(Account(ACCOUNT, AccountKind.SIMULATOR), by="test", at=clock.now(), new_id=ids.new)
    made = Office(store, clock, ids)
    yield made
    made.keeper.stop()


def type_code(office: Office, code: str = "123456") -> None:
    office.store.commands.record(
        CommandKind.LOGIN,
        scope=f"account:{ACCOUNT}",
        arguments={"totp": code},
        by="cli",
        why="",
        at=office.clock.now(),
    )


def answers(office: Office) -> list[Command]:
    with office.store.database.read() as connection:
        found = connection.exec_driver_sql("select id from command order by id").scalars().all()
    return office.store.commands.answers(list(found))


def test_the_login_waits_for_a_code_says_so_once_and_halts_nothing(office: Office) -> None:
    office.gate.fails(*[CodeNeeded("executor login --totp CODE")] * 30)

    office.pass_time(600, step=1)

    said = [entry for entry in office.said("calls") if "--totp" in entry]
    assert len(said) == 1
    assert office.halts() == ()


def test_a_code_is_used_within_two_seconds_and_answered(office: Office) -> None:
    office.gate.fails(CodeNeeded("executor login --totp CODE"))
    office.tend()
    office.clock.advance(3)
    type_code(office)

    office.pass_time(2)

    (command,) = answers(office)
    assert command.state is CommandState.DONE
    assert "26-11-2026 00:00" in (command.answer or "")
    assert len(office.gate.asked_at) == 2


@pytest.mark.parametrize("error", [LoginRefused("Invalid totp (AB1050)"), BrokerUnavailable("no answer")])
def test_a_code_that_did_not_do_is_answered_with_the_reason_and_not_tried_again(
    office: Office, error: Exception
) -> None:
    office.gate.fails(error)
    type_code(office)

    office.tend()

    (command,) = answers(office)
    assert (command.state, command.answer) == (CommandState.REFUSED, str(error))
    assert office.keeper._store.typed_code(at=office.clock.now()) is None


def test_a_code_is_handed_out_while_it_is_fresh_and_its_step_is_unused(office: Office) -> None:
    type_code(office, "111111")
    sessions = office.keeper._store
    made = office.clock.now()

    assert sessions.typed_code(at=made) == "111111"
    office.clock.advance(76)
    assert sessions.typed_code(at=office.clock.now()) is None
    sessions.reserve_step(int(made.timestamp()) // 30, at=made)
    assert sessions.typed_code(at=made) is None


def test_a_code_beside_an_open_session_is_turned_away(office: Office) -> None:
    office.tend()
    office.told()
    type_code(office)
    office.clock.advance(2)

    office.tend(is_open=True)

    (command,) = answers(office)
    assert (command.state, command.answer) == (CommandState.REFUSED, "not used: a session is open")
    assert len(office.gate.asked_at) == 1


def test_a_code_at_night_is_turned_away(office: Office) -> None:
    office.clock.set(datetime(2026, 11, 26, 2, 0, tzinfo=IST))
    type_code(office)

    office.tend()

    (command,) = answers(office)
    assert "08:30" in (command.answer or "")


def test_the_desk_does_not_see_the_command_and_the_audit_not_its_code(office: Office) -> None:
    type_code(office, "918273")

    assert office.store.recovery.new_work(ACCOUNT).commands == []
    assert [entry for entry in office.said("command") if "918273" in entry] == []


def test_a_command_that_does_not_open_with_our_key_is_no_code(office: Office) -> None:
    type_code(office)
    store = replace(office.keeper._store, unseal_code=_does_not_open)

    assert store.typed_code(at=office.clock.now()) is None


def _does_not_open(_text: str) -> str:
    raise ConfigError("another key")


def test_after_a_code_the_session_is_opened_though_a_pause_was_on(office: Office) -> None:
    office.gate.fails(LoginRefused("Invalid totp"))
    office.tend()
    office.clock.advance(2)
    type_code(office)
    office.gate.script = [lambda: a_session(office.clock.now())]

    office.tend()

    assert office.told() == [True]


def test_a_login_without_its_code_is_answered_and_harms_nothing(office: Office) -> None:
    office.gate.fails(CodeNeeded("executor login --totp CODE"))
    office.store.commands.record(
        CommandKind.LOGIN, scope=f"account:{ACCOUNT}", arguments={}, by="page", why="", at=office.clock.now()
    )

    office.pass_time(2)

    (command,) = answers(office)
    assert command.state is CommandState.REFUSED


def test_a_lost_session_waits_for_one_errand_alone(office: Office) -> None:
    for _ in range(5):
        office.store.commands.record(
            CommandKind.LOOK,
            scope=f"account:{ACCOUNT}",
            arguments={"unique_id": "u"},
            by="cli",
            why="",
            at=office.clock.now(),
        )

    office.tend(is_open=True)
    answered = [one for one in answers(office) if one.state is not CommandState.NEW]
    for _ in range(6):
        office.clock.advance(0.25)
        office.tend(is_open=False)

    assert len(answered) == 1
    assert office.gate.asked_at
