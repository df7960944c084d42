"""SIGKILL of web, trader or both at a random moment of a burst, on both stores; what is promised holds afterwards.

One a store belongs to every run of the tests. All of them: `KILLS=10 pytest tests/process/test_kills.py -s`, where
the number is that of moments a store; the seed of each is its number.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from tests.process.burst import a_burst, a_life, entries_in_flight, examine
from tests.process.conftest import Town, eventually, kill

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]

#: The strategy that a person halts at the moment of the kill; its alerts come late in the burst.
_HALTED = "burst7"
#: What is killed, and in which seconds of the burst it may be.
_VICTIMS = {"both": 6.0, "trader": 10.0, "web": 2.0}


def _moments() -> list[tuple[str, int]]:
    """Store and seed of each kill."""
    number = int(os.environ.get("KILLS", "1"))
    return [(store, seed) for seed in range(number) for store in ("sqlite", "postgres")]


@pytest.fixture
def database_url(request: pytest.FixtureRequest, store_name: str) -> str:
    return str(request.getfixturevalue(f"{store_name}_url"))


@pytest.mark.parametrize(("store_name", "seed"), _moments())
def test_a_kill_in_a_burst_of_alerts_loses_doubles_and_unprotects_nothing(
    town: Town, store_name: str, seed: int, tmp_path: Path
) -> None:
    random = Random(f"{store_name}/{seed}")
    victim = list(_VICTIMS)[(seed + (store_name == "postgres")) % len(_VICTIMS)]
    moment_s = random.uniform(0.0, _VICTIMS[victim])
    town.environ["WEB_CONCURRENCY"] = "2" if store_name == "postgres" else "1"
    burst = a_burst(town, exits=10)
    town.control("fault", {"route": "placeOrder", "kind": "delay", "times": 1000, "seconds": 0.3})  # some in flight
    lives = [a_life(town)]
    web, trader = town.web(), town.trader()
    eventually(lambda: town.get("/readyz") == 200)
    elsewhere = town.beside(tmp_path / "elsewhere")
    waiting = elsewhere.trader()

    sending = burst.start()
    began = time.monotonic()
    time.sleep(moment_s)
    in_flight = 0
    halting = ThreadPoolExecutor(1).submit(halt, town, _HALTED)
    if victim in {"web", "both"}:
        kill(web)
    if victim in {"trader", "both"}:
        kill(trader)
        in_flight = entries_in_flight(town)
        time.sleep(0.3)  # what was on the wire arrives
        lives.append(a_life(town))
        trader = town.trader()
    if victim in {"web", "both"}:
        web = town.web()
    restarted = time.monotonic()
    rival = town.trader()
    for future in sending:
        future.result()
    eventually(lambda: town.all_ended(len(burst.taken)), within_s=90)
    eventually(lambda: town.stopped() == town.held(), within_s=15)

    if "lease_taken" in elsewhere.log:  # on a machine so slow that the new trader here came after its five seconds
        first = town.control("state")["requests"][lives[-1].journal]
        lives[-1] = replace(lives[-1], at=datetime.fromisoformat(first["at"]))
    found = examine(burst, lives, in_flight, halted={_HALTED: halting.result()})
    assert len(burst.taken) == len(burst.messages)
    eventually(lambda: {rival.poll(), trader.poll()} == {1, None})  # one of them found the lock taken
    assert waiting.poll() is None
    assert "lease_held" in elsewhere.log
    town.command("audit", "verify")
    print(
        f"\n{store_name} seed={seed} killed={victim} at={moment_s:.2f}s in_flight={in_flight} {found.entries} "
        f"exits {found.exits} slowest stop={found.stop_s:.2f}s answers={dict(burst.answers)} "
        f"slowest answer={burst.slowest_s:.2f}s all ended {time.monotonic() - restarted:.1f}s after the restart, "
        f"{time.monotonic() - began:.1f}s in all"
    )


def halt(town: Town, strategy: str) -> datetime:
    """Halt a strategy by the command; when it had returned, by the exchange's clock."""
    town.command("halt", "--strategy", strategy)
    return datetime.fromisoformat(town.control("state")["now"])
