"""The real login against the simulator: no TOTP step twice, not even after a crash; no token in clear on the disk."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from executor.broker.port import Session
from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.wire import Wire, to_app
from executor.clock import IST, ManualClock
from executor.config.calendar import load_calendar
from executor.config.secrets import Keys, seal, unseal
from executor.domain.ids import Ids
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.messages import Evidence
from executor.domain.reading import NetPosition
from executor.domain.strategy import Product
from executor.errors import LoginRefused
from executor.simulator import SimulatorConfig, create_app, credentials
from executor.store.accounts import Accounts
from executor.store.store import Store
from executor.trader.accounts import SessionKeeper, SessionStore
from tests.trader.harness import ACCOUNT
from tests.trader.office import Office

KEYS = Keys.derive("only-for-tests-0123456789abcdef0123456789")
MORNING = datetime(2026, 11, 25, 8, 30, 5, tzinfo=IST)


class Login(Office):
    """The office with the real client; `restart` makes all memory new, as a start of the process does."""

    def __init__(self, store: Store, clock: ManualClock, ids: Ids, *, ahead_s: float = 0) -> None:
        self.app = create_app(SimulatorConfig(seed=9, totp_once=True, clock_ahead_s=ahead_s), clock)
        self.opened: list[Session] = []
        self.seen = Evidence()
        super().__init__(store, clock, ids)
        self.keeper.stop()
        self.restart()

    def restart(self) -> None:
        self.keeper.stop()
        self.inbox = SimpleQueue()
        self.epoch = self.store.ledger.take_lease(
            ACCOUNT, "office", at=self.clock.now(), follows=self.store.ledger.lease(ACCOUNT)
        )
        self.sessions = SessionStore(
            ledger=self.store.ledger,
            account=ACCOUNT,
            epoch=self.epoch,
            seal=self._seal_and_remember,
            unseal=lambda text: self.kept[unseal(KEYS, text)],
            unseal_code=lambda text: unseal(KEYS, text),
        )
        login = credentials(9)
        self.secrets = secrets = Credentials(login.api_key, login.client_code, login.pin, login.totp_secret)
        broker = SmartApi(
            secrets,
            wire=Wire("http://broker", headers=headers_of(secrets), transport=to_app(self.app)),
            clock=self.clock,
            reserve_step=lambda step: self.sessions.reserve_step(step, at=self.clock.now()),
            last_step=self.sessions.last_step(),
            typed_code=lambda: self.sessions.typed_code(at=self.clock.now()),
        )
        self.keeper = SessionKeeper(
            broker=broker,
            store=self.sessions,
            calendar=load_calendar(None),
            clock=self.clock,
            inbox=self.inbox,
            new_id=self.ids.new,
            thread=ThreadPoolExecutor(1),
            seen=lambda: self.seen,
        )

    def _seal_and_remember(self, session: Session) -> str:
        self.opened.append(session)
        name = session.jwt
        self.kept[name] = session
        return seal(KEYS, name)

    def fault(self, route: str, kind: str, **more: Any) -> None:
        body = json.dumps({"route": route, "kind": kind, "times": 1, **more})
        assert self.app.test_client().post("/_control/fault", data=body).status_code == 200

    def asked_for(self, route: str) -> int:
        state = self.app.test_client().get("/_control/state").get_json()
        return sum(request["route"] == route for request in state["requests"])


@pytest.fixture
def login(store: Store, ids: Ids) -> Any:
    made = Login(store, ManualClock(MORNING), ids)
    yield made
    made.keeper.stop()


def test_a_login_is_verified_before_the_desk_is_told(login: Login) -> None:
    login.tend()

    assert login.told() == [True]
    assert (login.asked_for("loginByPassword"), login.asked_for("getProfile")) == (1, 1)


def test_a_restart_goes_on_with_the_saved_session_without_a_login(login: Login) -> None:
    login.tend()
    login.restart()

    login.tend()

    assert login.told() == [True]
    assert (login.asked_for("loginByPassword"), login.asked_for("getProfile")) == (1, 2)


def test_a_step_whose_answer_was_lost_is_not_used_again_after_a_crash(login: Login) -> None:
    login.fault("loginByPassword", "cut_after")
    login.tend()
    assert login.told() == []
    step = login.sessions.last_step()
    login.restart()

    login.tend()
    within_the_same_step = (login.told(), login.asked_for("loginByPassword"))
    login.clock.advance(32)
    login.tend()

    assert step == int(MORNING.timestamp()) // 30
    assert within_the_same_step == ([], 1)
    assert login.told() == [True]
    assert login.asked_for("loginByPassword") == 2
    assert login.halts() == ()


def test_a_step_that_was_reserved_by_a_process_that_died_is_lost_and_not_the_account(login: Login) -> None:
    login.sessions.reserve_step(int(MORNING.timestamp()) // 30, at=login.clock.now())
    login.restart()

    login.tend()

    assert login.told() == []
    assert login.asked_for("loginByPassword") == 0


def test_a_token_refused_in_mid_day_costs_one_check_and_one_login(login: Login) -> None:
    login.tend()
    login.told()
    login.clock.advance(60)
    login.fault("getProfile", "refuse", code="AG8001", message="Invalid Token")

    login.tend(is_open=False)

    assert login.told() == [True]
    assert (login.asked_for("loginByPassword"), login.asked_for("getProfile")) == (2, 3)


def test_a_login_that_is_answered_while_its_check_is_not_costs_no_second_login(login: Login) -> None:
    login.fault("getProfile", "cut_before")
    login.tend()
    assert login.told() == []
    login.clock.advance(6)

    login.tend()

    assert login.told() == [True]
    assert login.asked_for("loginByPassword") == 1


def test_funds_and_holdings_are_read_when_the_desk_has_begun_and_every_five_minutes(login: Login) -> None:
    login.tend()
    login.tend(is_open=True)
    assert login.asked_for("getRMS") == 0
    for seconds in (6, 290, 10):
        login.clock.advance(seconds)
        login.tend(is_open=True)

    (kept,) = Accounts(login.store.database).snapshots("FUNDS")
    assert (login.asked_for("getRMS"), login.asked_for("getHolding")) == (2, 2)
    assert Decimal(kept.body["available"]) > 0
    assert Accounts(login.store.database).snapshots("HOLDINGS")[0].body == {"holdings": []}


def test_funds_that_are_not_answered_are_no_fault_of_the_session(login: Login) -> None:
    login.fault("getRMS", "html")
    login.tend()
    login.told()
    login.clock.advance(6)

    login.tend(is_open=True)

    assert login.told() == []
    assert Accounts(login.store.database).snapshots("FUNDS") == []
    assert len(Accounts(login.store.database).snapshots("HOLDINGS")) == 1


def test_positions_are_kept_as_the_desk_read_them_when_they_changed_and_every_minute(login: Login) -> None:
    held = NetPosition(InstrumentKey(Segment.NSE, "3045"), "SBIN-EQ", Product.INTRADAY, 10)

    def kept(*positions: NetPosition) -> tuple[datetime, Any]:
        login.seen = Evidence(positions=positions, positions_at=login.clock.now())
        login.tend(is_open=True)
        login.tend(is_open=True)  # the first may have looked at the funds
        (found,) = Accounts(login.store.database).snapshots("POSITIONS")
        return found.at, found.body["positions"]

    login.tend()
    first = kept()
    login.clock.advance(3)
    same, later = kept(), kept(held)
    login.clock.advance(61)
    minute = kept(held)

    assert first == same == (MORNING, [])
    assert later == (
        MORNING + timedelta(seconds=3),
        [{"instrument": held.instrument.text, "symbol": "SBIN-EQ", "product": "INTRADAY", "quantity": 10}],
    )
    assert minute == (MORNING + timedelta(seconds=64), later[1])


def test_after_the_last_close_the_token_is_dead_at_the_broker_and_gone_here(login: Login) -> None:
    login.tend()
    login.told()
    token = login.opened[-1].jwt
    login.clock.set(datetime(2026, 11, 25, 23, 45, 1, tzinfo=IST))

    login.tend(is_open=True)

    headers = {**headers_of(login.secrets), "Authorization": f"Bearer {token}"}
    answer = login.app.test_client().get("/rest/secure/angelbroking/user/v1/getProfile", headers=headers)
    assert answer.get_json()["errorCode"] == "AG8001"
    assert login.told() == [False]
    assert login.sessions.load() is None
    assert login.asked_for("logout") == 1


def test_a_wrong_pin_is_tried_three_times_in_ten_minutes_and_no_more(login: Login) -> None:
    for _ in range(10):
        login.fault("loginByPassword", "refuse", code="AB1007", message="LoginId or password is invalid")

    login.pass_time(599, step=1)

    assert login.asked_for("loginByPassword") == 3
    assert len(login.halts()) == 1


def test_no_secret_of_a_login_lies_in_clear_in_any_byte_of_the_database(login: Login, tmp_path: Path) -> None:
    login.fault("loginByPassword", "refuse", code="AB1050", message="Invalid totp and client combination")
    login.tend()
    login.clock.advance(32)
    login.tend()
    login.clock.advance(60)
    login.restart()
    login.tend()

    kept = credentials(9)
    session = login.opened[-1]
    secrets = [session.jwt, session.refresh, session.feed, session.jwt.split(".")[-1], kept.totp_secret, kept.api_key]
    files = sorted(tmp_path.glob("executor.db*"))
    written = b"".join(path.read_bytes() for path in files)
    assert any(path.name.endswith("-wal") for path in files)
    assert b"loginByPassword" in written
    assert session.totp_step is not None
    assert [secret for secret in secrets if secret.encode() in written] == []
    assert f'"{kept.pin}"'.encode() not in written


@pytest.mark.parametrize("ahead_s", [-60, 60, 7200])
def test_with_the_brokers_clock_off_the_login_succeeds_without_a_halt(store: Store, ids: Ids, ahead_s: float) -> None:
    login = Login(store, ManualClock(MORNING), ids, ahead_s=ahead_s)

    for _ in range(max(0, -round(ahead_s)) + 120):
        login.clock.advance(1)
        login.tend(is_open=login.store.ledger.session(ACCOUNT) is not None and bool(login.opened))

    login.keeper.stop()
    assert login.told() == [True]
    assert login.asked_for("loginByPassword") == 2
    assert login.halts() == ()


def test_the_refusal_of_a_used_step_says_when_to_try_again(login: Login) -> None:
    login.sessions.reserve_step(int(MORNING.timestamp()) // 30, at=login.clock.now())
    login.restart()

    with pytest.raises(LoginRefused, match="08:30:30 IST"):
        login.keeper._broker.open_session(None)
