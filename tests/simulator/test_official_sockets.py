"""The broker's own two web sockets hear the simulator, and say on the wire what ours say: each difference known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.official import differing, said_by

#: Headers of the handshakes that differ, and why.
HEADERS = {
    "host": "another port",
    "origin": "theirs names the host once more, as a page in a browser would; the broker is no page",
    "sec-websocket-key": "chance, a new one each time",
    "user-agent": "theirs sends none; ours is the library's",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return said_by("official_sockets", tmp_path_factory.mktemp("sdk"))


def test_its_order_socket_is_greeted_and_hears_of_an_order(told: Any) -> None:
    heard = told["theirs"]["heard"]

    assert (heard["greeting"]["order-status"], heard["greeting"]["orderData"]["orderid"]) == ("AB00", "")
    assert (heard["order"]["order-status"], heard["order"]["orderData"]["orderid"]) == ("AB01", heard["number"])
    assert heard["order"]["user-id"] == told["theirs"]["sent"]["orders"]["headers"]["x-client-code"]


def test_its_price_socket_reads_the_packets_of_all_three_modes(told: Any) -> None:
    ticks = {int(mode): tick for mode, tick in told["theirs"]["heard"]["ticks"].items()}

    assert {mode: tick["subscription_mode_val"] for mode, tick in ticks.items()} == {
        1: "LTP",
        2: "QUOTE",
        3: "SNAP_QUOTE",
    }
    assert {(tick["exchange_type"], tick["token"]) for tick in ticks.values()} == {(1, "3045")}
    assert ticks[1]["last_traded_price"] == 80135
    assert {len(ticks[3][side]) for side in ("best_5_buy_data", "best_5_sell_data")} == {5}
    assert ticks[3]["lower_circuit_limit"] < ticks[3]["last_traded_price"] < ticks[3]["upper_circuit_limit"]


def test_ours_hear_the_same(told: Any) -> None:
    heard = told["ours"]["heard"]

    assert (heard["order"], heard["price"]) == (heard["number"], "801.35")


@pytest.mark.parametrize("feed", ["orders", "prices"])
def test_the_handshakes_are_alike_but_for_what_is_listed(told: Any, feed: str) -> None:
    theirs, ours = told["theirs"]["sent"][feed], told["ours"]["sent"][feed]

    assert theirs["path"] == ours["path"]
    assert set(differing(theirs["headers"], ours["headers"])) == set(HEADERS)


def test_the_order_socket_says_nothing_and_the_price_socket_subscribes_in_the_same_words(told: Any) -> None:
    theirs, ours = told["theirs"]["sent"], told["ours"]["sent"]

    assert theirs["orders"]["texts"] == ours["orders"]["texts"] == []
    assert json.loads(theirs["prices"]["texts"][0]) == json.loads(ours["prices"]["texts"][0])
