"""What the pages say, of signals that a whole trader lived through and of deliveries that became none."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from executor.clock import ManualClock
from executor.domain.delivery import Verdict
from executor.domain.ids import DeliveryId, Ids, SignalId
from executor.domain.record import Halt, HaltKind
from executor.domain.refusal import RefusalCode
from executor.domain.strategy import Account, AccountKind
from executor.errors import NotRecorded
from executor.store.store import Store
from tests.builders import NOW, a_delivery, a_signal, an_id
from tests.house import House
from tests.web.browser import Browser, words
from tests.web.markup import active_in

EVIL = '<script>alert("x")</script>'


def refuse(store: Store, number: int, **changes: object) -> DeliveryId:
    fields = {"verdict": Verdict.REFUSED, "code": RefusalCode.TOKEN_EXPIRED, "id": DeliveryId(an_id(number))}
    store.intake.record_delivery(a_delivery(**{**fields, **changes}), None)
    return DeliveryId(an_id(number))


def in_order(text: str, *parts: str) -> bool:
    return re.search(".*".join(map(re.escape, parts)), text, re.DOTALL) is not None


def test_the_log_shows_what_was_asked_what_came_of_it_and_what_filled(house: House, browser: Browser) -> None:
    signal = house.signal("buy", price="800")
    house.run(8)

    page = browser.get("/")

    assert in_order(words(page.text), "Wednesday 25 November 2026", "buy NSE:SBIN", "trend", "FILLED", "10 filled")
    assert in_order(words(page.text), "entry 10 @", "stop rests: SELL 10 stop", "target rests: SELL 10 limit")
    assert f'href="/signals/{signal}"' in page.text


def test_the_log_groups_by_days_of_india_newest_first(store: Store, browser: Browser) -> None:
    refuse(store, 50, received_at=NOW - timedelta(days=1))
    refuse(store, 51, received_at=NOW)

    text = words(browser.get("/").text)

    assert in_order(text, "Wednesday 25 November 2026", "REFUSED", "Tuesday 24 November 2026", "REFUSED")


def test_a_filled_signal_tells_its_whole_life(house: House, browser: Browser) -> None:
    signal = house.signal("buy", price="800")
    house.run(8)
    house.price("820")
    house.run(8)

    page = browser.get(f"/signals/{signal}")
    text = words(page.text)

    assert in_order(text, "buy NSE:SBIN", "FILLED", "fired → received", "received → sent", "sent → taken")
    assert in_order(text, "Plan", "asked 10 quantity", "limit", "stop", "target")
    assert in_order(text, "Position", "SBIN-EQ", "CLOSED", "entry", "FILLED", "stop", "CANCELLED", "target", "FILLED")
    assert in_order(text, "Received", "Planned", "Entry: PLACE sent", "Entry: the broker took it", "Entry: filled")
    assert in_order(text, "Stop: PLACE sent", "Target: PLACE sent", "Target: filled", "Stop: CANCEL sent")
    assert '"ordertype": "LIMIT"' in text
    assert "the order book's row" in text
    assert re.search(r"The signal ended FILLED: 10 filled at [0-9.]+ audit [0-9]+", text)


def test_an_exits_page_shows_the_position_it_closed_and_the_signal_that_opened_it(
    house: House, browser: Browser
) -> None:
    opened = house.signal("buy", price="800")
    house.run(8)
    closed = house.signal("exit")
    house.run(8)

    text = words(browser.get(f"/signals/{closed}").text)

    assert in_order(text, "exit NSE:SBIN", "FILLED", "Position", "entry", f"Other signals of this position: {opened}")
    assert "Entry: PLACE sent" not in text
    assert "MODIFY sent" in text


def test_what_a_broker_refused_is_told_in_its_own_words(house: House, browser: Browser) -> None:
    house.fault("placeOrder", "refuse", code="AB4008", message="Insufficient margin: need 1,600")
    signal = house.signal("buy", price="800")
    house.run(8)

    text = words(browser.get(f"/signals/{signal}").text)

    assert in_order(
        text, "REJECTED", "Insufficient margin", "Entry: PLACE sent", "Entry: the broker refused it PLACE refused"
    )


def test_a_refused_delivery_tells_why_what_to_do_and_what_arrived(store: Store, browser: Browser) -> None:
    layers = {"token": "failed: token_expired", "address": "passed: rotation 1"}
    body = '{"token":"xt1_***","exchange":"NSE","ticker":"SBIN","action":"buy","price":800.10}'
    delivery = refuse(store, 50, layers=layers, body=body, detail="on 1 November")

    text = words(browser.get(f"/deliveries/{delivery}").text)

    assert in_order(text, "buy NSE:SBIN", "REFUSED", "The alert's token has expired: on 1 November")
    assert "Make the template anew and paste it." in text
    assert in_order(text, "passed address rotation 1", "failed token token_expired")
    assert '"price": 800.10' in text


def test_a_delivery_that_became_a_signal_leads_to_it(store: Store, browser: Browser) -> None:
    store.intake.record_delivery(a_delivery(), a_signal())

    answer = browser.get(f"/deliveries/{a_delivery().id}")

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/signals/{a_signal().id}")


def test_a_duplicate_leads_to_the_signal_it_repeats_and_the_signal_to_its_repeats(
    store: Store, browser: Browser
) -> None:
    store.intake.record_delivery(a_delivery(), a_signal())
    again = a_delivery(id=DeliveryId(an_id(60)))
    store.intake.record_delivery(again, a_signal(id=SignalId(an_id(61)), delivery=again.id))

    duplicate, original = browser.get(f"/deliveries/{again.id}").text, browser.get(f"/signals/{a_signal().id}").text

    assert in_order(words(duplicate), "DUPLICATE", f"repeats signal {a_signal().id}")
    assert f'href="/signals/{a_signal().id}"' in duplicate
    assert in_order(words(original), "Came again", "DUPLICATE")


@pytest.mark.parametrize("path", ["/signals/nothing", "/deliveries/nothing"])
def test_what_is_not_there_is_said_to_be_missing(browser: Browser, path: str) -> None:
    answer = browser.get(path)

    assert answer.status_code == 404
    assert "Not found" in answer.text


def test_a_person_reads_on_a_page_that_there_is_no_such_and_a_machine_in_its_own_form(browser: Browser) -> None:
    chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

    person, machine = (browser.get("/position", headers={"Accept": accepted}) for accepted in (chromium, "*/*"))

    assert (person.status_code, person.mimetype) == (404, "text/html")
    assert in_order(words(person.text), "There is no such page", "To the audit log")
    assert "default-src 'none'" in person.headers["Content-Security-Policy"]
    assert (machine.status_code, machine.mimetype) == (404, "application/problem+json")


def test_nothing_from_outside_becomes_markup(house: House, store: Store, browser: Browser) -> None:
    signal = house.signal("buy", price="800", comment=EVIL, trade=EVIL)
    house.fault("placeOrder", "refuse", code="AB4008", message=EVIL)
    house.run(8)
    refused = refuse(
        store, 50, body=EVIL, detail=EVIL, headers={"User-Agent": EVIL}, layers={"json": f"failed: {EVIL}"}
    )
    store.ledger.set_halt(Halt("ALL", HaltKind.HALT, NOW, EVIL, EVIL), at=NOW)

    pages = [browser.get(path).text for path in ("/", f"/signals/{signal}", f"/deliveries/{refused}", f"/?text={EVIL}")]

    assert not any(active_in(page) for page in pages)
    assert all("alert(&#34;x&#34;)" in page for page in pages)


def test_no_page_has_a_script_or_a_style_of_its_own(house: House, browser: Browser) -> None:
    signal = house.signal("buy", price="800")
    house.run(8)

    for path in ("/", f"/signals/{signal}", "/login"):
        page = browser.get(path).text
        assert active_in(page) == []


def test_the_head_shows_the_kind_of_each_account_and_whether_its_trader_lives(
    house: House, clock: ManualClock, browser: Browser
) -> None:
    alive = words(browser.get("/").text)
    clock.advance(20)
    silent = words(browser.get("/").text)

    assert in_order(alive, "SIMULATOR", "default", "trader runs")
    assert re.search("trader silent for (20|21) s", silent)


def test_the_head_tells_a_beat_of_the_future_from_a_trader_that_runs(
    house: House, clock: ManualClock, browser: Browser
) -> None:
    epoch = house.store.ledger.take_lease(
        "default", "host:1", at=clock.now(), follows=house.store.ledger.lease("default")
    )
    house.store.ledger.beat("default", epoch, at=clock.now() + timedelta(minutes=59), status={"session": True})

    for path in ("/", "/status"):
        page = words(browser.get(path).text)
        assert "trader runs" not in page
        assert re.search("trader's beat lies 59 min.* ahead", page)


def test_the_head_tells_a_trader_that_never_ran(store: Store, ids: Ids, browser: Browser) -> None:
    store.people.add_account(Account("real", AccountKind.LIVE), by="test", at=NOW, new_id=ids.new)

    text = words(browser.get("/").text)

    assert in_order(text, "LIVE", "real", "no trader has run yet")
    assert in_order(text, "HALTED", "account:real", "a live account starts halted")


@pytest.mark.parametrize(("kind", "word"), [(HaltKind.HALT, "HALTED"), (HaltKind.KILL, "KILLED")])
def test_a_halt_in_force_stands_on_every_page(store: Store, browser: Browser, kind: HaltKind, word: str) -> None:
    store.ledger.set_halt(Halt("ALL", kind, NOW, "by hand", "trader"), at=NOW)
    store.intake.record_delivery(a_delivery(), a_signal())

    for path in ("/", f"/signals/{a_signal().id}"):
        assert in_order(words(browser.get(path).text), word, "ALL", "by hand", "(by trader)")


def test_a_database_that_does_not_answer_is_said_in_words(store: Store, browser: Browser) -> None:
    class Gone:
        def read(self):
            raise NotRecorded("the database could not take it: disk I/O error")

    store.pages._database = Gone()

    answer = browser.get("/")

    assert answer.status_code == 503
    assert in_order(words(answer.text), "The database does not answer", "disk I/O error")
