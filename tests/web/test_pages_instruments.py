"""The instrument table on its page: what is in use, what changed, what was not good, what a ticker means."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from executor.broker.smartapi.master import read_row
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.option import OptionRule, OptionType
from executor.domain.strategy import Rails
from executor.errors import BrokerUnavailable
from executor.instruments.refresh import refresh
from executor.store.store import Store
from tests.builders import NOW, a_strategy
from tests.instruments.builders import SENTINEL_ROWS, index, row, share
from tests.web.browser import Browser, words
from tests.web.markup import active_in

NIFTY = index("Nifty 50", "NIFTY", "99926000")


def contract(symbol: str, token: str, **fields: Any) -> dict[str, Any]:
    usual = {"name": "NIFTY", "expiry": "29DEC2026", "lotsize": "65", "exch_seg": "NFO", "freeze_qty": "1801"}
    return row(**{**usual, "symbol": symbol, "token": token, "instrumenttype": "FUTIDX", **fields})


FUTURE = contract("NIFTY29DEC26FUT", "501")
LATER = contract("NIFTY26JAN27FUT", "502", expiry="26JAN2027")
OPTIONS = [
    contract(f"NIFTY01DEC26{strike}{right}", f"6{strike}{right}", expiry="01DEC2026", strike=f"{strike}00.000000",
             instrumenttype="OPTIDX")
    for strike in (24000, 24100) for right in ("CE", "PE")
]  # fmt: skip
ROWS = [*SENTINEL_ROWS, NIFTY, FUTURE, LATER, *OPTIONS, share("AB-CD-EQ", "7")]


@pytest.fixture
def take(store: Store, clock: ManualClock, ids: Ids) -> Any:
    def take(rows: list[dict[str, Any]]) -> None:
        refresh(lambda: [read_row(one) for one in rows], store.loads, now=clock.now(), ids=ids)

    return take


def page(browser: Browser, query: str = "") -> str:
    answer = browser.get(f"/instruments{query}")
    assert answer.status_code == 200
    return words(answer.text)


def test_without_a_table_the_page_says_so_and_what_to_do(browser: Browser) -> None:
    told = page(browser)

    assert "There is none yet." in told
    assert "There is no instrument table yet. Every ticker is refused until one is taken" in told
    assert 'href="/instruments"' in browser.get("/").text


def test_the_table_in_use_is_told_by_segment(browser: Browser, take: Any) -> None:
    take(ROWS)

    told = page(browser)

    assert "of this trading day fetched 25 Nov 2026 09:20 IST" in told
    assert "BSE 1 NFO 6 NSE 4" in told
    assert "taken 11 instruments" in told
    assert "WARNING" not in words(browser.get("/").text)


def test_what_changed_is_counted_and_named(browser: Browser, take: Any, clock: ManualClock) -> None:
    take(ROWS)
    clock.advance(86400)

    take([*ROWS[:-1], {**FUTURE, "token": "503", "symbol": "NIFTY23FEB27FUT", "expiry": "23FEB2027"}])

    told = page(browser)
    assert "What changed with it new 1 NFO NIFTY23FEB27FUT" in told
    assert "gone 1 NSE AB-CD-EQ" in told
    assert "another lot 0" in told


def test_a_failed_try_is_told_here_and_on_every_page(browser: Browser, take: Any, clock: ManualClock) -> None:
    take(ROWS)
    clock.advance(3600)
    with pytest.raises(BrokerUnavailable):
        take(ROWS[1:])

    told = page(browser)

    failure = "the instrument file is not good: NSE:SBIN-EQ missing among 10 instruments; the one before stays in use"
    assert f"25 Nov 2026 10:20 failed {failure}" in told
    assert f"The last try, at 25 Nov 2026 10:20 IST, failed: {failure}" in words(browser.get("/positions").text)
    assert "of this trading day fetched 25 Nov 2026 09:20" in told


def test_a_stale_table_is_told_on_every_page(browser: Browser, take: Any, clock: ManualClock) -> None:
    take(ROWS)

    clock.advance(86400)

    said = "The instrument table is of 25 Nov 2026 09:20 IST; one of 26 Nov 2026 has been due since 08:15."
    assert f"{said} Shares are traded on, futures and options are refused" in words(browser.get("/profit").text)
    assert "stale fetched 25 Nov 2026 09:20" in page(browser)


def test_a_search_finds_by_name_and_symbol(browser: Browser, take: Any) -> None:
    take(ROWS)

    assert "AB-CD-EQ NSE cash, token 7 lot 1 tick 0.05, freeze 90001" in page(browser, "?text=ab_cd")
    found = page(browser, "?text=nifty+24100+ce")
    assert "NIFTY01DEC2624100CE NFO option" in found
    assert "24000CE" not in found
    assert "Nothing begins with the first word" in page(browser, "?text=QQQ")
    assert "Nothing begins with the first word" in page(browser, "?text=%25")


def test_a_long_list_is_cut_and_says_so(browser: Browser, take: Any) -> None:
    take([*ROWS, *(share(f"ZED{number}-EQ", str(1000 + number)) for number in range(60))])

    found = page(browser, "?text=zed")

    assert found.count("NSE cash") == 40
    assert "The first 40" in found


def test_a_continuous_ticker_means_a_contract_until_it_turns(browser: Browser, take: Any) -> None:
    take(ROWS)

    told = page(browser, "?ticker=NSE:NIFTY1!")

    assert "NIFTY29DEC26FUT NFO future, token 501 lot 65 tick 0.05, freeze 1801" in told
    assert re.search(r"Until 2\d Dec 2026 \d\d:\d\d IST, then NIFTY26JAN27FUT", told)


def test_an_option_rule_means_a_chain(browser: Browser, take: Any) -> None:
    take(ROWS)

    told = page(browser, "?ticker=NSE:NIFTY&option=auto+ATM+nearest")

    assert "4 options on Nifty 50 that expire on 01 Dec 2026, from NIFTY01DEC2624000CE" in told


def test_what_means_nothing_is_refused_in_words(browser: Browser, take: Any, clock: ManualClock) -> None:
    take(ROWS)

    assert "refused" in page(browser, "?ticker=NSE:NOSUCH")
    assert "refused The option rule" in page(browser, "?ticker=NSE:NIFTY&option=whatever")
    assert "refused The roll is 'x'" in page(browser, "?ticker=NSE:NIFTY1!&roll=x")
    clock.advance(timedelta(days=1).total_seconds())
    assert "refused" in page(browser, "?ticker=NSE:NIFTY1!")


def test_a_ticker_is_taken_as_a_strategy_would_take_it(store: Store, browser: Browser, take: Any) -> None:
    take(ROWS)
    rails = Rails(tickers=frozenset({"NSE:NIFTY"}), max_quantity=650)
    rule = OptionRule(OptionType.AUTO, "ATM", "nearest")
    store.people.save_strategy(a_strategy(name="weekly", rails=rails, option=rule), by="test", at=NOW)

    told = page(browser, "?ticker=NSE:NIFTY&strategy=weekly")

    assert "4 options on Nifty 50" in told
    assert "refused The strategy may not trade this ticker: NSE:SBIN; allowed: NSE:NIFTY" in page(
        browser, "?ticker=NSE:SBIN&strategy=weekly"
    )


def test_what_the_tickers_of_all_strategies_mean_stands_there_unasked(
    store: Store, browser: Browser, take: Any
) -> None:
    take(ROWS)
    rails = Rails(tickers=frozenset({"NSE:NIFTY1!", "NSE:NOSUCH"}), max_quantity=650)
    store.people.save_strategy(a_strategy(name="index", rails=rails), by="test", at=NOW)

    told = page(browser)

    assert re.search(r"NSE:NIFTY1! index NIFTY29DEC26FUT Until 2\d Dec 2026 \d\d:\d\d IST, then NIFTY26JAN27FUT", told)
    assert "NSE:NOSUCH index refused" in told


def test_the_page_holds_neither_scripts_nor_styles(browser: Browser, take: Any) -> None:
    take(ROWS)

    told = browser.get("/instruments?text=%3Cscript%3Ealert%3C/script%3E&ticker=%3Cscript%3E").text

    assert active_in(told) == []
