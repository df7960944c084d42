from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import httpx
import pytest

from executor.broker.smartapi import wire as room
from executor.broker.smartapi.credentials import headers_of
from executor.broker.smartapi.wire import Lost, NeverSent, RawAnswer, Wire, download, to_app
from executor.clock import ManualClock, SystemClock
from executor.errors import BrokerUnavailable
from tests.broker.fakes import LOGIN, a_wire, raising


def call(wire: Wire):
    return wire.call("POST", "/rest/x", headers={"Authorization": "Bearer j"}, content=b"{}")


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_without_a_connection_nothing_was_sent(error):
    assert isinstance(call(a_wire(raising(error("no way")))), NeverSent)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("t"),
        httpx.WriteTimeout("t"),
        httpx.ReadError("t"),
        httpx.WriteError("t"),
        httpx.RemoteProtocolError("t"),
        httpx.LocalProtocolError("t"),
        httpx.DecodingError("t"),
        ConnectionResetError("cut"),
        ConnectionError("cut"),
    ],
)
def test_after_a_connection_every_end_without_an_answer_is_lost(error):
    found = call(a_wire(raising(error)))

    assert isinstance(found, Lost)
    assert type(error).__name__ in found.why


def test_an_answer_comes_back_untouched_whatever_its_status():
    found = call(a_wire(lambda _request: httpx.Response(503, content=b"\xff<html>")))

    assert isinstance(found, RawAnswer)
    assert (found.status, found.body) == (503, b"\xff<html>")


def test_a_broken_compression_is_lost_and_not_an_error_of_ours():
    broken = {"Content-Encoding": "gzip"}

    found = call(a_wire(lambda _request: httpx.Response(200, headers=broken, content=iter([b"not gzip"]))))

    assert isinstance(found, Lost)


@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_without_end_is_lost_before_it_fills_the_memory(packed: bool, monkeypatch):
    monkeypatch.setattr(room, "_LARGEST_ANSWER", 1_000_000)
    given: list[int] = []

    def pieces() -> Iterator[bytes]:
        packer = zlib.compressobj(wbits=31)
        for number in range(100):
            given.append(number)
            yield packer.compress(b" " * 10_000_000) if packed else b" " * 100_000

    headers = {"Content-Encoding": "gzip"} if packed else {}

    found = call(a_wire(lambda _request: httpx.Response(200, headers=headers, content=pieces())))

    assert isinstance(found, Lost)
    assert "1000000 bytes" in found.why
    assert len(given) < 20


def test_redirects_are_answers_and_not_followed():
    seen = []

    def host(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(302, headers={"Location": "https://elsewhere.test/"})

    assert isinstance(call(a_wire(host)), RawAnswer)
    assert seen == ["/rest/x"]


def test_every_call_carries_the_headers_of_the_protocol():
    seen: list[httpx.Headers] = []

    def host(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200)

    call(a_wire(host))

    assert {name: seen[0][name] for name in headers_of(LOGIN)} == dict(headers_of(LOGIN))
    assert seen[0]["X-ClientPublicIP"] == "203.0.113.7"
    assert seen[0]["Authorization"] == "Bearer j"


def test_an_application_in_this_process_answers_like_a_host():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]

    wire = Wire("http://inside", headers={}, transport=to_app(app))

    found = call(wire)

    assert isinstance(found, RawAnswer)
    assert found.body == b"/rest/x"


def test_an_application_that_cuts_the_connection_is_lost():
    def app(_environ, _start_response):
        raise ConnectionAbortedError("cut")

    assert isinstance(call(Wire("http://inside", headers={}, transport=to_app(app))), Lost)


def test_a_closed_port_is_proof_that_nothing_was_sent(unused_port):
    wire = Wire(f"http://127.0.0.1:{unused_port}", headers={})

    found = call(wire)
    wire.close()

    assert isinstance(found, NeverSent)


def test_the_instrument_file_is_streamed_to_its_place(tmp_path: Path):
    chunks = [b"[", b'{"token":"1"}', b"]"]
    host = httpx.MockTransport(lambda _request: httpx.Response(200, content=iter(chunks)))

    size = download("https://files.test/m.json", tmp_path / "m.json", clock=SystemClock(), transport=host)

    assert (tmp_path / "m.json").read_bytes() == b"".join(chunks)
    assert size == 15


@pytest.mark.parametrize("script", [lambda _request: httpx.Response(404), raising(httpx.ReadTimeout("slow"))])
def test_an_instrument_file_that_does_not_come_is_the_brokers_fault(tmp_path: Path, script):
    with pytest.raises(BrokerUnavailable, match="instrument file"):
        transport = httpx.MockTransport(script)
        download("https://files.test/m.json", tmp_path / "m.json", clock=SystemClock(), transport=transport)


def test_an_instrument_file_that_drips_for_ever_is_given_up(tmp_path: Path, clock: ManualClock):
    def drips():
        while True:
            clock.advance(6)
            yield b"["

    host = httpx.MockTransport(lambda _request: httpx.Response(200, content=drips()))

    with pytest.raises(BrokerUnavailable, match="did not end within 600 s"):
        download("https://files.test/m.json", tmp_path / "m.json", clock=clock, transport=host)


def test_an_instrument_file_that_never_ends_does_not_fill_the_disk(tmp_path: Path, clock, monkeypatch):
    monkeypatch.setattr(room, "_LARGEST", 1000)
    host = httpx.MockTransport(lambda _request: httpx.Response(200, content=(b"0" * 100 for _ in range(20))))

    with pytest.raises(BrokerUnavailable, match="1000 bytes"):
        download("https://files.test/m.json", tmp_path / "m.json", clock=clock, transport=host)

    assert (tmp_path / "m.json").stat().st_size <= 1100


@pytest.fixture
def dripping() -> Iterator[str]:
    """A host on loopback that takes a request and answers a byte every 20 ms, never all of it."""
    stop = Flag()
    with socket.create_server(("127.0.0.1", 0)) as door:

        def drip() -> None:
            with suppress(OSError):
                caller, _ = door.accept()
                with caller:
                    caller.recv(65536)
                    while not stop.wait(0.02):
                        caller.send(b"H")

        host = Thread(target=drip)
        host.start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        stop.set()
        host.join()


def test_a_host_that_drips_holds_no_call_for_ever_and_nobody_knows_what_it_did(dripping: str, monkeypatch):
    monkeypatch.setattr(room, "_CALL_S", 0.3)
    clock, wire = SystemClock(), Wire(dripping, headers={})
    began = clock.monotonic()

    found = call(wire)
    took = clock.monotonic() - began
    wire.close()

    assert isinstance(found, Lost)
    assert 0.3 <= took < 2


def test_a_kept_connection_has_the_whole_bound_for_each_call(monkeypatch):
    monkeypatch.setattr(room, "_CALL_S", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as door:

        def answer() -> None:
            caller, _ = door.accept()
            with caller:
                while caller.recv(65536):
                    Flag().wait(0.15)
                    caller.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        host = Thread(target=answer)
        host.start()
        wire = Wire(f"http://127.0.0.1:{door.getsockname()[1]}", headers={})

        found = [call(wire) for _ in range(5)]
        wire.close()
        host.join()

    assert all(isinstance(one, RawAnswer) for one in found)


def test_a_connection_that_was_made_too_late_sends_nothing_any_more(dripping: str, monkeypatch):
    """The look-up of a name has no timeout: while it hung another trader may have taken the account."""
    monkeypatch.setattr(room, "_CONNECT_S", 0.2)
    look_up = socket.getaddrinfo

    def slow(*asked, **more):
        Flag().wait(0.3)
        return look_up(*asked, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    wire = Wire(dripping, headers={})

    found = call(wire)
    wire.close()

    assert isinstance(found, NeverSent)


# -- a network that is cut while an order is on its way

_FAR_HOST = """
import http.server, sys
class Host(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(2)
        print(self.path, flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *said):
        pass
with http.server.ThreadingHTTPServer((sys.argv[1], 8099), Host) as server:
    print("open", flush=True)
    server.serve_forever()
"""


@dataclass
class Cable:
    """A host at the other end of a cable that can be pulled."""

    space: str
    end: str
    address: str
    host: subprocess.Popen[str]

    def plug(self, *, up: bool) -> None:
        _ip("-n", self.space, "link", "set", self.end, "up" if up else "down")

    def heard(self, within_s: float) -> list[str]:
        """The paths of the calls that arrive there in this time."""
        assert self.host.stdout is not None
        heard, until = [], SystemClock().monotonic() + within_s
        while (left := until - SystemClock().monotonic()) > 0:
            if select.select([self.host.stdout], [], [], left)[0]:
                heard.append(self.host.stdout.readline().strip())
        return heard


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def cable() -> Iterator[Cable]:
    """Only root may make one."""
    space, near, far = (f"x{os.getpid()}{end}" for end in "sab")
    here, there = "10.213.77.1", "10.213.77.2"
    try:
        _ip("netns", "add", space)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network can be made here: {error}")
    try:
        _ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", space)
        _ip("addr", "add", f"{here}/30", "dev", near)
        _ip("link", "set", near, "up")
        _ip("-n", space, "addr", "add", f"{there}/30", "dev", far)
        _ip("-n", space, "link", "set", far, "up")
        words = ["ip", "netns", "exec", space, sys.executable, "-c", _FAR_HOST, there]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as host:
            assert host.stdout is not None
            assert host.stdout.readline() == "open\n"
            yield Cable(space, far, there, host)
            host.kill()
    finally:
        _ip("netns", "del", space)


def test_what_a_cut_network_kept_of_an_order_does_not_leave_when_it_is_back(cable: Cable, monkeypatch) -> None:
    """The kernel goes on sending it for minutes, also of a process that is gone: somebody else has the account then."""
    monkeypatch.setattr(room, "_TIMEOUT", httpx.Timeout(0.5))
    monkeypatch.setattr(room, "_UNSENT_S", 1.0)
    wire = Wire(f"http://{cable.address}:8099", headers={})
    before = call(wire)

    cable.plug(up=False)
    lost = call(wire)
    wire.close()
    Flag().wait(4.0)
    cable.plug(up=True)

    assert isinstance(before, RawAnswer)
    assert isinstance(lost, Lost)
    assert cable.heard(6) == ["/rest/x"]  # that of before alone
