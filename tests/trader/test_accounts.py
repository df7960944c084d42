"""The session of an account: opened once when it is wanted, never two at a time, never in a loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Flag

import pytest

from executor.broker.port import Session
from executor.clock import IST, ManualClock
from executor.config.calendar import load_calendar
from executor.domain.ids import Ids
from executor.domain.intent import Call
from executor.errors import BrokerUnavailable, ConfigError, LeaseLost, LoginRefused, NotRecorded
from executor.store.store import Store
from executor.trader.accounts import JOB
from tests.trader.harness import ACCOUNT, Refusing, Wrapped
from tests.trader.office import PATIENCE_S, Office, a_session

HOUR = timedelta(hours=1)
EIGHT_THIRTY = datetime(2026, 11, 25, 8, 30, tzinfo=IST)


@pytest.fixture
def office(store: Store, ids: Ids) -> Iterator[Office]:
    """08:30 on a Wednesday; nothing was opened yet."""
    made = Office(store, ManualClock(EIGHT_THIRTY), ids)
    yield made
    made.keeper.stop()


# -- when --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-11-25 08:29:59", False),
        ("2026-11-25 08:30:00", True),
        ("2026-11-25 23:44:59", True),
        ("2026-11-25 23:45:00", False),
        ("2026-11-26 00:00:00", False),
        ("2026-11-29 10:00:00", False),  # a Sunday
        ("2026-12-25 10:00:00", False),  # closed everywhere
        ("2026-02-01 10:00:00", True),  # budget day: a Sunday with a session
        ("2027-01-04 10:00:00", False),  # past the calendar's end nothing is known
    ],
)
def test_a_session_belongs_to_trading_days_from_half_past_eight_until_the_evening(
    office: Office, moment: str, wanted: bool
) -> None:
    assert office.keeper.wanted(datetime.fromisoformat(moment).replace(tzinfo=IST)) is wanted


@pytest.mark.parametrize(("moment", "wanted"), [("23:45:00", True), ("23:57:59", True), ("23:58:00", False)])
def test_a_session_lasts_until_a_later_close_of_a_calendar_of_ones_own(
    store: Store, ids: Ids, tmp_path: Path, moment: str, wanted: bool
) -> None:
    """In winter MCX closes at 23:55: what is held must not be alone until then."""
    over = tmp_path / "calendar.toml"
    times = 'session = ["09:00", "23:55"]\nsquare_off = "23:40"\nenter_until = "23:25"\n'
    over.write_text(f'[[hours]]\nsince = 2026-11-02\nsegments = ["MCX"]\n{times}')
    office = Office(store, ManualClock(EIGHT_THIRTY), ids, calendar=load_calendar(over))
    office.keeper.stop()

    assert office.keeper.wanted(datetime.fromisoformat(f"2026-11-25 {moment}").replace(tzinfo=IST)) is wanted


def test_the_morning_login_is_made_once_and_the_desk_is_told_once(office: Office) -> None:
    office.pass_time(60)

    assert len(office.gate.asked_at) == 1
    assert office.store.ledger.job_done(ACCOUNT, JOB, EIGHT_THIRTY.date())


def test_a_machine_that_slept_through_the_morning_logs_in_when_it_wakes(office: Office) -> None:
    office.clock.set(datetime(2026, 11, 25, 13, 7, tzinfo=IST))

    office.tend()

    assert office.told() == [True]


def test_it_is_logged_out_after_the_last_close_and_begins_again_on_the_next_trading_morning(office: Office) -> None:
    office.clock.set(datetime(2026, 11, 27, 9, 0, tzinfo=IST))  # a Friday
    office.tend()
    assert office.told() == [True]

    office.clock.set(datetime(2026, 11, 27, 23, 44, 59, tzinfo=IST))
    office.tend(is_open=True)
    assert office.told() == []
    office.clock.set(datetime(2026, 11, 27, 23, 45, tzinfo=IST))
    office.tend(is_open=True)
    office.tend(is_open=True)  # the desk has not heard yet
    assert office.told() == [False]
    assert office.gate.closed_at == [office.clock.now()]
    saved = office.store.ledger.session(ACCOUNT)
    assert saved is not None
    assert (saved.tokens, saved.totp_step is not None) == (None, True)
    for hours in range(56):  # the week-end, until Monday 07:45
        office.clock.set(datetime(2026, 11, 27, 23, 45, tzinfo=IST) + timedelta(hours=hours))
        office.tend()
    assert len(office.gate.asked_at) == 1
    office.clock.set(datetime(2026, 11, 30, 8, 30, tzinfo=IST))
    office.tend()

    assert office.told() == [True]
    assert len(office.gate.asked_at) == 2


def test_a_session_that_ran_out_is_not_logged_out(office: Office) -> None:
    office.clock.set(datetime(2026, 11, 27, 9, 0, tzinfo=IST))
    office.gate.script = [lambda: replace(a_session(office.clock.now()), ends_at=office.clock.now() + HOUR)]
    office.tend()
    office.told()

    office.clock.advance(3600)
    office.tend(is_open=True)

    assert office.told() == [False]
    assert office.gate.closed_at == []


def test_a_new_session_is_not_closed_at_the_end_of_the_one_before(office: Office) -> None:
    office.tend()
    office.clock.set(datetime(2026, 11, 26, 8, 30, tzinfo=IST))
    office.tend(is_open=False)
    assert office.told() == [True, True]

    office.clock.advance(3600)
    office.tend(is_open=True)

    assert office.told() == []


# -- one at a time -----------------------------------------------------------------------------------------------


def test_never_two_openings_at_a_time(office: Office) -> None:
    release = Flag()

    def slow() -> Session:
        release.wait(PATIENCE_S)
        return a_session(office.clock.now())

    office.gate.script = [slow]
    for _ in range(50):
        office.keeper.tend(is_open=False)
        office.clock.advance(1)
    release.set()
    office.settle()

    assert len(office.gate.asked_at) == 1


def test_a_desk_that_has_not_heard_yet_does_not_make_it_open_twice(office: Office) -> None:
    """The event may wait in the inbox behind others while the loop goes on tending."""
    for _ in range(10):
        office.tend(is_open=False)
        office.clock.advance(0.25)

    assert len(office.gate.asked_at) == 1


def test_a_session_that_the_broker_ended_is_opened_again_with_what_was_saved(office: Office) -> None:
    office.tend()
    office.told()
    office.clock.advance(60)

    office.tend(is_open=False)

    assert office.told() == [True]
    assert [session is not None for session in office.gate.saved] == [False, True]


# -- failures ----------------------------------------------------------------------------------------------------


def test_a_broker_that_does_not_answer_is_asked_again_without_end_and_without_a_halt(office: Office) -> None:
    office.gate.fails(*[BrokerUnavailable("maintenance")] * 60)

    office.pass_time(400)

    waits = [later - earlier for earlier, later in zip(office.gate.asked_at, office.gate.asked_at[1:], strict=False)]
    assert len(office.gate.asked_at) == 61
    assert min(waits) >= timedelta(seconds=5)
    assert office.halts() == ()


def test_a_refused_login_waits_for_the_next_totp_step(office: Office) -> None:
    office.gate.fails(LoginRefused("Invalid totp"))

    office.pass_time(60)

    first, second = office.gate.asked_at
    assert second - first > timedelta(seconds=30)


def test_the_third_refusal_within_ten_minutes_halts_entries_and_pauses(office: Office) -> None:
    office.gate.fails(*[LoginRefused("LoginId or password is invalid")] * 50)

    office.pass_time(600, step=1)

    (halt,) = office.halts()
    assert halt.scope == f"account:{ACCOUNT}"
    assert "LoginId or password is invalid" in halt.why
    assert len(office.gate.asked_at) == 3


def test_refusals_that_lie_far_apart_do_not_halt(office: Office) -> None:
    for _ in range(5):
        office.gate.fails(LoginRefused("Invalid totp"))
        office.tend()
        office.clock.advance(301)

    assert office.halts() == ()


def test_a_third_forced_login_within_ten_minutes_halts_entries(office: Office) -> None:
    """Somebody else logs in again and again, and each time ends our session (F-22)."""
    for _ in range(3):
        office.tend(is_open=False)
        office.clock.advance(60)

    (halt,) = office.halts()
    assert "3 logins" in halt.why
    assert office.told() == [True, True, True]


def test_after_the_third_login_a_session_that_holds_is_gone_on_with_and_no_fourth_is_made(office: Office) -> None:
    """A random AG8001 must not shut the desk: stops and exits need the session."""
    for _ in range(3):
        office.tend(is_open=False)
        office.clock.advance(60)
    logins = len(office.gate.asked_at)
    office.told()

    office.tend(is_open=False)
    refused = office.told()
    office.clock.advance(60)
    office.gate.holds = True
    office.tend(is_open=False)

    assert (refused, office.told()) == ([], [True])
    assert len(office.gate.asked_at) == logins


def test_no_fourth_login_is_made_in_ten_minutes_however_often_the_session_is_lost(office: Office) -> None:
    for _ in range(1200):
        office.clock.advance(0.5)
        office.tend(is_open=False)  # lost as soon as it was opened

    assert len(office.gate.asked_at) == 3
    office.clock.advance(31)
    office.tend(is_open=False)
    assert len(office.gate.asked_at) == 4
    assert len(office.halts()) == 1


def test_going_on_with_a_saved_session_is_no_login(office: Office) -> None:
    office.tend()
    office.clock.advance(10)
    (saved,) = office.kept.values()
    office.gate.script = [lambda: saved] * 9

    for _ in range(9):
        office.tend(is_open=False)
        office.clock.advance(10)

    assert len(office.gate.asked_at) == 10
    assert office.halts() == ()


def test_an_error_that_nobody_expected_is_told_and_does_not_become_a_loop(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.gate.fails(*[KeyError("jwtToken")] * 100)

    office.pass_time(20)

    assert 2 <= len(office.gate.asked_at) <= 4
    assert "worker_failed" in caplog.text


def test_every_failed_login_is_in_the_record_with_its_call(office: Office) -> None:
    call = Call("loginByPassword", '{"totp":"…"}', '{"status":false}', 200, office.clock.now(), 90)
    office.gate.fails(LoginRefused("Invalid totp", call))

    office.tend()

    entries = list(office.store.pages.audit_entries())
    assert any("login refused: Invalid totp" in str(entry["text"]) for entry in entries)
    assert office.told() == []


# -- the store ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["record_calls", "save_session", "finish_job"])
def test_a_session_that_could_not_be_recorded_is_not_used_before_it_is(office: Office, method: str) -> None:
    office.keeper.stop()
    office.keeper = office.a_keeper(ledger=Wrapped(office.store.ledger, method, Refusing(1)))

    office.tend()
    told_at_once = office.told()
    office.clock.advance(6)
    office.tend()

    assert told_at_once == []
    assert office.told() == [True]


def test_a_session_is_not_announced_by_one_who_lost_the_lease(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.store.ledger.take_lease(
        ACCOUNT, "another", at=office.clock.now(), follows=office.store.ledger.lease(ACCOUNT)
    )

    office.tend()

    assert office.told() == []
    assert "epoch" in caplog.text


def test_saved_tokens_that_do_not_open_cost_one_login_and_no_more(office: Office) -> None:
    office.tend()
    office.told()

    def does_not_open(_text: str) -> Session:
        raise ConfigError("a sealed value in the store does not open with SECRET_KEY")

    office.keeper.stop()
    office.keeper = office.a_keeper(unseal=does_not_open)
    office.clock.advance(60)
    office.tend()

    assert office.told() == [True]
    assert office.gate.saved[-1] is None


def test_a_totp_step_is_durable_and_only_for_the_owner(office: Office) -> None:
    sessions = office.keeper._store

    sessions.reserve_step(59_000_000, at=office.clock.now())

    assert replace(sessions, unseal=office.kept.__getitem__).last_step() == 59_000_000
    with pytest.raises(LeaseLost):
        replace(sessions, epoch=sessions.epoch - 1).reserve_step(59_000_001, at=office.clock.now())
    assert sessions.last_step() == 59_000_000


def test_a_step_that_cannot_be_recorded_stops_the_login(office: Office) -> None:
    sessions = replace(office.keeper._store, ledger=Wrapped(office.store.ledger, "save_session", Refusing(1)))

    with pytest.raises(NotRecorded):
        sessions.reserve_step(59_000_000, at=office.clock.now())

    assert sessions.last_step() is None


def test_keeping_a_session_forgets_no_totp_step(office: Office) -> None:
    sessions = office.keeper._store
    sessions.reserve_step(59_000_000, at=office.clock.now())

    sessions.keep(replace(a_session(office.clock.now()), totp_step=None), at=office.clock.now())

    assert sessions.last_step() == 59_000_000


def test_a_session_that_is_gone_on_with_forgets_no_step_that_a_login_used_in_vain_since(office: Office) -> None:
    """The login was not answered, then the old token held again: a start may not use the step a second time."""
    sessions = office.keeper._store
    old = a_session(office.clock.now())
    assert old.totp_step is not None
    sessions.keep(old, at=office.clock.now())
    sessions.reserve_step(old.totp_step + 5, at=office.clock.now())

    sessions.keep(old, at=office.clock.now())

    assert sessions.last_step() == old.totp_step + 5
