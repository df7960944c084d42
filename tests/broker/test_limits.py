from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest

from executor.broker.limits import SLOW, Limits, PermitBook, Window, load_limits
from executor.domain.intent import PermitClass
from executor.domain.reading import QueryKind
from tests.broker.fakes import START

PROTECT, CHANGE, ENTER = PermitClass.PROTECT, PermitClass.CHANGE, PermitClass.ENTER


def spread(count: int, seconds: float) -> list[timedelta]:
    return [timedelta(seconds=seconds * number / count) for number in range(count)]


def test_the_shipped_limits_stay_below_the_brokers_in_every_window():
    limits = load_limits()

    brokers = {1.0: 9, 60.0: 500, 3600.0: 1000}
    assert {window.span.total_seconds() for window in limits.write} == set(brokers)
    assert all(window.count < brokers[window.span.total_seconds()] for window in limits.write)
    assert all(limits.reads[kind] for kind in QueryKind)


def answered(book: PermitBook, permits: list[PermitClass], at: datetime) -> tuple[bool, ...]:
    """Take permits whose writes are answered at once."""
    granted = book.take(permits, at)
    book.landed(sum(granted), at)
    return granted


def test_a_burst_gets_eight_permits_a_second_and_the_next_second_eight_more():
    book = PermitBook(load_limits())

    first = answered(book, [ENTER] * 20, START)
    too_soon = book.take([ENTER], START + timedelta(seconds=0.999))
    second = book.take([ENTER] * 20, START + timedelta(seconds=1))

    assert (sum(first), sum(too_soon), sum(second)) == (8, 0, 8)
    assert first == (True,) * 8 + (False,) * 12


def test_no_second_ever_holds_more_than_eight_writes_however_they_are_asked_for():
    book = PermitBook(load_limits())

    granted = [at for at in spread(400, 4.0) if answered(book, [ENTER], START + at)[0]]

    busiest = max(sum(at <= other < at + timedelta(seconds=1) for other in granted) for at in granted)
    assert busiest == 8


@pytest.mark.parametrize(("seconds", "for_entries", "in_all"), [(60, 360, 450), (3600, 760, 950)])
def test_the_last_fifth_of_minute_and_hour_is_for_protection_alone(seconds, for_entries, in_all):
    earlier = [START - timedelta(seconds=seconds - 2) + at for at in spread(for_entries, seconds - 5.0)]
    book = PermitBook(load_limits(), earlier)

    assert book.take([ENTER, CHANGE, PROTECT], START) == (False, False, True)

    full = PermitBook(load_limits(), earlier + earlier[: in_all - for_entries])
    assert full.take([PROTECT], START) == (False,)


def test_the_reserve_does_not_shrink_the_window_of_a_second():
    book = PermitBook(load_limits())

    assert sum(book.take([ENTER] * 8, START)) == 8


def test_writes_before_a_restart_count_after_it():
    before = PermitBook(load_limits())
    before.take([ENTER] * 8, START)

    after = PermitBook(load_limits(), [START] * 8)

    assert after.take([PROTECT], START + timedelta(seconds=0.5)) == (False,)
    assert after.take([PROTECT], START + timedelta(seconds=1)) == (True,)


def test_a_clock_that_ran_back_grants_nothing_it_would_not_have_granted():
    book = PermitBook(load_limits(), [START + timedelta(seconds=30)] * 8)

    assert book.take([PROTECT], START) == (False,)


def test_what_is_withheld_does_not_count():
    limits = Limits((Window(1, timedelta(seconds=1)),), {})
    book = PermitBook(limits)
    answered(book, [ENTER], START)

    book.take([ENTER] * 5, START + timedelta(seconds=0.9))

    assert book.take([ENTER], START + timedelta(seconds=1)) == (True,)


def test_each_kind_of_read_has_its_own_window():
    book = PermitBook(load_limits())

    assert book.take_read(QueryKind.ORDER_BOOK, START)
    assert not book.take_read(QueryKind.ORDER_BOOK, START + timedelta(seconds=1.05))
    assert book.take_read(QueryKind.POSITIONS, START)
    assert book.take_read(QueryKind.ORDER_BOOK, START + timedelta(seconds=1.1))


def test_reads_use_up_no_writes():
    book = PermitBook(load_limits())
    for number in range(8):
        book.take_read(QueryKind.LTP, START + timedelta(milliseconds=number))

    assert sum(book.take([ENTER] * 8, START + timedelta(milliseconds=9))) == 8


def test_a_write_counts_until_a_second_has_passed_after_its_answer():
    permits = PermitBook(load_limits())
    permits.take([ENTER] * 8, START)

    while_away = permits.take([ENTER], START + timedelta(seconds=5))
    permits.landed(8, START + timedelta(seconds=6))
    too_soon = permits.take([PROTECT], START + timedelta(seconds=6.9))
    later = permits.take([PROTECT], START + timedelta(seconds=7))

    assert (while_away, too_soon, later) == ((False,), (False,), (True,))


def test_writes_that_hang_hold_up_no_stop():
    permits = PermitBook(load_limits())
    permits.take([ENTER] * 8, START)

    at_once = permits.take([PROTECT], START + timedelta(seconds=0.9))
    later = permits.take([PROTECT] * 9, START + timedelta(seconds=1))

    assert (sum(at_once), sum(later)) == (0, 8)


def test_writes_held_up_on_their_way_never_meet_more_than_a_seconds_worth_at_the_broker():
    permits, chance = PermitBook(load_limits()), Random(4)
    arrived, flying = [], []

    for at in spread(2000, 20.0):
        landed = [one for one in flying if one <= at]
        flying = [one for one in flying if one > at]
        permits.landed(len(landed), START + at)
        if permits.take([ENTER], START + at)[0]:
            way = timedelta(seconds=chance.choice([0.01, 0.02, 0.9]))
            arrived.append(at + way * chance.random())
            flying.append(at + way)

    assert max(sum(at <= other < at + timedelta(seconds=1) for other in arrived) for at in arrived) <= 8


def test_what_was_not_recorded_does_not_count():
    permits = PermitBook(load_limits())
    permits.take([ENTER] * 8, START)

    permits.give_back(8)

    assert permits.take([PROTECT], START) == (True,)


def test_after_the_brokers_word_writes_have_half_the_pace_for_half_a_minute_stops_too():
    book = PermitBook(load_limits())
    book.slow_down(None, START)

    granted = [at for at in spread(290, 29.0) if answered(book, [PROTECT], START + at)[0]]
    afterwards = [at for at in spread(10, 1.0) if answered(book, [ENTER], START + SLOW + timedelta(seconds=2) + at)[0]]

    assert max(sum(at <= other < at + timedelta(seconds=2) for other in granted) for at in granted) == 8
    assert len(afterwards) == 8


def test_a_kind_of_read_that_came_too_fast_slows_no_other_and_no_write():
    book = PermitBook(load_limits())
    book.slow_down(QueryKind.ORDER_BOOK, START)

    book_reads = [book.take_read(QueryKind.ORDER_BOOK, START + timedelta(seconds=s)) for s in (0, 1.2, 2.3)]
    trades = [book.take_read(QueryKind.TRADES, START + timedelta(seconds=s)) for s in (0, 1.2, 2.3)]

    assert (book_reads, trades) == ([True, False, True], [True, True, True])
    assert sum(answered(book, [ENTER] * 10, START)) == 8


def test_what_the_trader_before_may_have_read_last_counts():
    book = PermitBook(load_limits(), last_read=START)

    reads = [book.take_read(QueryKind.ORDER_BOOK, START + timedelta(seconds=s)) for s in (0.5, 1.0, 1.1)]

    assert reads == [False, False, True]


def test_changes_without_end_leave_waiting_entries_a_part_of_each_second():
    book = PermitBook(load_limits())
    entries = changes = 0

    for tick in range(200):
        granted = answered(book, [CHANGE] * 8 + [ENTER] * 8, START + timedelta(seconds=0.05 * tick))
        changes, entries = changes + sum(granted[:8]), entries + sum(granted[8:])

    assert entries >= 3 * 9
    assert changes >= 5 * 9


def test_changes_have_the_whole_second_where_no_entry_waits_and_stops_are_never_held_up():
    book = PermitBook(load_limits())

    alone = answered(book, [CHANGE] * 10, START)
    stops = answered(book, [PROTECT] * 8 + [CHANGE] * 8 + [ENTER] * 8, START + timedelta(seconds=1))

    assert sum(alone) == 8
    assert [sum(stops[:8]), sum(stops[8:])] == [8, 0]
