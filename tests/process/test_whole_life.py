"""One alert's whole life over real processes: commands, HTTP, web, trader, exchange, audit; on both stores."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from executor.alerts.placeholders import render
from tests.process.conftest import Town, eventually, kill

pytestmark = pytest.mark.process


@dataclass(frozen=True)
class Alert:
    """A strategy's address and the message that the template command issued for it."""

    url: str
    body: Path

    def values(self, town: Town, *, action: str = "buy", price: str = "800") -> dict[str, str]:
        """What TradingView would fill in for an alert that opens a long of 10, fired now."""
        return {
            "ticker": "SBIN",
            "exchange": "NSE",
            "strategy.order.action": action,
            "strategy.market_position": "long",
            "strategy.market_position_size": "10",
            "strategy.prev_market_position": "flat",
            "strategy.prev_market_position_size": "0",
            "strategy.order.price": price,
            "close": price,
            "interval": "5",
            "time": f"{town.now():%Y-%m-%dT%H:%M:00Z}",
            "timenow": f"{town.now():%Y-%m-%dT%H:%M:%SZ}",
        }

    def post(self, values: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Send it as a sender does; status 0 when the connection broke."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.netloc, timeout=5)
        try:
            connection.request("POST", address.path, body=render(self.body.read_text(), values).encode())
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            return 0, {}
        finally:
            connection.close()


def a_strategy(town: Town) -> Alert:
    """Made as a user does it."""
    limits = ["--product", "intraday", "--quantity", "10", "--max-quantity", "20", "--max-trades", "50"]
    levels = ["--stop-loss", "1%", "--take-profit", "2%"]
    town.command("strategy", "add", "life", "--account", "default", "--tickers", "NSE:SBIN", *limits, *levels)
    issued = json.loads(town.command("alert", "template", "life", "--json"))
    body = town.state_dir / "life.json"
    body.write_text(issued["body"])
    return Alert(issued["url"], body)


def at_exchange(town: Town) -> dict[str, tuple[str, int]]:
    """order → its status and what filled."""
    return {order["orderid"]: (order["status"], order["filled"]) for order in town.orders()}


def in_audit(lines: list[dict[str, Any]]) -> dict[str, int]:
    return {order["orderid"]: order["filled"] for line in lines for order in line["orders"]}


@contextmanager
def silent_connections(town: Town, number: int) -> Iterator[None]:
    """Connect and say nothing, as a slow or hostile sender does."""
    with ExitStack() as held:
        for _ in range(number):
            held.enter_context(socket.create_connection(("127.0.0.1", int(town.environ["PORT"])), timeout=5))
        yield


def test_an_alert_from_the_command_line_to_the_target_at_the_exchange(town: Town) -> None:
    alert = a_strategy(town)
    town.web()
    town.trader()
    eventually(lambda: town.get("/readyz") == 200)

    values = [word for name, value in alert.values(town).items() for word in ("--set", f"{name}={value}")]
    sent = json.loads(town.command("alert", "send", "--url", alert.url, "--body", str(alert.body), *values, "--json"))
    eventually(lambda: len(town.orders()) == 3)
    entry, stop, target = town.orders()
    town.control("price", {"exchange": "NSE", "token": "3045", "ltp": "818"})
    eventually(lambda: [status for status, _ in at_exchange(town).values()] == ["complete", "cancelled", "complete"])
    eventually(lambda: town.audit()[0]["state"] == "ENDED" and in_audit(town.audit())[target["orderid"]] == 10)

    assert sent["status"] == 202
    assert (entry["filled"], entry["quantity"]) == (10, 10)
    assert (stop["status"], stop["type"], stop["quantity"]) == ("trigger pending", "STOPLOSS_LIMIT", 10)
    assert (target["status"], target["quantity"]) == ("open", 10)
    (line,) = [json.loads(text) for text in town.command("audit", "list", "--json").splitlines()]
    assert (line["signal"], line["outcome"]) == (sent["answer"]["signal"], "FILLED")
    assert in_audit([line]) == {number: filled for number, (_, filled) in at_exchange(town).items()}
    town.command("audit", "verify")


def test_a_burst_is_answered_and_what_was_answered_outlives_the_web(town: Town) -> None:
    alert = a_strategy(town)
    web = town.web()

    with silent_connections(town, 40), ThreadPoolExecutor(20) as senders:
        burst = [alert.values(town, price=f"{800 + number * 0.05:.2f}") for number in range(20)]
        answers = list(senders.map(alert.post, burst))
    taken = {answer["signal"] for status, answer in answers if status == 202}
    with ThreadPoolExecutor(12) as senders:
        more = [alert.values(town, price=f"{790 + number * 0.05:.2f}") for number in range(12)]
        futures = [senders.submit(alert.post, values) for values in more]
        next(as_completed(futures)).result()
        kill(web)  # right after an answer, with others on their way
        late = [future.result() for future in futures]
    taken_late = {answer["signal"] for status, answer in late if status == 202}
    town.trader()
    eventually(lambda: all(line["state"] == "ENDED" for line in town.audit()))

    lines = town.audit()
    assert [status for status, _ in answers] == [202] * 20
    assert len(taken) == 20
    assert len(taken_late) >= 1
    assert {status for status, _ in late} <= {202, 0}
    signals = [line["signal"] for line in lines]
    assert len(signals) == len(set(signals))
    assert taken | taken_late <= set(signals)
    assert len(signals) <= 32
    assert all(line["outcome"] for line in lines)
    eventually(lambda: in_audit(town.audit()).keys() == at_exchange(town).keys())
    bought = sum(order["filled"] for order in town.orders() if order["side"] == "BUY")
    assert 10 <= bought <= 20
    town.command("audit", "verify")


def test_run_starts_both_starts_again_what_dies_and_ends_both(sqlite_town: Town) -> None:
    town = sqlite_town
    house = town.start("executor", "run")
    eventually(lambda: town.get("/readyz") == 200)
    killed = _trader_of(town)

    os.kill(killed, signal.SIGKILL)
    eventually(lambda: town.get("/readyz") == 200 and _trader_of(town) != killed)
    second = _trader_of(town)
    house.terminate()

    assert house.wait(20) == 0
    assert town.get("/healthz") == 0
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def _trader_of(town: Town) -> int:
    return int((town.state_dir / "trader.lock").read_text().split("\n")[0] or 0)
