"""The last price of a contract, as fresh as a decision needs it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from executor.desk.book import Draft
from executor.domain.bracket import Bracket
from executor.domain.instrument import Instrument, InstrumentKey
from executor.domain.levels import stop_trigger
from executor.domain.reading import Query, QueryKind

#: A price we saw ourselves counts this long; an alert's own price a little longer (DESIGN: Orders).
SEEN_FRESH = timedelta(seconds=2)
TOLD_FRESH = timedelta(seconds=10)
#: A price this old is still taken for an exit, when no newer is to be had.
OLD = timedelta(seconds=120)
#: A quote is asked for again after this long without an answer.
_ASK_AGAIN = timedelta(seconds=1)


def seen_price(draft: Draft, contract: InstrumentKey) -> Decimal | None:
    """The price we saw within two seconds."""
    seen = draft.evidence.prices.get(contract)
    return seen.value if seen and draft.now - seen.at <= SEEN_FRESH else None


def to_watch(draft: Draft) -> frozenset[InstrumentKey]:
    """The contracts whose price the feed should tell: what lives, and what waiting signals name."""
    live = {bracket.instrument for bracket in draft.live_brackets()}
    contracts = (resolved.contract for resolved in draft.evidence.waiting.values())
    return frozenset(live | {one.key for one in contracts if isinstance(one, Instrument)})


def told_price(draft: Draft, price: Decimal | None, fired_at: datetime) -> Decimal | None:
    """The alert's price, when it names this very contract and was fired within ten seconds."""
    return price if price is not None and draft.now - fired_at <= TOLD_FRESH else None


def exit_price(draft: Draft, bracket: Bracket) -> Decimal | None:
    """The price for an exit: fresh if there is one; when a quote that was asked for brought none, an older one.

    Without any, the level of the stop: the price has not passed it, so a limit there trades at once and at the
    market's price. An exit at a stale price, moved when a better one comes, is worth more than none.
    """
    fresh = seen_price(draft, bracket.instrument)
    if fresh is not None:
        return fresh
    ask_price(draft, bracket.instrument, bracket.symbol)
    known = draft.evidence.prices.get(bracket.instrument)
    asked = draft.evidence.asked_at.get(Query(QueryKind.LTP, bracket.instrument, bracket.symbol))
    if asked is None or (known is not None and asked < known.at):
        return None
    if known is not None and draft.now - known.at <= OLD:
        return known.value
    average = draft.holding(bracket).average
    if average is None or bracket.stop_loss is None:
        return average
    return stop_trigger(bracket.stop_loss, average, bracket.side, tick=bracket.tick)


def ask_price(draft: Draft, contract: InstrumentKey, symbol: str) -> None:
    """Ask for a quote; the next decision finds it."""
    query = Query(QueryKind.LTP, contract, symbol)
    asked = draft.evidence.asked_at.get(query)
    if asked is None or draft.now - asked >= _ASK_AGAIN:
        draft.ask(query)
