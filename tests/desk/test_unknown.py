"""Sends whose fate is unknown: found by tag, NOT_PLACED after clean reads, or found late and wound up (F-15…F-25)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from executor.broker.port import Broker, Session
from executor.domain.bracket import BracketState
from executor.domain.ids import SignalId
from executor.domain.intent import Intent, RefusalReason, Refused, Sent
from executor.domain.reading import Query, Reading
from executor.domain.signal import Outcome
from tests.house import House


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_entry_accepted_on_a_cut_connection_is_found_by_its_tag_and_protected(house: House) -> None:
    house.fault("placeOrder", "cut_after")
    signal = house.signal("buy", price="800")

    house.run(8)

    entry, stop, target = house.orders()
    assert (entry["filled"], stop["status"], target["status"]) == (10, "trigger pending", "open")
    assert house.ended(signal).outcome is Outcome.FILLED
    assert len(house.requests("placeOrder")) == 3


def test_an_entry_that_never_arrived_is_not_placed_and_never_sent_again(house: House) -> None:
    house.fault("placeOrder", "cut_before")
    signal = house.signal("buy", price="800")

    house.run(60)

    assert house.orders() == []
    assert len(house.requests("placeOrder")) == 1
    assert house.ended(signal).outcome is Outcome.NOT_PLACED
    assert [bracket.state for bracket in house.brackets()] == [BracketState.CLOSED]


def test_not_placed_waits_for_six_clean_reads_begun_up_to_13_s_after_the_send(house: House) -> None:
    house.fault("placeOrder", "cut_before")
    signal = house.signal("buy", price="800")

    house.run(12)
    before = house.stored(signal).outcome
    house.run(4)

    assert (before, house.ended(signal).outcome) == (None, Outcome.NOT_PLACED)


def test_a_lane_can_be_used_again_after_not_placed(house: House) -> None:
    house.fault("placeOrder", "cut_before")
    house.signal("buy", price="800")
    house.run(20)

    second = house.signal("buy", price="800")
    house.run(8)

    assert house.ended(second).outcome is Outcome.FILLED
    assert (house.net(), house.stopped()) == (10, 10)


def test_an_entry_accepted_20_s_late_is_protected_and_flattened(house: House) -> None:
    house.fault("placeOrder", "late", seconds=20)
    signal = house.signal("buy", price="800")
    house.run(18)
    before = house.ended(signal).outcome

    house.run(30)

    entry, stop = house.orders()
    shown = [version for version in stop["history"] if version["status"] == "trigger pending"]
    assert before is Outcome.NOT_PLACED
    assert (at(shown[0]["at"]) - at(entry["placed_at"])).total_seconds() <= 10
    assert house.net() == 0
    assert house.working() == []
    assert house.ended(signal).outcome is Outcome.FILLED
    assert "was NOT_PLACED" in (house.ended(signal).reason or "")
    assert len([text for text in house.said("outcome") if "NOT_PLACED" in text]) == 2  # the verdict, and its correction
    assert len(house.said("recovered")) == 1


def test_a_late_entry_that_only_rests_is_cancelled(house: House) -> None:
    house.price("803")
    house.fault("placeOrder", "late", seconds=20)
    signal = house.signal("buy", price="800")

    house.run(45)

    (entry,) = house.orders()
    assert (entry["status"], entry["filled"]) == ("cancelled", 0)
    assert house.ended(signal).outcome is Outcome.NOT_FILLED
    assert all(bracket.state is BracketState.CLOSED for bracket in house.brackets())


def test_a_late_entry_that_fills_in_part_has_the_rest_cancelled_and_the_part_flattened(house: House) -> None:
    house.price("803")
    house.fault("placeOrder", "late", seconds=20)
    signal = house.signal("buy", price="800")
    house.run(20.5)
    house.fill(house.orders()[0], 4)

    house.run(30)

    assert house.orders()[0]["status"] == "cancelled"
    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.PARTLY_FILLED


def test_a_late_entry_is_wound_up_beside_a_new_position_of_its_lane(house: House) -> None:
    house.fault("placeOrder", "late", seconds=25)
    house.signal("buy", price="800")
    house.run(18)
    second = house.signal("buy", price="800")

    house.run(45)

    assert house.ended(second).outcome is Outcome.FILLED
    assert (house.net(), house.stopped()) == (10, 10)


def test_a_stop_cut_after_its_acceptance_is_found_and_stands_alone(house: House) -> None:
    house.fault("placeOrder", "cut_after", match={"ordertype": "STOPLOSS_LIMIT"})
    house.long()
    house.run(30)

    assert (house.net(), house.stopped()) == (10, 10)
    assert len(house.orders(type="STOPLOSS_LIMIT")) == 1


def test_a_stop_that_arrives_late_beside_its_second_is_cancelled_on_sight(house: House) -> None:
    house.fault("placeOrder", "late", seconds=12, match={"ordertype": "STOPLOSS_LIMIT"})
    house.long()
    house.run(30)

    assert (house.net(), house.stopped()) == (10, 10)
    assert len(house.orders(type="STOPLOSS_LIMIT")) == 2


def test_two_orders_at_the_broker_with_one_tag_are_not_taken_for_one(house: House) -> None:
    house.resting_long()
    entry = house.orders()[0]
    twin = {
        "variety": "NORMAL", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045", "transactiontype": "BUY",
        "exchange": "NSE", "ordertype": "LIMIT", "producttype": "INTRADAY", "duration": "DAY", "price": "700",
        "quantity": "10", "ordertag": entry["tag"],
    }  # fmt: skip
    house.control("order", twin)
    house.run(3)

    house.fill(entry, 10)
    house.run(6)

    assert house.stopped() == 10
    assert [text for text in house.said("foreign") if "SBIN-EQ" in text]


@dataclass
class Liar:
    """A broker that takes the first order and says that it refused it for its rate."""

    broker: Broker
    lies: int = 1

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        return self.broker.open_session(saved, may_log_in=may_log_in)

    def read(self, query: Query) -> Reading:
        return self.broker.read(query)

    def send(self, intent: Intent) -> Sent:
        sent = self.broker.send(intent)
        if not self.lies:
            return sent
        self.lies -= 1
        return Sent(Refused(RefusalReason.RATE, "too many requests"), sent.calls)


def refused_though_taken(house: House) -> SignalId:
    """A long whose entry the broker takes and answers with a refusal."""
    house.wrap_broker = Liar
    house.start()
    house.run(4)
    return house.signal("buy", price="800")


def test_an_order_that_shows_up_after_its_refusal_is_kept_and_not_sent_twice(house: House) -> None:
    signal = refused_though_taken(house)

    house.run(10)

    assert len(house.orders(side="BUY")) == 1
    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_withdrawn_entry_that_was_taken_all_the_same_does_not_stay_told_as_refused(house: House) -> None:
    signal = refused_though_taken(house)
    house.run(0.25)
    house.command("halt")
    house.run(30)

    assert (house.net(), house.working(), len(house.said("recovered"))) == (0, [], 1)
    assert (house.ended(signal).outcome, house.ended(signal).code) == (Outcome.FILLED, None)
    assert "was REFUSED" in (house.ended(signal).reason or "")
