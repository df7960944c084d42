"""Each fault of the wire × each call it can hit: an entry and its exit end once each, nothing is lost or doubled.

The truth is the exchange's. `pytest -s` prints the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.signal import Outcome, Signal, SignalState
from executor.simulator import SimulatorConfig
from executor.store.store import Store
from tests.builders import a_strategy
from tests.house import ACCOUNT, rails
from tests.trader.kept_house import KeptHouse

Fault = Mapping[str, Any]


def refusal(code: str, message: str) -> Fault:
    return {"kind": "refuse", "code": code, "message": message}


def answered(status: int, body: Any) -> Fault:
    return {"kind": "status", "status": status, "body": body}


#: What any call may meet.
ANY: dict[str, Fault] = {
    "cut before": {"kind": "cut_before"},
    "cut after": {"kind": "cut_after"},
    "token dead (AG8001)": refusal("AG8001", "Invalid Token"),
    "token ran out (AG8002)": refusal("AG8002", "Token Expired"),
    "later (AB1004)": refusal("AB1004", "Something Went Wrong, Please Try After Sometime"),
    "OMS session (AB1010)": refusal("AB1010", "AMX Session Expired"),
    "internal (AB2001)": refusal("AB2001", "Internal Error"),
    "unknown code": refusal("AB7777", "no such code"),
    "rate text": {"kind": "rate"},
    "too many (AB1021)": refusal("AB1021", "Too many requests"),
    "firewall page": {"kind": "html"},
    "empty body": {"kind": "empty"},
    "empty body, 400": {"kind": "empty", "status": 400},
    "bad gateway": answered(502, "<html>502 Bad Gateway</html>"),
    '"false", "null"': answered(200, {"status": "false", "message": "Internal", "errorcode": "AB2001", "data": "null"}),
    "no status": answered(200, {"message": "gateway"}),
    "half of a JSON": answered(200, '{"status": true, "message": "SUCC'),
}
WRITE: dict[str, Fault] = {
    **ANY,
    "late": {"kind": "late", "seconds": 6},
    "success, nothing done": {"kind": "drop"},
    "success without an id": answered(200, {"status": True, "message": "SUCCESS", "errorcode": "", "data": None}),
    "invalid (AB1007)": refusal("AB1007", "INVALID PARAMETERS"),
}
PLACE: dict[str, Fault] = {**WRITE, "rejected after success": {"kind": "reject", "text": "Insufficient Funds"}}
BOOK: dict[str, Fault] = {
    **{name: {**fault, "times": 3} for name, fault in ANY.items()},
    "null": {"kind": "null_book", "times": 3},
    "truncated": {"kind": "truncated", "times": 3},
    "15 s behind": {"kind": "lag", "seconds": 15, "times": 3},
}

#: What is hit: the call, which of them (`match`), and what may happen to it.
HITS: dict[str, tuple[str, Mapping[str, str], dict[str, Fault]]] = {
    "login": ("loginByPassword", {}, ANY),
    "profile": ("getProfile", {}, ANY),
    "entry": ("placeOrder", {"transactiontype": "BUY"}, PLACE),
    "stop": ("placeOrder", {"ordertype": "STOPLOSS_LIMIT"}, PLACE),
    "target": ("placeOrder", {"transactiontype": "SELL", "ordertype": "LIMIT"}, PLACE),
    "change": ("modifyOrder", {}, WRITE),
    "cancel": ("cancelOrder", {}, WRITE),
    "order book": ("getOrderBook", {}, BOOK),
    "trade book": ("getTradeBook", {}, BOOK),
    "positions": ("getPosition", {}, BOOK),
    "price": ("getLtpData", {}, ANY),
    "funds": ("getRMS", {}, ANY),
    "holdings": ("getHolding", {}, BOOK),
}
ENDS = {Outcome.FILLED, Outcome.REJECTED, Outcome.NOT_PLACED, Outcome.NOT_FILLED, Outcome.NOTHING_TO_DO}


class Case:
    """One fault at one call, played from the login to the end of the exit."""

    def __init__(self, store: Store, clock: ManualClock, ids: Ids) -> None:
        self.store, self.clock, self.ids = store, clock, ids

    def play(self, route: str, fault: Fault, match: Mapping[str, str]) -> tuple[Signal, Signal]:
        strategy = a_strategy(account=ACCOUNT, rails=rails())
        config = SimulatorConfig(seed=3)
        self.house = house = KeptHouse(self.store, self.clock, self.ids, strategy=strategy, simulator=config)
        house.price("800")
        early = route in ("loginByPassword", "getProfile")
        if early:
            house.fault(route, **{"match": match, **fault})
        house.until(lambda: house.book.evidence.reconciled, within=120)
        house.run(2)
        if not early:
            house.fault(route, **{"match": match, **fault})
        entry = house.signal("buy", price="800")
        self._until_ended(entry)
        house.run(4)
        exit_ = house.signal("exit", price="800")
        self._until_ended(exit_)
        house.until(lambda: house.net() == 0 and not house.working(), within=60)
        return house.ended(entry), house.ended(exit_)

    def _until_ended(self, signal: Any) -> None:
        self.house.until(lambda: self.house.stored(signal).state is SignalState.ENDED, within=90)

    def check(self, entry: Signal, exit_: Signal) -> None:
        """Nothing lost, nothing doubled, by the exchange's own account."""
        house = self.house
        bought = [fill["quantity"] for fill in house.state()["fills"] if fill["side"] == "BUY"]
        tags = [order["tag"] for order in house.orders()]
        assert entry.outcome in ENDS
        assert exit_.outcome in ENDS
        assert len(tags) == len(set(tags))
        assert sum(bought) in (0, 10), "more was bought than asked for"
        assert (entry.outcome is Outcome.FILLED) is bool(bought)
        assert house.net() == 0
        assert house.working() == []


@pytest.mark.parametrize(("name", "words"), [(name, words) for name, hit in HITS.items() for words in hit[2]])
def test_a_fault_leaves_one_outcome_each_and_nothing_lost_or_doubled(
    store: Store, clock: ManualClock, ids: Ids, name: str, words: str
) -> None:
    route, match, faults = HITS[name]
    case = Case(store, clock, ids)

    entry, exit_ = case.play(route, faults[words], match)

    sends = len(case.house.requests("placeOrder"))
    told = f"entry {entry.outcome}, exit {exit_.outcome}, {sends} placed. {entry.reason or ''}"
    print(f"\n{name:11} {words:24} {told[:110]}")
    case.check(entry, exit_)
