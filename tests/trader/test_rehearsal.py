"""The rehearsal over the simulator: a card for every fault, and nothing left at the broker."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from executor.broker.port import Session
from executor.domain.ids import Ids
from executor.errors import FeedLost, LeaseLost
from executor.trader.rehearsal import Rehearsal
from tests.broker.test_against_simulator import Day
from tests.house import SBIN_EQ


class Stage(Day):
    def __init__(self, ids: Ids) -> None:
        super().__init__()
        self.kept: list[Session] = []
        self.ids = ids
        self.listen: Any = None

    def rehearse(self, saved: Session | None = None) -> Rehearsal:
        made = Rehearsal(
            broker=self.client,
            clock=self.clock,
            ids=self.ids,
            account="default",
            share=SBIN_EQ,
            saved=saved,
            wait=self.clock.advance,
            keep=self.kept.append,
            listen=self.listen,
            read_frame=json.loads,
        )
        self.passed = made.run()
        return made

    def orders(self) -> list[dict[str, Any]]:
        return list(self.state()["orders"])

    def state(self) -> Any:
        with httpx.Client(transport=self.transport, base_url="http://simulator") as http:
            return http.get("/_control/state").json()


@pytest.fixture
def stage(ids: Ids) -> Stage:
    return Stage(ids)


def card(rehearsal: Rehearsal) -> dict[str, bool]:
    return {step.name: step.passed for step in rehearsal.steps}


def failed(rehearsal: Rehearsal) -> list[str]:
    return [f"{step.name}: {step.said}" for step in rehearsal.steps if not step.passed]


def test_a_good_account_passes_every_step_and_leaves_nothing_behind(stage: Stage) -> None:
    rehearsal = stage.rehearse()

    assert stage.passed, failed(rehearsal)
    assert list(card(rehearsal).values()) == [True] * 9
    assert [order["status"] for order in stage.orders()] == ["cancelled", "cancelled"]
    assert [order["quantity"] for order in stage.orders()] == [1, 1]
    assert stage.state()["fills"] == []
    routes = [row["route"] for row in stage.state()["requests"]]
    assert routes.count("loginByPassword") == routes.count("generateTokens") == routes.count("logout") == 1


def test_its_record_holds_no_secret(stage: Stage) -> None:
    rehearsal = stage.rehearse()

    text = json.dumps([str(call) for call in rehearsal.calls])
    for session in stage.kept:
        assert session.jwt not in text
        assert session.refresh not in text
    assert len(stage.kept) == 2


def test_a_session_of_today_is_gone_on_with(stage: Stage) -> None:
    saved = stage.client.open_session(None)
    stage.clock.advance(60)

    rehearsal = stage.rehearse(saved)

    assert stage.passed
    assert "went on" in rehearsal.steps[0].said


@pytest.mark.parametrize(
    ("route", "fault", "step", "words"),
    [
        ("loginByPassword", {"kind": "refuse", "code": "AB1050", "message": "Invalid totp"}, "login", "AB1050"),
        ("getRMS", {"kind": "html"}, "funds", "Request Rejected"),
        ("getLtpData", {"kind": "empty"}, "last price", "empty body"),
        (
            "placeOrder",
            {"kind": "refuse", "code": "AG7002", "message": "Access denied: Unregistered IP address."},
            "limit order placed",
            "SMARTAPI_PUBLIC_IP",
        ),
        ("placeOrder", {"kind": "reject", "text": "Insufficient Funds"}, "limit order placed", "Insufficient Funds"),
        ("placeOrder", {"kind": "drop"}, "limit order placed", "does not show the tag"),
        ("placeOrder", {"kind": "cut_after"}, "limit order placed", "no proof of anything"),
        ("placeOrder", {"kind": "rate", "after": 1}, "stop order placed", "exceeding access rate"),
        ("modifyOrder", {"kind": "drop"}, "limit order changed", "does not show the price"),
        ("modifyOrder", {"kind": "cut_before"}, "limit order changed", "no proof of anything"),
        (
            "generateTokens",
            {"kind": "refuse", "code": "AB8050", "message": "Invalid"},
            "session renewed",
            "used already",
        ),
        ("logout", {"kind": "cut_before"}, "logout", "not answered"),
    ],
)
def test_a_fault_fails_its_step_and_what_was_placed_is_cancelled(
    stage: Stage, route: str, fault: dict[str, Any], step: str, words: str
) -> None:
    stage.control("fault", route=route, times=1, **fault)

    rehearsal = stage.rehearse()

    assert not stage.passed
    told = failed(rehearsal)[0]
    assert told.startswith(step)
    assert words in told
    assert [order for order in stage.orders() if order["status"] in ("open", "trigger pending")] == []


def test_a_cancel_without_effect_is_tried_again_and_then_told_by_number(stage: Stage) -> None:
    stage.control("fault", route="cancelOrder", kind="drop", times=10)

    rehearsal = stage.rehearse()

    working = [order["orderid"] for order in stage.orders() if order["status"] in ("open", "trigger pending")]
    assert not stage.passed
    assert len(working) == 2
    assert all(any(number in told and "app" in told for told in failed(rehearsal)) for number in working)


def test_an_order_that_is_filled_all_the_same_is_told(stage: Stage) -> None:
    def wait(seconds: float) -> None:
        stage.clock.advance(seconds)
        resting = [order for order in stage.orders() if order["status"] == "open"]
        if len(stage.orders()) == 2 and resting:
            stage.control(f"order/{resting[0]['orderid']}/fill")

    made = Rehearsal(
        stage.client, stage.clock, stage.ids, "default", SBIN_EQ, None, wait, stage.kept.append, None, json.loads
    )

    assert not made.run()
    assert any("FILLED: sell the share" in told for told in failed(made))


def interrupted(stage: Stage, what: Callable[[], None]) -> Rehearsal:
    """A rehearsal in which something happens as soon as both orders rest."""

    def wait(seconds: float) -> None:
        stage.clock.advance(seconds)
        if len(resting(stage)) == 2 and not happened:
            happened.append(True)
            what()

    happened: list[bool] = []
    return Rehearsal(
        stage.client, stage.clock, stage.ids, "default", SBIN_EQ, None, wait, stage.kept.append, None, json.loads
    )


def resting(stage: Stage) -> list[str]:
    return [order["orderid"] for order in stage.orders() if order["status"] in ("open", "trigger pending")]


def test_while_no_book_can_be_read_both_orders_are_cancelled_all_the_same(stage: Stage) -> None:
    books = {"route": "getOrderBook", "kind": "status", "status": 500, "body": "", "times": 1000}

    passed = interrupted(stage, lambda: stage.control("fault", **books)).run()

    assert (passed, resting(stage)) == (False, [])


_DEAD = {"kind": "refuse", "code": "AG8001", "message": "Invalid Token"}


def test_a_session_that_ends_while_both_orders_rest_is_opened_again_to_cancel_them(stage: Stage) -> None:
    def end() -> None:
        for route in ("modifyOrder", "cancelOrder", "getOrderBook", "getProfile"):
            stage.control("fault", route=route, times=2, **_DEAD)

    passed = interrupted(stage, end).run()

    assert (passed, resting(stage)) == (False, [])


def test_where_no_session_can_be_had_any_more_both_orders_are_named(stage: Stage) -> None:
    made = interrupted(stage, lambda: stage.control("fault", route="*", times=1000, **_DEAD))

    assert not made.run()
    assert len(resting(stage)) == 2
    assert all(any(number in told and "app" in told for told in failed(made)) for number in resting(stage))


def test_a_person_who_stops_it_leaves_nothing_at_the_broker(stage: Stage) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted(stage, stop).run()

    assert resting(stage) == []


def test_who_lost_the_lease_still_takes_back_what_was_placed(stage: Stage) -> None:
    advance, waits = stage.clock.advance, [0]

    def wait(seconds: float) -> None:
        waits[0] += 1
        if waits[0] >= 5:
            raise LeaseLost("epoch 1 is over")
        advance(seconds)

    made = Rehearsal(
        stage.client, stage.clock, stage.ids, "default", SBIN_EQ, None, wait, stage.kept.append, None, json.loads
    )
    with pytest.raises(LeaseLost):
        made.run()

    assert [order["status"] for order in stage.orders()] == ["cancelled"]


class Feed:
    """An order feed that says what the book shows, or nothing."""

    def __init__(self, stage: Stage, *, deaf: bool) -> None:
        self.stage, self.deaf, self.closed = stage, deaf, False

    def receive(self, timeout_s: float) -> Any:
        self.stage.clock.advance(timeout_s)
        return None if self.deaf else self.stage.orders()[-1]["tag"]

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("deaf", [False, True])
def test_the_order_feed_is_listened_to_and_decides_nothing(stage: Stage, deaf: bool) -> None:
    feed = Feed(stage, deaf=deaf)
    stage.listen = lambda _session: feed

    rehearsal = Rehearsal(
        stage.client,
        stage.clock,
        stage.ids,
        "default",
        SBIN_EQ,
        None,
        stage.clock.advance,
        stage.kept.append,
        stage.listen,
        lambda tag: SimpleNamespace(tag=tag, state="ACCEPTED"),
    )
    passed = rehearsal.run()

    assert passed
    assert feed.closed
    assert card(rehearsal)["order feed connected"]
    assert card(rehearsal)["order feed tells of the order"] is not deaf


def test_an_order_feed_that_cannot_be_reached_decides_nothing(stage: Stage) -> None:
    def listen(_session: Session) -> Any:
        raise FeedLost("no answer")

    stage.listen = listen

    rehearsal = stage.rehearse()

    assert stage.passed
    assert failed(rehearsal) == ["order feed connected: no answer"]
