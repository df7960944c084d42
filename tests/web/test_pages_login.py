"""The password before the pages, and what every page is wrapped in."""

from __future__ import annotations

import pytest

from executor.clock import ManualClock
from executor.errors import DiskFull
from executor.store.people import People
from executor.store.store import Store
from executor.web.app import create_app
from executor.web.attempts import FREE
from executor.web.hardening import allowed_hosts
from executor.web.pages import register_pages
from tests.builders import NOW
from tests.web.browser import Browser, a_browser, page_parts, set_password
from tests.web.conftest import Web

TWELVE_HOURS = 12 * 3600


@pytest.fixture
def system() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def stranger(store: Store, clock: ManualClock, system: ManualClock) -> Browser:
    """Not logged in; a password is set."""
    set_password(store)
    return a_browser(store, clock, system=system, entered=False)


@pytest.fixture
def trader(stranger: Browser) -> Browser:
    assert stranger.log_in().status_code == 303
    return stranger


@pytest.mark.parametrize("path", ["/", "/signals/x", "/deliveries/x", "/positions", "/commands"])
def test_without_a_session_every_page_leads_to_the_login_and_back(stranger: Browser, path: str) -> None:
    sent_away = stranger.get(path)
    login = sent_away.headers["Location"]
    entered = stranger.log_in(path=login)

    assert (sent_away.status_code, login.startswith("/login?next=")) == (302, True)
    assert (entered.status_code, entered.headers["Location"]) == (303, path)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\r\nX: y", "evil"])
def test_the_login_leads_only_to_paths_of_ours(stranger: Browser, target: str) -> None:
    entered = stranger.client.post(
        "/login",
        query_string={"next": target},
        data={"name": "trader", "password": "correct horse", "csrf": stranger.token()},
        base_url=stranger.url,
    )

    assert entered.headers["Location"] == "/"


def test_a_full_disk_keeps_nobody_from_the_pages_who_knows_the_password(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFull("the disk is full, and what is left of the reserve is for exits, stops and kill")

    stranger.log_in("wrong")
    monkeypatch.setattr(People, "count_failure", full)
    monkeypatch.setattr(People, "set_meta", full)

    wrong, right = stranger.log_in("wrong"), stranger.log_in()

    assert (wrong.status_code, right.status_code, stranger.get("/").status_code) == (503, 303, 200)


def test_on_a_full_disk_nobody_guesses_without_end(
    stranger: Browser, system: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFull("the disk is full, and what is left of the reserve is for exits, stops and kill")

    monkeypatch.setattr(People, "count_failure", full)
    monkeypatch.setattr(People, "set_meta", full)

    answers = [stranger.log_in("wrong").status_code for _ in range(FREE + 1)]
    system.advance(60)

    assert answers == [503] * FREE + [429]
    assert stranger.log_in().status_code == 303


def test_a_wrong_password_or_name_does_not_enter(stranger: Browser) -> None:
    wrong = stranger.log_in("wrong")
    nobody = stranger.log_in(name="root")

    assert (wrong.status_code, nobody.status_code) == (401, 401)
    assert "Wrong name or password." in wrong.text
    assert stranger.get("/").status_code == 302


def test_without_a_password_the_login_says_how_to_set_one(store: Store, clock: ManualClock) -> None:
    stranger = a_browser(store, clock, entered=False)

    page = stranger.get("/login")

    assert "executor password set" in page.text
    assert stranger.get("/").status_code == 302


def test_a_form_without_the_sessions_token_does_nothing(trader: Browser) -> None:
    without = trader.post("/logout", csrf="")
    guessed = trader.post("/logout", csrf="guessed")

    assert (without.status_code, guessed.status_code) == (400, 400)
    assert trader.get("/").status_code == 200


def test_a_login_without_a_token_is_refused_even_with_the_right_password(stranger: Browser) -> None:
    assert stranger.log_in(csrf="").status_code == 400
    assert stranger.get("/").status_code == 302


def test_logging_out_ends_the_session(trader: Browser) -> None:
    assert trader.post("/logout").headers["Location"] == "/login"
    assert trader.get("/").status_code == 302


def test_a_session_ends_after_twelve_hours_of_system_time(trader: Browser, system: ManualClock) -> None:
    system.advance(TWELVE_HOURS - 1)
    before = trader.get("/").status_code
    system.advance(1)

    assert (before, trader.get("/").status_code) == (200, 302)


def test_the_products_clock_does_not_end_a_session(trader: Browser, clock: ManualClock) -> None:
    clock.advance(10 * TWELVE_HOURS)

    assert trader.get("/").status_code == 200


def test_a_new_password_ends_every_session(trader: Browser, store: Store) -> None:
    set_password(store, "another one")

    assert trader.get("/").status_code == 302
    assert trader.log_in("another one").status_code == 303


def test_wrong_passwords_make_the_next_wait_longer_and_even_the_right_one_waits(
    stranger: Browser, system: ManualClock
) -> None:
    answers = [stranger.log_in("wrong").status_code for _ in range(FREE)]
    at_once = stranger.log_in()
    system.advance(2)
    again_wrong = stranger.log_in("wrong")
    system.advance(2)
    too_soon = stranger.log_in()
    system.advance(2)

    assert (answers, at_once.status_code) == ([401] * FREE, 429)
    assert "Try again in 2 s" in at_once.text
    assert (again_wrong.status_code, too_soon.status_code) == (401, 429)
    assert stranger.log_in().status_code == 303


def test_the_counts_outlive_a_restart_of_the_web(store: Store, clock: ManualClock, system: ManualClock) -> None:
    set_password(store)
    before = a_browser(store, clock, system=system, entered=False)
    for _ in range(FREE):
        before.log_in("wrong")

    after = a_browser(store, clock, system=system, entered=False)

    assert after.log_in().status_code == 429


def test_who_guesses_from_one_place_waits_longer_than_the_trader_elsewhere(
    stranger: Browser, system: ManualClock
) -> None:
    for _ in range(FREE + 6):
        assert stranger.log_in("wrong", address="203.0.113.9").status_code == 401
        system.advance(901)
    stranger.log_in("wrong", address="203.0.113.9")
    system.advance(61)

    guessing = stranger.log_in(address="203.0.113.9").status_code
    elsewhere = stranger.log_in(address="198.51.100.1").status_code

    assert (guessing, elsewhere) == (429, 303)


def test_a_login_that_succeeds_forgets_the_failures_before_it(stranger: Browser, system: ManualClock) -> None:
    for _ in range(FREE - 1):
        stranger.log_in("wrong")
    stranger.log_in()

    assert [stranger.log_in("wrong").status_code for _ in range(FREE - 1)] == [401] * (FREE - 1)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:9999", "127.0.0.1", ""])
def test_a_host_that_is_not_ours_is_refused(trader: Browser, host: str) -> None:
    assert trader.get("/", headers={"Host": host}).status_code == 400


def test_hosts_are_that_of_the_public_url_and_this_machines_own_names() -> None:
    assert allowed_hosts("https://bot.example/", 8080) == {
        "bot.example",
        "localhost:8080",
        "127.0.0.1:8080",
        "[::1]:8080",
    }
    assert "bot.example:8443" in allowed_hosts("https://bot.example:8443", 8080)
    assert "bot.example" in allowed_hosts("https://bot.example:443", 8080)


def test_every_page_forbids_scripts_of_others_frames_sniffing_and_keeping(trader: Browser) -> None:
    for path in ("/", "/login", "/signals/none"):
        headers = trader.get(path).headers

        assert headers["Content-Security-Policy"] == (
            "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(stranger: Browser) -> None:
    cookie = stranger.get("/login").headers["Set-Cookie"]

    assert cookie.startswith("executor=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie


def test_with_https_the_cookie_is_bound_to_this_host(store: Store, clock: ManualClock) -> None:
    set_password(store)
    browser = a_browser(store, clock, url="https://bot.example", entered=False)

    cookie = browser.get("/login").headers["Set-Cookie"]

    assert cookie.startswith("__Host-executor=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert browser.log_in().status_code == 303
    assert browser.get("/").status_code == 200


def test_a_cookie_that_was_altered_is_no_session(trader: Browser) -> None:
    kept = trader.client.get_cookie("executor", domain="127.0.0.1")
    assert kept is not None
    altered = kept.value[:-1] + ("A" if kept.value[-1] != "A" else "B")
    trader.client.set_cookie("executor", "x" + altered, domain="127.0.0.1")

    assert trader.get("/").status_code == 302


def test_the_stylesheet_needs_no_login(stranger: Browser) -> None:
    with stranger.get("/static/page.css") as sheet:
        size = len(sheet.data)

    assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
    assert size < 16 * 1024


def test_a_form_larger_than_any_of_ours_is_not_read(stranger: Browser) -> None:
    assert stranger.log_in("x" * 20_000).status_code == 413


def test_the_hook_stays_outside_no_cookie_no_host_check_no_login(web: Web, clock: ManualClock) -> None:
    app = create_app(web.parts)
    register_pages(app, page_parts(web.store, clock))

    answer = app.test_client().post("/hook/trend/unknown", data=b"{}", headers={"Host": "anything.example"})

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert not {"Set-Cookie", "Content-Security-Policy", "Location"} & set(answer.headers.keys())
