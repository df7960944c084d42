"""The broker's own Python client works against the simulator, and says on the wire what we say: each difference known.

It comes with the extra `sdk`; without it these tests are skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("SmartApi") is None, reason="needs the official client: pip install -e '.[sdk]'"
)

ROOT = Path(__file__).resolve().parents[2]
ROUTES = (
    *("loginByPassword", "placeOrder", "modifyOrder", "cancelOrder", "getOrderBook", "getTradeBook", "getPosition"),
    *("getHolding", "getLtpData", "quote", "getRMS", "getProfile", "logout"),
)
#: Headers that differ, and why.
HEADERS = {
    "host": "another port",
    "user-agent": "ours is httpx",
    "accept-encoding": "what httpx can unpack",
    "connection": "both keep it",
    "content-length": "of another body",
    "authorization": "another session",
    "content-type": "theirs is sent with a GET too, ours as well; the letters' case is free",
    "x-clientpublicip": "theirs is a constant of its author's (smartapi.md 1.2), ours SMARTAPI_PUBLIC_IP",
    "x-clientlocalip": "theirs is 127.0.0.1 always, ours SMARTAPI_LOCAL_IP",
    "x-macaddress": "theirs is found, ours SMARTAPI_MAC",
}
#: Fields of bodies that differ, and why.
FIELDS = {
    "totp": "another moment may be another code",
    "ordertag": "a tag of one's own",
    "orderid": "another order",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.simulator.official_client"],
        cwd=tmp_path_factory.mktemp("sdk"),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_it_logs_in_trades_reads_and_logs_out(told: Any) -> None:
    answers = told["answers"]

    bad = {
        name: answer for name, answer in answers.items() if isinstance(answer, dict) and answer["status"] is not True
    }
    assert bad == {}
    assert answers["place"].isdigit()
    assert [order["orderstatus"] for order in answers["book"]["data"]] == ["open", "trigger pending"]
    assert (answers["trades"]["data"], answers["positions"]["data"], answers["holdings"]["data"]) == (None, None, [])


@pytest.mark.parametrize("route", ROUTES)
def test_its_requests_and_ours_are_alike_but_for_what_is_listed(told: Any, route: str) -> None:
    theirs, ours = told["theirs"][route], told["ours"][route]

    assert theirs["path"].rstrip("/") == ours["path"].rstrip("/")
    assert ours["query"] == ""  # theirs prints its parameters, `{}`, behind the path of a GET: nothing reads them
    assert set(differing(theirs["headers"], ours["headers"])) <= set(HEADERS)
    assert set(differing(theirs["body"] or {}, ours["body"] or {})) <= set(FIELDS)


def differing(theirs: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    return [name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name)]
