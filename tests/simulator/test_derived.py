"""Contracts that follow their underlying: chain and futures move with the spot, and trade when it gets there."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from executor.simulator import Rules
from executor.simulator.exchange.hours import ist_day
from executor.simulator.master import instruments, rows
from executor.simulator.snapshot import restore, take
from tests.simulator.harness import Client, stop

NIFTY = ("NSE", "99926000")


@pytest.fixture
def market() -> Client:
    """A market in which all contracts follow, and nothing moves but by our word; NIFTY stands at 25000."""
    return Client(all_follow=True, rules=Rules(volatility=0.0))


@cache
def rows_by_symbol() -> dict[str, dict[str, str]]:
    return {one["symbol"]: one for one in rows(instruments(date(2026, 11, 25)))}


def row(symbol: str) -> dict[str, str]:
    return rows_by_symbol()[symbol]


def last(client: Client, symbol: str) -> Decimal:
    return Decimal(str(quote(client, symbol)["ltp"]))


def quote(client: Client, symbol: str) -> Any:
    found = row(symbol)
    body = {"mode": "FULL", "exchangeTokens": {found["exch_seg"]: [found["token"]]}}
    return client.post("/market/v1/quote/", body)["data"]["fetched"][0]


def chain(client: Client, right: str, expiry: str = "29DEC2026") -> list[Decimal]:
    """The prices of NIFTY's calls or puts, by strike."""
    found = [one for one in rows_by_symbol().values() if (one["name"], one["expiry"]) == ("NIFTY", expiry)]
    found = sorted((one for one in found if one["symbol"].endswith(right)), key=lambda one: float(one["strike"]))
    return [last(client, one["symbol"]) for one in found]


def buy(client: Client, symbol: str, price: str, **changes: Any) -> str:
    found = row(symbol)
    named = {"tradingsymbol": symbol, "symboltoken": found["token"], "exchange": found["exch_seg"]}
    return client.placed(
        **named, **{"producttype": "CARRYFORWARD", "quantity": found["lotsize"], "price": price, **changes}
    )


# -- one price moves all


def test_the_spot_moves_calls_up_puts_down_and_futures_along(market: Client) -> None:
    names = ("NIFTY01DEC2625000CE", "NIFTY01DEC2625000PE", "NIFTY29DEC26FUT", "NIFTY26JAN27FUT")
    before = {name: last(market, name) for name in names}

    market.price("25150", token=NIFTY[1])

    moved = {name: last(market, name) - before[name] for name in names}
    assert 50 < moved["NIFTY01DEC2625000CE"] < 150
    assert -150 < moved["NIFTY01DEC2625000PE"] < -50
    assert 150 <= moved["NIFTY29DEC26FUT"] <= moved["NIFTY26JAN27FUT"] < 152


def test_a_chain_falls_with_its_strikes_for_calls_and_rises_for_puts(market: Client) -> None:
    calls, puts = chain(market, "CE"), chain(market, "PE")

    assert len(calls) == len(puts) == 31
    assert calls == sorted(calls, reverse=True)
    assert puts == sorted(puts)
    assert all(price >= Decimal("0.05") and price % Decimal("0.05") == 0 for price in (*calls, *puts))


def test_calls_and_puts_of_a_strike_keep_parity_with_the_spot(market: Client) -> None:
    for strike in ("24500", "25000", "25300"):
        call, put = (last(market, f"NIFTY01DEC26{strike}{right}") for right in ("CE", "PE"))

        assert abs(call - put - (25000 - Decimal(strike))) <= Decimal("0.05")


def test_an_option_that_far_out_costs_one_tick(market: Client) -> None:
    market.price("32000", token=NIFTY[1])

    assert last(market, "NIFTY01DEC2624250PE") == Decimal("0.05")


def test_time_value_shrinks_with_the_days_and_is_gone_after_expiry(market: Client) -> None:
    seen = [last(market, "NIFTY01DEC2625000CE")]
    for day in ("2026-11-26 10:00", "2026-11-30 10:00", "2026-12-01 10:00"):
        market.go(day)
        seen.append(last(market, "NIFTY01DEC2625000CE"))

    assert seen == sorted(set(seen), reverse=True)


def test_the_contracts_that_were_there_before_walk_by_themselves_unless_all_follow() -> None:
    client = Client()
    old, new = "NIFTY01DEC2625000CE", "NIFTY01DEC2625050CE"
    before = last(client, old), last(client, new)

    client.price("25150", token=NIFTY[1])

    assert last(client, old) == before[0]
    assert last(client, new) > before[1] + 30


def test_a_price_that_was_set_by_hand_follows_no_more(market: Client) -> None:
    token = row("NIFTY01DEC2625000CE")["token"]
    market.price("111", token=token, exchange="NFO")

    market.price("25200", token=NIFTY[1])

    assert last(market, "NIFTY01DEC2625000CE") == 111


# -- orders


def test_an_order_of_an_option_trades_when_the_spot_is_set_where_it_is_reached(market: Client) -> None:
    bought = buy(market, "NIFTY01DEC2625100CE", "110.00", quantity="65")
    assert market.order(bought)["status"] == "open"

    market.price("24900", token=NIFTY[1])

    assert market.order(bought)["status"] == "complete"


def test_a_stop_of_an_option_triggers_on_the_walk_of_its_index_at_the_same_moment_however_often_one_looks() -> None:
    fills = []
    for often in (True, False):
        client = Client(seed=5, all_follow=True)
        price = last(client, "BANKNIFTY29DEC2656000CE").quantize(Decimal(1))
        sell = stop(triggerprice=str(price - 3), price=str(price - 40), producttype="CARRYFORWARD")
        placed = buy(client, "BANKNIFTY29DEC2656000CE", **sell)
        for _ in range(300 if often else 1):
            client.clock.advance(20 if often else 6000)
            client.book()
        assert client.order(placed)["status"] == "complete"
        fills.append(client.state()["fills"])

    assert fills[0] == fills[1]


def test_on_the_morning_after_an_order_trades_at_what_the_night_left_of_it(market: Client) -> None:
    before = last(market, "NIFTY01DEC2625000PE")
    market.go("2026-11-26 09:10")
    bought = buy(market, "NIFTY01DEC2625000PE", str(before - 5), quantity="65")

    market.go("2026-11-26 09:20")

    assert market.order(bought)["status"] == "complete"
    assert market.order(bought)["averageprice"] < before - 5


def test_what_is_held_at_expiry_is_settled_by_the_spot(market: Client) -> None:
    for right in ("CE", "PE"):
        symbol = f"NIFTY01DEC2624900{right}"
        buy(market, symbol, str(last(market, symbol)), quantity="65")
    market.price("24950", token=NIFTY[1])

    market.go("2026-12-01 16:00")

    settled = {one["symbol"][-2:]: one["price"] for one in market.state()["fills"] if not one["orderid"]}
    assert {right: Decimal(price) for right, price in settled.items()} == {"CE": 50, "PE": 0}


def test_an_index_has_a_price_but_is_not_traded(market: Client) -> None:
    index = {"exchange": "NSE", "tradingsymbol": "Nifty 50", "symboltoken": NIFTY[1], "price": "25000"}

    assert market.post("/order/v1/getLtpData", index)["data"]["ltp"] == 25000
    assert market.place(**index)["errorcode"] == "AB1009"


@pytest.mark.parametrize(("side", "price"), [("BUY", "400"), ("SELL", "30")])
def test_a_limit_far_beyond_the_last_price_is_refused_at_once(market: Client, side: str, price: str) -> None:
    found = row("NIFTY01DEC2625000CE")

    ticket = {"exchange": "NFO", "symboltoken": found["token"], "tradingsymbol": found["symbol"], "quantity": "65"}
    answer = market.place(**ticket, price=price, transactiontype=side, producttype="CARRYFORWARD")

    assert (answer["status"], answer["errorcode"]) == (False, "AB1007")
    assert "Limit Price Protection" in answer["message"]


def test_a_future_beyond_its_operating_range_is_rejected(market: Client) -> None:
    found = row("FINNIFTY29DEC26FUT")
    market.price("29800", token="99926037")  # near the edge: the protection around the last price allows it

    order = buy(market, found["symbol"], "30500")

    assert "circuit limit" in market.order(order)["text"]


# -- quotes


def test_the_spread_of_an_option_grows_with_its_distance(market: Client) -> None:
    spreads = []
    for strike in ("25000", "25400", "25750"):
        told = quote(market, f"NIFTY01DEC26{strike}CE")
        bid, ask = told["depth"]["buy"][0]["price"], told["depth"]["sell"][0]["price"]
        assert bid < told["ltp"] < ask
        spreads.append((ask - bid) / told["ltp"])

    assert spreads == sorted(spreads)
    assert spreads[0] < 0.01 < 0.05 < spreads[-1]


def test_bids_below_one_tick_are_padded_with_zeros(market: Client) -> None:
    market.price("32000", token=NIFTY[1])

    told = quote(market, "NIFTY01DEC2624250PE")["depth"]

    assert [level["price"] for level in told["buy"]] == [0.0] * 5
    assert told["sell"][0]["price"] == 0.1


def test_circuits_of_an_option_are_as_far_as_its_underlying_moves(market: Client) -> None:
    told = quote(market, "NIFTY01DEC2625000CE")

    assert told["lowerCircuit"] == 0.05
    assert told["upperCircuit"] > told["ltp"] + 2000


def test_a_walk_of_a_day_keeps_spot_future_and_option_together() -> None:
    client = Client(seed=11, all_follow=True)
    told = []
    for _ in range(20):
        client.clock.advance(900)
        spot = client.post(
            "/order/v1/getLtpData", {"exchange": "NSE", "tradingsymbol": "Nifty 50", "symboltoken": NIFTY[1]}
        )["data"]["ltp"]
        told.append((spot, last(client, "NIFTY29DEC26FUT"), last(client, "NIFTY01DEC2625000CE")))

    assert len({spot for spot, _, _ in told}) > 10
    assert sorted(told) == sorted(told, key=lambda one: (one[0], one[2]))
    assert all(0 < float(future) - spot < 100 for spot, future, _ in told)
    assert ist_day(client.clock.now()) == date(2026, 11, 25)


def test_an_exchange_that_was_saved_goes_on_with_what_follows(market: Client) -> None:
    before = last(market, "NIFTY29DEC26FUT")
    saved = json.loads(json.dumps(take(market.simulation.exchange)))
    again = Client(at=market.clock.now(), all_follow=True, rules=Rules(volatility=0.0))

    restore(again.simulation.exchange, saved, seed=9)

    assert last(again, "NIFTY29DEC26FUT") == before
    again.price("25100", token=NIFTY[1])
    assert last(again, "NIFTY29DEC26FUT") > before + 90
