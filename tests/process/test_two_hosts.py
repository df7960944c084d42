"""Two hosts on one Postgres, a web and a trader on each: what one host promises, two promise together."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executor.domain.refusal import WORDS, RefusalCode
from tests.postgres import Cluster
from tests.process.burst import Message, a_burst, a_life
from tests.process.conftest import Town, a_town, eventually, kill

pytestmark = [pytest.mark.process, pytest.mark.postgres, pytest.mark.timeout(240)]

#: Alerts of the burst, and the second of it in which a person stops the machine.
_ALERTS, _KILLED_AFTER_S = 100, 4.0
#: Two are promised; measured at the sender, beside all other processes on this machine.
_SOON_S = 2.3
_HALTED = WORDS[RefusalCode.HALTED].sentence


@pytest.fixture
def hosts(postgres_town: Town, tmp_path: Path) -> tuple[Town, Town]:
    """Two hosts on which nothing runs yet."""
    return postgres_town, postgres_town.beside(tmp_path / "far")


def start(near: Town, far: Town) -> list[subprocess.Popen[bytes]]:
    """A web and a trader on each; the near trader has the account, the far one waits."""
    webs = [near.web(), far.web()]
    trading = near.trader()
    eventually(lambda: near.get("/readyz") == 200)
    said = len(far.log)
    waiting = far.trader()
    eventually(lambda: "lease_held" in far.log[said:])
    eventually(lambda: far.get("/readyz") == 200)  # each host takes one account after the other
    return [*webs, trading, waiting]


def fresh(message: Message, town: Town) -> Message:
    """The same alert, fired now."""
    return message.changed(fired_at=town.now().isoformat())


def outcome(town: Town, message: Message) -> tuple[str, str]:
    """Send an alert, and wait for what becomes of it: outcome and reason."""
    status, answer = message.post()
    assert status == 202, answer
    line = eventually(lambda: [line for line in town.audit() if line["signal"] == answer["signal"] and line["outcome"]])
    return line[0]["outcome"], line[0]["reason"]


def placed(town: Town, since: int) -> list[Any]:
    """What was sent to be placed, from a place of the exchange's journal on."""
    requests = town.control("state")["requests"][since:]
    return [request["body"] for request in requests if request["route"] == "placeOrder"]


def test_kill_halt_and_resume_hold_for_both_hosts_over_a_restart_and_without_the_broker(
    hosts: tuple[Town, Town],
) -> None:
    near, far = hosts
    burst = a_burst(near, alerts=_ALERTS, webs=hosts)
    near.control("fault", {"route": "placeOrder", "kind": "delay", "times": 1000, "seconds": 0.3})
    processes = start(near, far)
    sending = burst.start()
    time.sleep(_KILLED_AFTER_S)

    far.command("kill")  # given where the waiting trader is
    killed = a_life(near)
    for future in sending:
        future.result()
    eventually(lambda: near.all_ended(_ALERTS))
    eventually(lambda: near.held() == near.stopped() > 0)

    assert set(burst.answers) == {202}
    assert {body["ordertype"] for body in placed(near, killed.journal)} <= {"STOPLOSS_LIMIT"}
    ended = {(line["outcome"], line["reason"][: len(_HALTED)]) for line in near.audit(limit=200)}
    assert {outcome for outcome, _ in ended} <= {"FILLED", "NOT_FILLED", "REFUSED"}
    assert {reason for outcome, reason in ended if outcome == "REFUSED"} == {_HALTED}
    filled = [burst.taken[line["signal"]] for line in near.audit(limit=200) if line["outcome"] == "FILLED"]

    for process in processes:
        kill(process)
    start(near, far)
    last = burst.messages[-1]
    for host in hosts:
        assert _HALTED in outcome(near, fresh(last.through(host), near))[1]
    far.command("resume")
    resumed = outcome(near, fresh(last.through(far), near))
    entries = [body for body in placed(near, killed.journal) if body["transactiontype"] == "BUY"]
    assert (resumed[0], len(entries)) == ("FILLED", 1)  # the new one, and none of the old
    eventually(lambda: near.held() == near.stopped())

    far.command("halt")
    assert _HALTED in outcome(near, fresh(burst.messages[-2], near))[1]
    for message in [*filled, last]:
        assert fresh(message.leaving(), near).post()[0] == 202
    eventually(lambda: near.held() == 0 and not near.working())
    eventually(lambda: near.all_ended(_ALERTS))

    near.control("fault", {"route": "*", "kind": "cut_before", "times": 100_000})
    slowest = max(timed(far, words) for words in ("halt", "flatten", "kill", "resume"))
    near.command("audit", "verify")
    print(f"\nkilled: {len(filled)} of {_ALERTS} filled; without the broker a command takes {slowest:.1f} s at most")


def test_a_kill_given_while_the_database_is_gone_stands_when_it_is_back(cluster: Cluster, tmp_path: Path) -> None:
    """By the file KILL on the host whose trader has the account; `resume` there takes it away."""
    with a_town(cluster.url.render_as_string(hide_password=False), tmp_path) as near:
        far = near.beside(tmp_path / "far")
        first, second, *_ = a_burst(near, alerts=5).messages
        start(near, far)
        assert outcome(near, first)[0] == "FILLED"
        eventually(lambda: near.stopped() == 10)

        cluster.stop()
        began = time.monotonic()
        answers = [second.through(host).post() for host in (near, far)]
        took = time.monotonic() - began
        told = json.loads(near.command("kill", "--json"))
        cluster.start()
        near.store.database.engine.dispose()
        killed = [outcome(near, fresh(second.through(host), near))[1] for host in (near, far)]
        near.command("resume")
        resumed = outcome(near, fresh(second.through(far), near))[0]

        assert [status for status, _ in answers] == [503, 503]
        assert took <= 2 * _SOON_S
        assert (told["recorded"], told["kill_file"]) == (False, str(near.state_dir / "KILL"))
        assert all(reason.startswith(_HALTED) for reason in killed)
        assert resumed == "FILLED"
        near.command("audit", "verify")


def timed(town: Town, words: str) -> float:
    began = time.monotonic()
    town.command(words)
    return time.monotonic() - began


# -- quantities --------------------------------------------------------------------------------------------------


def follows(town: Town, what: Callable[[], bool], *, within_s: float) -> float:
    """Wait for something while no stop ever exceeds what is held; how long it took."""
    began = time.monotonic()
    while not what():
        assert town.stopped() <= max(0, town.held())
        assert time.monotonic() - began <= within_s
        time.sleep(0.05)
    return time.monotonic() - began


def test_the_stop_follows_what_fills_and_an_excess_is_bought_back(hosts: tuple[Town, Town]) -> None:
    near, far = hosts
    start(near, far)
    message = a_burst(near, alerts=1).messages[0].through(far)  # at 800, so its limit is 802.40
    near.control("price", {"exchange": "NSE", "token": "3045", "ltp": "803"})
    assert message.post()[0] == 202
    entry = eventually(near.orders)[0]

    took = []
    for part, filled in ((1, 1), (2, 3), (5, 8)):
        if part == 5:
            near.control("fault", {"route": "modifyOrder", "kind": "drop", "match": {"ordertype": "STOPLOSS_LIMIT"}})
        near.control(f"order/{entry['orderid']}/fill", {"quantity": part})
        took.append(follows(near, lambda filled=filled: near.stopped() == filled, within_s=5))
    eventually(lambda: near.orders()[0]["status"] == "cancelled")  # its ten seconds are over
    eventually(lambda: sum(order["quantity"] for order in near.working()) == 16)  # stop and target

    stop, target = near.working()
    assert (near.held(), near.stopped()) == (8, 8)
    for order in (stop, target):
        near.control(f"order/{order['orderid']}/fill", {})
    assert near.held() == -8
    back = follows(near, lambda: near.held() == 0 and not near.working(), within_s=10)

    assert {order["type"] for order in near.orders() if order["side"] == "BUY"} == {"LIMIT"}
    near.command("audit", "verify")
    said = [round(one, 1) for one in took]
    print(f"\nstop follows after {said} s, the last after a change without effect; excess gone after {back:.1f} s")
