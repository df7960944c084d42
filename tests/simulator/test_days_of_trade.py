"""Holidays, gaps between two days, circuits and splits, as a test sets them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from executor.simulator import Rules
from executor.simulator.exchange.hours import hours_of
from tests.simulator.harness import WEDNESDAY, Client, stop

_THURSDAY = date(2026, 11, 26)
_SBIN = {"exchange": "NSE", "token": "3045"}


def quoted(client: Client) -> Any:
    body = {"mode": "FULL", "exchangeTokens": {"NSE": ["3045"]}}
    return client.post("/market/v1/quote/", body)["data"]["fetched"][0]


# -- holidays


def test_nothing_trades_on_a_holiday_and_its_orders_wait_for_the_next_day():
    client = Client(rules=Rules(holidays=frozenset({_THURSDAY})))
    client.price("810.00")
    client.go("2026-11-26 10:00")
    order_id = client.placed(price="815.00", producttype="DELIVERY")
    parked = client.order(order_id)["orderstatus"]
    client.go("2026-11-27 09:16")

    assert parked == "after market order req received"
    assert client.order(order_id)["updatetime"] == "27-Nov-2026 09:15:00"


def test_prices_stand_still_on_a_holiday_and_go_on_after_it():
    client = Client(rules=Rules(holidays=frozenset({_THURSDAY})))
    seen = []
    for to in ("2026-11-25 23:50", "2026-11-26 12:00", "2026-11-26 23:50", "2026-11-27 12:00"):
        client.go(to)
        seen.append(quoted(client)["ltp"])

    assert seen[0] == seen[1] == seen[2] != seen[3]


def test_holidays_can_be_set_when_the_simulation_begins_anew(client):
    client.control("reset", {"holidays": ["2026-11-26"]})
    client.go("2026-11-26 10:00")

    assert client.order(client.placed())["orderstatus"] == "after market order req received"
    assert client.control("reset", {"holidays": "tomorrow"}).status_code == 422


def test_step_numbers_and_times_agree_over_holidays():
    hours = hours_of("NSE", {_THURSDAY, date(2026, 11, 27), date(2026, 11, 30), date(2026, 12, 2), date(2026, 12, 6)})

    for step in range(hours.step_at(WEDNESDAY), hours.step_at(WEDNESDAY) + 700_000, 997):
        at = hours.step_time(step)
        assert hours.step_at(at) == step
        assert hours.is_open(at) or step % hours.steps == 0


def test_a_contract_whose_last_day_is_a_holiday_ends_the_day_before():
    plain, moved = Client(), Client(rules=Rules(holidays=frozenset({date(2026, 12, 1)})))

    expiries = [{row["token"]: row["expiry"] for row in client.master()}["44000"] for client in (plain, moved)]

    assert expiries == ["01DEC2026", "30NOV2026"]


# -- gaps


@pytest.mark.parametrize("at", ["2026-11-25 18:00", "2026-11-26 08:30"])
def test_a_price_set_while_the_market_is_closed_is_the_next_opening(client, at):
    client.go(at)
    client.price("780.00")
    client.go("2026-11-26 09:16")

    quote = quoted(client)

    assert [quote[name] for name in ("open", "high", "low", "ltp", "close")] == [780.0, 780.0, 780.0, 780.0, 810.0]


def test_a_stop_released_into_a_gap_triggers_at_the_open_and_rests(client):
    client.placed(price="815.00", producttype="DELIVERY")
    client.go("2026-11-26 08:30")
    order_id = client.placed(**stop(producttype="DELIVERY"))
    client.price("780.00")
    client.go("2026-11-26 09:16")

    order = client.order(order_id)

    assert (order["orderstatus"], order["updatetime"]) == ("open", "26-Nov-2026 09:15:00")


def test_a_held_price_is_the_previous_close_of_the_next_day(client):
    client.price("815.00")
    client.go("2026-11-26 10:00")
    client.price("820.00")

    quote = quoted(client)

    assert [quote[name] for name in ("open", "high", "low", "close")] == [815.0, 820.0, 815.0, 815.0]


# -- circuits


def test_in_a_lower_circuit_sells_rest_and_buys_trade(client):
    client.placed(price="815.00")
    client.control("band", {**_SBIN, "low": "780", "high": "850"})
    stop_id = client.placed(**stop())
    client.price("780.00")

    locked = client.order(client.placed(transactiontype="SELL", price="780.00"))
    bought = client.order(client.placed(price="785.00", quantity="3"))

    assert client.order(stop_id)["orderstatus"] == "open"  # triggered, and nobody buys
    assert (locked["orderstatus"], locked["filledshares"]) == ("open", "0")
    assert (bought["orderstatus"], bought["averageprice"]) == ("complete", 780.0)
    assert [level["quantity"] for level in quoted(client)["depth"]["buy"]] == [0] * 5


def test_what_rested_in_a_circuit_trades_when_it_opens(client):
    client.control("band", {**_SBIN, "low": "780", "high": "810"})
    order_id = client.placed(price="810.00")
    locked = client.order(order_id)["orderstatus"]
    client.price("809.95")

    assert locked == "open"
    assert client.order(order_id)["averageprice"] == 809.95


def test_a_band_pulls_the_price_inside_and_can_be_lifted(client):
    pulled = client.control("band", {**_SBIN, "low": "700", "high": "800.03"}).json()
    circuits = [quoted(client)[name] for name in ("lowerCircuit", "upperCircuit")]
    lifted = client.control("band", _SBIN)
    client.price("900.00")

    assert pulled["ltp"] == "800.00"
    assert circuits == [700.0, 800.0]
    assert lifted.status_code == 200
    assert client.order(client.placed(price="905.00"))["orderstatus"] == "complete"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("price", {**_SBIN, "ltp": "860"}, 422),
        ("band", {**_SBIN, "low": "860", "high": "850"}, 422),
        ("band", {**_SBIN, "low": "800"}, 422),
        ("band", {"exchange": "NSE", "token": "1", "low": "1", "high": "2"}, 404),
        ("split", {**_SBIN, "factor": "2"}, 409),
        ("split", {**_SBIN, "factor": "1"}, 422),
    ],
)
def test_what_cannot_be_set_is_refused(client, path, body, status):
    client.control("band", {**_SBIN, "low": "780", "high": "850"})

    answer = client.control(path, body)

    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)


def test_orders_beyond_the_band_are_rejected_and_changes_beyond_it_not_made(client):
    client.control("band", {**_SBIN, "low": "780", "high": "850"})
    resting = client.placed(price="790.00")

    placed = client.order(client.placed(price="779.95"))
    answer = client.modify(resting, price="779.95")

    order = client.order(resting)
    assert placed["orderstatus"] == "rejected"
    assert answer["status"] is True
    assert (order["status"], order["orderstatus"], order["price"]) == ("not modified", "open", 790.0)
    assert "exceeds the circuit limit" in order["text"]


# -- splits


def test_a_split_overnight_divides_the_price_and_multiplies_what_is_held(client):
    client.placed(price="815.00", producttype="DELIVERY")
    client.placed(price="815.00", producttype="MARGIN", quantity="4")
    client.go("2026-11-26 08:30")
    told = client.control("split", {**_SBIN, "factor": "5"}).json()
    client.go("2026-11-26 09:16")

    (holding,), (position,) = client.holdings(), client.positions()

    assert (told["ltp"], told["close"]) == ("162.00", "162.00")
    assert (holding["quantity"], holding["averageprice"], holding["profitandloss"]) == (50, 162.0, 0.0)
    assert [position[name] for name in ("netqty", "cfbuyqty", "cfbuyavgprice")] == ["20", "20", "162.00"]
    assert (quoted(client)["close"], client.get("/order/v1/getTradeBook")["data"]) == (162.0, None)


def test_a_short_that_is_split_in_the_evening_has_more_units_in_the_morning(client):
    client.placed(transactiontype="SELL", price="805.00", producttype="MARGIN")
    client.go("2026-11-25 20:00")
    client.control("split", {**_SBIN, "factor": "1.5"})
    client.go("2026-11-26 09:16")

    (position,) = client.positions()

    assert [position[name] for name in ("netqty", "cfsellqty", "cfsellavgprice")] == ["-15", "15", "540.00"]
