"""A session through its day: the broker's clock, a code typed by hand, renewal, a token lost twice, logout."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pyotp
import pytest

from executor.broker.smartapi.client import SmartApi
from executor.clock import ManualClock
from executor.domain.intent import RefusalReason, Refused
from executor.domain.reading import Query, QueryKind
from executor.errors import BrokerUnavailable, CodeNeeded, LoginRefused
from tests.broker.fakes import (
    FEED,
    JWT,
    LOGIN,
    REFRESH,
    START,
    Host,
    a_client,
    an_intent,
    an_open_client,
    business_error,
    gateway_error,
    ok,
    raising,
)

NO_SECRET = replace(LOGIN, totp_secret=None)
TOTP = pyotp.TOTP(LOGIN.totp_secret or "")


def a_jwt(ends_in: timedelta) -> str:
    claims = json.dumps({"exp": int((START + ends_in).timestamp())}).encode()
    return f"eyJhbGciOiJIUzUxMiJ9.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}.c2ln"


def tokens(jwt: str = JWT) -> httpx.Response:
    return ok({"jwtToken": jwt, "refreshToken": REFRESH, "feedToken": FEED, "state": None})


def dated(response: httpx.Response, clock: ManualClock, ahead: timedelta) -> httpx.Response:
    headers = {"Date": format_datetime(clock.now() + ahead, usegmt=True)}
    return httpx.Response(200, content=response.content, headers=headers)


# -- the broker's clock ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [-1, 1])
def test_with_the_brokers_clock_a_minute_off_the_second_login_has_the_brokers_code(host, minutes):
    clock, ahead = ManualClock(START), timedelta(minutes=minutes)

    def login(request: httpx.Request) -> httpx.Response:
        good = json.loads(request.content)["totp"] == TOTP.at(clock.now() + ahead)
        return dated(tokens() if good else business_error("AB1050", "Invalid totp"), clock, ahead)

    host.answers["loginByPassword"] = login
    client = a_client(host, clock=clock)
    with pytest.raises(LoginRefused, match="Invalid totp"):
        client.open_session(None)
    clock.advance(121)

    session = client.open_session(None)

    assert session.jwt == JWT
    assert len(host.bodies("loginByPassword")) == 2


def test_a_clock_that_an_answer_has_told_is_used_for_the_first_code(host):
    clock, ahead = ManualClock(START), timedelta(minutes=5)
    host.answers["getProfile"] = lambda _request: dated(gateway_error("AG8001", "Invalid Token"), clock, ahead)
    client = a_client(host, clock=clock)
    saved = replace(a_client(Host()).open_session(None), opened_at=START - timedelta(minutes=1))
    with pytest.raises(LoginRefused):  # its fresh token is refused as well
        client.open_session(saved)

    assert host.bodies("loginByPassword")[0]["totp"] == TOTP.at(START + ahead)


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Nov 2026 03:50:00 GMT"])
def test_a_date_that_is_none_changes_no_clock(host, date):
    answer = tokens()
    host.answers["loginByPassword"] = httpx.Response(200, content=answer.content, headers={"Date": date})

    a_client(host).open_session(None)

    assert host.bodies("loginByPassword")[0]["totp"] == TOTP.at(START)


# -- a code typed by hand ----------------------------------------------------------------------------------------


def test_without_a_secret_a_person_is_asked_for_the_code_and_nothing_leaves(host):
    with pytest.raises(CodeNeeded, match="executor login --totp"):
        a_client(host, credentials=NO_SECRET).open_session(None)

    assert host.requests == []


def test_a_typed_code_is_sent_as_it_is_and_uses_its_step_up(host):
    seen: list[int] = []
    client = a_client(host, credentials=NO_SECRET, typed_code=lambda: "123456", reserve_step=seen.append)

    session = client.open_session(None)

    assert host.bodies("loginByPassword")[0]["totp"] == "123456"
    assert seen == [int(START.timestamp()) // 30] == [session.totp_step]
    assert "123456" not in str(session.calls)


def test_a_typed_code_goes_before_the_secrets(host):
    a_client(host, typed_code=lambda: "123456").open_session(None)

    assert host.bodies("loginByPassword")[0]["totp"] == "123456"


# -- renewal -----------------------------------------------------------------------------------------------------


def test_a_token_that_runs_out_inside_the_day_ends_its_session_then_and_is_renewed_without_a_code(host):
    clock = ManualClock(START)
    host.answers["loginByPassword"] = tokens(a_jwt(timedelta(hours=2)))
    host.answers["generateTokens"] = tokens(a_jwt(timedelta(hours=4)))
    client = a_client(host, clock=clock)
    first = client.open_session(None)
    clock.advance(2 * 3600 + 1)

    second = client.open_session(first)

    assert first.ends_at == START + timedelta(hours=2)
    assert second.ends_at == START + timedelta(hours=4)
    assert host.names() == ["loginByPassword", "getProfile", "generateTokens", "getProfile"]
    assert host.bodies("generateTokens") == [{"refreshToken": REFRESH}]
    assert REFRESH not in str(second.calls)


@pytest.mark.parametrize(
    "answer",
    [business_error("AB8051", "Refresh Token Expired"), business_error("AB1004", "Something"), raising(OSError("cut"))],
)
def test_what_cannot_be_renewed_is_logged_in_anew(host, answer):
    clock = ManualClock(START)
    host.answers["loginByPassword"] = tokens(a_jwt(timedelta(hours=2)))
    host.answers["generateTokens"] = answer
    client = a_client(host, clock=clock)
    first = client.open_session(None)
    clock.advance(2 * 3600 + 1)

    client.open_session(first)

    assert host.names()[2:] == ["generateTokens", "loginByPassword", "getProfile"]


def test_without_a_secret_a_lost_token_is_renewed_before_a_person_is_asked(host):
    clock = ManualClock(START)
    codes = ["123456"]
    client = a_client(host, credentials=NO_SECRET, clock=clock, typed_code=lambda: codes.pop() if codes else None)
    first = client.open_session(None)
    profile = host.answers["getProfile"]
    answers = [gateway_error("AG8001", "Invalid Token"), profile]
    host.answers["getProfile"] = lambda _request: answers.pop(0)
    host.answers["generateTokens"] = tokens()
    clock.advance(60)

    client.open_session(first)

    assert host.names()[2:] == ["getProfile", "generateTokens", "getProfile"]


# -- lost --------------------------------------------------------------------------------------------------------


def test_a_token_confirmed_twice_and_lost_a_third_time_costs_a_login_and_no_third_check(host):
    """The profile goes on confirming it, orders go on being refused: somebody has to give in."""
    clock = ManualClock(START)
    client = a_client(host, clock=clock)
    session = client.open_session(None)
    clock.advance(31)
    for _ in range(3):
        session = client.open_session(session)
        clock.advance(6)

    assert host.names()[2:] == ["getProfile", "getProfile", "loginByPassword", "getProfile"]


def test_a_token_that_is_refused_now_and_then_is_only_checked(host):
    clock = ManualClock(START)
    client = a_client(host, clock=clock)
    session = client.open_session(None)
    for _ in range(6):
        clock.advance(31)
        session = client.open_session(session)

    assert host.names().count("loginByPassword") == 1


def test_a_token_lost_right_after_its_login_is_checked_first(host):
    """A refusal that was still on its way belongs to the token before."""
    clock = ManualClock(START)
    client = a_client(host, clock=clock)
    session = client.open_session(None)
    clock.advance(5)

    client.open_session(session)

    assert host.names() == ["loginByPassword", "getProfile", "getProfile"]


# -- logout ------------------------------------------------------------------------------------------------------


def test_a_logout_names_the_client_and_leaves_no_session(host):
    host.answers["logout"] = ok("Logout Successfully")
    client = a_client(host)
    client.open_session(None)

    calls = client.close_session()

    assert host.bodies("logout") == [{"clientcode": LOGIN.client_code}]
    assert host.requests[-1].headers["Authorization"] == f"Bearer {JWT}"
    assert [call.route for call in calls] == ["logout"]
    assert client.close_session() == ()


def test_a_logout_without_an_answer_is_no_error(host):
    host.answers["logout"] = raising(ConnectionError("cut"))
    client = a_client(host)
    client.open_session(None)

    (call,) = client.close_session()

    assert call.status is None


def test_the_session_of_before_a_logout_is_not_gone_on_with(host):
    host.answers["logout"] = ok("")
    clock = ManualClock(START)
    client = a_client(host, clock=clock)
    client.open_session(None)
    client.close_session()
    clock.advance(31)

    client.open_session(None)

    assert host.names().count("loginByPassword") == 2


def test_trouble_while_a_lost_token_is_checked_costs_no_login(host):
    clock = ManualClock(START)
    client = a_client(host, clock=clock)
    session = client.open_session(None)
    host.answers["getProfile"] = raising(ConnectionError("cut"))
    clock.advance(60)

    with pytest.raises(BrokerUnavailable):
        client.open_session(session)

    assert host.names().count("loginByPassword") == 1


def renewed_meanwhile(host: Host, client: SmartApi, clock: ManualClock) -> Callable[[httpx.Request], httpx.Response]:
    """A call that the broker answers so late that its token is refused and another one in use by then."""

    def late(_request: httpx.Request) -> httpx.Response:
        clock.advance(31)
        profiles = iter([gateway_error("AG8001", "Invalid Token"), host.answers["getProfile"]])
        host.answers["getProfile"] = lambda _request: next(profiles)
        host.answers["loginByPassword"] = tokens(f"{JWT}2")
        client.open_session(None)
        return gateway_error("AG8001", "Invalid Token")

    return late


def test_a_read_whose_token_was_replaced_meanwhile_does_not_end_the_new_session(host):
    clock = ManualClock(START)
    client = an_open_client(host, clock=clock)
    host.answers["getOrderBook"] = renewed_meanwhile(host, client, clock)

    with pytest.raises(BrokerUnavailable, match="replaced meanwhile"):
        client.read(Query(QueryKind.ORDER_BOOK))

    assert client.session is not None
    assert client.session.jwt == f"{JWT}2"


def test_a_send_whose_token_was_replaced_meanwhile_is_refused_and_does_not_end_the_new_session(host):
    clock = ManualClock(START)
    client = an_open_client(host, clock=clock)
    host.answers["placeOrder"] = renewed_meanwhile(host, client, clock)

    answer = client.send(an_intent()).answer

    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.NEVER_SENT
    assert "AG8001" in answer.text
