"""The instrument file: what is made by rule, in both sizes, and how it breaks."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from itertools import pairwise
from typing import Any

import httpx
import pytest

from executor.clock import SimulatedClock
from executor.simulator import SimulatorConfig, SimulatorServer
from executor.simulator.exchange.instrument import Instrument
from executor.simulator.holidays import published
from executor.simulator.master import Listing
from executor.simulator.wire.http import MASTER_PATH
from tests.simulator.harness import Client

WEDNESDAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def few() -> list[Instrument]:
    return list(Listing(WEDNESDAY))


@pytest.fixture(scope="module")
def real() -> Listing:
    return Listing(WEDNESDAY, size=60_000)


def of(listed: list[Instrument], exchange: str, name: str, kind: str) -> list[Instrument]:
    return [one for one in listed if (one.exchange, one.name, one.kind[:3]) == (exchange, name, kind)]


def expiries(listed: list[Instrument]) -> list[str]:
    return [f"{day}" for day in sorted({one.expires for one in listed if one.expires})]


def test_weekly_options_exist_for_nifty_and_sensex_alone(few: list[Instrument]) -> None:
    assert expiries(of(few, "NFO", "NIFTY", "OPT")) == ["2026-12-01", "2026-12-08", "2026-12-29", "2027-01-26"]
    assert expiries(of(few, "BFO", "SENSEX", "OPT")) == ["2026-11-26", "2026-12-03", "2026-12-31"]
    assert expiries(of(few, "NFO", "BANKNIFTY", "OPT")) == ["2026-12-29", "2027-01-26"]
    assert expiries(of(few, "NFO", "RELIANCE", "OPT")) == ["2026-12-29", "2027-01-26"]


def test_an_expiry_on_a_holiday_comes_the_trading_day_before() -> None:
    listed = list(Listing(date(2026, 11, 18), published()))

    assert expiries(of(listed, "NFO", "NIFTY", "OPT"))[0] == "2026-11-23"  # the 24th is one
    assert expiries(of(listed, "NFO", "M&M", "FUT"))[0] == "2026-11-23"


@pytest.mark.parametrize(
    ("exchange", "name", "count"),
    [("NFO", "NIFTY", 10), ("NFO", "BANKNIFTY", 10), ("BFO", "SENSEX", 10), ("NFO", "RELIANCE", 10)],
)
def test_strikes_lie_on_both_sides_of_the_spot_without_a_gap(
    few: list[Instrument], exchange: str, name: str, count: int
) -> None:
    spot = {"NIFTY": 25000, "BANKNIFTY": 56000, "SENSEX": 82000, "RELIANCE": 1420}[name]
    for expiry in {one.expires for one in of(few, exchange, name, "OPT")}:
        for right in ("CE", "PE"):
            chain = [one for one in of(few, exchange, name, "OPT") if one.expires == expiry]
            strikes = sorted(one.strike for one in chain if one.strike and one.option_type == right)

            assert len({b - a for a, b in pairwise(strikes)}) == 1
            assert sum(strike < spot for strike in strikes) >= count
            assert sum(strike > spot for strike in strikes) >= count


def test_symbols_are_spelt_as_each_exchange_does(few: list[Instrument]) -> None:
    symbols = {(one.exchange, one.symbol) for one in few}

    assert {
        ("NFO", "NIFTY01DEC2625050CE"),
        ("NFO", "VEDL29DEC26457.5PE"),
        ("NFO", "M&M29DEC26FUT"),
        ("NFO", "BAJAJ-AUTO29DEC269050CE"),
        ("BFO", "SENSEX26NOV82100CE"),
        ("BFO", "SENSEX26D0382000PE"),
        ("BFO", "SENSEX5026DECFUT"),
        ("BFO", "RELIANCE26DEC1420CE"),
        ("MCX", "CRUDEOILM17DEC26FUT"),
        ("MCX", "GOLDM04DEC26FUT"),
    } <= symbols


def test_no_contract_is_listed_twice_under_two_symbols(few: list[Instrument]) -> None:
    meanings = Counter((one.exchange, one.name, one.expiry, one.strike, one.option_type) for one in few if one.expiry)

    assert meanings.most_common(1)[0][1] == 1


@pytest.mark.parametrize("day", [date(2026, 11, 25), date(2026, 12, 1), date(2026, 12, 29), date(2027, 3, 1)])
def test_each_contract_is_found_by_its_token_and_keeps_it_on_other_days(few: list[Instrument], day: date) -> None:
    listing = Listing(day)
    made = [one for one in listing if one.key not in {written.key for written in listing.written}]
    before = {one.symbol: one.key for one in few if one.underlying}

    assert all(listing.find(one.key) == one for one in made)
    assert all(before.get(one.symbol, one.key) == one.key for one in made if one.underlying)


def test_nothing_is_found_under_other_tokens() -> None:
    listing = Listing(WEDNESDAY)

    for token in ("", "x", "26000", "101", "101951", "101000999", "101951xyz", "101951001", "999951499"):
        assert listing.find(("NFO", token)) is None
    assert listing.find(("CDS", "101951499")) is None


# -- of real size


def test_the_large_file_has_the_segments_in_real_proportions(real: Listing) -> None:
    rows = list(real.rows(lambda _one: True))
    count = Counter(row["exch_seg"] for row in rows)

    assert abs(len(rows) - 60_000) < 600
    assert count["NFO"] > count["BFO"] > count["MCX"] > count["CDS"] > count["NCDEX"] > 0
    assert min(count["NSE"], count["BSE"]) > 1000
    assert len({(row["exch_seg"], row["token"]) for row in rows}) == len(rows)


def test_the_large_file_holds_the_small_one(real: Listing, few: list[Instrument]) -> None:
    assert {one.key: one.symbol for one in few}.items() <= {one.key: one.symbol for one in real}.items()


def test_rows_have_the_shape_of_the_real_file(real: Listing) -> None:
    for row in real.rows(lambda _one: True):
        assert re.fullmatch(r"-?\d+\.\d{6}|", row["strike"]), row
        assert re.fullmatch(r"-?\d+\.\d{6}", row["tick_size"]), row
        assert re.fullmatch(r"(\d\d[A-Z]{3}\d{4})?", row["expiry"]), row
        assert type(row["is_cas_enabled"]) is bool
        assert row["token"]
        assert row["symbol"]


def test_what_nobody_here_trades_is_in_the_file_and_not_at_the_exchange() -> None:
    client = Client()
    strangers = [one for one in client.master() if one["token"] in ("26000", "999001") or one["exch_seg"] == "CDS"]

    assert len(strangers) > 2
    for one in strangers:
        asked = {"exchange": one["exch_seg"], "tradingsymbol": one["symbol"], "symboltoken": one["token"]}
        assert client.post("/order/v1/getLtpData", asked)["status"] is False


def test_a_contract_of_the_large_file_gets_its_price_when_it_is_asked_for(real: Listing) -> None:
    client = Client(master_rows=60_000)
    family = next(one for one in real if one.exchange == "NFO" and one.token.startswith("399"))
    asked = {"mode": "LTP", "exchangeTokens": {"NFO": [family.token]}}

    first, again = (client.post("/market/v1/quote/", asked)["data"]["fetched"] for _ in range(2))

    assert first == again
    assert first[0]["ltp"] > 0
    assert len(client.state()["prices"]) < 100


def test_what_has_expired_is_gone_from_the_file() -> None:
    client = Client()
    client.go("2026-11-26 16:00")

    left = client.master()

    assert all(one["expiry"] != "26NOV2026" for one in left)
    assert any(one["expiry"] == "01DEC2026" for one in left)


# -- over a socket, and broken


def test_the_file_comes_in_pieces_over_a_kept_connection() -> None:
    with SimulatorServer(SimulatorConfig(), SimulatedClock(None)) as server:
        base = server.describe()["base_url"]
        with httpx.Client(base_url=base) as http, http.stream("GET", MASTER_PATH) as answer:
            assert answer.headers["Transfer-Encoding"] == "chunked"
            pieces = list(answer.iter_bytes())
            assert len(json.loads(b"".join(pieces))) > 1000


def fetch(kind: str, **detail: Any) -> httpx.Response:
    client = Client(login=False)
    client.fault("master", kind, **detail)
    return client.http.get(MASTER_PATH)


def test_a_file_can_break_off_be_a_page_or_be_missing() -> None:
    with pytest.raises(json.JSONDecodeError):
        fetch("truncated").json()
    assert fetch("html").text.startswith("<html>")
    assert fetch("status", status=404, body="Not Found").status_code == 404
    assert fetch("empty").text == ""


def test_a_file_can_lack_rows_a_segment_or_a_column_or_have_tokens_twice() -> None:
    whole = len(Client(login=False).master())

    assert len(fetch("fewer_rows", of=10).json()) == -(-whole // 10)
    assert {one["exch_seg"] for one in fetch("no_segment", segment="NFO").json()} & {"NFO"} == set()
    assert all("strike" not in one for one in fetch("no_column", column="strike").json())
    assert len(fetch("doubled").json()) == 2 * whole


def test_a_fault_of_the_file_strikes_no_call_and_one_of_all_calls_not_the_file() -> None:
    client = Client(login=False)

    assert client.control("fault", {"route": "placeOrder", "kind": "doubled"}).status_code == 422
    assert client.control("fault", {"route": "master", "kind": "reject", "text": "x"}).status_code == 422
    client.fault("*", "html")
    assert len(client.master()) > 1000
