"""What the time of day, the day and a contract's expiry allow.

A stop lives for a day and only while its stock trades continuously. From the closing auction on (F-66) stocks that
have derivatives take none; which those are is told nowhere that the desk looks, so in its time no stop of cash is
placed, missed or made up for. An exit is still asked for, once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from executor.desk.book import Draft
from executor.domain.bracket import Bracket
from executor.domain.calendar import clock_time, trading_day
from executor.domain.expiry import entry_ended
from executor.domain.instrument import Instrument, Segment
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask
from executor.domain.strategy import Product, Strategy

#: An alert may be fired so much ahead of our clock (DESIGN: Answers).
_AHEAD = timedelta(seconds=5)
#: By the broker's clock, ahead of ours, the session may have ended: an order is then one for the next day.
_BEHIND = timedelta(seconds=5)
#: What was sent and not answered may arrive so much later: an entry would open something tomorrow, with no stop.
_LATEST = timedelta(seconds=30)


def takes_stops(draft: Draft, segment: Segment, at: datetime | None = None) -> bool:
    """Whether contracts of a segment trade continuously now, or at a time."""
    at = at or draft.now
    return draft.calendar.is_open(segment, at) and not in_auction(draft, segment, at)


def in_auction(draft: Draft, segment: Segment, at: datetime | None = None) -> bool:
    """Whether the closing auction of stocks runs now, or at a time."""
    at = at or draft.now
    auction = draft.calendar.closing_auction(segment, trading_day(at))
    return auction is not None and auction.covers(at)


def opened_at(draft: Draft, segment: Segment) -> datetime | None:
    """When today's session began; None while there is none."""
    session = draft.calendar.session(segment, draft.day)
    return session.opens_at if session is not None and session.covers(draft.now) else None


def has_closed(draft: Draft, segment: Segment) -> bool:
    """Whether today's session is over."""
    session = draft.calendar.session(segment, draft.day)
    return session is not None and session.closes_at <= draft.now


def about_to_open(draft: Draft, segment: Segment) -> bool:
    """Whether the session begins within seconds: by TradingView's clock, ahead of ours, it may have begun (F-11)."""
    session = draft.calendar.session(segment, draft.day)
    return session is not None and session.opens_at - _AHEAD <= draft.now < session.opens_at


def about_to_close(draft: Draft, segment: Segment, within: timedelta = _BEHIND) -> bool:
    """Whether the session ends within seconds: what is sent now may reach the broker after it."""
    session = draft.calendar.session(segment, draft.day)
    return session is not None and session.closes_at - within <= draft.now < session.closes_at


def is_squared_off(draft: Draft, bracket: Bracket) -> bool:
    """Whether the time has come at which an INTRADAY position is left: today's, or any moment after its day."""
    if bracket.product is not Product.INTRADAY:
        return False
    at = draft.calendar.square_off(bracket.instrument.segment, trading_day(bracket.opened_at))
    return trading_day(bracket.opened_at) < draft.day or (at is not None and draft.now >= at)


def has_expired(draft: Draft, bracket: Bracket) -> bool:
    """Whether the contract has traded for the last time: from then on no order bears its token (F-77)."""
    return has_ended(draft, bracket.instrument.segment, bracket.expiry)


def has_ended(draft: Draft, segment: Segment, expiry: date | None) -> bool:
    """Whether what expires on a day has traded for the last time."""
    if expiry is None or draft.day < expiry:
        return False
    session = draft.calendar.session(segment, expiry)
    return draft.day > expiry or (session is not None and draft.now >= session.closes_at)


def entry_too_late(draft: Draft, *, ask: Ask, strategy: Strategy, contract: Instrument) -> Refusal | None:
    """Why a contract may not be entered any more today: its expiry, the closing auction, the square-off."""
    words = entry_ended(draft.calendar, contract, now=draft.now, on_expiry_day=strategy.expiry_day)
    if words:
        return Refusal(RefusalCode.EXPIRING, words)
    if about_to_close(draft, contract.key.segment, _LATEST):
        words = f"the market closes within {_LATEST.seconds} s: what comes late would be an order of the next day"
        return Refusal(RefusalCode.CLOSED, words)
    if in_auction(draft, contract.key.segment):
        return Refusal(RefusalCode.CLOSED, "the closing auction of stocks runs, in which no stop can rest")
    at = draft.calendar.square_off(contract.key.segment, draft.day)
    if (ask.product or strategy.product) is Product.INTRADAY and at is not None and draft.now >= at:
        return Refusal(RefusalCode.SQUARED_OFF, f"it is {clock_time(draft.now):%H:%M}, it was at {at:%H:%M}")
    return None
