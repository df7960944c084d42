"""What the strategies made, on its page."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from executor.domain.profit import DayLine, Figures
from executor.web.pages.profit import by_strategy, sign
from tests.builders import TODAY
from tests.house import House
from tests.web.browser import Browser, words
from tests.web.markup import active_in

YESTERDAY = TODAY - timedelta(days=1)


def test_a_day_of_a_strategy_stands_with_its_estimated_charges(house: House, browser: Browser) -> None:
    house.long()
    house.signal("exit")
    house.run(3)
    entry, *others = [order for order in house.orders() if order["filled"]]
    [exit_] = others
    gross = 10 * (Decimal(exit_["average"]) - Decimal(entry["average"]))

    page = browser.get("/profit").text

    assert "trend default SIMULATOR" in words(page)
    amounts = rf"{gross:.2f} − (\d+\.\d\d) (-?\d+\.\d\d)"
    found = re.search(rf"Wed 25 Nov 1 trade {amounts} Sum 1 trade {amounts}", words(page))
    assert found
    assert gross - Decimal(found[1]) == Decimal(found[2])
    assert "estimated" in words(page)


def test_nothing_filled_is_said_and_the_page_is_linked(browser: Browser) -> None:
    assert "Nothing filled in these days." in words(browser.get("/profit").text)
    assert 'href="/profit"' in browser.get("/").text


def test_a_position_that_was_only_opened_has_its_charges(house: House, browser: Browser) -> None:
    house.long()

    assert re.search(r"Wed 25 Nov 1 trade 0\.00 − \d+\.\d\d -\d+\.\d\d", words(browser.get("/profit").text))


def test_the_page_holds_neither_scripts_nor_styles(house: House, browser: Browser) -> None:
    house.long()

    page = browser.get("/profit").text

    assert active_in(page) == []


def test_a_strategy_of_two_accounts_is_shown_twice_newest_day_first() -> None:
    made = Figures(1, Decimal(5))
    lines = [DayLine(day, "dip", account, made) for day in (YESTERDAY, TODAY) for account in ("default", "paper")]

    found = by_strategy(lines)

    assert [(one.account, [line.day for line in one.lines]) for one in found] == [
        ("default", [TODAY, YESTERDAY]),
        ("paper", [TODAY, YESTERDAY]),
    ]
    assert [one.sum.gross for one in found] == [10, 10]


def test_units_that_others_closed_are_told(house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [DayLine(TODAY, "trend", "default", Figures(1, Decimal(5), Decimal(1), unknown=4))]
    monkeypatch.setattr("executor.web.pages.profit.lines_of", lambda *_, **__: lines)

    page = words(browser.get("/profit").text)

    assert "*5.00 − 1.00 4.00" in page
    assert "* without 4 units that others closed at a price that is not known" in page


def test_what_was_made_and_lost_differ_in_colour() -> None:
    assert (sign(Decimal(1)), sign(Decimal(-1)), sign(Decimal(0))) == ("good", "bad", "")
