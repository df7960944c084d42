"""What is read out of a day's truth: what was held when, and how much of it stops covered."""

from __future__ import annotations

from executor.domain.bracket import Role
from tests.campaigns.handmade import ENTRY, LANES, STOP, TARGET, Made, at, iso, made, tag_of
from tests.campaigns.truth import over_covered, path_of, unprotected

SBIN = LANES["pair"].share.key


def test_a_stop_of_the_very_moment_of_its_fill_leaves_nothing_unprotected():
    day = made()
    for name in ("at", "placed_at"):
        day.exchange_orders[f"{STOP}-1"][name] = iso(0.5)
    day.exchange_orders[f"{STOP}-1"]["history"][0]["at"] = iso(0.5)

    assert unprotected(day.truth()) == []


def test_a_span_without_stop_lasts_from_the_fill_to_the_stop():
    spans = unprotected(made().truth())

    assert [(span.share, span.begin, span.end, span.open) for span in spans] == [(SBIN, at(0.5), at(1.5), False)]


def test_a_stop_that_triggered_and_does_not_trade_covers_nothing_after_5_s():
    day = made()
    history = day.exchange_orders[f"{STOP}-1"]["history"]
    history.insert(1, history[0] | {"at": iso(6), "status": "open"})

    spans = unprotected(day.truth())

    assert [(span.begin, span.end) for span in spans] == [(at(0.5), at(1.5)), (at(11), at(20.4))]


def test_a_stop_that_rests_after_the_exit_covers_more_than_is_held():
    spans = over_covered(made().truth())

    assert [(span.begin, span.end) for span in spans] == [(at(20.4), at(22))]


def test_what_we_hold_follows_our_fills_and_the_account():
    steps = list(path_of(_sold_by_hand(10, 4).truth(), SBIN))

    assert [(step.at, step.before, step.after) for step in steps] == [
        (at(0.5), 0, 10),
        (at(10), 10, 6),
        (at(20.4), 6, 0),
    ]


def test_what_a_hand_sells_beyond_ours_is_its_own():
    steps = list(path_of(_sold_by_hand(30, 10).truth(), SBIN))

    assert [(step.before, step.after) for step in steps] == [(0, 10), (10, 0), (0, 0)]


def test_an_order_of_ours_that_trades_with_a_hand_counts_and_the_hand_sold_its_own():
    steps = list(path_of(_sold_by_hand(20, 10, left=10).truth(), SBIN))

    assert [(step.before, step.after) for step in steps] == [(0, 10), (10, 0), (0, 0)]


def test_a_hand_that_sold_in_two_parts_beside_an_order_of_ours_sold_its_own():
    day = _sold_by_hand(20, 4, left=10)
    day.order("", "SELL", [(20.1, "complete", "LIMIT", "790", "0", 6, 6)], by_us=False)

    steps = list(path_of(day.truth(), SBIN))

    assert [(step.before, step.after) for step in steps] == [(0, 10), (10, 6), (6, 0), (0, 0)]


def test_what_ours_sold_beside_a_hand_and_bought_back_was_closed_by_the_hand():
    day = _sold_by_hand(20, 10, left=10)
    day.order(STOP, "BUY", [(22.5, "complete", "LIMIT", "810", "0", 10, 10)], attempt=9)

    steps = list(path_of(day.truth(), SBIN))

    assert [(step.before, step.after) for step in steps] == [(0, 10), (10, 0), (0, 0), (0, 0)]
    day.order(ENTRY, "SELL", [(60, "complete", "LIMIT", "790", "0", 10, 10)], attempt=9)
    assert list(path_of(day.truth(), SBIN))[-1].after == -10  # what is entered next counts in full


def test_only_what_a_hand_closed_a_moment_before_is_its_own():
    day = _sold_by_hand(2, 6, left=10)
    day.order("", "SELL", [(12, "complete", "LIMIT", "790", "0", 4, 4)], by_us=False)

    steps = list(path_of(day.truth(), SBIN))

    assert [(step.before, step.after) for step in steps] == [(0, 10), (10, 4), (4, 0), (0, -6)]


def test_an_order_of_ours_that_trades_long_after_a_hand_is_one_too_many():
    steps = list(path_of(_sold_by_hand(4, 10, left=10).truth(), SBIN))

    assert [(step.before, step.after) for step in steps] == [(0, 10), (10, 0), (0, -10)]


def test_what_a_hand_oversold_takes_nothing_away_from_what_is_entered_later():
    """Days 544, 578, 686: a hand and our exit both sold; the account stayed short by what was the hand's."""
    day = _sold_by_hand(20, 10, left=10)
    later = f"{'later':0>13}"
    day.leg(later, Role.ENTRY, created=59)
    day.order(later, "BUY", [(60, "complete", "LIMIT", "810", "0", 10, 10)])

    steps = list(path_of(day.truth(), SBIN))

    assert [(step.before, step.after) for step in steps] == [(0, 10), (10, 0), (0, 0), (0, 10)]


def test_what_a_hand_oversold_takes_nothing_away_from_what_leaves_later_in_parts():
    """Day 2028: what was entered after it and left in two parts counted as left too often, by what was the hand's."""
    day = _sold_by_hand(20, 10, left=10)
    later, leaves = f"{'later':0>13}", f"{'leaves':0>13}"
    day.leg(later, Role.ENTRY, created=59)
    day.leg(leaves, Role.EXIT)
    day.order(later, "BUY", [(60, "complete", "LIMIT", "810", "0", 20, 20)])
    day.order(leaves, "SELL", [(65, "complete", "LIMIT", "790", "0", 4, 4)])

    assert [step.after for step in path_of(day.truth(), SBIN)][-2:] == [20, 16]


def test_what_a_hand_sells_as_we_enter_is_of_what_we_enter():
    day = made()
    day.order("", "SELL", [(0.4, "complete", "LIMIT", "790", "0", 10, 10)], by_us=False)

    assert {step.after for step in path_of(day.truth(), SBIN)} == {0}


def _sold_by_hand(second: float, quantity: int, *, left: int | None = None) -> Made:
    """A hand sells so many, ours the rest (or `left`) at 20.4 s."""
    day = made()
    day.order("", "SELL", [(second, "complete", "LIMIT", "790", "0", quantity, quantity)], by_us=False)
    ours = next(fill for fill in day.fills if fill["tag"] == tag_of(TARGET))
    ours["quantity"] = day.quantity - quantity if left is None and second < 20 else day.quantity
    return day
