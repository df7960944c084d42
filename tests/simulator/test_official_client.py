"""The broker's own Python client works against the simulator, and says on the wire what we say: each difference known.

It comes with the extra `sdk`, which `make install` brings.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.official import differing, said_by

ROUTES = (
    *("loginByPassword", "placeOrder", "modifyOrder", "cancelOrder", "getOrderBook", "getTradeBook", "getPosition"),
    *("getHolding", "getLtpData", "quote", "getRMS", "getProfile", "logout"),
    *("generateTokens", "details", "convertPosition", "batch", "estimateCharges"),
)
#: Headers that differ, and why.
HEADERS = {
    "host": "another port",
    "user-agent": "ours is httpx",
    "content-length": "of another body; theirs has blanks in its JSON",
    "x-clientpublicip": "theirs is a constant of its author's (smartapi.md 1.2), ours SMARTAPI_PUBLIC_IP",
    "x-macaddress": "theirs is found, ours SMARTAPI_MAC",
}
#: Fields of bodies that differ, and why.
FIELDS = {
    "ordertag": "a tag of one's own",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return said_by("official_client", tmp_path_factory.mktemp("sdk"))


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

    assert theirs["method"] == ours["method"]
    assert theirs["path"].rstrip("/") == ours["path"].rstrip("/")
    assert ours["query"] == ""  # theirs prints its parameters, `{}`, behind the path of a GET: nothing reads them
    assert set(differing(theirs["headers"], ours["headers"])) <= set(HEADERS)
    assert set(differing(theirs["body"] or {}, ours["body"] or {})) <= set(FIELDS)


def test_each_difference_that_is_listed_is_there(told: Any) -> None:
    pairs = [(told["theirs"][route], told["ours"][route]) for route in ROUTES]

    headers = {name for theirs, ours in pairs for name in differing(theirs["headers"], ours["headers"])}
    fields = {name for theirs, ours in pairs for name in differing(theirs["body"] or {}, ours["body"] or {})}
    assert headers == set(HEADERS)
    assert fields == set(FIELDS)
