"""The derivatives of the generated master, and the orders that do not fit them."""

from __future__ import annotations

from datetime import date

import pytest

from executor.simulator.master import Listing, instruments, rows
from tests.simulator.harness import Client

_WEDNESDAY = date(2026, 11, 25)


def kind(exchange: str, name: str, *types: str) -> list[dict[str, str]]:
    made = rows(instruments(_WEDNESDAY))
    return [r for r in made if (r["exch_seg"], r["name"]) == (exchange, name) and r["instrumenttype"] in types]


def test_it_is_small_and_each_row_is_there_once():
    made = rows(instruments(_WEDNESDAY))

    assert len(made) < 2000
    assert len({(row["exch_seg"], row["token"]) for row in made}) == len(made)
    assert len({(row["exch_seg"], row["symbol"]) for row in made}) == len(made)


@pytest.mark.parametrize(
    ("exchange", "name", "kept"),
    [
        ("NFO", "NIFTY", ["29DEC2026", "26JAN2027", "23FEB2027"]),
        ("NFO", "BANKNIFTY", ["29DEC2026", "26JAN2027", "23FEB2027"]),
        ("NFO", "RELIANCE", ["29DEC2026", "26JAN2027", "23FEB2027"]),
        ("NFO", "SBIN", ["29DEC2026", "26JAN2027", "23FEB2027"]),
        ("MCX", "CRUDEOIL", ["17DEC2026", "14JAN2027", "18FEB2027"]),
    ],
)
def test_futures_stand_in_three_months_each_dearer_than_the_one_before(exchange, name, kept):
    futures = kind(exchange, name, "FUTIDX", "FUTSTK", "FUTCOM")
    listed = Listing(_WEDNESDAY).written
    starts = [one.start for one in listed if (one.exchange, one.name, one.kind[:3]) == (exchange, name, "FUT")]

    assert [row["expiry"] for row in futures] == kept
    assert all(int(row["lotsize"]) > 1 and int(row["freeze_qty"]) > int(row["lotsize"]) for row in futures)
    assert starts == sorted(set(starts))


@pytest.mark.parametrize("today", [date(2026, 11, 24), date(2026, 11, 25), date(2026, 12, 29), date(2027, 1, 1)])
def test_no_contract_has_expired_on_the_day_of_the_master(today):
    expiries = [one.expires for one in instruments(today) if one.expires]

    assert expiries
    assert min(expiries) >= today


def test_nifty_has_calls_and_puts_around_its_price_in_two_weeks_and_reliance_in_its_month():
    nifty, reliance = kind("NFO", "NIFTY", "OPTIDX"), kind("NFO", "RELIANCE", "OPTSTK")

    assert {row["expiry"] for row in nifty} == {"01DEC2026", "08DEC2026", "29DEC2026", "26JAN2027"}
    assert {row["strike"] for row in nifty} >= {"2490000.000000", "2500000.000000", "2510000.000000"}
    assert {(row["strike"], row["symbol"][-2:]) for row in reliance} >= {
        (f"{strike}00.000000", right) for strike in (1400, 1420, 1440) for right in ("CE", "PE")
    }


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"quantity": "1820"}, "freeze"),  # 28 lots of 65: the first quantity refused is 1801
        ({"quantity": "66"}, "lot size 65"),
        ({"price": "25000.05"}, "tick size 0.1"),
    ],
)
def test_what_does_not_fit_the_contract_is_refused_at_once(changes, text):
    client = Client()

    answer = client.place(**{**client.contract("53001", price="25000.00"), **changes})

    assert (answer["status"], answer["errorcode"]) == (False, "AB1007")
    assert text in answer["message"]


def test_the_largest_quantity_below_the_freeze_is_taken():
    client = Client()

    assert client.place(**client.contract("53001", price="24000.00", quantity="1755"))["status"] is True
