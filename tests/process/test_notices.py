"""Notices from the real trader process: those that arrive, and those that cannot."""

from __future__ import annotations

import html
import json
import re
import signal
import socket
import time
from typing import Any

import pytest

from tests.notify import servers
from tests.process.conftest import Town, eventually, free_port
from tests.process.reader import Reader

pytestmark = pytest.mark.process

PASSWORD = "correct horse battery staple"


def status(town: Town) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for line in town.command("notify", "status", "--json").splitlines()]
    return {line["address"]: line for line in lines}


def the_log(town: Town) -> str:
    """The first page, as a person sees it."""
    reader = Reader(f"http://127.0.0.1:{town.environ['PORT']}")
    reader.log_in("trader", PASSWORD)
    return html.unescape(reader.read("/").decode())


def test_trading_goes_on_with_every_address_dead_and_it_is_seen(sqlite_town: Town) -> None:
    town = sqlite_town
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never says a word
        hole = f"127.0.0.1:{silent.getsockname()[1]}"
        town.environ["EXECUTOR_NOTIFY_URLS"] = ",".join(
            [
                f"telegram://1:token@2?api=http://{hole}",
                f"smtp://u:a-password@{hole}/?to=a@example.com&from=b@example.com",
                f"http://127.0.0.1:{free_port()}/hush",
            ]
        )
        town.environ["EXECUTOR_HEARTBEAT_URL"] = f"http://127.0.0.1:{free_port()}/beat"
        town.command("password", "set", "--stdin", given=PASSWORD)
        town.web()
        trader = town.trader()

        town.signal()
        eventually(lambda: town.stopped() == 10 and town.all_ended(1))
        town.signal("exit")
        eventually(lambda: town.held() == 0 and town.all_ended(2))
        found = eventually(lambda: len([one for one in status(town).values() if one["failures"]]) == 4 and status(town))
        page = the_log(town)
        began = time.monotonic()
        trader.send_signal(signal.SIGTERM)
        trader.wait(20)

    assert sorted(one["failure"].split(" (")[0].split(":")[0] for one in found.values()) == [
        "it could not be reached",
        "it could not be reached",
        "it did not answer in time",
        "the mail was not taken",
    ]
    assert time.monotonic() - began < 10
    assert sorted(re.findall(r"Notices do not reach (\w+)", page)) == sorted(label.split()[0] for label in found)
    assert "hush" not in page and "1:token" not in page and "a-password" not in page
    assert "Traceback" not in town.log and "hush" not in town.log and "1:token" not in town.log
    town.command("notify", "test", code=1)
    town.command("audit", "verify")


def test_a_day_is_told_to_each_kind_of_address(sqlite_town: Town) -> None:
    town = sqlite_town
    with servers.telegram() as telegram, servers.smtp() as mail, servers.webhook() as hook, servers.webhook() as beat:
        town.environ["EXECUTOR_NOTIFY_URLS"] = ",".join([telegram.url, mail.url, hook.url])
        town.environ["EXECUTOR_HEARTBEAT_URL"] = beat.url
        assert len(town.command("notify", "test").splitlines()) == 3
        town.trader()
        all_of_them = (telegram, mail, hook)

        eventually(lambda: all(any(" READY: " in text for text in one.texts) for one in all_of_them))
        town.signal()
        eventually(lambda: all(any("] FILLED: " in text for text in one.texts) for one in all_of_them))
        town.command("kill", "--why", "a drill")
        eventually(lambda: all(any("] KILLED: " in text for text in one.texts) for one in all_of_them))
        eventually(lambda: beat.bodies)
        found = status(town)

    (filled,) = [text for text in telegram.texts if "] FILLED: " in text]
    stop = next(order for order in town.orders() if order["type"] == "STOPLOSS_LIMIT")
    assert f"] FILLED: trend buy NSE:SBIN: 10 filled at 800.00; stop {stop['orderid']} at 792 for 10" in filled
    assert all("everything: a drill (by cli)" in text for one in all_of_them for text in one.texts if "KILLED" in text)
    assert [one["failures"] for one in found.values()] == [0, 0, 0, 0]
