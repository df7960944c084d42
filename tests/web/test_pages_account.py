"""Each account on its page: what the broker shows beside what our strategies hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.config.secrets import unseal
from executor.domain.bracket import BracketState
from executor.domain.command import Command, CommandKind, CommandState
from executor.domain.order import Side
from executor.domain.position import Holding as Held
from executor.domain.reading import QueryKind
from executor.domain.strategy import Account, AccountKind, AccountRails, Product
from executor.store.accounts import LoginCall, Snapshot
from executor.store.positions import OpenPosition
from executor.store.store import Store
from executor.web.pages.account import held_at, said
from tests.alerts.sending import KEYS
from tests.builders import NOW, a_bracket
from tests.house import House
from tests.web.browser import Browser, words

SBIN = {"instrument": "NSE:3045", "symbol": "SBIN-EQ", "product": "INTRADAY"}
FUNDS = {"available": "150000.5", "cash": "200000", "collateral": "0", "used": "49999.5"}


def told(**body: Any) -> Snapshot:
    return Snapshot("paper", NOW, body)


def ours(quantity: int, **changes: Any) -> OpenPosition:
    bracket = a_bracket(state=BracketState.OPEN, **changes)
    return OpenPosition(bracket, Held(quantity, 0, Decimal(150)), halted=False, legs=(), orders=())


def test_what_the_broker_shows_beyond_ours_is_foreign_and_what_it_lacks_is_missing() -> None:
    key = a_bracket().instrument.text
    row = {"instrument": key, "symbol": "TATASTEEL-EQ", "product": "INTRADAY"}

    def differs(broker: int, held: int, side: Side = Side.BUY) -> tuple[int, bool]:
        (found,) = held_at(told(positions=[{**row, "quantity": broker}]), None, [ours(held, side=side)])
        return found.foreign, found.is_missing

    assert differs(10, 10) == (0, False)
    assert differs(15, 10) == (5, False)
    assert differs(4, 10) == (-6, True)
    assert differs(-10, 10, Side.SELL) == (0, False)
    assert differs(-4, 10, Side.SELL) == (6, True)


def test_shares_for_delivery_are_in_positions_or_in_holdings_and_count_once() -> None:
    key = a_bracket().instrument.text
    row = {"instrument": key, "symbol": "TATASTEEL-EQ"}
    positions, owned = (
        told(positions=[{**row, "product": "DELIVERY", "quantity": 4}]),
        told(holdings=[{**row, "quantity": 6}]),
    )

    (found,) = held_at(positions, owned, [ours(10, product=Product.DELIVERY)])

    assert (found.broker, found.ours, found.foreign, found.may_convert) == (10, 10, 0, False)


def test_what_nobody_holds_is_no_line_and_differences_stand_first() -> None:
    rows = [
        {**SBIN, "quantity": 0},
        {**SBIN, "instrument": "NSE:2", "symbol": "B", "quantity": 3},
        {**SBIN, "instrument": "NSE:1", "symbol": "A", "quantity": 2},
    ]

    found = held_at(told(positions=rows), None, [])

    assert [(one.symbol, one.may_convert) for one in found] == [("A", True), ("B", True)]


@pytest.mark.parametrize("answer", ["", "no json", "[]", '{"data": null}', '{"data": ["x"]}', "{}"])
def test_a_profile_that_is_none_tells_nothing(answer: str) -> None:
    assert said(LoginCall(NOW, 200, answer)) == []


def test_the_page_shows_funds_holdings_limits_and_the_profile_in_the_brokers_words(
    house: House, browser: Browser
) -> None:
    signal = house.long()
    ledger, now = house.store.ledger, house.clock.now()
    ledger.save_snapshot("default", QueryKind.FUNDS, FUNDS, at=now)
    ledger.save_snapshot("default", QueryKind.POSITIONS, {"positions": [{**SBIN, "quantity": 12}]}, at=now)
    rails = AccountRails(max_open=3, max_daily_loss=Decimal(20000))
    house.store.people.change_rails("default", lambda _: rails, by="test", at=now)

    page = browser.get("/account").text
    text = words(page)

    assert signal
    assert "left to trade with ₹150,000.50" in text
    assert "SBIN-EQ INTRADAY 12 10 2 foreign" in text
    assert "positions at a time 3 entries a day no limit rupees lost in a day ₹20,000.00" in text
    assert "Convert SBIN-EQ" not in text  # a strategy holds it


def test_before_anything_was_read_it_says_so(store: Store, browser: Browser) -> None:
    store.people.add_account(Account("default", AccountKind.LIVE), by="test", at=NOW, new_id=lambda: "h")

    text = words(browser.get("/account").text)

    assert "default LIVE" in text and "not rehearsed" in text
    assert "Funds not read yet" in text
    assert "HALTED account:default: a live account starts halted" in text
    assert "none was in the last days" in text


def foreign_position(store: Store) -> None:
    store.people.add_account(Account("paper", AccountKind.PAPER), by="test", at=NOW, new_id=str)
    store.ledger.save_snapshot("paper", QueryKind.POSITIONS, {"positions": [{**SBIN, "quantity": 12}]}, at=NOW)


def test_a_foreign_position_can_be_converted(store: Store, browser: Browser) -> None:
    foreign_position(store)
    page = browser.get("/account").text
    form = {"account": "paper", "segment": "NSE", "symbol": "SBIN-EQ", "old": "INTRADAY", "new": "DELIVERY"}

    answer = browser.post("/account/convert", **form, quantity="12")

    assert "Convert SBIN-EQ, INTRADAY" in words(page)
    assert answer.status_code == 303
    [(command, _)] = store.pages.commands(5)
    assert (command.kind, command.account) == (CommandKind.CONVERT, "paper")
    assert {**command.arguments} == {
        "scope": "account:paper",
        "segment": "NSE",
        "symbol": "SBIN-EQ",
        "old": "INTRADAY",
        "new": "DELIVERY",
        "quantity": 12,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": ""},
        {"quantity": "-1"},
        {"quantity": "1.5"},
        {"quantity": "0"},
        {"quantity": "²"},
        {"new": "INTRADAY"},
        {"new": "ROBO"},
        {"account": "nobody"},
    ],
)
def test_a_form_that_cannot_be_is_refused_in_words(store: Store, browser: Browser, changes: dict[str, str]) -> None:
    foreign_position(store)
    form = {"account": "paper", "segment": "NSE", "symbol": "SBIN-EQ", "old": "INTRADAY", "new": "DELIVERY"}

    answer = browser.post("/account/convert", **{**form, "quantity": "12", **changes})

    assert answer.status_code == 400
    assert "This cannot be done" in words(answer.text)
    assert store.pages.commands(5) == []


def test_nobody_converts_without_the_forms_token(store: Store, browser: Browser) -> None:
    foreign_position(store)

    assert browser.post("/account/convert", csrf="wrong", account="paper").status_code in {400, 403}
    assert store.pages.commands(5) == []


def traded(store: Store, account: Account) -> None:
    """The account, with a trader at it."""
    store.people.add_account(account, by="test", at=NOW, new_id=str)
    store.ledger.take_lease(account.name, "one", at=NOW, follows=None)


def answered(store: Store, said: str) -> Command:
    """The command that was asked for, answered by the trader."""
    [(command, _)] = store.pages.commands(5)
    store.ledger.answer(command, 1, CommandState.DONE, said, at=NOW)
    return command


def test_a_person_has_the_broker_asked_anew_and_the_page_follows(
    store: Store, browser: Browser, clock: ManualClock
) -> None:
    traded(store, Account("paper", AccountKind.PAPER))
    button = browser.get("/account").text

    answer = browser.post("/account/refresh", account="paper")
    waits = browser.get("/account").text
    command = answered(store, "funds and holdings were read anew")
    done = browser.get("/account").text
    clock.advance(301)

    assert 'action="/account/refresh"' in button and 'hx-trigger="every 5s' in button
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert (command.kind, command.account, command.by) == (CommandKind.REFRESH, "paper", "trader")
    assert "no answer of its trader yet" in words(waits) and 'hx-trigger="every 1s' in waits
    assert "funds and holdings were read anew" in words(done) and 'hx-trigger="every 5s' in done
    assert "read anew" not in words(browser.get("/account").text)


def test_only_of_an_account_that_is_there(store: Store, browser: Browser) -> None:
    foreign_position(store)

    answers = [browser.post("/account/refresh", account=name).status_code for name in ("nobody", "", "paper,ALL")]

    assert answers == [400, 400, 400]
    assert store.pages.commands(5) == []


def test_a_code_given_on_the_page_reaches_the_trader_sealed_and_its_answer_is_shown(
    store: Store, browser: Browser, clock: ManualClock
) -> None:
    traded(store, Account("real", AccountKind.LIVE))
    form = browser.get("/account").text

    answer = browser.post("/account/login", account="real", totp=" 123456 ")
    waits = browser.get("/account").text
    command = answered(store, "the session is open")
    done = browser.get("/account").text

    assert 'action="/account/login"' in form and "The session is not open" in words(form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert (command.kind, command.account, command.by) == (CommandKind.LOGIN, "real", "trader")
    assert unseal(KEYS, command.arguments["totp"]) == "123456"
    assert "no answer of its trader yet" in words(waits) and "123456" not in waits
    assert "the session is open" in words(done)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_what_is_no_code_is_not_recorded(store: Store, browser: Browser, code: str) -> None:
    store.people.add_account(Account("real", AccountKind.LIVE), by="test", at=NOW, new_id=str)

    answer = browser.post("/account/login", account="real", totp=code)

    assert (answer.status_code, store.pages.commands(5)) == (400, [])
    assert "expected the six digits" in words(answer.text)


def test_the_paper_account_asks_for_no_code(store: Store, browser: Browser) -> None:
    store.people.add_account(Account("paper", AccountKind.PAPER), by="test", at=NOW, new_id=str)

    assert "TOTP code" not in browser.get("/account").text
