"""Square-off, the close, the night and the open, told by the exchange: what rests, what was sold, what never left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, time

import pytest

from executor.domain.bracket import Bracket, BracketState, Leg
from executor.domain.calendar import Hours
from executor.domain.instrument import Segment
from executor.domain.record import Fill, Lane
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome, Signal
from executor.domain.strategy import Gap, Product
from tests.desk.nights import FRIDAY, THURSDAY, WEDNESDAY, Make, Nights, ist
from tests.house import ACCOUNT

# -- the square-off ----------------------------------------------------------------------------------------------------


def test_an_intraday_position_is_left_before_the_broker_does_it(make: Make) -> None:
    house = make()
    house.long()

    house.go(WEDNESDAY, "15:04:58")
    held_before = house.net()
    house.run(10)

    assert (held_before, house.net(), house.working()) == (10, 0, [])
    assert len(house.orders()) == 3  # what rested was re-priced: no order was added
    assert house.brackets()[0].closing_reason == "square-off at 15:05"
    assert house.said("square_off") == ["SBIN-EQ: 10 held leave before the broker squares them off"]


def test_an_entry_that_waits_is_withdrawn_at_the_square_off(make: Make) -> None:
    house = make()
    house.go(WEDNESDAY, "15:04:50")
    house.resting_long()

    house.run(15)

    assert (house.working(), house.net()) == ([], 0)
    assert house.brackets()[0].state is BracketState.CLOSED


def test_a_square_off_that_was_missed_is_made_up_for_after_a_restart(make: Make) -> None:
    house = make()
    house.long()

    house.clock.set(ist(WEDNESDAY, "15:06"))
    house.start()
    house.run(10)

    assert (house.net(), house.working()) == (0, [])


def test_no_intraday_entry_after_the_square_off(make: Make) -> None:
    house = make()
    house.go(WEDNESDAY, "15:06")
    house.run(3)

    signal = house.signal("buy", price="800")
    house.run(3)

    assert house.orders() == []
    assert house.ended(signal).code is RefusalCode.SQUARED_OFF
    assert "it was at 15:05" in (house.ended(signal).reason or "")


def test_a_short_session_moves_the_square_off(make: Make) -> None:
    house = make()
    short_day = Hours(time(9, 15), time(12), time(11, 40), time(11, 30))
    house.book.calendar = replace(house.book.calendar, specials={(Segment.NSE, WEDNESDAY): short_day})
    house.long()

    house.go(WEDNESDAY, "11:34:58")
    held_before = house.net()
    house.run(10)

    assert (held_before, house.net()) == (10, 0)


def test_what_the_broker_squared_off_first_is_not_protected_again(make: Make) -> None:
    house = make()
    house.long()

    house.clock.set(ist(WEDNESDAY, "15:16"))  # nobody ran: the broker's square-off was at 15:15
    house.start()
    house.run(20)

    assert house.net() == 0
    assert house.working() == []
    assert [row["side"] for row in house.writes(ist(WEDNESDAY, "15:00"))] == ["SELL"]  # the broker's own
    assert house.brackets()[0].state is BracketState.CLOSED
    assert house.brackets()[0].outside == 10


def test_an_intraday_position_whose_end_nobody_saw_is_closed_the_next_morning(make: Make) -> None:
    house = make()
    house.long()

    house.clock.set(ist(THURSDAY, "09:10"))
    house.start()
    house.run(20)

    assert house.writes(ist(THURSDAY, "09:00")) == []
    assert house.brackets()[0].state is BracketState.CLOSED
    assert "squared off by the broker while nobody watched" in house.said("outside")[0]


# -- an exit after the close -------------------------------------------------------------------------------------------


def test_an_exit_after_the_close_is_the_first_order_of_the_next_session(carried: Nights) -> None:
    carried.go(WEDNESDAY, "16:00")
    signal = carried.signal("exit")
    carried.run(5)
    in_the_evening = carried.writes(ist(WEDNESDAY, "15:45"))
    carried.night(THURSDAY)
    carried.run(10)

    first = carried.writes(ist(THURSDAY, "09:00"))[0]
    assert in_the_evening == []
    assert (first["side"], first["quantity"], first["type"]) == ("SELL", 10, "LIMIT")
    assert (carried.net(), len(carried.writes(ist(THURSDAY, "09:00")))) == (0, 1)
    assert carried.ended(signal).outcome is Outcome.FILLED


def test_an_exit_after_the_close_of_an_intraday_position_has_nothing_to_do(make: Make) -> None:
    house = make()
    house.long()
    house.clock.set(ist(WEDNESDAY, "16:00"))
    house.start()

    signal = house.signal("exit")
    house.run(2)

    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert house.ended(signal).code is RefusalCode.SQUARED_OFF


# -- the night and its morning -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("restart", [False, True])
def test_a_carried_position_has_its_stop_again_at_the_open(carried: Nights, restart: bool) -> None:
    carried.go(WEDNESDAY, "15:31")
    carried.run(35)
    bracket_at_night, stopped_at_night = carried.brackets()[0], carried.stopped()

    carried.night(THURSDAY, restart=restart)
    before_the_open = carried.writes(ist(WEDNESDAY, "15:31"))[:-1]
    carried.run(5)

    assert (bracket_at_night.state, stopped_at_night) == (BracketState.OPEN, 0)
    assert before_the_open == []
    assert carried.stopped() == 10
    assert [row["type"] for row in carried.writes(ist(THURSDAY, "09:00"))] == ["STOPLOSS_LIMIT"]
    assert "what is held has none until the next open" in carried.said("night")[0]
    assert carried.said("unprotected") == []


def test_a_position_is_carried_for_days_over_a_weekend(carried: Nights) -> None:
    carried.night(THURSDAY)
    carried.run(5)
    carried.night(FRIDAY)
    carried.run(5)
    carried.night(FRIDAY.replace(day=30))
    carried.run(5)

    assert carried.stopped() == 10
    assert carried.brackets()[0].state is BracketState.OPEN
    assert carried.said("taken_away") == []


def test_the_book_does_not_grow_with_the_days(carried: Nights) -> None:
    sizes = []
    for day in (THURSDAY, FRIDAY, FRIDAY.replace(day=30)):
        carried.night(day)
        carried.run(5)
        sizes.append({kind: len(carried.book.rows.tables[kind]) for kind in (Signal, Lane, Bracket, Leg, Fill)})
        carried.signal("buy", price="800", trade="in and out")
        carried.run(6)
        carried.signal("exit", trade="in and out")
        carried.run(6)

    assert carried.net() == 10
    assert sizes[1] == sizes[2]
    assert carried.book.report_hashes == carried.store.recovery.load_book(ACCOUNT, FRIDAY.replace(day=30)).report_hashes


def test_no_entry_of_the_account_comes_before_the_stop_of_what_is_carried(carried: Nights) -> None:
    carried.night(THURSDAY, at="09:14:58")
    carried.fault("getLtpData", "status", status=500, body="", times=4)
    carried.clock.set(ist(THURSDAY, "09:15"))
    entry = carried.signal("buy", price="800", trade="second")
    carried.run(12)

    first, *others = carried.writes(ist(THURSDAY, "09:00"))
    assert first["type"] == "STOPLOSS_LIMIT"
    assert [row["side"] for row in others[:1]] == ["BUY"]
    assert carried.ended(entry).outcome is Outcome.FILLED


@pytest.mark.parametrize("before", ["09:14:53", "09:14:58.6"])
def test_an_entry_of_the_first_second_waits_for_our_clock_to_open_too(make: Make, before: str) -> None:
    house = make()
    house.clock.set(ist(WEDNESDAY, "15:41"))
    house.night(THURSDAY, at=before)

    entry = house.signal("buy", price="800", ago=-1.5)  # fired by a clock that is ahead of ours
    house.run(8)

    waited = before == "09:14:58.6"
    assert house.ended(entry).outcome is (Outcome.FILLED if waited else Outcome.REFUSED)
    assert all(row["placed_at"] >= ist(THURSDAY, "09:15").astimezone(UTC).isoformat() for row in house.orders())


@pytest.mark.parametrize("refused_first", [False, True])
def test_no_entry_comes_while_the_exit_of_what_is_carried_is_in_doubt(carried: Nights, refused_first: bool) -> None:
    carried.night(THURSDAY, at="09:10")
    carried.price("780")
    if refused_first:
        carried.fault("placeOrder", "refuse", code="AB4008", message="ordertag length should be less than 20")
    carried.fault("placeOrder", "cut_before")
    carried.go(THURSDAY, "09:15")
    carried.run(3 if refused_first else 1)

    entry = carried.signal("buy", price="780", trade="other")
    carried.run(45)

    exit_, *entered = [row["side"] for row in carried.writes(ist(THURSDAY, "09:15"))][:2]
    assert (exit_, entered) == ("SELL", ["BUY"])
    assert carried.ended(entry).outcome is Outcome.FILLED


def test_a_gap_through_the_stop_leaves_at_once(carried: Nights) -> None:
    carried.night(THURSDAY, at="09:10")
    carried.price("780")
    carried.go(THURSDAY, "09:15")
    carried.run(6)

    (exit_,) = carried.writes(ist(THURSDAY, "09:00"))
    assert (exit_["type"], exit_["status"], carried.net()) == ("LIMIT", "complete", 0)
    assert carried.said("gap") == ["SBIN-EQ: gap, the first price 780.0 lies beyond the stop 792.00; it leaves"]


def test_a_gap_may_get_a_stop_again_where_it_can_rest(make: Make) -> None:
    house = make(product=Product.DELIVERY, gap=Gap.STOP_AGAIN)
    house.long()
    house.night(THURSDAY, at="09:10")
    house.price("780")
    house.go(THURSDAY, "09:15")
    house.run(6)

    (stop,) = house.writes(ist(THURSDAY, "09:00"))
    assert (stop["type"], stop["trigger"], house.net()) == ("STOPLOSS_LIMIT", "772.20", 10)
    assert "a stop is placed again at 772.20" in house.said("gap")[0]


def test_without_any_price_the_stop_is_placed_all_the_same(carried: Nights) -> None:
    carried.night(THURSDAY, at="09:10")
    carried.fault("getLtpData", "status", status=500, body="", times=500)
    carried.go(THURSDAY, "09:15")
    carried.run(8)

    assert carried.stopped() == 10
