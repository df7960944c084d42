"""Each kind of notice arrives at a Telegram-like, an SMTP and a webhook server, from what a real trader did."""

from __future__ import annotations

from tests.house import House
from tests.notify.conftest import Town


def test_filled_is_told_with_the_stop_behind_it(house: House, town: Town):
    house.long()
    town.hear()

    (text,) = town.told("FILLED")
    stop = house.orders(type="STOPLOSS_LIMIT")[0]["orderid"]
    assert text.startswith(
        f"[SIMULATOR default] FILLED: trend buy NSE:SBIN: 10 filled at 800; stop {stop} at 792 for 10"
    )
    assert "https://executor.example.com/signals/" in text


def test_refused_is_told_with_its_sentence(house: House, town: Town):
    house.signal("buy", price="800", ticker="NOBODY")
    house.run(1)
    town.hear()

    (text,) = town.told("REFUSED")
    assert "[SIMULATOR default] REFUSED: trend buy NSE:NOBODY: " in text and "NOBODY" in text.split(": ", 3)[-1]


def test_rejected_is_told_in_the_brokers_own_words(house: House, town: Town):
    house.fault("place", "reject")
    house.signal("buy", price="800")
    house.run(8)
    town.hear()

    (text,) = town.told("REJECTED")
    assert house.orders()[0]["text"] in text
    assert house.orders()[0]["text"]
