"""From which address orders leave: what the doctor can know of it, and what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from executor import bootstrap
from executor.cli import egress, main
from executor.clock import ManualClock
from executor.config.environment import open_settings
from executor.domain.ids import Ids
from executor.findings import Finding
from executor.simulator import SimulatorConfig
from executor.store.store import Store
from tests.bootstrap.conftest import LOCAL, LOGIN
from tests.house import House

REGISTERED = "203.0.113.7"


@pytest.fixture
def store(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A live login whose registered address is set."""
    monkeypatch.chdir(tmp_path)
    settings = {"DATABASE_URL": sqlite_url, "SECRET_KEY": "a secret key of this test, long enough"}
    for name, value in {**settings, **LOGIN, "SMARTAPI_PUBLIC_IP": REGISTERED}.items():
        monkeypatch.setenv(name, value)
    made = bootstrap.open_store(open_settings())
    yield made
    made.database.close()


def found(store: Store, *, own: str | OSError = "192.168.1.5", outside: str | OSError | None = None) -> list[Finding]:
    """The findings, on a machine with an address of its own and, if it is asked for, one that is seen outside."""

    def told(answer: str | OSError) -> str:
        if isinstance(answer, OSError):
            raise answer
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(egress, "own_address", lambda _url: told(own))
        seen = None if outside is None else lambda: told(outside)
        return list(egress.egress(open_settings(), store, seen=seen))


@pytest.mark.parametrize(
    ("own", "outside", "ok", "words"),
    [
        (REGISTERED, None, True, "orders leave from 203.0.113.7, as registered"),
        ("8.8.4.4", None, False, "orders leave from 8.8.4.4, SMARTAPI_PUBLIC_IP is 203.0.113.7: register it"),
        ("192.168.1.5", None, True, "behind a router"),
        ("192.168.1.5", REGISTERED, True, "as registered"),
        ("192.168.1.5", "198.51.100.9", False, "orders leave from 198.51.100.9"),
        (OSError("no route"), None, False, "it cannot be told from where orders leave: no route"),
        ("192.168.1.5", OSError("timed out"), False, "timed out"),
    ],
)
def test_the_address_is_compared_as_far_as_it_can_be_known(
    store: Store, own: str | OSError, outside: str | OSError | None, ok: bool, words: str
) -> None:
    (finding,) = found(store, own=own, outside=outside)

    assert (finding.name, finding.ok) == ("egress default", ok)
    assert words in finding.said


def test_an_ipv6_address_cannot_be_registered(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTAPI_PUBLIC_IP", "2001:db8::7")

    (finding,) = found(store)

    assert not finding.ok
    assert "no IPv4 address" in finding.said


def test_without_a_setting_there_is_nothing_to_compare_with(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMARTAPI_PUBLIC_IP")

    (finding,) = found(store)

    assert finding.ok
    assert "is not set" in finding.said


def test_the_own_address_is_that_of_the_interface_towards_the_host() -> None:
    assert egress.own_address("http://127.0.0.1:9/rest") == "127.0.0.1"


@pytest.mark.parametrize(("registered", "ok", "words"), [(REGISTERED, False, "AG7002"), ("127.0.0.1", True, "took")])
def test_the_brokers_own_word_about_the_newest_order_is_told(
    store: Store, clock: ManualClock, ids: Ids, monkeypatch: pytest.MonkeyPatch, registered: str, ok: bool, words: str
) -> None:
    house = House(store, clock, ids, simulator=SimulatorConfig(seed=3, registered_ips=(registered,)))
    house.price("800")
    house.run(3)
    house.signal("buy", price="800")
    house.run(5)
    for name, value in LOCAL.items():
        monkeypatch.setenv(name, value)

    (finding,) = found(store)

    assert (finding.name, finding.ok) == ("address default", ok)
    assert words in finding.said


def test_a_login_that_cannot_be_used_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    login = {**LOGIN, "SMARTAPI_CLIENT_CODE": "B2"}  # a client is traded once
    lines = "".join(f"{name}={value}\n" for name, value in login.items())
    done = CliRunner().invoke(main, ["account", "add", "second", "--login-file", "-"], input=lines)
    assert done.exit_code == 0, done.output
    for name, value in LOCAL.items():
        monkeypatch.setenv(name, value)

    (finding,) = found(store)

    assert not finding.ok
    assert "second was made as LIVE" in finding.said


def test_the_doctor_asks_outside_only_where_a_person_names_the_host(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, text=f"{REGISTERED}\n")

    monkeypatch.setattr(httpx, "HTTPTransport", lambda **_options: httpx.MockTransport(answer))
    monkeypatch.setattr(egress, "own_address", lambda _url: "192.168.1.5")

    without = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).output)["findings"]
    assert asked == []
    told = CliRunner().invoke(main, ["doctor", "--json", "--seen-by", "https://echo.example/ip"]).output

    said = {one["name"]: one["said"] for one in json.loads(told)["findings"]}
    assert asked == ["https://echo.example/ip"]
    assert said["egress default"] == "orders leave from 203.0.113.7, as registered"
    assert any("behind a router" in one["said"] for one in without)
    assert CliRunner().invoke(main, ["doctor", "--seen-by", "http://echo.example"]).exit_code == 2
