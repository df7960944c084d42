"""Paper trading over real processes: without any login, over a kill, and beside an account that has one."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from executor import bootstrap
from executor.bootstrap.setup import upgrade_database
from executor.clock import SimulatedClock
from executor.config.environment import open_settings
from executor.store import schema
from executor.store.paper import SYNTHETIC, Paper
from tests.process.conftest import MORNING, Town, eventually, fill_master, free_port
from tests.process.test_whole_life import Alert

pytestmark = pytest.mark.process


@pytest.fixture
def paper_town(sqlite_url: str, tmp_path: Path) -> Iterator[Town]:
    """A trading morning, an instrument table, no login; no process yet."""
    clock = SimulatedClock(MORNING, publish=tmp_path / "clock.json")
    environ = os.environ | {
        "DATABASE_URL": sqlite_url,
        "PORT": str(free_port()),
        "SECRET_KEY": "only-for-tests-" + "0123456789abcdef" * 2,
        "EXECUTOR_STATE_DIR": str(tmp_path),
        "EXECUTOR_CLOCK_FILE": str(tmp_path / "clock.json"),
    }
    settings = open_settings(environ)
    upgrade_database(settings)
    store = bootstrap.open_store(settings)
    fill_master(store, clock)
    town = Town(environ, clock, lambda *_: pytest.fail("there is no exchange but the paper one"), store, tmp_path)
    try:
        yield town
    finally:
        town.end()


def a_strategy(town: Town, name: str, account: str) -> Alert:
    limits = ["--product", "intraday", "--quantity", "10", "--max-quantity", "10", "--stop-loss", "1%"]
    town.command("strategy", "add", name, "--account", account, "--tickers", "NSE:SBIN", *limits)
    issued = json.loads(town.command("alert", "template", name, "--json"))
    body = town.state_dir / f"{name}.json"
    body.write_text(issued["body"])
    return Alert(issued["url"], body)


def leaving(alert: Alert, town: Town, price: str) -> dict[str, str]:
    flat = {"strategy.market_position": "flat", "strategy.market_position_size": "0"}
    held = {"strategy.prev_market_position": "long", "strategy.prev_market_position_size": "10"}
    return alert.values(town, action="sell", price=price) | flat | held


def at_exchange(town: Town) -> dict[str, Any]:
    """The paper exchange as it was saved last."""
    saved = Paper(town.store.database).load_simulator("paper")
    return dict(json.loads(saved)) if saved else {"orders": [], "fills": []}


def net(town: Town) -> int:
    sign = {"BUY": 1, "SELL": -1}
    return sum(sign[fill["side"]] * fill["quantity"] for fill in at_exchange(town)["fills"])


def stopped(town: Town) -> int:
    resting = [order for order in at_exchange(town)["orders"] if order["state"] == "trigger pending"]
    return sum(order["terms"]["quantity"] for order in resting)


def texts(town: Town, account: str) -> set[str]:
    """What filled orders of an account were told."""
    order = schema.broker_order.c
    with town.store.database.read() as connection:
        return set(connection.execute(select(order.text).where(order.account == account, order.filled > 0)).scalars())


def trader_of(town: Town) -> int:
    return int((town.state_dir / "trader.lock").read_text().split("\n")[0] or 0)


def test_without_a_login_an_alert_is_filled_on_paper_and_outlives_a_kill(paper_town: Town) -> None:
    town = paper_town
    house = town.start("executor", "run")
    eventually(lambda: town.get("/readyz") == 200)
    alert = a_strategy(town, "dip", "default")  # an alias of paper while it has no login

    status, answer = alert.post(alert.values(town))
    eventually(lambda: town.all_ended(1) and (net(town), stopped(town)) == (10, 10))
    killed = trader_of(town)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: town.get("/readyz") == 200 and trader_of(town) != killed)
    held = (net(town), stopped(town))
    left, _ = alert.post(leaving(alert, town, "805"))
    eventually(lambda: town.all_ended(2) and (net(town), stopped(town)) == (0, 0))
    house.terminate()

    assert (status, left, house.wait(20)) == (202, 202, 0)
    assert held == (10, 10)
    exit_line, entry_line = town.audit()
    assert (entry_line["signal"], entry_line["account"]) == (answer["signal"], "paper")
    assert (entry_line["outcome"], exit_line["outcome"]) == ("FILLED", "FILLED")
    assert texts(town, "paper") == {SYNTHETIC}
    town.command("audit", "verify")


def test_paper_and_a_login_trade_side_by_side_at_the_same_prices(sqlite_town: Town) -> None:
    town = sqlite_town
    town.web()
    town.trader()
    eventually(lambda: town.get("/readyz") == 200)
    alerts = [a_strategy(town, account, account) for account in ("default", "paper")]
    town.control("price", {"exchange": "NSE", "token": "3045", "ltp": "801.5"})

    statuses = [alert.post(alert.values(town, price="801"))[0] for alert in alerts]
    eventually(lambda: town.all_ended(2) and town.stopped() == 10 and stopped(town) == 10)
    town.control("price", {"exchange": "NSE", "token": "3045", "ltp": "790"})  # the paper stop sees it, too
    eventually(lambda: (town.held(), net(town)) == (0, 0))

    assert statuses == [202, 202]
    assert {fill["price"] for fill in at_exchange(town)["fills"]} == {"801.50", "790.00"}
    assert texts(town, "paper") == {""}
