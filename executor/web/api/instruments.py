"""Instruments: the table in use, a search in it, and what a ticker or an option rule means now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, assert_never

from marshmallow import ValidationError

from executor.config.contracts import read_option, read_roll
from executor.domain.instrument import Instrument, Kind, Segment
from executor.domain.option import OptionChain
from executor.domain.refusal import Refusal
from executor.domain.strategy import Roll
from executor.instruments import resolve as ticker
from executor.instruments.freshness import troubles
from executor.instruments.ticker import norm
from executor.web.api import ApiParts, fields
from executor.web.api.fields import MOST, Answer, Asked
from executor.web.api.problems import wrong_fields
from executor.web.api.routes import Routes

T = TypeVar("T")
_HISTORY = 10


class InstrumentShown(Answer):
    exchange = fields.word(Segment, "the segment that it trades in")
    token = fields.text("the broker's number of it, used again after it expired")
    symbol = fields.text("the broker's name of it")
    name = fields.text("whose share, future or option it is")
    kind = fields.word(Kind, "what it is")
    lot = fields.count("units of a lot")
    tick = fields.money("rupees of the smallest step of its price")
    freeze = fields.count("units of the smallest order that the exchange refuses", allow_none=True)
    expiry = fields.day("its last day", allow_none=True)
    strike = fields.money("rupees", allow_none=True)
    right = fields.text("CE: a call, PE: a put", allow_none=True)


class Found(Answer):
    items = fields.many(InstrumentShown, "whose name begins with the first word, and whose symbol holds the others")


class Turning(Answer):
    at = fields.moment("from when on it means another contract")
    symbol = fields.text("which; null: one that is not listed yet", allow_none=True)


class Meaning(Answer):
    """Exactly one of `contract`, `options` and `refused` says something."""

    contract = fields.one(InstrumentShown, "the contract that it means", allow_none=True)
    next = fields.one(Turning, "when a continuous ticker means another one", allow_none=True)
    underlying = fields.one(InstrumentShown, "what an option rule's options are of", allow_none=True)
    options = fields.many(InstrumentShown, "the options among which a rule chooses when a position opens")
    refused = fields.text("why it means nothing that can be traded", allow_none=True)
    code = fields.text("the same as one word", allow_none=True)
    remedy = fields.text("what to do", allow_none=True)


class Load(Answer):
    id = fields.text("its id")
    at = fields.moment("when it was fetched")
    checks = fields.anything("what was counted and compared")
    failure = fields.text("why it was not good; empty: it was")


class TableShown(Answer):
    current = fields.one(Load, "the table in use", allow_none=True)
    troubles = fields.texts("what a person should know of it, as sentences")
    history = fields.many(Load, "the last tries, the newest first")


class SearchQuery(Asked):
    text = fields.asked("the beginning of a name, then parts of a symbol: NIFTY DEC FUT", required=True)
    limit = fields.asked_limit()


class TickerQuery(Asked):
    ticker = fields.asked("as the chart shows it: NSE:SBIN, NSE:NIFTY1!; NSE unless said", required=True)
    option = fields.asked('an option rule: "auto ATM nearest"')
    roll = fields.asked('when 1! turns: nearest unless given, "2 days at 15:00", refuse')


def instruments(parts: ApiParts) -> Routes:
    routes, store, clock = Routes("instruments", "What can be traded."), parts.web.store, parts.web.clock

    @routes.shows("/instruments", Found, query=SearchQuery)
    def search_instruments(*, query: dict[str, Any]) -> dict[str, Any]:
        """Shares, indices, futures and options by name."""
        begins, *words = query["text"].split() or [""]
        found = store.master.search(norm(begins), words, min(query["limit"], MOST)) if begins else []
        return {"items": [_shown(one) for one in found]}

    @routes.shows("/instruments/resolve", Meaning, query=TickerQuery)
    def resolve_ticker(*, query: dict[str, str]) -> dict[str, Any]:
        """What a chart's ticker means at this moment."""
        exchange, _, name = query["ticker"].rpartition(":")
        option, roll = _read("option", read_option, query), _read("roll", read_roll, query) or Roll()
        asked = ticker.Asked(exchange or Segment.NSE, name, roll=roll, option=option)
        now = clock.now()
        found = ticker.resolve(asked, store.master, now=now, calendar=parts.calendar)
        turn = ticker.next_meaning(asked, store.master, now=now, calendar=parts.calendar)
        following = {"at": turn.at, "symbol": turn.contract and turn.contract.symbol} if turn else None
        return {**_meaning(found), "next": following}

    @routes.shows("/instruments/table", TableShown)
    def show_table() -> dict[str, Any]:
        """The table in use, and how the last tries to take a new one went."""
        current, history = store.master.current_load(), store.loads.history(_HISTORY)
        said = troubles(current, history[0] if history else None, parts.calendar, clock.now())
        return {"current": current, "troubles": said, "history": history}

    return routes


def _read(field: str, reader: Callable[[Any], T], query: dict[str, str]) -> T | None:
    """Raises Failed with the reader's own sentence."""
    try:
        return reader(query[field]) if query.get(field) else None
    except ValidationError as error:
        raise wrong_fields({field: [str(words) for words in error.messages]}) from None


def _meaning(found: Instrument | OptionChain | Refusal) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "contract": None,
        "underlying": None,
        "options": [],
        "refused": None,
        "code": None,
        "remedy": None,
    }
    match found:
        case Instrument():
            return {**nothing, "contract": _shown(found)}
        case OptionChain():
            chain = {"underlying": _shown(found.underlying), "options": [_shown(one) for one in found.contracts]}
            return {**nothing, **chain}
        case Refusal():
            return {**nothing, "refused": found.sentence, "code": found.code, "remedy": found.remedy}
        case _:
            assert_never(found)


def _shown(found: Instrument) -> dict[str, Any]:
    own = ("symbol", "name", "kind", "lot", "tick", "freeze", "expiry", "strike", "right")
    key = {"exchange": found.key.segment, "token": found.key.token}
    return {**{name: getattr(found, name) for name in own}, **key}
