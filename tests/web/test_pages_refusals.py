"""/refusals: the one list, and the links that lead into it."""

from __future__ import annotations

from executor.domain.refusal import WORDS
from executor.store.store import Store
from executor.web.pages.words import coded
from tests.house import House
from tests.web.browser import Browser
from tests.web.test_pages import refuse


def test_every_refusal_is_there_with_its_remedy_and_an_anchor(browser: Browser) -> None:
    text = browser.get("/refusals").text

    missing = [code for code in WORDS if f'id="{code}"' not in text or coded(WORDS[code].remedy) not in text]

    assert missing == []


def test_a_refused_deliverys_page_leads_to_its_refusal(store: Store, browser: Browser) -> None:
    delivery = refuse(store, 50)

    assert 'href="/refusals#token_expired"' in browser.get(f"/deliveries/{delivery}").text


def test_a_refused_signals_page_leads_to_its_refusal(house: House, browser: Browser) -> None:
    signal = house.signal("exit")
    house.run(2)

    assert 'href="/refusals#nothing_held"' in browser.get(f"/signals/{signal}").text
