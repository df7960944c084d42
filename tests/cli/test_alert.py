"""The commands over a real store, sending into the real web without a network."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from flask import Flask

from executor import bootstrap
from executor.alerts import imitate
from executor.alerts.address import standard_webhook_secret
from executor.alerts.token import first_chart
from executor.cli import alert
from executor.clock import SystemClock
from executor.domain.ids import Ids
from executor.web.app import create_app
from executor.web.authenticity import Floods
from executor.web.parts import WebParts
from tests.builders import a_strategy
from tests.cli.office import runner

CHART = {
    "ticker": "TATASTEEL",
    "exchange": "NSE",
    "close": "150.05",
    "{{strategy.order.action}}": "buy",
    "strategy.market_position": "long",
    "strategy.market_position_size": "10",
    "strategy.prev_market_position": "flat",
    "strategy.prev_market_position_size": "0",
}
SETS = [word for name, value in CHART.items() for word in ("--set", f"{name}={value}")]


class Silent:
    def ring(self, _account: str = "") -> None:
        pass


class Unhurried(SystemClock):
    """However busy this machine is, the web has time enough for its steps."""

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def app(settings, store) -> Flask:
    clock = Unhurried()
    store.people.save_strategy(a_strategy(), by="test", at=clock.now())
    ids: Ids = bootstrap.make_ids(clock, store.recovery)
    parts = WebParts(
        store=store,
        keys=bootstrap.open_keys(settings),
        clock=clock,
        new_id=ids.new,
        doorbell=Silent(),
        floods=Floods("web-1"),
    )
    return create_app(parts)


@pytest.fixture
def run(app, monkeypatch):
    """Run `executor alert …`; what it sends goes into the app."""
    monkeypatch.setattr(alert, "open_client", lambda: imitate.open_client(httpx.WSGITransport(app)))

    return runner("alert")


@pytest.fixture
def issued(run, tmp_path):
    """A template of the strategy: its url, its id and the file of its body."""
    made = json.loads(run("template", "trend", "--json"))
    path = tmp_path / "body.json"
    path.write_text(made["body"])
    return made["url"], made["alert_id"], str(path)


def test_a_template_is_printed_with_its_address_and_its_placeholders_unexpanded(run):
    made = json.loads(run("template", "trend", "--json"))

    assert list(made) == ["url", "body", "alert_id"]
    assert made["url"].startswith("http://127.0.0.1:8080/hook/trend/")
    assert json.loads(made["body"])["fired_at"] == "{{timenow}}"


def test_a_template_for_people_shows_address_and_message(run):
    shown = run("template", "trend", "--style", "pine")

    assert "Webhook URL:\nhttp://127.0.0.1:8080/hook/trend/" in shown and "//@version=6" in shown


def test_a_template_that_is_sent_is_taken_and_a_second_copy_is_a_duplicate(run, issued):
    url, _, body = issued
    sent = ["send", "--url", url, "--body", body, *SETS, "--set", f"timenow={SystemClock().now():%Y-%m-%dT%H:%M:%SZ}"]

    first = json.loads(run(*sent, "--json"))
    again = json.loads(run(*sent, "--json"))

    assert (first["status"], first["answer"]["state"]) == (202, "RECEIVED")
    assert (again["status"], again["answer"]["signal"]) == (200, first["answer"]["signal"])


def test_times_and_interval_are_filled_in_from_the_clock(run, issued):
    url, _, body = issued

    assert run("send", "--url", url, "--body", body, *SETS).startswith("202 ")


def test_an_example_fills_in_what_is_not_set_but_prices(run, issued):
    url, _, body = issued

    told = run("send", "--url", url, "--body", body, "--example", "--set", "close=800")
    without = run("send", "--url", url, "--body", body, "--example", code=1)

    assert told.startswith("202 ")
    assert without.startswith("not filled in: close; ") and "price is {{close}}" in without


@pytest.mark.parametrize(
    "message", ['{"ticker": "{{ticker}}"}', '{"token": "xt1_e30.x"}', '{"token": "xt1_====.x"}', "xt1_Zm9v.x"]
)
def test_an_example_whose_message_has_no_token_that_can_be_read_is_of_sbin(message):
    assert first_chart(message) == {}


def test_a_placeholder_that_the_message_has_not_is_named(run, issued):
    url, _, body = issued

    told = run("send", "--url", url, "--body", body, "--example", "--set", "clse=800", code=1)

    assert told.startswith("not filled in: close; give each with --set NAME=VALUE; the message has no clse\n")


def test_a_message_can_be_pasted(run, issued):
    url, _, body = issued

    assert run("send", "--url", url, "--body", "-", *SETS, given=Path(body).read_text()).startswith("202 ")


def test_a_refusal_is_printed_and_ends_with_1(run, issued):
    url, _, body = issued

    told = json.loads(run("send", "--url", url, "--body", body, "--json", code=1))

    assert told["status"] == 422 and told["answer"]["detail"].endswith("ticker is {{ticker}}")


def test_no_answer_at_all_ends_with_1(run, issued, monkeypatch):
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    monkeypatch.setattr(alert, "open_client", lambda: imitate.open_client(httpx.MockTransport(broken)))
    url, _, body = issued

    told = json.loads(run("send", "--url", url, "--body", body, "--json", code=1))

    assert told == {"status": None, "answer": {}, "error": "ConnectError: refused"}


def test_the_product_follows_the_simulators_clock(run, issued, tmp_path, monkeypatch):
    clock = tmp_path / "clock.json"
    clock.write_text(json.dumps({"epoch": 0, "base": 1795578600, "speed": 0}))
    monkeypatch.setenv("EXECUTOR_CLOCK_FILE", str(clock))
    got: list[str] = []

    def keep(request: httpx.Request) -> httpx.Response:
        got.append(json.loads(request.content)["fired_at"])
        return httpx.Response(202)

    monkeypatch.setattr(alert, "open_client", lambda: imitate.open_client(httpx.MockTransport(keep)))
    url, _, body = issued

    run("send", "--url", url, "--body", body, *SETS)

    assert got == ["2026-11-25T03:50:00Z"]


def test_a_revoked_alert_is_refused_and_an_unknown_id_is_told(run, issued):
    url, alert_id, body = issued

    run("revoke", alert_id)

    assert (
        json.loads(run("send", "--url", url, "--body", body, *SETS, "--json", code=1))["answer"]["code"]
        == "token_revoked"
    )
    assert "there is no alert 'nothing'" in run("revoke", "nothing", code=1)


def test_a_set_value_is_fixed_by_the_token(run, issued, tmp_path):
    made = json.loads(run("template", "trend", "--style", "indicator", "--set", "action=buy", "--json"))
    path = tmp_path / "sell.json"
    path.write_text(made["body"].replace('"buy"', '"sell"'))

    told = json.loads(run("send", "--url", made["url"], "--body", str(path), *SETS, "--json", code=1))

    assert (told["status"], told["answer"]["code"]) == (422, "fixed_changed")


def test_a_message_is_checked_without_sending_it(run, issued, tmp_path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"v": 1, "ticker": "{{ticker}}", "price": {{close}}, "token": "xt1_x"}')

    good, bad = json.loads(run("check", issued[2], "--json")), json.loads(run("check", str(wrong), "--json", code=1))

    assert good["ok"] and good["fields"]["ticker"] == "SBIN" and "{{timenow}}" in good["placeholders"]
    assert (bad["ok"], bad["code"]) == (False, "bad_field") and "exchange is missing" in bad["detail"]


@pytest.fixture
def own(settings, tmp_path):
    """What a sender that signs has: the options for its address, its message and its secret in a file."""
    body, secret = tmp_path / "own.json", tmp_path / "secret"
    fields = {"v": 1, "ticker": "TATASTEEL", "exchange": "NSE", "action": "buy", "fired_at": "{{timenow}}"}
    body.write_text(json.dumps(fields))
    secret.write_text(standard_webhook_secret(bootstrap.open_keys(settings), a_strategy()) + "\n")
    return [
        "--url",
        "http://x.test/hook/trend",
        "--body",
        str(body),
        "--standard-webhook-secret",
        str(secret),
        "--json",
    ]


def test_a_message_can_be_signed_with_the_strategys_secret(run, own):
    first, again = json.loads(run("send", *own)), json.loads(run("send", *own))

    assert (first["status"], again["status"]) == (202, 202)  # each has an id of its own
    assert json.loads(run("send", *own[:4], "--json", code=1))["answer"]["code"] == "signature_missing"


def test_what_is_no_secret_signs_nothing_and_is_not_shown(run, own, tmp_path):
    (tmp_path / "secret").write_text("whsec_abc")

    told = run("send", *own, code=2)

    assert "secret holds no whsec_" in told.replace("\n", "") and "abc" not in told


@pytest.mark.parametrize(("arguments", "code", "says"), [
    (["template", "nobody"], 1, "there is no strategy 'nobody'"),
    (["template", "trend", "--style", "indicator"], 1, "such as action=buy"),
    (["template", "trend", "--set", "action"], 2, "NAME=VALUE"),
    (["template", "trend", "--style", "x"], 2, "strategy"),
    (["check", "no-such-file"], 2, "no-such-file"),
    (["send", "--url", "http://x.test"], 2, "--body"),
])  # fmt: skip
def test_wrong_use_is_told_with_its_exit_code(run, arguments: list[str], code: int, says: str):
    assert says in run(*arguments, code=code)
