"""Over a real socket: kept connections, cuts, and the command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pyotp
import pytest
from click.testing import CliRunner

from executor.cli.simulator import simulator
from executor.clock import FileClock, SimulatedClock
from executor.config.environment import load_settings
from executor.simulator import SimulatorConfig, SimulatorServer
from tests.simulator.harness import LOGIN, SECURE, WEDNESDAY, headers, ticket

_PLACE = f"{SECURE}/order/v1/placeOrder"


@pytest.fixture
def wire() -> Iterator[httpx.Client]:
    clock = SimulatedClock(WEDNESDAY)
    with SimulatorServer(SimulatorConfig(limits=False), clock) as server:
        about = server.describe()
        with httpx.Client(base_url=about["base_url"], headers=headers(about["api_key"])) as client:
            code = pyotp.TOTP(about["totp_secret"]).at(clock.now())
            body = {"clientcode": about["client_code"], "password": about["pin"], "totp": code}
            tokens = client.post(LOGIN, json=body).json()["data"]
            client.headers["Authorization"] = f"Bearer {tokens['jwtToken']}"
            yield client


def _book(client: httpx.Client) -> list[dict[str, str]]:
    return client.get(f"{SECURE}/order/v1/getOrderBook").json()["data"] or []


def test_connection_is_kept(wire):
    ports = {
        wire.get(f"{SECURE}/user/v1/getProfile").extensions["network_stream"].get_extra_info("client_addr")
        for _ in range(3)
    }

    assert len(ports) == 1


@pytest.mark.parametrize(("kind", "left"), [("cut_before", 0), ("cut_after", 1)])
def test_cut_closes_the_socket_without_an_answer(wire, kind, left):
    wire.post("/_control/fault", json={"route": "placeOrder", "kind": kind})

    with pytest.raises(httpx.RemoteProtocolError):
        wire.post(_PLACE, json=ticket())

    assert len(_book(wire)) == left


def test_delay_does_not_hold_others_up(wire):
    wire.post("/_control/fault", json={"route": "placeOrder", "kind": "delay", "seconds": 0.4})

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(wire.post, _PLACE, json=ticket())
        while not _book(wire):
            pass
        answered_before = not slow.done()

    assert answered_before
    assert slow.result().json()["status"] is True


def test_answers_go_to_the_right_request_under_many_threads(wire):
    with ThreadPoolExecutor(8) as pool:
        tags = [f"t{n}" for n in range(40)]
        answers = list(pool.map(lambda tag: wire.post(_PLACE, json=ticket(ordertag=tag)).json(), tags))

    by_id = {entry["orderid"]: entry["ordertag"] for entry in _book(wire)}
    assert [by_id[answer["data"]["orderid"]] for answer in answers] == tags


def test_stopped_server_answers_nobody():
    server = SimulatorServer(SimulatorConfig(), SimulatedClock(WEDNESDAY))
    server.start()
    with httpx.Client(base_url=server.describe()["base_url"]) as client:
        client.get("/_control/state")
        server.stop()

        with pytest.raises(httpx.TransportError):
            client.get("/_control/state")


def test_help_teaches():
    text = CliRunner().invoke(simulator, ["--help"]).output

    assert "2026-11-25 09:20" in text
    assert "/fault" in text


def test_settings_for_it_are_never_written_over_others(tmp_path):
    there = tmp_path / ".env"
    there.write_text("SMARTAPI_PIN=1234\n")

    outcome = CliRunner().invoke(simulator, ["--env-file", str(there)])

    assert (outcome.exit_code, there.read_text()) == (2, "SMARTAPI_PIN=1234\n")
    assert "move it away first" in outcome.output


def test_wrong_clock_is_wrong_use():
    outcome = CliRunner().invoke(simulator, ["--clock", "noon"])

    assert outcome.exit_code == 2
    assert "'noon'" in outcome.output


@pytest.mark.process
def test_command_serves_until_it_is_told_to_end(tmp_path):
    program = "from executor.cli.simulator import simulator; simulator()"
    options = ["--port", "0", "--seed", "4", "--clock", "2026-11-25 09:20", "--json"]
    options += ["--env-file", str(tmp_path / ".env")]
    with subprocess.Popen([sys.executable, "-c", program, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        state = httpx.get(f"{about['control_url']}/state").json()
        moved = httpx.post(f"{about['control_url']}/clock", json={"to": "2026-11-25 15:00"}).json()
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=10)

    assert code == 0
    assert about["order_feed_url"].startswith("ws://127.0.0.1:")
    assert about["price_feed_url"] != about["order_feed_url"]
    assert state["now"].startswith("2026-11-25T03:50:")
    assert moved["now"].startswith("2026-11-25T09:30:00")
    assert FileClock(tmp_path / "clock.json").now().isoformat() >= moved["now"]
    settings = load_settings({"EXECUTOR_STATE_DIR": str(tmp_path)}, env_file=tmp_path / ".env")
    assert settings.credentials is not None
    assert (settings.credentials.pin, settings.broker_urls.base) == (about["pin"], about["base_url"])
    assert settings.clock_file == tmp_path / "clock.json"
