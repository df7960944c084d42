"""Open positions: what is held, the stop behind it, and what a person can do about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint

from executor.domain.bracket import Bracket, Role
from executor.domain.calendar import Calendar, trading_day
from executor.domain.instrument import Price
from executor.domain.order import Order, Side
from executor.store.exposure import Exposures, Watched
from executor.store.pages import Pages
from executor.store.positions import OpenPosition
from executor.web.pages.frame import Frame
from executor.web.pages.profit import sign
from executor.web.pages.words import level_words, rupees

Exposed = Callable[[Sequence[OpenPosition]], Mapping[str, timedelta]]

#: A price that is older says so: what follows from it may not be so any more.
FRESH = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a position is worth at its last price, and what it makes where its stop rests, in rupees before charges.

    None where nobody tells: no price seen, nothing held, no stop at the broker.
    """

    last: Price | None
    profit: Decimal | None
    at_stop: Decimal | None
    unprotected_since: datetime | None


def add_positions(blueprint: Blueprint, pages: Pages, frame: Frame, exposed: Exposed) -> None:
    """`exposed` tells how long each position, by its bracket, had no working stop today."""

    @blueprint.get("/positions")
    def positions() -> str:
        found = pages.positions()
        told = {account.name: beat.status for account, beat in pages.standing().accounts if beat}
        return frame.render(
            "positions.html",
            positions=[(one, worth(one, told.get(one.bracket.account, {}))) for one in found],
            exposed=exposed(found),
            fresh=FRESH,
            sign=sign,
            danger=danger,
            opener=opener,
            trigger=trigger,
            follows=follows,
            shown=shown,
            is_disaster_stop=is_disaster_stop,
        )


def exposed_today(
    found: Sequence[OpenPosition], exposures: Exposures, calendar: Calendar, now: datetime
) -> Mapping[str, timedelta]:
    """How long each had no working stop while its market was open today."""
    hours = {one.bracket.id: calendar.session(one.bracket.instrument.segment, trading_day(now)) for one in found}
    return exposures.of(
        found, {name: Watched(day.opens_at, min(now, day.closes_at)) for name, day in hours.items() if day is not None}
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


def worth(position: OpenPosition, told: Mapping[str, Any]) -> Worth:
    """What it is worth by what the account's trader last told."""
    price = told.get("prices", {}).get(position.bracket.instrument.text)
    last = Price(Decimal(price["value"]), datetime.fromisoformat(price["at"])) if price else None
    since = told.get("unprotected", {}).get(position.bracket.id)
    stop = position.stop if position.stopped else None
    return Worth(
        last,
        _made(position, last.value if last else None),
        _made(position, _trigger(stop) if stop else None),
        datetime.fromisoformat(since) if since else None,
    )


def _made(position: OpenPosition, price: Decimal | None) -> Decimal | None:
    average, held = position.holding.average, position.holding.held
    if price is None or average is None or not held:
        return None
    return (price - average) * held * (1 if position.bracket.side is Side.BUY else -1)


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
    """Where a stop triggers."""
    return rupees(_trigger(stop))


def _trigger(stop: Order) -> Decimal | None:
    """As the broker showed it, or else as we sent it."""
    return stop.working_trigger if stop.shown else stop.sent_trigger
