"""From when on the thirty seconds count in which what has no stop is left."""

from __future__ import annotations

from tests.campaigns.check_positions import protected
from tests.campaigns.handmade import STOP, Made, at, iso, made


def test_a_stop_after_thirty_seconds_is_too_late_without_an_exit():
    assert protected(_stopped_after(32.0).truth()) == [
        "unprotected: NSE:3045 for 31.5 s from 2026-11-25 09:20:00.500000+05:30, no exit was begun"
    ]


def test_a_trader_that_has_just_started_counts_from_there():
    day = _stopped_after(32.0)
    day.lives.append(at(6))

    assert protected(day.truth()) == []


def test_it_does_not_count_from_there_for_ever():
    day = _stopped_after(40.0)
    day.lives.append(at(6))

    assert len(protected(day.truth())) == 1


def _stopped_after(second: float) -> Made:
    day = made(hold=60.0)
    stop = day.exchange_orders[f"{STOP}-1"]
    stop["placed_at"] = stop["history"][0]["at"] = iso(second)
    return day
