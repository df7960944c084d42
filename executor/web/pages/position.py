"""Open positions: what is held, the stop behind it, and what a person can do about each."""

from __future__ import annotations

from flask import Blueprint

from executor.domain.bracket import Bracket, Role
from executor.domain.order import Order, Side
from executor.store.pages import Pages
from executor.store.positions import OpenPosition
from executor.web.pages.frame import Frame
from executor.web.pages.words import level_words, rupees


def add_positions(blueprint: Blueprint, pages: Pages, frame: Frame) -> None:
    @blueprint.get("/positions")
    def positions() -> str:
        found = pages.positions()
        return frame.render(
            "positions.html",
            positions=found,
            danger=danger,
            opener=opener,
            trigger=trigger,
            follows=follows,
            shown=shown,
            is_disaster_stop=is_disaster_stop,
        )


def danger(position: OpenPosition) -> tuple[str, str] | None:
    """Why a position stands without protection, with its colour; None when it does not."""
    if position.halted:
        return "bad", "HALTED: nothing is sent for it until you decide: exit it, move its stop, or `executor resume`"
    if position.is_protected:
        return None
    if position.never_had_a_stop:
        return "bad", "NO STOP: protection none"
    if position.stop_ended_with_its_day:
        return "warn", "Its stop ended with the day. A new one is the first order of the next session"
    return "bad", f"UNPROTECTED: stops that wait cover {position.stopped} of {position.holding.held}"


def opener(position: OpenPosition) -> str | None:
    """The signal that opened it."""
    return next((leg.cause for leg, _ in position.orders if leg.role is Role.ENTRY), None)


def follows(bracket: Bracket) -> str:
    """How the stop moves by itself; empty when it does not."""
    trail, after = bracket.trail, bracket.breakeven_after
    words = [f"trails at {level_words(trail.distance)}"] if trail else []
    words += [f"to the average after {level_words(after)}"] if after else []
    return ", ".join(words)


def shown(bracket: Bracket) -> str:
    """What the chart shows, where that is not what is held, and how the position goes with it; empty where it is."""
    what = bracket.underlying
    if what is None:
        return ""
    way = "long" if bracket.chart is Side.BUY else "short"
    leaves = "" if what.stop is None else f", leaves when it trades at {rupees(what.stop)}"
    return f"{what.symbol}, {way}{leaves}"


def is_disaster_stop(bracket: Bracket) -> bool:
    """Whether the stop that rests only stands behind one of the underlying."""
    return bracket.underlying is not None and bracket.underlying.stop is not None


def trigger(stop: Order) -> str:
    """Where a stop triggers, as the broker showed it or else as we sent it."""
    return rupees(stop.working_trigger if stop.shown else stop.sent_trigger)
