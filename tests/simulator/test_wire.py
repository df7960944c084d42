"""Shapes and types of the answers, as recorded (smartapi.md 2)."""

from __future__ import annotations

import re
import uuid

import pytest

from executor.simulator.wire.http import MASTER_PATH
from tests.simulator.harness import SECURE, Client, stop


def test_empty_books_are_null_but_holdings_are_a_list(client):
    for name in ("getOrderBook", "getTradeBook", "getPosition"):
        assert client.get(f"/order/v1/{name}") == {
            "status": True,
            "message": "SUCCESS",
            "errorcode": "",
            "data": None,
        }
    assert client.get("/portfolio/v1/getHolding")["data"] == []


def test_place_answers_script_and_both_ids(client):
    data = client.place()["data"]

    assert set(data) == {"script", "orderid", "uniqueorderid"}
    assert data["script"] == "SBIN-EQ"
    assert re.fullmatch(r"261125\d{9}", data["orderid"])
    assert uuid.UUID(data["uniqueorderid"]).version == 4


def test_order_book_entry_has_prices_as_floats_and_quantities_as_text(client):
    placed = client.place(price=800.0, quantity=10, ordertag="xabc")["data"]
    entry = client.book()[0]

    numbers = {name for name, value in entry.items() if isinstance(value, float)}
    assert numbers == {
        "price",
        "triggerprice",
        "squareoff",
        "stoploss",
        "trailingstoploss",
        "strikeprice",
        "averageprice",
    }
    assert all(isinstance(value, str | float) for value in entry.values())
    assert entry["exchangeorderid"].isdigit()
    assert {
        "variety": "NORMAL",
        "ordertype": "LIMIT",
        "price": 800.0,
        "quantity": "10",
        "filledshares": "0",
        "unfilledshares": "10",
        "cancelsize": "0",
        "ordertag": "xabc",
        "symboltoken": "3045",
        "strikeprice": -1.0,
        "lotsize": "1",
        "status": "open",
        "orderstatus": "open",
        "updatetime": "25-Nov-2026 09:20:00",
        "exchtime": "25-Nov-2026 09:20:00",
        "orderid": placed["orderid"],
        "uniqueorderid": placed["uniqueorderid"],
        "fillid": "",
    }.items() <= entry.items()


def test_details_show_one_order_without_the_exchange_id(client):
    placed = client.place()["data"]

    data = client.get(f"/order/v1/details/{placed['uniqueorderid']}")["data"]

    expected = client.book()[0]
    del expected["exchangeorderid"]
    assert data == expected
    assert client.get("/order/v1/details/none")["errorcode"] == "AB1013"


def test_option_shows_strike_in_rupees_and_expiry(client):
    row = next(r for r in client.http.get(MASTER_PATH).json() if r["token"] == "71200")
    client.price("14.00", token="71200", exchange="NFO")
    client.place(tradingsymbol=row["symbol"], symboltoken="71200", exchange="NFO", quantity="1150", price="13.95")

    entry = client.book()[0]

    assert row["strike"] == "46250.000000"
    assert (entry["strikeprice"], entry["optiontype"], entry["expirydate"]) == (462.5, "CE", "29DEC2026")
    assert (entry["instrumenttype"], entry["lotsize"]) == ("OPTSTK", "1150")


def test_trade_book_is_all_text_and_has_no_date(client):
    order_id = client.placed(price="815.00")

    (trade,) = client.get("/order/v1/getTradeBook")["data"]

    assert all(isinstance(value, str) for value in trade.values())
    assert {"orderid": order_id, "fillprice": "810.00", "fillsize": "10", "filltime": "09:20:00"}.items() <= (
        trade.items()
    )
    assert trade["tradevalue"] == "8100.00"
    assert not {"symboltoken", "quantity", "ordertag"} & set(trade)


def test_position_after_part_of_it_was_sold(client):
    client.placed(price="815.00")
    client.price("820.00")
    client.placed(transactiontype="SELL", quantity="4", price="815.00")

    (row,) = client.get("/order/v1/getPosition")["data"]

    assert all(isinstance(value, str) for value in row.values())
    assert {
        "netqty": "6",
        "buyqty": "10",
        "sellqty": "4",
        "buyavgprice": "810.00",
        "sellavgprice": "820.00",
        "buyamount": "8100.00",
        "netvalue": "-4820.00",
        "realised": "40.00",
        "unrealised": "60.00",
        "pnl": "100.00",
        "cfbuyqty": "0",
        "ltp": "820.0",
    }.items() <= row.items()


def test_closed_position_stays_with_a_net_of_zero(client):
    client.placed(transactiontype="SELL", price="805.00")
    client.price("800.00")
    client.placed(price="805.00")

    (row,) = client.get("/order/v1/getPosition")["data"]

    assert (row["netqty"], row["realised"], row["unrealised"]) == ("0", "100.00", "0.00")


def test_funds_are_text_with_nulls(client):
    data = client.get("/user/v1/getRMS")["data"]

    assert re.fullmatch(r"\d+\.\d{4}", data["availablecash"])
    assert data["utilisedspan"] is None


def test_profile_lists_are_lists(client):
    data = client.get("/user/v1/getProfile")["data"]

    assert data["clientcode"] == client.own.client_code
    assert isinstance(data["exchanges"], list)


def test_last_price_is_a_float(client):
    body = {"exchange": "NSE", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045"}

    data = client.post("/order/v1/getLtpData", body)["data"]

    assert data["ltp"] == 810.0
    assert {type(data[name]) for name in ("open", "high", "low", "close", "ltp")} == {float}


@pytest.mark.parametrize("path", ["/market/v1/quote", "/market/v1/quote/"])
def test_quote_lists_what_it_found_and_what_not(client, path):
    body = {"mode": "FULL", "exchangeTokens": {"NSE": ["3045", "1"], "BSE": [""]}}

    data = client.post(path, body)["data"]

    (found,) = data["fetched"]
    assert (found["symbolToken"], found["ltp"], len(found["depth"]["sell"])) == ("3045", 810.0, 5)
    assert found["lowerCircuit"] < found["ltp"] < found["upperCircuit"]
    assert [entry["symbolToken"] for entry in data["unfetched"]] == ["1", ""]
    assert {entry["errorCode"] for entry in data["unfetched"]} == {"AB4018"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"variety": "AMO"}, "AB1007"),
        ({"variety": "ROBO"}, "AB2002"),
        ({"variety": "STOPLOSS"}, "AB1007"),
        ({"ordertype": "SL"}, "AB1007"),
        ({"producttype": "MIS"}, "AB1007"),
        ({"transactiontype": "LONG"}, "AB1007"),
        ({"exchange": "CDS"}, "AB1007"),
        ({"quantity": "0"}, "AB1007"),
        ({"quantity": "1.5"}, "AB1007"),
        ({"price": "0"}, "AB1007"),
        ({"price": "NaN"}, "AB1007"),
        ({"price": "800.03"}, "AB1007"),
        ({"quantity": "420000"}, "AB1007"),
        ({"ordertag": "x" * 20}, "AB4008"),
        ({"symboltoken": "9999999"}, "AB4006"),
        ({"tradingsymbol": "RELIANCE-EQ"}, "AB1009"),
        ({"tradingsymbol": "Nifty 50", "symboltoken": "99926000"}, "AB1009"),
        ({"tradingsymbol": "VARUNTEX-EQ", "symboltoken": "21034", "price": "17.00"}, "AB4036"),
    ],
)
def test_place_refuses_at_once(client, changes, code):
    answer = client.place(**changes)

    assert (answer["status"], answer["errorcode"], answer["data"]) == (False, code, None)
    assert client.book() is None


def test_lots_and_the_range_of_stop_limits_are_checked_on_derivatives(client):
    rows = client.http.get(MASTER_PATH).json()
    future = next(row for row in rows if row["instrumenttype"] == "FUTSTK")
    contract = {"tradingsymbol": future["symbol"], "symboltoken": future["token"], "exchange": "NFO"}

    odd = client.place(**contract, quantity="499", price="1420.00")
    wide = client.place(**stop(**contract, quantity="500", triggerprice="1400.00", price="1300.00"))
    near = client.place(**stop(**contract, quantity="500", triggerprice="1400.00", price="1390.00"))

    assert "lot size" in odd["message"]
    assert "Permissible range" in wide["message"]
    assert near["status"] is True


def test_consent_opens_a_scrip_under_caution(client):
    answer = client.place(tradingsymbol="VARUNTEX-EQ", symboltoken="21034", price="17.00", scripconsent="yes")

    assert answer["status"] is True


def test_malformed_json_gets_the_vague_answer(client):
    answer = client.http.post(f"{SECURE}/order/v1/placeOrder", content=b'{"variety":').json()

    assert answer["errorcode"] == "AB1004"


def test_unknown_paths_get_the_firewall_page(client):
    page = client.http.get(f"{SECURE}/order/v3/placeOrder")

    assert "Request Rejected" in page.text


def test_master_has_the_rows_that_readers_stumble_over():
    client = Client(login=False)

    rows = client.http.get(MASTER_PATH).json()

    symbols = {(row["exch_seg"], row["symbol"]): row for row in rows}
    assert {("NSE", "SBIN-EQ"), ("BSE", "SBIN"), ("NSE", "M&M-EQ"), ("NSE", "BAJAJ-AUTO-EQ")} <= set(symbols)
    assert ("NSE", "KIRANVAS-BE") in symbols
    assert ("NSE", "KIRANVAS-EQ") not in symbols
    assert {("NSE", "SUZLON-EQ"), ("NSE", "SUZLON-BE")} <= set(symbols)
    assert symbols[("NSE", "BHARTIARTL-EQ")]["tick_size"] == "10.000000"
    assert symbols[("NSE", "Nifty 50")]["strike"] == "0.000000"
    assert {row["exch_seg"] for row in rows if row["token"] == "2885"} == {"NSE", "NFO"}
    assert {row["exch_seg"] for row in rows} == {"NSE", "BSE", "NFO", "BFO", "MCX", "CDS", "NCDEX"}
    assert {type(value) for row in rows for value in row.values()} == {str, bool}
    assert len({(row["exch_seg"], row["token"]) for row in rows}) == len(rows)
