"""What a person orders on the pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from executor.clock import ManualClock
from executor.domain.command import CommandKind, CommandState
from executor.domain.ids import Ids
from executor.domain.record import Halt, HaltKind
from executor.domain.strategy import Account, AccountKind
from executor.errors import NotRecorded, StoreError
from executor.store.notices import Notices, Progress, failed
from executor.store.store import Store
from tests.builders import NOW
from tests.house import House
from tests.web.browser import Bell, Browser, a_browser, set_password, words
from tests.web.markup import active_in

EVIL = '<script>alert("x")</script>'


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def browser(house: House, clock: ManualClock, bell: Bell) -> Browser:
    """Logged in, beside a trader that runs when the test lets it."""
    return a_browser(house.store, clock, bell=bell)


def order(browser: Browser, kind: str, scope: str = "ALL", **more: str) -> TestResponse:
    return browser.post("/commands", kind=kind, scope=scope, **{"why": "lunch", **more})


def recorded(store: Store) -> list[Any]:
    return [command for command, _ in store.pages.commands(10)]


@pytest.mark.parametrize("kind", ["halt", "flatten", "kill"])
def test_a_button_records_who_orders_what_and_rings(house: House, browser: Browser, bell: Bell, kind: str) -> None:
    answer = order(browser, kind)

    [command] = recorded(house.store)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/commands")
    assert (command.kind, command.scope, command.by) == (kind, "ALL", "trader")
    assert bell.rings == 1
    [halt] = house.store.pages.standing().halts
    assert (halt.why, halt.by) == ("lunch", "trader")


def test_the_answer_appears_once_it_is_there(house: House, browser: Browser) -> None:
    order(browser, "kill")
    before = browser.get("/commands").text
    house.run(1)
    after = browser.get("/commands").text

    assert "kill ALL default, by trader recorded no answer of its trader yet" in words(before)
    assert '<meta http-equiv="refresh" content="2">' in before
    assert "DONE no orders on ALL; entries are cancelled" in words(after)
    assert re.search(r"kill on ALL by trader: lunch audit \d+", words(after))
    assert 'http-equiv="refresh"' not in after


def test_a_page_does_not_look_again_for_ever(store: Store, clock: ManualClock, browser: Browser) -> None:
    order(browser, "halt")
    clock.advance(31)

    assert "http-equiv" not in browser.get("/commands").text


def test_every_page_has_the_buttons_and_every_scope(browser: Browser) -> None:
    for path in ("/", "/positions", "/commands", "/signals/none"):
        page = browser.get(path).text
        assert [f'name="kind" value="{kind}"' in page for kind in ("halt", "flatten", "kill")] == [True] * 3
        assert re.findall(r'<option value="(\w+:?\w*)">', page.split("</header>")[0]) == [
            "ALL",
            "account:default",
            "strategy:trend",
        ]


def test_a_halt_in_force_can_be_resumed_where_it_is_shown(house: House, browser: Browser) -> None:
    order(browser, "halt", "strategy:trend")
    halted = browser.get("/").text
    order(browser, "resume", "strategy:trend")

    assert "HALTED strategy:trend since" in words(halted)
    assert "Resume strategy:trend" in halted
    assert "HALTED" not in browser.get("/").text
    assert house.store.pages.standing().halts == ()


def test_the_halt_a_live_account_began_with_has_no_resume(store: Store, ids: Ids, browser: Browser) -> None:
    store.people.add_account(Account("real", AccountKind.LIVE), by="test", at=NOW, new_id=ids.new)

    page = browser.get("/").text

    assert "a live account starts halted" in page
    assert "Resume" not in page


def test_a_calendar_that_ends_soon_is_told_on_every_page(house: House, browser: Browser) -> None:
    lease = house.store.ledger.lease("default")
    assert lease is not None
    house.store.ledger.beat("default", lease.epoch, at=NOW, status={"calendar": "The trading calendar ends"})

    assert "The trading calendar ends" in browser.get("/").text
    assert "The trading calendar ends" in browser.get("/positions").text


def test_a_trader_that_gave_its_account_back_is_told(house: House, browser: Browser) -> None:
    lease = house.store.ledger.lease("default")
    assert lease is not None
    house.store.ledger.release_lease("default", lease.epoch, at=NOW)

    assert "no trader runs" in browser.get("/").text


def test_a_halt_that_only_the_trader_knows_is_shown_and_not_ended_here(house: House, browser: Browser) -> None:
    halt = {"kind": "KILL", "scope": "ALL", "since": NOW.isoformat(), "why": "the file KILL lies there", "by": "file"}
    lease = house.store.ledger.lease("default")
    assert lease is not None
    house.store.ledger.beat("default", lease.epoch, at=NOW, status={"halts": [halt]})

    page = browser.get("/").text

    assert "KILLED ALL since Wednesday 25 November 2026 09:20:00: the file KILL lies there (by file)" in words(page)
    assert "Resume" not in page


def test_what_the_traders_of_two_accounts_tell_of_one_file_is_shown_once(house: House, browser: Browser) -> None:
    halt = {"kind": "KILL", "scope": "ALL", "since": NOW.isoformat(), "why": "the file KILL lies there", "by": "file"}
    house.store.people.add_account(Account("second", AccountKind.PAPER), by="test", at=NOW, new_id=lambda: "1")
    lease = house.store.ledger.lease("default")
    assert lease is not None
    house.store.ledger.beat("default", lease.epoch, at=NOW, status={"halts": [halt]})
    epoch = house.store.ledger.take_lease("second", "there", at=NOW, follows=None)
    house.store.ledger.beat("second", epoch, at=NOW, status={"halts": [halt]})

    assert words(browser.get("/").text).count("the file KILL lies there") == 1


def test_a_command_stops_the_trader(house: House, browser: Browser) -> None:
    house.long()

    order(browser, "flatten")
    house.run(10)

    assert house.net() == 0
    [command] = recorded(house.store)
    assert (command.kind, command.state) == (CommandKind.FLATTEN, CommandState.DONE)


# -- what is not let in


def test_without_a_login_nothing_is_ordered(house: House, clock: ManualClock, bell: Bell) -> None:
    set_password(house.store)
    stranger = a_browser(house.store, clock, entered=False, bell=bell)

    answer = order(stranger, "kill")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/")
    assert (recorded(house.store), house.store.pages.standing().halts, bell.rings) == ([], (), 0)


@pytest.mark.parametrize("token", ["", "guessed"])
def test_without_the_forms_token_nothing_is_ordered(house: House, browser: Browser, bell: Bell, token: str) -> None:
    answer = order(browser, "kill", csrf=token)

    assert answer.status_code == 400
    assert (recorded(house.store), bell.rings) == ([], 0)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "explode"}, "'explode' is not a valid CommandKind"),
        ({"kind": ""}, "is not a valid CommandKind"),
        ({"kind": "halt", "scope": "account:none"}, "there is no 'account:none'"),
        ({"kind": "halt", "scope": ""}, "there is no ''"),
        ({"kind": "protect", "stop": "soon"}, "stop: expected a price such as 812.50, was 'soon'"),
        ({"kind": "protect", "stop": " "}, "protect: give a stop, a target or both"),
        ({"kind": "protect", "stop": "9", "scope": f"account:{EVIL}"}, "there is no 'account:<script>"),
    ],
)
def test_a_form_that_makes_no_sense_is_told_and_orders_nothing(
    house: House, browser: Browser, bell: Bell, fields: dict[str, str], said: str
) -> None:
    answer = order(browser, **fields)

    assert answer.status_code == 400
    assert said in words(answer.text)
    assert active_in(answer.text) == []
    assert (recorded(house.store), bell.rings) == ([], 0)


def test_what_a_person_writes_is_never_markup(house: House, browser: Browser) -> None:
    order(browser, "halt", why=EVIL)
    house.run(1)

    for path in ("/", "/commands", "/positions"):
        page = browser.get(path).text
        assert active_in(page) == []
        assert "alert(&#34;x&#34;)" in page


def test_when_it_cannot_be_recorded_the_page_says_what_still_works(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch, bell: Bell
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise NotRecorded("the database could not take it: database is locked")

    token = browser.token()
    monkeypatch.setattr("executor.store.commands.Commands.record", fail)

    answer = order(browser, "kill", csrf=token)

    assert answer.status_code == 503
    assert "database is locked. Nothing was done." in words(answer.text)
    assert "`executor kill` works without the database" in words(answer.text)
    assert bell.rings == 0


def test_an_order_of_which_nobody_can_tell_is_said_to_be_in_doubt(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise StoreError("lost the database at COMMIT, it cannot be asked what it did")

    token = browser.token()
    monkeypatch.setattr("executor.store.commands.Commands.record", fail)

    answer = order(browser, "kill", csrf=token)

    assert answer.status_code == 503
    assert "it cannot be asked what it did" in words(answer.text)
    assert "Nothing was done" not in words(answer.text)


def test_the_buttons_are_no_script(house: House, browser: Browser) -> None:
    house.long()
    house.store.ledger.set_halt(Halt("ALL", HaltKind.KILL, NOW, "typed", "trader"), at=NOW)
    order(browser, "halt")

    for path in ("/positions", "/commands"):
        assert active_in(browser.get(path).text) == []


def test_an_address_that_takes_no_notices_is_told_on_every_page(house: House, browser: Browser) -> None:
    notices = Notices(house.store.database)
    notices.remember("a", failed(Progress("telegram chat 7", 3), "telegram answered 401: <b>no</b>", at=NOW))
    notices.remember("b", Progress("mail to a@example.com", 3))

    page = browser.get("/positions").text

    assert (
        "Notices do not reach telegram chat 7 since 25 Nov 09:20: telegram answered 401: &lt;b&gt;no&lt;/b&gt;" in page
    )
    assert "mail to" not in page
