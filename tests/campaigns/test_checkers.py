"""Each checker speaks when what it watches is broken, and only then: a clean day, made by hand, with one change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from executor.domain.bracket import Role
from executor.domain.delivery import Verdict
from executor.domain.signal import Outcome, SignalState
from tests.campaigns.checkers import CHECKERS, check
from tests.campaigns.handmade import (
    BOUGHT,
    ENTRY,
    EXIT,
    LANES,
    LEFT,
    STOP,
    TARGET,
    Change,
    Made,
    a_day,
    at,
    iso,
    made,
    tag_of,
)
from tests.campaigns.handmade_lives import LIVES, LONG, added, stop_moves
from tests.campaigns.handmade_nights import NIGHTS, with_sessions
from tests.campaigns.handmade_people import PEOPLE
from tests.campaigns.handmade_record import RECORD

#: 15:31.
_CLOSED = (6 * 60 + 11) * 60.0

# -- alerts ------------------------------------------------------------------------------------------------------


def _unended(day: Made) -> None:
    day.signals[LEFT].state, day.signals[LEFT].outcome = SignalState.WORKING, None


def _ended(outcome: Outcome) -> Change:
    def change(day: Made) -> None:
        day.signals[BOUGHT].outcome = outcome

    return a_day(change)


def _taken(kind: str) -> Change:
    return a_day(lambda day: day.alert(1, "exit", LEFT, kind=kind, body={"size": 39}))


def _answered_500(day: Made) -> None:
    day.alert(1, "buy", None, 500, body={"n": 1})
    day.alert(6, "buy", BOUGHT, 202, body={"n": 1})
    object.__setattr__(day.posts[-2].message, "body", day.posts[-1].message.body)


def _kept_otherwise(day: Made) -> None:
    day.deliveries[0].verdict = Verdict.REFUSED


def _never_placed(day: Made) -> None:
    day.alert(3, "buy", "signal-other", lane=LANES["bare"])
    day.signal("signal-other", Outcome.REFUSED)


def _never_left(day: Made) -> None:
    """The target moves and nobody takes it; the stop stays."""
    for name in (TARGET, STOP):
        order = day.exchange_orders[f"{name}-1"]
        order["history"].pop()
        order |= order["history"][-1] | {"updated_at": order["history"][-1]["at"]}
    day.orders[tag_of(TARGET)].filled = 0
    day.fills.pop()


ALERTS = [
    ("lost", "lost: signal-out was acknowledged", a_day(lambda day: day.signals.pop(LEFT))),
    ("lost", "lost: signal-out is WORKING at the day's end", a_day(_unended)),
    ("lost", "untrue: signal-in is told as NOT_FILLED, 10 of 10", _ended(Outcome.NOT_FILLED)),
    ("lost", "untrue: signal-in is told as PARTLY_FILLED", _ended(Outcome.PARTLY_FILLED)),
    ("lost", "untrue: signal-in is told as EXPIRED", _ended(Outcome.EXPIRED)),
    ("answered", "forged: a forged alert was answered 202", _taken("forged")),
    ("answered", "forged: a bad alert was answered 202", _taken("bad")),
    ("answered", "turned away: a genuine alert", a_day(lambda day: day.alert(1, "buy", None, 422))),
    ("answered", "broken: an alert was answered 500", a_day(_answered_500)),
    (
        "answered",
        "stowaway: ['from nowhere']",
        a_day(lambda day: day.signal("from nowhere", Outcome.FILLED, "exit")),
    ),
    ("recorded", "unrecorded: {<Verdict.ACCEPTED", a_day(lambda day: day.deliveries.pop())),
    ("recorded", "unrecorded: ", a_day(_kept_otherwise)),
    ("recorded", "unrecorded: ", a_day(lambda day: day.keep(day.posts[0]))),
    ("obeyed", "idle: NSE:", a_day(_never_placed)),
    ("obeyed", "left: 10 of NSE:SBIN", a_day(_never_left)),
]


# -- orders ------------------------------------------------------------------------------------------------------


def _second_entry(day: Made) -> None:
    rests = (1.0, "open", "LIMIT", "802", "0", 0)
    day.order(ENTRY, "BUY", [rests, (4.0, "cancelled", *rests[2:])], attempt=2)


def _other_id(day: Made) -> None:
    day.orders[tag_of(STOP)].broker_id = "another"


def _other_filled(day: Made) -> None:
    day.orders[tag_of(TARGET)].filled = 4


def _rests_on(day: Made) -> None:
    order = day.exchange_orders[f"{STOP}-1"]
    order["history"].pop()
    order |= order["history"][0] | {"updated_at": order["history"][0]["at"]}


def _found_late(day: Made) -> None:
    day.seen[f"{TARGET}-1"] = at(18.5)


def _unread(day: Made) -> None:
    day.requests = [row for row in day.requests if not iso(4.5) < row["at"] < iso(15.5)]


def _writes(count: int, apart: float, *, begin: float = 100) -> Change:
    def change(day: Made) -> None:
        for number in range(count):
            day.writes(begin + number * apart, "cancelOrder", {"orderid": f"no order {number}"})

    return a_day(change)


def _reads(route: str, count: int) -> Change:
    def change(day: Made) -> None:
        for number in range(count):
            day.asks(35.1 + number / 100, route)
        if route == "loginByPassword":
            day.calls += [SimpleNamespace(route=route, request="{}")] * count

    return a_day(change)


def _without(route: str) -> Change:
    def change(day: Made) -> None:
        day.requests = [row for row in day.requests if row["route"] != route]

    return a_day(change)


def _started_again(day: Made) -> None:
    day.lives.append(at(19.9))


def _parked(day: Made) -> None:
    day.exchange_orders[f"{STOP}-1"]["history"][0]["status"] = "after market order req received"
    day.exchange_orders[f"{STOP}-1"]["history"].insert(1, day.exchange_orders[f"{STOP}-1"]["history"][0] | _WAITS)


_WAITS = {"status": "trigger pending"}

ORDERS = [
    ("duplicated", f"duplicated: 2 entry orders of leg {ENTRY}", a_day(_second_entry)),
    (
        "duplicated",
        "duplicated: 20 of NSE:3499 opened for 1 alerts",
        a_day(lambda day: None, strategy="chart", quantity=20),
    ),
    ("orphans", f"orphan: {tag_of(STOP)} is at the exchange", a_day(lambda day: day.orders.pop(tag_of(STOP)))),
    ("orphans", f"orphan: {tag_of(STOP)} is {STOP}-1 at the exchange, another", a_day(_other_id)),
    ("orphans", f"orphan: {tag_of(TARGET)} filled 10 at the exchange, 4", a_day(_other_filled)),
    ("orphans", f"orphan: {tag_of(STOP)} still rests", a_day(_rests_on)),
    ("orphans", f"orphan: {tag_of(TARGET)} was found 10.5 s after", a_day(_found_late)),
    ("watched", "unwatched: no order book for 12.0 s", a_day(_unread)),
    ("rates", "rate: more than 8 writes in 1 s", _writes(9, 0.1)),
    ("rates", "rate: more than 450 writes in 60 s", _writes(451, 0.13)),
    ("rates", "rate: more than 950 writes in 3600 s", _writes(951, 3.7)),
    ("rates", "rate: getOrderBook more than 1 times", _reads("getOrderBook", 2)),
    ("rates", "rate: getTradeBook more than 1 times", _reads("getTradeBook", 2)),
    ("rates", "rate: getPosition more than 1 times", _reads("getPosition", 2)),
    ("rates", "rate: getLtpData more than 10 times", _reads("getLtpData", 11)),
    ("rates", "rate: loginByPassword more than 1 times", _reads("loginByPassword", 2)),
    ("reconciled first", "unreconciled: after the start at 2026-11-25 09:19:48", _without("getPosition")),
    ("reconciled first", "unreconciled: after the start at 2026-11-25 09:19:48", _without("getTradeBook")),
    ("reconciled first", "unreconciled: after the start at 2026-11-25 09:20:19", a_day(_started_again)),
    ("in session", f"closed: {tag_of(STOP)} was parked", a_day(_parked)),
    ("in session", "closed: cancelOrder at 15:31", _writes(1, 0, begin=_CLOSED)),
]


# -- positions ---------------------------------------------------------------------------------------------------


def _overshot(back: float | None) -> Callable[[Made], None]:
    """An exit sells once more what is gone; it is bought back, or not."""

    def change(day: Made) -> None:
        day.leg(EXIT, Role.EXIT, LEFT)
        sold = (21.0, "open", "LIMIT", "790", "0", 0)
        day.order(EXIT, "SELL", [sold, (21.5, "complete", "LIMIT", "790", "0", 10)])
        if back is not None:
            bought = (back - 1, "open", "LIMIT", "800", "0", 0)
            day.order(EXIT, "BUY", [bought, (back, "complete", "LIMIT", "800", "0", 10)], attempt=2)

    return change


def _no_stop(day: Made) -> None:
    del day.exchange_orders[f"{STOP}-1"], day.orders[tag_of(STOP)]
    wanted = {"ordertag": tag_of(STOP)}, {"orderid": f"{STOP}-1"}
    day.requests = [
        row for row in day.requests if not any(one.items() <= (row["body"] or {}).items() for one in wanted)
    ]
    day.calls = [call for call in day.calls if STOP not in call.request]


def _triggered(day: Made) -> None:
    """The stop triggers at 6 s, and the price has left its limit."""
    history = day.exchange_orders[f"{STOP}-1"]["history"]
    history.insert(1, history[0] | {"at": iso(6), "status": "open"})


def _naked_at_the_end(day: Made) -> None:
    _never_left(day)
    order = day.exchange_orders[f"{STOP}-1"]
    order["history"].append(order["history"][0] | {"at": iso(30), "status": "cancelled"})
    order |= order["history"][-1] | {"updated_at": iso(30)}


def _too_much_stop(day: Made) -> None:
    for version in day.exchange_orders[f"{STOP}-1"]["history"]:
        version["quantity"] = 20


def _stop_at(trigger: str, strategy: str = "pair") -> Change:
    def change(day: Made) -> None:
        for version in day.exchange_orders[f"{STOP}-1"]["history"]:
            version["trigger"] = trigger

    return a_day(change, strategy=strategy)


POSITIONS = [
    ("reversed", "reversed: NSE:SBIN was the wrong way round", a_day(_overshot(back=33))),
    ("reversed", "reversed: NSE:RELIANCE was the wrong way round", a_day(_overshot(back=33), strategy="shorts")),
    ("protected", "unprotected: NSE:3045 for 49.9 s", a_day(_no_stop, hold=LONG)),
    ("protected", "unprotected: NSE:3045 for 39.4 s", a_day(_triggered, hold=LONG)),
    ("levelled", f"level: {tag_of(STOP)} waits at 810, a loss of -1.00%", _stop_at("810", "shorts")),
    ("levelled", f"level: {tag_of(STOP)} waits at 400, a loss of 50.12%", _stop_at("400")),
    ("not over covered", "excess: stops for more of NSE:3045", a_day(_too_much_stop, hold=LONG)),
]


CASES = [*ALERTS, *ORDERS, *LIVES, *POSITIONS, *RECORD]


@pytest.mark.parametrize("strategy", LANES)
def test_a_clean_day_is_clean(strategy: str):
    assert check(made(strategy).truth()) == {}


def test_every_checker_has_its_violation():
    assert {checker for checker, _, _ in (*CASES, *NIGHTS, *PEOPLE)} == set(CHECKERS)


@pytest.mark.parametrize(("checker", "sentence", "changed"), CASES, ids=[f"{one[0]}: {one[1][:40]}" for one in CASES])
def test_exactly_one_checker_speaks(checker: str, sentence: str, changed: Change):
    found = check(changed().truth())

    assert set(found) == {checker}, found
    assert any(said.startswith(sentence) for said in found[checker]), found


@pytest.mark.parametrize(("checker", "sentence", "changed"), NIGHTS, ids=[one[0] for one in NIGHTS])
def test_the_checkers_of_nights_speak(checker: str, sentence: str, changed: Change):
    said = check(changed().truth(), [checker]).get(checker, [])

    assert any(one.startswith(sentence) for one in said), said


@pytest.mark.parametrize("strategy", ["pair", "shorts"])
def test_a_clean_day_between_nights_is_clean(strategy: str):
    assert check(a_day(with_sessions, strategy=strategy)().truth()) == {}


# -- what several see, and what none may --------------------------------------------------------------------------


def _more_than_planned(day: Made) -> None:
    day.legs[ENTRY].quantity = 8


@pytest.mark.parametrize(
    ("change", "seen_by", "sentence"),
    [
        (_more_than_planned, {"duplicated", "lost"}, f"duplicated: leg {ENTRY} filled more than its 8"),
        (_overshot(back=None), {"reversed", "protected", "obeyed"}, "reversed: NSE:SBIN is the wrong way round since"),
        (_naked_at_the_end, {"protected", "obeyed"}, "unprotected: NSE:3045 at the day's end"),
    ],
)
def test_what_goes_wrong_for_good_is_seen_by_several(change: Callable[[Made], None], seen_by: set[str], sentence: str):
    found = check(a_day(change)().truth())

    assert set(found) == seen_by
    assert any(said.startswith(sentence) for sentences in found.values() for said in sentences), found


def _died_under_the_cancel(day: Made) -> None:
    day.calls.pop()
    day.lives.append(at(26))


def _left_in_time(day: Made) -> None:
    """The stop never came; the target is moved to the market in time, and trades late."""
    _no_stop(day)
    history = day.exchange_orders[f"{TARGET}-1"]["history"]
    history.insert(1, history[1] | {"at": iso(31), "price": "799"})


def _restarted(day: Made) -> None:
    _unread(day)
    day.lives.append(at(13.5))
    for place, route in enumerate(("getProfile", "getOrderBook", "getTradeBook", "getPosition")):
        day.asks(14.2 + place / 100, route)


def _overshot_while_dead(day: Made) -> None:
    """What an exit oversold is bought back 12 s later, soon after the next start."""
    _overshot(back=33)(day)
    day.lives.append(at(28))
    for place, route in enumerate(("getProfile", "getOrderBook", "getTradeBook", "getPosition")):
        day.asks(28.2 + place / 100, route)


def _closed_by_hand(second: float, *, withdrawn: bool) -> Callable[[Made], None]:
    """A hand sells all; the target is withdrawn, or sells too at the moved price at 20.4 s."""

    def change(day: Made) -> None:
        day.order("", "SELL", [(second, "complete", "LIMIT", "790", "0", 10)], by_us=False)
        if withdrawn:
            history = day.exchange_orders[f"{TARGET}-1"]["history"]
            history[1:] = [history[0] | {"at": iso(second + 2), "status": "cancelled"}]
            day.exchange_orders[f"{TARGET}-1"] |= history[-1] | {"updated_at": iso(second + 2)}
            day.orders[tag_of(TARGET)].filled = 0
            day.fills = [fill for fill in day.fills if fill["tag"] != tag_of(TARGET)]

    return change


def _halted(day: Made) -> None:
    _never_placed(day)
    day.posts[-1] = replace(day.posts[-1], halted=True)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_died_under_the_cancel, id="a call whose process died under it has no answer to keep"),
        pytest.param(_restarted, id="a trader that starts again reads again"),
        pytest.param(_closed_by_hand(10, withdrawn=True), id="a hand may close what is ours"),
        pytest.param(_closed_by_hand(20.3, withdrawn=False), id="a hand quicker by a moment sold what is its own"),
        pytest.param(stop_moves("793", "794.50"), id="a stop may come nearer"),
        pytest.param(added, id="an add moves the average, and the stop with it"),
        pytest.param(_halted, id="what a person has halted is not placed"),
    ],
)
def test_nobody_speaks_without_need(change: Callable[[Made], None]):
    assert check(a_day(change)().truth()) == {}


def test_what_nobody_alive_could_undo_counts_from_the_next_start():
    assert "reversed" in check(a_day(_overshot(back=33))().truth())
    assert "reversed" not in check(a_day(_overshot_while_dead)().truth())


def test_a_restart_does_not_excuse_what_a_living_trader_left_undone():
    day = a_day(_overshot(back=60))()
    day.lives.append(at(55))

    assert "reversed" in check(day.truth())


def test_a_target_that_is_moved_in_time_is_the_forced_exit():
    assert check(a_day(_left_in_time, hold=LONG)().truth()) == {}


def test_a_hand_does_not_excuse_an_exit_that_comes_much_later():
    found = check(a_day(_closed_by_hand(2, withdrawn=False))().truth())

    assert "reversed" in found
