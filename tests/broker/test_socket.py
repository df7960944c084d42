"""The web socket of the product against the simulator's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.order_feed import OrderFrames, feed_headers
from executor.broker.smartapi.socket import WebSocket, open_socket
from executor.broker.smartapi.wire import Wire
from executor.clock import SimulatedClock
from executor.errors import FeedLost, FeedRefused
from executor.simulator import SimulatorConfig, SimulatorServer, credentials
from tests.builders import NOW


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(SimulatorConfig(seed=3), SimulatedClock(NOW)) as running:
        yield running


@pytest.fixture
def headers(server: SimulatorServer) -> dict[str, str]:
    """What a handshake carries after a login."""
    login = credentials(3)
    secrets = Credentials(login.api_key, login.client_code, login.pin, login.totp_secret)
    wire = Wire(server.describe()["base_url"], headers=headers_of(secrets))
    client = SmartApi(secrets, wire=wire, clock=SimulatedClock(NOW), reserve_step=lambda step: None)
    session = client.open_session(None)
    wire.close()
    return feed_headers(session, api_key=login.api_key, client_code=login.client_code)


def test_the_greeting_and_both_kinds_of_pong_are_heard(server: SimulatorServer, headers: dict[str, str]):
    frames = open_socket(server.describe()["order_feed_url"], headers)
    greeting = frames.receive(2)
    frames.send("ping")

    text, control = frames.receive(2), _until_frame(frames)
    nothing = frames.receive(0)
    frames.close()

    assert greeting is not None and OrderFrames().read(greeting) is None
    assert (text, control, nothing) == ("pong", "pong", None)


def test_the_price_feed_takes_the_same_headers(server: SimulatorServer, headers: dict[str, str]):
    frames = open_socket(server.describe()["price_feed_url"], headers)

    frames.send("ping")

    assert frames.receive(2) == "pong"
    frames.close()


def test_a_refused_handshake_says_its_status(server: SimulatorServer, headers: dict[str, str]):
    with pytest.raises(FeedRefused) as refused:
        open_socket(server.describe()["order_feed_url"], {**headers, "Authorization": "Bearer no"})

    assert refused.value.status == 401
    assert headers["Authorization"] not in str(refused.value)


def test_an_ended_connection_is_lost_for_both_directions(server: SimulatorServer, headers: dict[str, str]):
    frames = open_socket(server.describe()["order_feed_url"], headers)
    frames.receive(2)
    server._order_feed.stop()

    with pytest.raises(FeedLost):
        for _ in range(5):
            frames.receive(1)
    with pytest.raises(FeedLost):
        frames.send("ping")
    frames.close()


def test_nobody_there_is_lost(server: SimulatorServer, headers: dict[str, str]):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(FeedLost):
        open_socket(f"ws://127.0.0.1:{port}/smart-stream", headers)


def test_a_host_that_speaks_something_else_is_lost(headers: dict[str, str]):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        answer = Thread(target=_say_nonsense, args=[listener])
        answer.start()

        with pytest.raises(FeedLost):
            open_socket(f"ws://127.0.0.1:{listener.getsockname()[1]}/", headers)
        answer.join()


def _say_nonsense(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"SSH-2.0-nothing\r\n")


def _until_frame(frames: WebSocket) -> bytes | str | None:
    for _ in range(20):
        found = frames.receive(0.1)
        if found is not None:
            return found
    return None
