"""The broker's own two web sockets, unmodified but for the host, and ours, against a simulator; prints what was said.

A program of its own, as `official_client` is. Each connection goes through a tap, which keeps the handshake and the
frames of the client as they were on the wire. Standard output: one JSON object, `{"theirs": {"heard", "sent"},
"ours": {"heard", "sent"}}`.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from typing import Any

import httpx
import pyotp
import requests

from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.order_feed import OrderFrames, feed_headers
from executor.broker.smartapi.price_feed import PriceFeed
from executor.broker.smartapi.socket import open_socket
from executor.broker.smartapi.wire import Wire
from executor.clock import SimulatedClock
from executor.domain.instrument import InstrumentKey, Segment
from executor.simulator import SimulatorConfig, SimulatorServer, credentials
from tests.simulator.harness import WEDNESDAY, ticket
from tests.simulator.harness import headers as rest_headers

SEED, PATIENCE_S = 7, 10.0
LOGIN = credentials(SEED)
PLACE = "/rest/secure/angelbroking/order/v1/placeOrder"
SBIN = InstrumentKey(Segment.NSE, "3045")


class Tap:
    """Carries one connection to a feed and keeps what the client sent."""

    def __init__(self, url: str) -> None:
        host, _, rest = url.removeprefix("ws://").partition("/")
        name, _, port = host.partition(":")
        self._behind = (name, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/{rest}"
        self._sent = b""
        threading.Thread(target=self._carry, daemon=True).start()

    def _carry(self) -> None:
        client, _ = self._listener.accept()
        feed = socket.create_connection(self._behind)
        threading.Thread(target=pour, args=[feed, client, lambda _piece: None], daemon=True).start()
        pour(client, feed, self._keep)

    def _keep(self, piece: bytes) -> None:
        self._sent += piece

    def told(self) -> dict[str, Any]:
        """The path, the headers in lower case with tokens left out, and the texts that were sent."""
        head, _, rest = self._sent.partition(b"\r\n\r\n")
        first, *lines = re.sub(r"eyJ\S+", "TOKEN", head.decode()).split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        return {
            "path": first.split()[1],
            "headers": {name.lower(): value for name, _, value in pairs},
            "texts": [text for text in texts(rest) if text != "ping"],
        }


def pour(source: socket.socket, sink: socket.socket, keep: Callable[[bytes], None]) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            keep(piece)
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def texts(stream: bytes) -> Iterator[str]:
    """The text frames of a client: masked, and short enough for one frame each."""
    while len(stream) >= 6:
        kind, size, at = stream[0] & 15, stream[1] & 127, 2
        if size == 126:
            (size,), at = struct.unpack(">H", stream[2:4]), 4
        mask, body = stream[at : at + 4], stream[at + 4 : at + 4 + size]
        if kind == 1:
            yield bytes(letter ^ mask[place % 4] for place, letter in enumerate(body)).decode()
        stream = stream[at + 4 + size :]


class Market:
    """A simulator, and a person with another login to it who trades and sets prices."""

    def __init__(self, server: SimulatorServer, clock: SimulatedClock) -> None:
        self.about = server.describe()
        self.clock = clock
        self.http = httpx.Client(base_url=self.about["base_url"], headers=rest_headers(LOGIN.api_key))

    def code(self) -> str:
        return pyotp.TOTP(LOGIN.totp_secret).at(self.clock.now())

    def price(self, rupees: str) -> None:
        body = {"exchange": "NSE", "token": "3045", "ltp": rupees}
        self.http.post("/_control/price", json=body).raise_for_status()

    def place(self, authorization: str) -> str:
        answer = self.http.post(PLACE, json=ticket(price="700"), headers={"Authorization": authorization}).json()
        return str(answer["data"]["orderid"])


def theirs(market: Market) -> tuple[dict[str, Any], dict[str, Any]]:
    """The official sockets: an order is told; prices come in all three modes."""
    asks, requests.get = requests.get, _no_network  # it asks for this machine's address on import
    from SmartApi import SmartConnect
    from SmartApi.smartWebSocketOrderUpdate import SmartWebSocketOrderUpdate
    from SmartApi.smartWebSocketV2 import SmartWebSocketV2

    requests.get = asks
    api = SmartConnect(api_key=LOGIN.api_key, root=market.about["base_url"])
    token = api.generateSession(LOGIN.client_code, LOGIN.pin, market.code())["data"]["jwtToken"]
    orders, prices = Tap(market.about["order_feed_url"]), Tap(market.about["price_feed_url"])
    SmartWebSocketOrderUpdate.WEBSOCKET_URI, SmartWebSocketV2.ROOT_URI = orders.url, prices.url
    own = (token, LOGIN.api_key, LOGIN.client_code, api.getfeedToken())

    frames: Queue[Any] = Queue()
    listening = SmartWebSocketOrderUpdate(*own)
    listening.on_message = lambda _socket, frame: frames.put(frame)
    threading.Thread(target=listening.connect, daemon=True).start()
    greeting = json.loads(frames.get(timeout=PATIENCE_S))
    number = market.place(token)
    told = json.loads(frames.get(timeout=PATIENCE_S))

    ticks: Queue[Any] = Queue()
    watching = SmartWebSocketV2(*own)
    watching.on_data = lambda _socket, tick: ticks.put(tick)
    watching.on_open = lambda _socket: watching.subscribe("executor", 1, [{"exchangeType": 1, "tokens": ["3045"]}])
    market.price("801.35")
    threading.Thread(target=watching.connect, daemon=True).start()
    seen = {1: ticks.get(timeout=PATIENCE_S)}
    for mode in (2, 3):
        watching.subscribe("executor", mode, [{"exchangeType": 1, "tokens": ["3045"]}])
        while mode not in seen:
            market.price(f"801.{40 + 5 * mode}")
            tick = ticks.get(timeout=PATIENCE_S)
            seen.setdefault(tick["subscription_mode"], tick)
    heard = {"greeting": greeting, "number": number, "order": told, "ticks": seen}
    return heard, {"orders": orders.told(), "prices": prices.told()}


def ours(market: Market) -> tuple[dict[str, Any], dict[str, Any]]:
    secrets = Credentials(LOGIN.api_key, LOGIN.client_code, LOGIN.pin, LOGIN.totp_secret)
    wire = Wire(market.about["base_url"], headers=headers_of(secrets))
    client = SmartApi(secrets, wire=wire, clock=market.clock, reserve_step=lambda _step: None)
    session = client.open_session(None)
    handshake = feed_headers(session, api_key=LOGIN.api_key, client_code=LOGIN.client_code)
    orders, prices = Tap(market.about["order_feed_url"]), Tap(market.about["price_feed_url"])

    with connected(orders.url, handshake) as frames:
        reader = OrderFrames()
        assert reader.read(frames.receive(PATIENCE_S) or "") is None  # the greeting
        number = market.place(f"Bearer {session.jwt}")
        report = reader.read(frames.receive(PATIENCE_S) or "")
    source = PriceFeed(market.clock.now)
    source.watch(frozenset({SBIN}))
    with connected(prices.url, handshake) as frames:
        source.opened()
        source.tend(frames)
        market.price("801.35")
        while SBIN not in (changed := source.changed()):
            source.take(frames.receive(PATIENCE_S) or b"")
    wire.close()
    assert report is not None
    heard = {"number": number, "order": report.broker_id, "price": str(changed[SBIN].value)}
    return heard, {"orders": orders.told(), "prices": prices.told()}


@contextmanager
def connected(url: str, handshake: dict[str, str]) -> Iterator[Any]:
    frames = open_socket(url, handshake)
    try:
        yield frames
    finally:
        frames.close()


def _no_network(*_: object, **__: object) -> None:
    raise OSError("there is no network here")


def main() -> None:
    told: dict[str, Any] = {}
    for name, speak in (("theirs", theirs), ("ours", ours)):
        clock = SimulatedClock(WEDNESDAY)
        server = SimulatorServer(SimulatorConfig(seed=SEED, limits=False), clock)
        server.start()  # it ends with this program: their sockets would connect again
        heard, sent = speak(Market(server, clock))
        told[name] = {"heard": heard, "sent": sent}
    json.dump(told, sys.stdout, default=str)


if __name__ == "__main__":
    main()
