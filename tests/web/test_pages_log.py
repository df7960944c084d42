"""The log's page: narrowed, walked down, taken away as a file."""

from __future__ import annotations

import csv
import json
import re
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest

from executor.clock import ManualClock
from executor.domain.refusal import RefusalCode
from executor.errors import NotRecorded
from executor.store.store import Store
from tests.builders import NOW, a_delivery, a_signal, an_id
from tests.house import House
from tests.web.browser import Browser, a_browser, words
from tests.web.test_pages import EVIL, refuse


def shown(page: str) -> list[str]:
    """The deliveries on a page, in their order."""
    return re.findall(r'<li id="d-(\w+)">', page)


def chips(page: str) -> dict[str, str]:
    """What each chip says, and where it leads."""
    found = re.search(r'<ul class="chips".*?</ul>', page, re.DOTALL)
    links = re.findall(r'href="([^"]*)" aria-label="([^"]+): remove', found[0]) if found else []
    return {unescape(words_): unescape(address) for address, words_ in links}


def test_older_lines_are_one_step_away_and_the_way_back_too(store: Store, browser: Browser) -> None:
    for number in range(100, 155):
        refuse(store, number)

    first = browser.get("/").text
    [older] = re.findall(r'href="(/\?before=[^"]+)" rel="next"', first)
    second = browser.get(older).text

    assert [*shown(first), *shown(second)] == [an_id(number) for number in range(154, 99, -1)]
    assert 'rel="next"' not in second
    assert "To the newest" in second
    assert "Nothing is older" in words(browser.get(f"/?before={an_id(100)}").text)


def test_only_the_newest_lines_look_again_by_themselves(store: Store, browser: Browser) -> None:
    refuse(store, 100)

    live, kept = (browser.get(path).text for path in ("/?strategy=trend", f"/?before={an_id(200)}"))

    assert re.search(r'<main [^>]*hx-get="/\?strategy=trend"', live)
    assert not re.search(r"<main [^>]*hx-get", kept)


def test_a_page_that_looks_again_is_answered_without_a_line_read_until_something_happened(
    store: Store, browser: Browser
) -> None:
    refuse(store, 100)
    asking = {"HX-Request": "true"}
    tag = browser.get("/?strategy=trend", headers=asking).headers["ETag"]

    same = browser.get("/?strategy=trend", headers={**asking, "If-None-Match": tag})
    refuse(store, 101)
    other = browser.get("/?strategy=trend", headers={**asking, "If-None-Match": tag})

    assert (same.status_code, same.data) == (304, b"")
    assert (other.status_code, shown(other.text)) == (200, [an_id(101), an_id(100)])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("text=needle", "text “needle”"),
        ("outcome=REFUSED", "outcome REFUSED"),
        ("outcome=token_expired", "outcome The alert's token has expired"),
        ("strategy=other", "strategy other"),
        ("ticker=infy", "ticker infy"),
        ("day=2026-11-24", "day Tuesday 24 November 2026"),
    ],
)
def test_each_filter_is_a_chip_that_takes_it_away(store: Store, browser: Browser, asked: str, said: str) -> None:
    body = '{"ticker": "INFY", "exchange": "NSE", "comment": "needle"}'
    wanted = refuse(store, 100, strategy="other", body=body, received_at=NOW - timedelta(days=1))
    store.intake.record_delivery(a_delivery(), a_signal())

    page = browser.get(f"/?{asked}").text

    assert shown(page) == [wanted]
    assert chips(page) == {said: "/?"}
    assert shown(browser.get("/?").text) == [wanted, a_delivery().id]


def test_several_filters_stay_in_the_addresses_of_the_page(store: Store, browser: Browser) -> None:
    for number in range(100, 155):
        refuse(store, number, body="needle")
    refuse(store, 200, body="hay")

    page = browser.get("/?text=needle&outcome=REFUSED").text

    assert an_id(200) not in page
    assert chips(page) == {"text “needle”": "/?outcome=REFUSED", "outcome REFUSED": "/?text=needle"}
    assert re.search(r'href="/\?text=needle&amp;outcome=REFUSED&amp;before=\w+" rel="next"', page)
    assert 'href="/log.csv?text=needle&amp;outcome=REFUSED"' in page
    assert 'value="needle"' in page
    assert '<option value="REFUSED" selected>' in page


def test_a_signal_is_found_by_its_account(store: Store, browser: Browser) -> None:
    store.intake.record_delivery(a_delivery(), a_signal())
    refuse(store, 100)

    assert shown(browser.get("/?account=paper").text) == [a_delivery().id]


def test_where_nothing_is_the_page_says_what_to_do(store: Store, browser: Browser) -> None:
    empty = words(browser.get("/").text)
    refuse(store, 100)
    unmatched = browser.get("/?text=nothing").text

    assert "No alert has arrived yet" in empty and "Add a strategy" in empty
    assert "Nothing matches." in words(unmatched)
    assert 'href="/">show all' in unmatched
    assert "as a file" not in unmatched


def test_what_cannot_be_asked_for_is_not_asked_for(store: Store, browser: Browser) -> None:
    refuse(store, 100)

    for asked in ("outcome=LOST", "day=tomorrow", "day=2026-13-40", "outcome=%00", "strategy=++"):
        page = browser.get(f"/?{asked}").text
        assert (shown(page), chips(page)) == ([an_id(100)], {}), asked


def test_a_word_that_begins_too_many_is_told(store: Store, browser: Browser) -> None:
    for number in range(200, 320):
        refuse(store, number, body="begin" + "".join(chr(97 + int(digit)) for digit in str(number)))

    assert "begin with “begin”: only the whole word" in words(browser.get("/?text=begin").text)


def test_the_whole_of_a_filter_comes_as_a_table_without_a_formula(house: House, store: Store, browser: Browser) -> None:
    house.fault("placeOrder", "refuse", code="AB4008", message="=cmd|' /C calc'!A0")
    signal = house.signal("buy", price="800")
    house.run(8)
    refuse(store, 100, strategy="+evil", body='{"action":"@x","exchange":"NSE","ticker":"Y"}', source="-1")

    answer = browser.get("/log.csv")
    rows = list(csv.DictReader(StringIO(answer.text)))

    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="executor-log.csv"'
    assert [row["word"] for row in rows] == ["REJECTED", "REFUSED"]
    assert (rows[0]["signal"], rows[0]["ticker"], rows[0]["received_ist"]) == (
        signal,
        "NSE:SBIN",
        "2026-11-25 09:20:03",
    )
    assert rows[0]["reason"].startswith("'=cmd")
    assert (rows[1]["strategy"], rows[1]["asked"], rows[1]["source"]) == ("'+evil", "'@x NSE:Y", "'-1")
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())


def test_files_hold_what_the_filters_leave_and_every_line_of_it(store: Store, browser: Browser) -> None:
    for number in range(100, 155):
        refuse(store, number, strategy="other")
    refuse(store, 200, code=RefusalCode.NOT_JSON)

    lines = [json.loads(line) for line in browser.get("/log.jsonl?strategy=other").text.splitlines()]
    rows = list(csv.reader(StringIO(browser.get("/log.csv?outcome=not_json").text)))

    assert [line["delivery"] for line in lines] == [an_id(number) for number in range(154, 99, -1)]
    assert lines[0]["reason"] == "The alert's token has expired."
    assert [row[-2] for row in rows] == ["delivery", an_id(200)]


def test_a_file_of_a_database_that_is_gone_is_none(store: Store, browser: Browser) -> None:
    def gone(*_asked: object, **_more: object) -> None:
        raise NotRecorded("the database could not take it: disk I/O error")

    object.__setattr__(store.pages, "log", gone)

    for path in ("/log.csv", "/log.jsonl"):
        assert browser.get(path).status_code == 503, path


def test_files_are_behind_the_password(store: Store, clock: ManualClock) -> None:
    stranger = a_browser(store, clock, entered=False)

    for path in ("/log.csv", "/log.jsonl"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["Location"].startswith("/login")) == (302, True), path


def test_what_was_typed_comes_back_as_text(store: Store, browser: Browser) -> None:
    for name in ("text", "ticker", "strategy", "account"):
        page = browser.get("/", query_string={name: EVIL}).text
        assert "<script>alert" not in page
        assert chips(page)[f"{name} “{EVIL}”" if name == "text" else f"{name} {EVIL}"] == "/?"
