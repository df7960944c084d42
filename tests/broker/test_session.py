from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import pytest

from executor.clock import IST, ManualClock
from executor.errors import BrokerUnavailable, LoginRefused
from tests.broker.fakes import (
    FEED,
    JWT,
    LOGIN,
    REFRESH,
    START,
    a_client,
    an_intent,
    business_error,
    gateway_error,
    ok,
    raising,
)

STEP = int(START.timestamp()) // 30
SECRETS = (LOGIN.api_key, LOGIN.pin, LOGIN.totp_secret, JWT, REFRESH, FEED)


def test_a_login_sends_pin_and_the_code_of_the_clock_then_verifies(host):
    session = a_client(host).open_session(None)

    code = pyotp.TOTP(LOGIN.totp_secret or "").at(START)
    assert host.names() == ["loginByPassword", "getProfile"]
    assert host.bodies("loginByPassword") == [{"clientcode": "T100200", "password": "4071", "totp": code}]
    assert "Authorization" not in host.requests[0].headers
    assert host.requests[1].headers["Authorization"] == f"Bearer {JWT}"
    assert (session.jwt, session.refresh, session.feed, session.totp_step) == (JWT, REFRESH, FEED, STEP)


def test_a_session_ends_at_midnight_in_india(host):
    session = a_client(host).open_session(None)

    assert session.opened_at == START
    assert session.ends_at == datetime(2026, 11, 26, 0, 0, tzinfo=IST).astimezone(UTC)


def test_the_step_is_reserved_before_the_code_leaves(host):
    seen: list[tuple[int, int]] = []

    a_client(host, reserve_step=lambda step: seen.append((step, len(host.requests)))).open_session(None)

    assert seen == [(STEP, 0)]


def test_a_step_that_cannot_be_reserved_is_not_used(host):
    def full(_step: int) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        a_client(host, reserve_step=full).open_session(None)

    assert host.requests == []


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_used_step_is_not_used_again_and_the_text_says_when_to_come_back(host, ahead):
    client = a_client(host, last_step=STEP + ahead)

    with pytest.raises(LoginRefused, match=r"try again at 09:2[01]:[03]0 IST"):
        client.open_session(None)

    assert host.requests == []


def test_a_refused_login_uses_its_step_up(host):
    clock = ManualClock(START)
    host.answers["loginByPassword"] = business_error("AB1050", "Invalid totp and client combination")
    client = a_client(host, clock=clock)

    with pytest.raises(LoginRefused, match="AB1050"):
        client.open_session(None)
    with pytest.raises(LoginRefused, match="used already"):
        client.open_session(None)
    clock.advance(30)
    with pytest.raises(LoginRefused, match="AB1050"):
        client.open_session(None)

    assert len(host.bodies("loginByPassword")) == 2


def test_the_step_of_a_saved_session_counts_as_used(host):
    saved = a_client(host).open_session(None)
    host.answers["getProfile"] = gateway_error("AG8001", "Invalid Token")
    host.requests.clear()

    with pytest.raises(LoginRefused, match="used already"):
        a_client(host).open_session(saved)

    assert host.names() == ["getProfile"]


def test_a_saved_session_that_still_holds_is_kept_without_a_login(host):
    saved = a_client(host).open_session(None)
    host.requests.clear()

    again = a_client(host).open_session(saved)

    assert again == saved
    assert [call.route for call in again.calls] == ["getProfile"]
    assert host.names() == ["getProfile"]


def test_a_saved_session_that_was_ended_costs_one_login(host):
    saved = a_client(host).open_session(None)
    profile = host.answers["getProfile"]
    host.answers["getProfile"] = lambda request: (
        gateway_error("AG8001", "Invalid Token") if request.headers["Authorization"] == "Bearer old" else profile
    )

    a_client(host, clock=ManualClock(START + timedelta(minutes=1))).open_session(replace(saved, jwt="old"))

    assert host.names()[-3:] == ["getProfile", "loginByPassword", "getProfile"]


def test_a_session_of_yesterday_is_not_even_tried(host):
    saved = a_client(host).open_session(None)
    host.requests.clear()

    a_client(host, clock=ManualClock(saved.ends_at)).open_session(saved)

    assert host.names() == ["loginByPassword", "getProfile"]


def test_no_login_while_it_is_unclear_whether_the_saved_session_holds(host):
    saved = a_client(host).open_session(None)
    host.answers["getProfile"] = raising(httpx.ReadTimeout("x"))
    host.requests.clear()

    with pytest.raises(BrokerUnavailable):
        a_client(host).open_session(saved)

    assert host.names() == ["getProfile"]


def test_a_login_whose_check_got_no_answer_is_not_thrown_away(host):
    profile = host.answers["getProfile"]
    host.answers["getProfile"] = raising(httpx.ReadTimeout("x"))
    client = a_client(host)
    with pytest.raises(BrokerUnavailable):
        client.open_session(None)
    host.answers["getProfile"] = profile

    session = client.open_session(None)

    assert session.jwt == JWT
    assert host.names().count("loginByPassword") == 1


def test_a_fresh_token_that_is_refused_is_a_refused_login(host):
    host.answers["getProfile"] = gateway_error("AG8001", "Invalid Token")

    with pytest.raises(LoginRefused, match="fresh login"):
        a_client(host).open_session(None)


def test_someone_elses_session_is_refused(host):
    host.answers["getProfile"] = ok({"clientcode": "T999999"})

    with pytest.raises(LoginRefused, match="T999999"):
        a_client(host).open_session(None)


@pytest.mark.parametrize("secret", [None, "", "JBSWY3DPEHPK3PXP", "not base32 at all!!!!!!!!!"])
def test_a_missing_or_broken_totp_secret_names_its_setting_and_not_itself(host, secret):
    client = a_client(host, credentials=replace(LOGIN, totp_secret=secret))

    with pytest.raises(LoginRefused, match="SMARTAPI_TOTP_SECRET") as caught:
        client.open_session(None)

    assert not secret or secret not in str(caught.value)
    assert host.requests == []


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(403, content=b"Access denied because of exceeding access rate"),
        httpx.Response(200, content=b"<html>"),
        business_error("AB1004", "Something Went Wrong"),
        business_error("AB2001", "Internal Error"),
        ok(None),
        ok({"jwtToken": "", "refreshToken": REFRESH, "feedToken": FEED}),
        ok({"jwtToken": "two words", "refreshToken": REFRESH, "feedToken": FEED}),
        raising(httpx.ConnectError("x")),
        raising(ConnectionError("cut")),
    ],
)
def test_trouble_at_the_broker_is_not_a_refused_login(host, response):
    host.answers["loginByPassword"] = response

    with pytest.raises(BrokerUnavailable):
        a_client(host).open_session(None)


@pytest.mark.parametrize(("code", "words"), [("AB1007", "Login Id or password is invalid"), ("AG8004", "Invalid key")])
def test_a_refused_login_carries_the_brokers_words_code_and_a_remedy(host, code, words):
    host.answers["loginByPassword"] = business_error(code, words)

    with pytest.raises(LoginRefused, match=rf"{words} \({code}\)\. \w") as caught:
        a_client(host).open_session(None)

    assert caught.value.call is not None


def test_a_prefix_that_is_already_there_is_not_doubled(host):
    host.answers["loginByPassword"] = ok({"jwtToken": f"Bearer {JWT}", "refreshToken": REFRESH, "feedToken": FEED})

    a_client(host).open_session(None)

    assert host.requests[1].headers["Authorization"] == f"Bearer {JWT}"


def test_no_call_that_is_kept_shows_a_secret(host):
    code = pyotp.TOTP(LOGIN.totp_secret or "").at(START)
    host.answers["placeOrder"] = business_error("AB1009", f"echo {LOGIN.api_key} {JWT} {REFRESH} {FEED}")
    client = a_client(host)
    session = client.open_session(None)

    sent = client.send(an_intent())

    assert [call.route for call in session.calls] == ["loginByPassword", "getProfile"]
    for text in [str((*session.calls, *sent.calls)), repr(sent), repr(session), repr(LOGIN)]:
        assert not [secret for secret in (*SECRETS, code) if secret and secret in text]


def test_a_login_answer_that_echoes_pin_and_code_is_masked(host):
    code = pyotp.TOTP(LOGIN.totp_secret or "").at(START)
    host.answers["loginByPassword"] = business_error("AB1050", f"pin {LOGIN.pin}, totp {code} invalid")

    with pytest.raises(LoginRefused) as caught:
        a_client(host).open_session(None)

    text = str(caught.value) + str(caught.value.call)
    assert LOGIN.pin not in text
    assert code not in text


def test_a_login_whose_check_was_not_answered_is_on_record_with_the_check_that_was(host):
    profile, host.answers["getProfile"] = host.answers["getProfile"], httpx.Response(502)
    client = a_client(host)
    with pytest.raises(BrokerUnavailable):
        client.open_session(None)
    host.answers["getProfile"] = profile

    opened = client.open_session(None)
    again = client.open_session(opened)

    assert [call.route for call in opened.calls] == ["loginByPassword", "getProfile"]
    assert [call.route for call in again.calls] == ["getProfile"]
