"""The last price of a contract, as fresh as a decision needs it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from executor.desk.book import Draft
from executor.domain.bracket import Bracket
from executor.domain.instrument import Instrument, InstrumentKey
from executor.domain.levels import stop_trigger
from executor.domain.option import OptionChain
from executor.domain.order import Order, OrderType, Side
from executor.domain.price import band_of
from executor.domain.reading import Query, QueryKind, Quote

#: A price we saw ourselves counts this long; an alert's own price a little longer (DESIGN: Orders).
SEEN_FRESH = timedelta(seconds=2)
TOLD_FRESH = timedelta(seconds=10)
#: A quote with both sides counts a little longer: its reads are rare (data/limits.toml).
QUOTE_FRESH = timedelta(seconds=3)
#: A price this old is still taken for an exit, when no newer is to be had.
OLD = timedelta(seconds=120)
#: What was to trade at once and did not is walked after this long (DESIGN: Protection).
WALK = timedelta(seconds=2)
#: A quote is asked for again after this long without an answer.
_ASK_AGAIN = timedelta(seconds=1)


def seen_price(draft: Draft, contract: InstrumentKey) -> Decimal | None:
    """The price we saw within two seconds."""
    seen = draft.evidence.prices.get(contract)
    return seen.value if seen and draft.now - seen.at <= SEEN_FRESH else None


def to_watch(draft: Draft) -> frozenset[InstrumentKey]:
    """What the feed should tell the price of: contracts that live or that waiting signals name, and what their charts
    show beside them.
    """
    live, waiting = draft.live_brackets(), draft.evidence.waiting.values()
    held = {one.instrument for one in live} | {one.underlying.instrument for one in live if one.underlying}
    named = [one.contract for one in waiting] + [one.underlying for one in waiting if one.underlying]
    told = [one.underlying if isinstance(one, OptionChain) else one for one in named]
    return frozenset(held | {one.key for one in told if isinstance(one, Instrument)})


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


def walked_price(draft: Draft, bracket: Bracket, order: Order, last: Decimal) -> Decimal:
    """The last price for an exit that rests; one that nobody took for two seconds goes on towards the other side.

    The last price of what hardly trades tells nothing of who buys it now. A quote is read, and the order moves to its
    best price, at most two bands beyond where it rests: so a lone absurd bid costs time first.
    """
    if order.working_type is not OrderType.LIMIT or order.working_price is None:
        return last
    reaches = (order.working_price - last) * order.side.sign >= 0
    if not reaches or not _waited(draft, order):
        return last
    quote = seen_quote(draft, bracket.instrument)
    if quote is None:
        ask_quotes(draft, (bracket.instrument,))
        return last
    offered = quote.bid if order.side is Side.SELL else quote.ask
    if offered is None:
        return last
    away = 2 * band_of(bracket.kind, order.working_price) * order.working_price
    most = order.working_price + order.side.sign * away
    return max(last, min(offered, most)) if order.side is Side.BUY else min(last, max(offered, most))


def _waited(draft: Draft, order: Order) -> bool:
    """Whether an order has rested as it is for two seconds."""
    sent = [intent.sending_at for intent in draft.intents_of(order.id) if intent.sending_at is not None]
    return bool(sent) and draft.unsettled(order.id) is None and draft.now - max(sent) >= WALK


def seen_quote(draft: Draft, contract: InstrumentKey) -> Quote | None:
    """Both sides of a contract as they were within three seconds."""
    quote = draft.evidence.quotes.get(contract)
    return quote if quote and draft.now - quote.price.at <= QUOTE_FRESH else None


def premiums(draft: Draft, contracts: tuple[InstrumentKey, ...]) -> dict[InstrumentKey, Decimal]:
    """What these contracts cost by one read of all of them within three seconds; empty while that is to come.

    The middle of bid and ask where there are both: a last price of hours ago may stand beside it.
    """
    read = draft.evidence.quoted_at.get(Query(QueryKind.QUOTES, instruments=contracts))
    if read is None or draft.now - read > QUOTE_FRESH:
        ask_quotes(draft, contracts)
        return {}
    quotes = [quote for one in contracts if (quote := seen_quote(draft, one))]
    return {quote.instrument: _worth(quote) for quote in quotes}


def in_vain(draft: Draft, contract: InstrumentKey) -> bool:
    """Whether a price was asked for within three seconds, and none is known that counts."""
    asked = [one for one, at in draft.evidence.asked_at.items() if draft.now - at <= QUOTE_FRESH]
    named = any(contract == one.instrument or contract in one.instruments for one in asked)
    return named and seen_price(draft, contract) is None


def ask_quotes(draft: Draft, contracts: tuple[InstrumentKey, ...]) -> None:
    """Ask for both sides of up to fifty contracts in one read."""
    _ask(draft, Query(QueryKind.QUOTES, instruments=contracts))


def ask_price(draft: Draft, contract: InstrumentKey, symbol: str) -> None:
    """Ask for a quote; the next decision finds it."""
    _ask(draft, Query(QueryKind.LTP, contract, symbol))


def _ask(draft: Draft, query: Query) -> None:
    asked = draft.evidence.asked_at.get(query)
    if asked is None or draft.now - asked >= _ASK_AGAIN:
        draft.ask(query)


def _worth(quote: Quote) -> Decimal:
    return (quote.bid + quote.ask) / 2 if quote.bid and quote.ask else quote.price.value
