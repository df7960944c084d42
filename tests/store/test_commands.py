"""A person's orders and their halts are one transaction, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from executor.domain.command import CommandKind, CommandState
from executor.domain.ids import CommandId
from executor.domain.record import Halt, HaltKind
from executor.domain.strategy import Account, AccountKind
from executor.errors import ChainBroken, ConfigError, DiskFull
from executor.store import schema
from executor.store.reserve import Reserve
from executor.store.store import Store
from tests.builders import ACCOUNT, NOW, a_delivery, a_signal, a_strategy, an_id
from tests.store.trading import commit, decision_of, made, take_lease

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def store(store: Store) -> Store:
    """Two accounts and a strategy on the first."""
    for number, (name, kind) in enumerate([(ACCOUNT, AccountKind.PAPER), ("play", AccountKind.SIMULATOR)], start=10):
        store.people.add_account(Account(name, kind), by="test", at=NOW, new_id=lambda number=number: an_id(number))
    store.people.save_strategy(a_strategy(), by="test", at=NOW)
    return store


def record(
    store: Store, kind: CommandKind, scope: str = "ALL", why: str = "lunch", **arguments: Any
) -> list[CommandId]:
    return store.commands.record(kind, scope=scope, arguments=arguments, by="trader", why=why, at=LATER)


def halts(store: Store) -> set[tuple[str, str, str]]:
    return {(halt.scope, halt.kind, halt.why) for halt in store.pages.standing().halts}


def notes(store: Store, subject: str) -> list[str]:
    return [note.say for note in store.pages.notes(subject)]


@pytest.mark.parametrize(
    ("kind", "halt"),
    [
        (CommandKind.HALT, HaltKind.HALT),
        (CommandKind.FLATTEN, HaltKind.HALT),
        (CommandKind.KILL, HaltKind.KILL),
    ],
)
def test_what_stops_entries_is_in_force_with_its_own_commit(store: Store, kind: CommandKind, halt: HaltKind) -> None:
    made_ids = record(store, kind)

    assert store.pages.standing().halts == (Halt("ALL", halt, LATER, "lunch", "trader"),)
    commands = store.commands.answers(made_ids)
    assert [(one.account, one.kind, one.scope, one.state) for one in commands] == [
        (ACCOUNT, kind, "ALL", CommandState.NEW),
        ("play", kind, "ALL", CommandState.NEW),
    ]
    assert store.pages.verify(None).entries


@pytest.mark.parametrize("kind", [CommandKind.EXIT, CommandKind.PROTECT])
def test_what_concerns_one_position_halts_nothing(store: Store, kind: CommandKind) -> None:
    record(store, kind, f"account:{ACCOUNT}", bracket="b", stop="796")

    assert store.pages.standing().halts == ()


@pytest.mark.parametrize(
    ("scope", "accounts"),
    [("ALL", [ACCOUNT, "play"]), (f"account:{ACCOUNT}", [ACCOUNT]), ("strategy:trend", [ACCOUNT])],
)
def test_each_account_of_a_scope_gets_one_command(store: Store, scope: str, accounts: list[str]) -> None:
    commands = store.commands.answers(record(store, CommandKind.HALT, scope))

    assert [one.account for one in commands] == accounts
    assert {one.scope for one in commands} == {scope}
    assert [one.id for one in store.recovery.new_work(ACCOUNT).commands] == [commands[0].id]


def test_a_strategys_command_goes_to_the_account_it_trades_with_now(store: Store) -> None:
    store.people.save_strategy(a_strategy(version=2, account="play"), by="test", at=NOW)

    commands = store.commands.answers(record(store, CommandKind.HALT, "strategy:trend"))

    assert [one.account for one in commands] == ["play"]


def test_a_scope_that_is_none_is_refused_and_records_nothing(store: Store) -> None:
    before = store.pages.head()

    for scope in ("", "all", "account:", "account:none", "strategy:none", "lane:x", "ALL\0"):
        with pytest.raises(ConfigError, match="give ALL, account:NAME or strategy:NAME"):
            record(store, CommandKind.KILL, scope)

    assert store.pages.head() == before


def test_a_scope_that_is_none_is_answered_with_those_there_are(store: Store) -> None:
    with pytest.raises(ConfigError, match=r"no 'strategy:none'.*there are: trend"):
        record(store, CommandKind.KILL, "strategy:none")


def test_a_price_that_is_none_never_reaches_the_desk(store: Store) -> None:
    before = store.pages.head()

    for price in ("", "abc", "NaN", "sNaN", "-1", "0", "1E+30", "Infinity", "1.00001", "10000000"):
        with pytest.raises(ConfigError, match=r"stop: expected a price such as 812\.50"):
            record(store, CommandKind.PROTECT, f"account:{ACCOUNT}", bracket="b", stop=price)

    assert store.pages.head() == before


def test_halted_twice_is_one_halt_and_two_commands(store: Store) -> None:
    record(store, CommandKind.HALT, why="first")
    record(store, CommandKind.FLATTEN, why="second")
    record(store, CommandKind.KILL, why="third")

    assert halts(store) == {("ALL", "HALT", "first"), ("ALL", "KILL", "third")}
    assert len(store.recovery.new_work(ACCOUNT).commands) == 3


def test_two_who_kill_at_the_same_moment_both_succeed(store: Store) -> None:
    with ThreadPoolExecutor(2) as people:
        both = [people.submit(record, store, CommandKind.KILL) for _ in range(2)]
        made_ids = [one for command in both for one in command.result()]

    assert len(set(made_ids)) == 4
    assert halts(store) == {("ALL", "KILL", "lunch")}
    assert store.pages.verify(None).entries


def test_resume_ends_every_halt_of_its_scope_and_no_other(store: Store) -> None:
    record(store, CommandKind.HALT)
    record(store, CommandKind.KILL)
    record(store, CommandKind.HALT, "strategy:trend")
    store.ledger.set_halt(Halt("ALL", HaltKind.LOSS, NOW, "too much lost", "desk"), at=NOW)

    record(store, CommandKind.RESUME)

    assert halts(store) == {("strategy:trend", "HALT", "lunch")}
    assert "ended by trader" in notes(store, "ALL")
    assert store.pages.verify(None).entries


def test_a_halt_that_ended_after_a_signal_that_waits_is_told_with_it(store: Store) -> None:
    record(store, CommandKind.HALT)
    record(store, CommandKind.RESUME)
    assert store.recovery.new_work(ACCOUNT).ended == ()

    store.intake.record_delivery(a_delivery(), a_signal(received_at=LATER - timedelta(seconds=1)))
    work = store.recovery.new_work(ACCOUNT)

    assert work.halts == ()
    assert work.ended == (Halt("ALL", HaltKind.HALT, LATER, "lunch", "trader", ended_at=LATER),)


def test_a_halt_that_ended_before_a_signal_came_is_not(store: Store) -> None:
    record(store, CommandKind.HALT)
    record(store, CommandKind.RESUME)
    store.intake.record_delivery(a_delivery(), a_signal(received_at=LATER))

    assert store.recovery.new_work(ACCOUNT).ended == ()


def test_what_was_resumed_can_be_halted_again(store: Store) -> None:
    record(store, CommandKind.HALT)
    record(store, CommandKind.RESUME)
    record(store, CommandKind.HALT, why="again")

    assert halts(store) == {("ALL", "HALT", "again")}


def test_resume_does_not_end_the_halt_a_live_account_began_with(store: Store) -> None:
    store.people.add_account(Account("real", AccountKind.LIVE), by="test", at=NOW, new_id=lambda: an_id(30))
    record(store, CommandKind.KILL, "account:real")

    record(store, CommandKind.RESUME, "account:real")

    standing = store.pages.standing()
    assert [(halt.scope, halt.kind) for halt in standing.halts] == [("account:real", HaltKind.HALT)]
    assert not standing.may_resume(standing.halts[0])
    assert standing.may_resume(replace(standing.halts[0], kind=HaltKind.KILL))


def test_the_audit_says_who_ordered_what_and_why(store: Store) -> None:
    first, _ = record(store, CommandKind.KILL, why="", everything=True)
    exit_, *_ = record(store, CommandKind.EXIT, "strategy:trend", why="news", ticker="NSE:SBIN")

    assert notes(store, first) == ["kill on ALL, everything True by trader: no reason given"]
    assert notes(store, exit_) == ["exit on strategy:trend, ticker NSE:SBIN by trader: news"]


def test_a_reason_becomes_one_readable_line(store: Store) -> None:
    record(store, CommandKind.HALT, why="\0 \ud800 ₹\x1b[31m\n <b>" + "x" * 500)

    [halt] = store.pages.standing().halts
    assert halt.why.startswith("₹ [31m <b>xxx")
    assert len(halt.why) == 200
    assert store.pages.verify(None).entries


def test_the_newest_commands_come_first_with_their_answers_and_what_the_audit_says(store: Store) -> None:
    older, _ = record(store, CommandKind.HALT)
    newer, *_ = record(store, CommandKind.EXIT, "strategy:trend")
    take_lease(store)
    [asked] = store.commands.answers([newer])
    answered = replace(asked, state=CommandState.REFUSED, answer="nothing is held there")
    commit(store, decision_of(replace(made(answered)[0], before=asked)))

    found = [(command, [note.say for note in said]) for command, said in store.pages.commands(3)]

    newest = found[0][0]
    assert (newest.id, newest.state, newest.answer) == (newer, CommandState.REFUSED, "nothing is held there")
    assert found[0][1] == ["exit on strategy:trend by trader: lunch"]
    assert older in [command.id for command, _ in found]
    assert [one.id for one in store.recovery.new_work(ACCOUNT).commands] == [older]


def test_a_full_disk_lets_stop_but_not_resume(store: Store, tmp_path: Any) -> None:
    store.database.reserve = Reserve(tmp_path)
    (tmp_path / "reserve.spent").touch()

    for kind in (CommandKind.HALT, CommandKind.FLATTEN, CommandKind.KILL):
        record(store, kind)
    record(store, CommandKind.EXIT, "strategy:trend")
    with pytest.raises(DiskFull):
        record(store, CommandKind.RESUME)

    assert {kind for _, kind, _ in halts(store)} == {"HALT", "KILL"}


def test_every_halt_row_is_in_the_audit(store: Store) -> None:
    record(store, CommandKind.KILL)

    with store.database.unaudited() as connection:
        connection.execute(schema.halt.update().values(why="forged"))

    with pytest.raises(ChainBroken, match="halt row"):
        store.pages.verify(None)
