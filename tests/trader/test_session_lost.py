"""A token lost in mid-day, and an address that may not trade: the whole trader over the simulator."""

from __future__ import annotations

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.record import HaltKind
from executor.domain.signal import Outcome
from executor.simulator import SimulatorConfig
from executor.store.store import Store
from tests.builders import a_strategy
from tests.house import ACCOUNT, rails
from tests.trader.kept_house import KeptHouse

AG8001 = {"code": "AG8001", "message": "Invalid Token"}


def a_house(store: Store, clock: ManualClock, ids: Ids, **options: object) -> KeptHouse:
    strategy = a_strategy(account=ACCOUNT, rails=rails(max_quantity=1000, max_open=100, max_trades=1000))
    house = KeptHouse(
        store, clock, ids, strategy=strategy, simulator=SimulatorConfig(seed=3, totp_once=True, **options)
    )
    house.price("800")
    house.run(3)
    assert house.book.evidence.reconciled
    house.run(60)
    return house


@pytest.fixture
def house(store: Store, clock: ManualClock, ids: Ids) -> KeptHouse:
    return a_house(store, clock, ids)


def entries(house: KeptHouse) -> list[str]:
    return [one["tag"] for one in house.orders(side="BUY")]


def test_a_token_lost_while_three_entries_leave_costs_one_check_and_one_login_and_each_is_sent_once_more(
    house: KeptHouse,
) -> None:
    house.somebody_logs_in()
    house.clock.advance(30)
    logins, checks = len(house.requests("loginByPassword")), len(house.requests("getProfile"))
    house.latency = lambda: 0.25
    signals = [house.signal("buy", price="800", trade=f"t{number}") for number in range(3)]

    house.run(30)

    assert len(house.requests("loginByPassword")) - logins == 1
    assert len(house.requests("getProfile")) - checks == 2  # the old token's, and the new one's
    refused = [row for row in house.requests("placeOrder") if row["answer_kind"] == "gateway"]
    assert len(refused) == 3
    assert [house.stored(one).outcome for one in signals] == [Outcome.FILLED] * 3
    assert len(entries(house)) == len(set(entries(house))) == 3
    assert house.net() == house.stopped() == 30
    assert house.halts() == ()


def test_a_token_refused_for_ever_costs_three_logins_in_ten_minutes_and_halts(house: KeptHouse) -> None:
    house.fault("placeOrder", "refuse", **AG8001, times=10_000)
    logins = len(house.requests("loginByPassword"))

    for minute in range(10):
        house.signal("buy", price="800", trade=f"t{minute}")
        house.run(58)

    assert len(house.requests("loginByPassword")) - logins <= 3
    assert len(house.requests("placeOrder")) <= 30
    (halt,) = house.halts()
    assert halt.scope == f"account:{ACCOUNT}"
    assert "3 logins within ten minutes" in halt.why
    assert entries(house) == []


def test_another_program_that_logs_in_again_and_again_ends_in_a_halt_and_no_login_war(house: KeptHouse) -> None:
    logins = len(house.requests("loginByPassword"))

    for _ in range(5):
        house.somebody_logs_in()
        house.run(61)

    ours = len(house.requests("loginByPassword")) - logins - 5
    assert ours <= 3
    assert any("is somebody else logging in?" in halt.why for halt in house.halts())


def test_a_stop_refused_for_its_token_is_placed_with_the_next_one(house: KeptHouse) -> None:
    house.fault("placeOrder", "refuse", **AG8001, times=1, match={"transactiontype": "SELL"})

    house.signal("buy", price="800")
    house.run(15)

    assert house.net() == house.stopped() == 10


def test_an_address_that_is_not_registered_halts_entries_at_the_first_refusal_and_says_what_to_do(
    store: Store, clock: ManualClock, ids: Ids
) -> None:
    house = a_house(store, clock, ids, registered_ips=("203.0.113.9",))

    first = house.signal("buy", price="800", trade="one")
    house.run(5)
    second = house.signal("buy", price="800", trade="two")
    house.run(5)

    (halt,) = house.halts()
    assert (halt.scope, halt.kind) == (f"account:{ACCOUNT}", HaltKind.HALT)
    assert "AG7002" in halt.why
    assert "SMARTAPI_PUBLIC_IP" in halt.why
    assert house.stored(first).outcome is Outcome.REJECTED
    assert "register its public IPv4 address" in (house.stored(first).reason or "")
    assert house.stored(second).code == "halted"
    assert len(house.requests("placeOrder")) == 1


@pytest.mark.parametrize(
    ("code", "message", "remedy"),
    [("AB1006", "Client is blocked for trading", "support"), ("AG8004", "Invalid API Key", "SMARTAPI_API_KEY")],
)
def test_an_account_that_may_not_trade_at_all_halts_entries_at_the_first_refusal(
    house: KeptHouse, code: str, message: str, remedy: str
) -> None:
    house.fault("placeOrder", "refuse", code=code, message=message, times=99)

    first = house.signal("buy", price="800", trade="one")
    house.run(5)
    second = house.signal("buy", price="800", trade="two")
    house.run(5)

    (halt,) = house.halts()
    assert (halt.scope, halt.kind) == (f"account:{ACCOUNT}", HaltKind.HALT)
    assert code in halt.why
    assert remedy in halt.why
    assert house.stored(first).outcome is Outcome.REJECTED
    assert house.stored(second).code == "halted"
    assert len(house.requests("placeOrder")) == 1
