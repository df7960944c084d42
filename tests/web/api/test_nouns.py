"""What the API tells: the same as the pages and commands, from the same rows."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from executor.store.store import Store
from tests.builders import an_id
from tests.house import House
from tests.web.api.client import Program
from tests.web.test_pages import refuse


def test_a_filled_signal_tells_its_whole_story(house: House, program: Program) -> None:
    signal = house.long()

    told = program.get(f"/signals/{signal}").get_json()

    entry = told["orders"][0]
    assert (told["signal"], told["outcome"], told["ticker"], told["strategy"]) == (
        signal,
        "FILLED",
        "NSE:SBIN",
        "trend",
    )
    assert (entry["leg"], entry["status"], entry["filled"]) == ("ENTRY", "FILLED", 10)
    assert Decimal(entry["average"]) > 0
    assert told["received_at"].endswith("Z")
    assert [event["title"] for event in told["events"]].count("Entry: filled") == 1
    assert any(piece["texts"] for event in told["events"] for piece in event["evidence"])
    assert told["latencies_ms"]["fired → received"] >= 0


def test_signals_are_the_log_without_what_became_none(house: House, store: Store, program: Program) -> None:
    signal = house.long()
    refuse(store, 50)

    signals = program.get("/signals").get_json()["items"]
    deliveries = program.get("/deliveries").get_json()["items"]

    assert [line["signal"] for line in signals] == [signal]
    assert {line["signal"] for line in deliveries} == {signal, None}


def test_pages_of_the_log_follow_by_key(store: Store, program: Program) -> None:
    for number in range(100, 105):
        refuse(store, number)

    first = program.get("/deliveries?limit=3").get_json()
    second = program.get(f"/deliveries?limit=3&before={first['next']}").get_json()

    assert [line["delivery"] for line in first["items"] + second["items"]] == [an_id(n) for n in range(104, 99, -1)]
    assert second["next"] is None


def test_filters_narrow_the_log(store: Store, program: Program) -> None:
    refuse(store, 100, body="needle")
    refuse(store, 101, body="hay")

    found = program.get("/deliveries?text=needle&outcome=REFUSED").get_json()["items"]

    assert [line["delivery"] for line in found] == [an_id(100)]
    assert program.get("/deliveries?outcome=FILLED").get_json()["items"] == []
    assert program.get("/deliveries?day=someday").status_code == 422


def test_a_refused_delivery_says_why_and_what_would_help(store: Store, program: Program) -> None:
    refuse(store, 100)

    told = program.get(f"/deliveries/{an_id(100)}").get_json()

    assert told["reason"] and told["remedy"]
    assert (told["signal"], told["events"]) == (None, [])
    assert program.get("/deliveries/none").status_code == 404
    assert program.get(f"/signals/{an_id(100)}").status_code == 404


def test_a_position_tells_the_stop_behind_it(house: House, program: Program) -> None:
    house.long()
    _, stop, target = house.orders()

    [position] = program.get("/positions?strategy=trend").get_json()["items"]

    assert (position["held"], position["protected"], position["danger"]) == (10, True, None)
    assert (position["stop"]["orderid"], position["stop"]["status"]) == (stop["orderid"], "ACCEPTED")
    assert position["targets"][0]["orderid"] == target["orderid"]
    assert Decimal(position["stop"]["trigger"]) < Decimal(position["average"])
    assert program.get(f"/positions/{position['id']}").get_json() == position
    assert program.get("/positions?strategy=other").get_json() == {"items": []}
    assert program.get("/positions/none").status_code == 404


def test_orders_of_a_day_with_the_brokers_words(house: House, program: Program) -> None:
    house.long()

    today = program.get("/orders").get_json()
    another = program.get("/orders?day=2026-11-24&account=default").get_json()

    assert [order["leg"] for order in today["items"]] == ["ENTRY", "STOP", "TARGET"]
    assert (today["day"], another) == ("2026-11-25", {"day": "2026-11-24", "items": []})


def test_profit_is_told_by_day(house: House, program: Program) -> None:
    house.long()

    told = program.get("/profit").get_json()
    backwards = program.get("/profit?from=2026-11-25&to=2026-11-24")
    ever = program.get("/profit?from=0001-01-01")

    [line] = told["items"]
    assert (told["last"], line["strategy"], line["trades"], line["gross"]) == ("2026-11-25", "trend", 1, "0.00")
    assert Decimal(line["net"]) == -Decimal(line["charges"]) < 0
    assert (backwards.status_code, ever.status_code) == (422, 422)


def test_accounts_with_their_limits(house: House, program: Program) -> None:
    told = program.get("/accounts").get_json()["items"]

    [default] = [one for one in told if one["name"] == "default"]
    assert (default["kind"], default["limits"]["max_trades"]) == ("SIMULATOR", None)
    assert program.get("/accounts/default").get_json() == default
    assert program.get("/accounts/none").status_code == 404


def test_what_the_broker_told_of_an_account(house: House, program: Program) -> None:
    house.store.ledger.save_snapshot("default", "FUNDS", {"available": "100000.00"}, at=house.clock.now())

    told = program.get("/funds?account=default").get_json()["items"]

    assert [(one["account"], one["body"]) for one in told] == [("default", {"available": "100000.00"})]
    assert program.get("/funds?account=paper").get_json() == {"items": []}
    assert program.get("/holdings").get_json() == {"items": []}


def test_the_status_tells_traders_and_halts(house: House, program: Program) -> None:
    program.post("/commands", {"kind": "halt", "scope": "account:default", "why": "lunch"})

    told = program.get("/status").get_json()

    [default] = [one for one in told["accounts"] if one["account"] == "default"]
    [halt] = told["halts"]
    assert default["alive"] and isinstance(told["ready"], bool)
    assert (halt["scope"], halt["kind"], halt["why"], halt["resumable"]) == ("account:default", "HALT", "lunch", True)
    assert program.get("/halts").get_json() == {"items": told["halts"]}


def test_the_instrument_table_is_searched_and_asked(house: House, program: Program) -> None:
    found = program.get("/instruments?text=SBIN").get_json()["items"]
    meaning = program.get("/instruments/resolve?ticker=NSE:SBIN").get_json()
    nothing = program.get("/instruments/resolve?ticker=NSE:NOTHING").get_json()
    wrong = program.get("/instruments/resolve?ticker=SBIN&option=maybe")

    assert isinstance(found, list)
    assert (meaning["contract"] is None) != (meaning["refused"] is None)
    assert (nothing["contract"], nothing["code"]) == (None, nothing["code"]) and nothing["refused"]
    assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["option"])
    assert "history" in program.get("/instruments/table").get_json()


def test_the_audit_is_read_page_by_page_to_its_head(house: House, program: Program) -> None:
    house.long()
    head, entries, after = program.get("/audit/head").get_json(), [], 0

    while after is not None:
        page = program.get(f"/audit/entries?after={after}&limit=7").get_json()
        entries += page["items"]
        after = page["next"]

    assert [entry["seq"] for entry in entries] == list(range(1, head["seq"] + 1))
    assert entries[-1]["hash"] == head["hash"]
    assert all(one["prev"] == before["hash"] for before, one in pairwise(entries))


def test_what_the_broker_shows_stands_beside_what_we_hold(house: House, program: Program) -> None:
    house.long()
    row = {"instrument": "NSE:3045", "symbol": "SBIN-EQ", "product": "INTRADAY", "quantity": 15}
    house.store.ledger.save_snapshot("default", "POSITIONS", {"positions": [row]}, at=house.clock.now())

    told = program.get("/accounts/default/positions").get_json()

    [sbin] = told["items"]
    assert (sbin["broker"], sbin["ours"], sbin["foreign"], sbin["is_missing"]) == (15, 10, 5, False)
    assert told["at"] is not None
    assert program.get("/accounts/none/positions").status_code == 404
