"""The two feeds as the protocol has them (smartapi.md 7), over real sockets and without."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pyotp
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from executor.clock import SimulatedClock
from executor.simulator import SimulatorConfig, SimulatorServer
from executor.simulator.wire.streams import Listener, OrderStream, PriceStream
from tests.simulator.harness import LOGIN, WEDNESDAY, Client, headers, stop, ticket


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(SimulatorConfig(limits=False), SimulatedClock(WEDNESDAY)) as running:
        yield running


def login(about: dict[str, Any]) -> tuple[httpx.Client, dict[str, str]]:
    """A client that has logged in, and the headers of its feeds."""
    client = httpx.Client(base_url=about["base_url"], headers=headers(about["api_key"]))
    code = pyotp.TOTP(about["totp_secret"]).at(WEDNESDAY)
    body = {"clientcode": about["client_code"], "password": about["pin"], "totp": code}
    tokens = client.post(LOGIN, json=body).json()["data"]
    client.headers["Authorization"] = f"Bearer {tokens['jwtToken']}"
    feeds = {
        "Authorization": f"Bearer {tokens['jwtToken']}",
        "x-api-key": about["api_key"],
        "x-client-code": about["client_code"],
        "x-feed-token": tokens["feedToken"],
    }
    return client, feeds


def open_socket(url: str, feeds: dict[str, str]) -> ClientConnection:
    return connect(url, additional_headers=feeds, compression=None, legacy=True)


def orders(listener: Listener) -> list[dict[str, Any]]:
    """The orders of all frames that wait, the ack left out."""
    frames = []
    while not listener.outbox.empty():
        frames.append(json.loads(listener.outbox.get()))
    return [{"code": one["order-status"], **one["orderData"]} for one in frames if one["order-status"] != "AB00"]


def a_stream(client: Client) -> OrderStream:
    return OrderStream(client.http._transport.app.extensions["simulation"])  # type: ignore[attr-defined]


def test_an_order_is_told_over_the_socket_after_the_ack_and_pings_are_answered(server: SimulatorServer):
    about = server.describe()
    client, feeds = login(about)

    with closing(client), open_socket(about["order_feed_url"], feeds) as socket:
        ack = json.loads(socket.recv(timeout=2))
        socket.send("ping")
        pong = socket.recv(timeout=2)
        is_answered = socket.ping().wait(2)
        client.post("/rest/secure/angelbroking/order/v1/placeOrder", json=ticket(price="700"))
        told = json.loads(socket.recv(timeout=2))

    assert (ack["order-status"], ack["orderData"]["orderid"]) == ("AB00", "")
    assert (pong, is_answered) == ("pong", True)
    assert (told["order-status"], told["orderData"]["orderstatus"]) == ("AB01", "open")
    assert "uniqueorderid" not in told["orderData"]


def test_a_fourth_connection_and_a_wrong_token_are_turned_away(server: SimulatorServer):
    about = server.describe()
    client, feeds = login(about)
    sockets = [open_socket(about["order_feed_url"], feeds) for _ in range(3)]
    for socket in sockets:
        socket.recv(timeout=2)

    with closing(client), pytest.raises(InvalidStatus) as many:
        open_socket(about["order_feed_url"], feeds)
    with pytest.raises(InvalidStatus) as wrong:
        open_socket(about["price_feed_url"], {**feeds, "x-feed-token": "another"})
    for socket in sockets:
        socket.close()

    assert many.value.response.status_code == 429
    assert wrong.value.response.status_code == 401
    assert "Invalid Auth Token" in wrong.value.response.headers["x-error-message"]


def test_a_subscription_brings_ticks_in_paise(server: SimulatorServer):
    about = server.describe()
    client, feeds = login(about)
    asked = {"correlationID": "abcde12345", "action": 1, "params": {"mode": 1, "tokenList": []}}
    asked["params"]["tokenList"] = [{"exchangeType": 1, "tokens": ["3045"]}]  # type: ignore[index]

    with closing(client), open_socket(about["price_feed_url"], feeds) as socket:
        client.post("/_control/price", json={"exchange": "NSE", "token": "3045", "ltp": "801.35"})
        socket.send(json.dumps(asked))
        packet = socket.recv(timeout=2)

    assert isinstance(packet, bytes) and len(packet) == 51
    mode, exchange, token, _, _, paise = struct.unpack("<BB25sqqq", packet)
    assert (mode, exchange, token.rstrip(b"\0"), paise) == (1, 1, b"3045", 80135)


def test_a_fault_ends_the_connection(server: SimulatorServer):
    about = server.describe()
    client, feeds = login(about)
    client.post("/_control/fault", json={"route": "order_feed", "kind": "disconnect"})

    with closing(client), open_socket(about["order_feed_url"], feeds) as socket:
        socket.recv(timeout=2)
        client.post("/rest/secure/angelbroking/order/v1/placeOrder", json=ticket(price="700"))

        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=2)


def test_a_handshake_is_refused_as_a_fault_says(server: SimulatorServer):
    about = server.describe()
    client, feeds = login(about)
    client.post("/_control/fault", json={"route": "order_feed", "kind": "status", "status": 403, "body": "expired"})

    with closing(client), pytest.raises(InvalidStatus) as refused:
        open_socket(about["order_feed_url"], feeds)
    with open_socket(about["order_feed_url"], feeds) as socket:
        again = socket.recv(timeout=2)

    assert refused.value.response.status_code == 403
    assert "AB00" in str(again)


def test_every_change_of_an_order_is_told_once():
    client = Client()
    stream = a_stream(client)
    listener = stream.open()

    order = client.placed(**stop())
    client.modify(order, **stop(triggerprice="791.00", price="786.00"))
    client.cancel(order, "STOPLOSS")
    stream.pump()
    stream.pump()

    assert [one["code"] for one in orders(listener)] == ["AB10", "AB04", "AB02"]


def test_what_came_before_a_connection_is_not_replayed():
    client = Client()
    stream = a_stream(client)
    client.placed(price="700")

    listener = stream.open()
    stream.pump()

    assert orders(listener) == []


@pytest.mark.parametrize(
    ("kind", "detail", "prices"),
    [
        ("lose", {}, [702.0]),
        ("duplicate", {}, [701.0, 701.0, 702.0]),
        ("reorder", {}, [702.0, 701.0]),
        ("silence", {"seconds": 5}, []),
    ],
)
def test_faults_strike_single_frames(kind: str, detail: dict[str, Any], prices: list[float]):
    client = Client()
    stream = a_stream(client)
    listener = stream.open()
    client.fault("order_feed", kind, **detail)

    for price in ("701.00", "702.00"):
        client.placed(price=price)
    stream.pump()

    assert [one["price"] for one in orders(listener)] == prices


def test_a_frame_that_is_held_comes_later():
    client = Client()
    stream = a_stream(client)
    listener = stream.open()
    client.fault("order_feed", "hold", seconds=3)
    client.placed(price="701.00")
    stream.pump()
    client.clock.advance(2)
    client.placed(price="702.00")
    stream.pump()

    client.clock.advance(1.5)
    stream.pump()

    assert [one["price"] for one in orders(listener)] == [702.0, 701.0]


def test_a_silent_feed_answers_pings_and_speaks_again_later():
    client = Client()
    stream = a_stream(client)
    listener = stream.open()
    client.fault("order_feed", "silence", seconds=5)
    client.placed(price="701.00")
    stream.pump()

    stream.take(listener, "ping")
    client.clock.advance(6)
    client.placed(price="702.00")
    stream.pump()

    said = [listener.outbox.get() for _ in range(3)]
    assert said[1] == "pong"
    assert json.loads(said[2])["orderData"]["price"] == 702.0


@pytest.mark.parametrize(("mode", "length"), [(1, 51), (2, 123), (3, 379)])
def test_each_mode_has_its_length(mode: int, length: int):
    client = Client()
    stream = PriceStream(client.http._transport.app.extensions["simulation"])  # type: ignore[attr-defined]
    listener = stream.open()

    groups = [{"exchangeType": 1, "tokens": ["3045"]}]
    stream.take(listener, json.dumps({"action": 1, "params": {"mode": mode, "tokenList": groups}}))
    stream.pump()

    assert len(listener.outbox.get()) == length


@pytest.mark.parametrize(
    ("asked", "code"),
    [("nonsense", "E1001"), ({"action": 1, "params": {"mode": 9, "tokenList": []}}, "E1001"), ("too many", "E1002")],
)
def test_a_wrong_subscription_is_answered(asked: Any, code: str):
    client = Client()
    stream = PriceStream(client.http._transport.app.extensions["simulation"])  # type: ignore[attr-defined]
    listener = stream.open()
    if asked == "too many":
        groups = [{"exchangeType": 1, "tokens": [str(n) for n in range(1001)]}]
        asked = {"action": 1, "params": {"mode": 1, "tokenList": groups}}

    stream.take(listener, asked if isinstance(asked, str) else json.dumps(asked))

    assert json.loads(listener.outbox.get())["errorCode"] == code
