"""Attacks on the session: planted, stolen and forged cookies, and guesses of the password."""

from __future__ import annotations

import pytest
from flask import Flask

from executor.web.attempts import FREE
from tests.web.browser import PASSWORD, URL, Browser, words
from tests.web.whole import a_person, token_in

COOKIE = "executor"


def cookie_of(browser: Browser) -> str:
    found = browser.client.get_cookie(COOKIE, domain="127.0.0.1")
    assert found is not None
    return found.value


def with_cookie(app: Flask, value: str) -> Browser:
    browser = a_person(app, entered=False)
    browser.client.set_cookie(COOKIE, value, domain="127.0.0.1")
    return browser


# -- sessions


def test_a_session_that_an_attacker_planted_is_not_the_one_that_is_opened(app: Flask, stranger: Browser) -> None:
    stranger.get("/login")
    planted, token = cookie_of(stranger), stranger.token()

    assert stranger.log_in().status_code == 303

    assert cookie_of(stranger) != planted
    assert token_in(stranger) != token
    assert with_cookie(app, planted).get("/").status_code == 302


def test_a_login_over_a_login_makes_a_new_session(app: Flask, trader: Browser) -> None:
    first, token = cookie_of(trader), token_in(trader)

    trader.post("/login", csrf=token, name="trader", password=PASSWORD)

    assert cookie_of(trader) != first
    assert token_in(trader) != token


def test_a_stolen_cookie_is_worth_nothing_after_the_logout(app: Flask, trader: Browser) -> None:
    stolen = cookie_of(trader)
    thief = with_cookie(app, stolen)
    before = thief.get("/").status_code

    trader.post("/logout", csrf=token_in(trader))

    assert (before, thief.get("/").status_code) == (200, 302)


def test_a_logout_leaves_other_sessions_alone(app: Flask, trader: Browser) -> None:
    phone = a_person(app)

    trader.post("/logout", csrf=token_in(trader))

    assert (trader.get("/").status_code, phone.get("/").status_code) == (302, 200)


@pytest.mark.parametrize("missing", ["id", "bound"])
def test_a_cookie_of_an_older_program_leads_to_the_login(trader: Browser, missing: str) -> None:
    with trader.client.session_transaction(base_url=URL) as session:
        del session[missing]

    page, order = trader.get("/"), trader.post("/commands", kind="halt", scope="ALL")

    assert [(one.status_code, one.headers["Location"].split("?")[0]) for one in (page, order)] == [(302, "/login")] * 2


@pytest.mark.parametrize("forged", ["", "x", "e30.aaaa.bbbb", ".e30.", "eyJib3VuZCI6ICIifQ.ZzZzZg.AAAA", "\u00e9" * 9])
def test_a_cookie_of_ones_own_making_opens_nothing(app: Flask, forged: str) -> None:
    browser = a_person(app, entered=False)

    answer = browser.get("/", headers={"Cookie": f"{COOKIE}={forged}".encode().decode("latin-1")})

    assert answer.status_code == 302


def test_the_cookie_holds_no_secret(trader: Browser) -> None:
    answer = trader.post("/login", csrf=token_in(trader), name="trader", password=PASSWORD)

    set_cookie = answer.headers["Set-Cookie"]

    assert all(part in set_cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/"))
    assert PASSWORD not in set_cookie


# -- guesses


def test_guesses_are_limited_wherever_they_come_from(stranger: Browser) -> None:
    answers = [
        stranger.log_in(f"guess {number}", address=f"203.0.113.{number}").status_code for number in range(FREE + 3)
    ]

    assert answers == [401] * FREE + [429] * 3
    assert stranger.log_in(address="198.51.100.7").status_code == 429


def test_a_source_cannot_be_made_up_by_a_header(stranger: Browser) -> None:
    for number in range(FREE):
        data = {"name": "trader", "password": "x", "csrf": stranger.token()}
        headers = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"}
        stranger.client.post("/login", data=data, base_url=URL, headers=headers)

    assert stranger.log_in(name="nobody").status_code == 429


def test_the_answer_does_not_tell_names_from_passwords(stranger: Browser) -> None:
    nobody, wrong = stranger.log_in(name="root"), stranger.log_in("wrong")

    assert words(nobody.text) == words(wrong.text)


def test_a_password_of_any_size_or_kind_is_an_answer(stranger: Browser) -> None:
    answers = [stranger.log_in(text).status_code for text in ("", "\0", "é" * 500)]
    large = stranger.log_in("x" * 20_000)

    assert (answers, large.status_code) == ([401] * 3, 413)
