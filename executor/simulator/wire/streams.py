"""The two feeds without their sockets: who listens, what each is sent, and what faults make of it.

A `Listener` is one connection: the exchange's news are put into its `outbox`, whoever carries them takes them out.
Nothing is replayed, nothing is acknowledged. `pump` is called as time goes; what nobody listens to costs nothing.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Any

from executor.simulator.exchange.book import Book
from executor.simulator.exchange.instrument import InstrumentKey
from executor.simulator.faults import FRAME_KINDS, Kind
from executor.simulator.simulation import Simulation
from executor.simulator.wire.frames import SEGMENTS, Mode, ack, order_frame, tick

ORDER_FEED, PRICE_FEED = "order_feed", "price_feed"
_MOST_LISTENERS = 3
_MOST_SUBSCRIPTIONS = 1000
_REPEAT = timedelta(seconds=1)

Frame = str | bytes


@dataclass(frozen=True, slots=True)
class News:
    """A frame, the fields that a fault is matched with, and which subscription it belongs to (None: all)."""

    frame: Frame
    about: Mapping[str, Any]
    place: tuple[InstrumentKey, Mode] | None = None


@dataclass(slots=True, eq=False)
class Listener:
    """One connection to a feed. `cut`: a fault ended it."""

    outbox: SimpleQueue[Frame] = field(default_factory=SimpleQueue)
    cut: bool = False
    held_back: Frame | None = None
    subscribed: dict[tuple[InstrumentKey, Mode], None] = field(default_factory=dict)

    def put(self, frame: Frame, fault: Kind | None) -> None:
        """Hand over a frame as the fault has it."""
        match fault:
            case Kind.LOSE:
                return
            case Kind.REORDER:
                self.held_back = frame
                return
            case Kind.DISCONNECT:
                self.cut = True
                return
            case Kind.DUPLICATE:
                self.outbox.put(frame)
        self.outbox.put(frame)
        if self.held_back is not None:
            self.outbox.put(self.held_back)
            self.held_back = None


class Stream(ABC):
    """What both feeds share: listeners, the answer to a ping, the silence that a fault makes."""

    route = ""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._listeners: list[Listener] = []
        self._silent_until: datetime | None = None
        self._held: list[tuple[datetime, News]] = []

    def refusal(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """HTTP status and words that a handshake is refused with; None: it is taken."""
        simulation = self._simulation
        with simulation.lock:
            now = simulation.advance()
            fault = simulation.faults.take(self.route, {}, among={Kind.STATUS})
            if fault is not None:
                return int(fault.detail["status"]), str(fault.detail["body"])
            if len(self._listeners) >= _MOST_LISTENERS:
                return 429, "Too many connections"
            return self._turned_away(headers, now)

    def open(self) -> Listener:
        """Begin to listen."""
        listener = Listener()
        with self._simulation.lock:
            self._simulation.advance()
            self._greet(listener)
            self._listeners.append(listener)
        return listener

    def close(self, listener: Listener) -> None:
        with self._simulation.lock:
            self._listeners.remove(listener)

    def take(self, listener: Listener, frame: Frame) -> None:
        """Take what a client sends: pings, and what `_ask` understands."""
        if frame in ("ping", b"ping"):
            listener.outbox.put("pong")
        else:
            with self._simulation.lock:
                self._simulation.advance()
                self._ask(listener, frame)

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    def pump(self) -> None:
        """Play the exchange up to now and put its news into the outboxes."""
        with self._simulation.lock:
            now = self._simulation.advance()
            self._release(now)
            for news in self._news(now):
                fault = self._simulation.faults.take(self.route, news.about, among=FRAME_KINDS)
                if fault is not None and fault.kind is Kind.SILENCE:
                    self._silent_until = now + timedelta(seconds=fault.seconds)
                if self._silent_until is not None and now < self._silent_until:
                    continue
                if fault is not None and fault.kind is Kind.HOLD:
                    self._held.append((now + timedelta(seconds=fault.seconds), news))
                else:
                    self._tell(news, fault.kind if fault else None)

    def _release(self, now: datetime) -> None:
        due = [news for until, news in self._held if until <= now]
        self._held = [(until, news) for until, news in self._held if until > now]
        for news in due:
            self._tell(news, None)

    def _tell(self, news: News, fault: Kind | None) -> None:
        for listener in self._listeners:
            if news.place is None or news.place in listener.subscribed:
                listener.put(news.frame, fault)

    @abstractmethod
    def _turned_away(self, headers: Mapping[str, str], now: datetime) -> tuple[int, str] | None:
        """Status and words of a refused handshake; None where it is taken."""

    @abstractmethod
    def _greet(self, listener: Listener) -> None:
        """Say what is said first."""

    @abstractmethod
    def _ask(self, listener: Listener, frame: Frame) -> None:
        """Take a request."""

    @abstractmethod
    def _news(self, now: datetime) -> list[News]:
        """What came to be since the last call."""


class OrderStream(Stream):
    """Every version of every order, as it comes to be."""

    route = ORDER_FEED

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self._book: Book = simulation.exchange.book
        self._told = self._book.version_count

    def _turned_away(self, headers: Mapping[str, str], now: datetime) -> tuple[int, str] | None:
        status = self._simulation.sessions.feed_refusal(headers.get("Authorization"), None, now)
        return None if status is None else (status, "Unauthorized")

    def _greet(self, listener: Listener) -> None:
        if not self._listeners:  # what came before nobody hears
            self._book = self._simulation.exchange.book
            self._told = self._book.version_count
        listener.outbox.put(ack(self._client))

    def _ask(self, listener: Listener, frame: Frame) -> None:
        """There is nothing to ask for."""

    def _news(self, now: datetime) -> list[News]:  # noqa: ARG002
        book = self._simulation.exchange.book
        if book is not self._book:  # the simulator was reset
            self._book, self._told = book, 0
        versions = book.versions_from(self._told)
        self._told += len(versions)
        frames = [order_frame(order, self._client) for order in versions]
        return [News(frame, json.loads(frame)["orderData"]) for frame in frames]

    @property
    def _client(self) -> str:
        return self._simulation.sessions.credentials.client_code


class PriceStream(Stream):
    """Ticks of what each listener subscribed to: when a price has changed, and every second."""

    route = PRICE_FEED

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self._sequence = 0
        self._sent: dict[tuple[InstrumentKey, Mode], tuple[int, datetime]] = {}

    def _turned_away(self, headers: Mapping[str, str], now: datetime) -> tuple[int, str] | None:
        own = self._simulation.sessions.credentials
        if headers.get("x-api-key") != own.api_key:
            return 401, "Invalid Header - Invalid API Key"
        if headers.get("x-client-code") != own.client_code:
            return 401, "Invalid Header - Invalid Client Code"
        feed = headers.get("x-feed-token") or ""
        refused = self._simulation.sessions.feed_refusal(headers.get("Authorization"), feed, now)
        return None if refused is None else (401, "Invalid Header - Invalid Auth Token")

    def _greet(self, listener: Listener) -> None:
        """Nothing is said first."""

    def _ask(self, listener: Listener, frame: Frame) -> None:
        try:
            asked = json.loads(frame)
            mode = Mode(int(asked["params"]["mode"]))
            keys = [
                (SEGMENTS[int(group["exchangeType"])], str(token))
                for group in asked["params"]["tokenList"]
                for token in group["tokens"]
            ]
            subscribes = {1: True, 0: False}[int(asked["action"])]
        except (ValueError, KeyError, TypeError):
            listener.outbox.put(_error(frame, "E1001", "Invalid Request Payload."))
            return
        wanted = {(key, mode): None for key in keys}
        if not subscribes:
            for place in wanted:
                listener.subscribed.pop(place, None)
        elif len(listener.subscribed | wanted) > _MOST_SUBSCRIPTIONS:
            listener.outbox.put(_error(frame, "E1002", "Invalid Request. Subscription Limit Exceeded"))
        else:
            for place in wanted.keys() - listener.subscribed.keys():
                self._sent.pop(place, None)  # the first tick comes at once
            listener.subscribed |= wanted

    def _news(self, now: datetime) -> list[News]:
        exchange = self._simulation.exchange
        wanted = {place: None for listener in self._listeners for place in listener.subscribed}
        news: list[News] = []
        for key, mode in wanted:
            if key not in exchange.walks or not exchange.hours[key[0]].is_open(now):
                continue
            walk = exchange.walk(key)
            paise, at = self._sent.get((key, mode), (-1, now))
            if int(walk.ltp * 100) == paise and now - at < _REPEAT:
                continue
            self._sequence += 1
            self._sent[key, mode] = int(walk.ltp * 100), now
            about = {"exchange": key[0], "token": key[1]}
            news.append(News(tick(walk, mode, now, self._sequence), about, (key, mode)))
        return news


def _error(frame: Frame, code: str, text: str) -> str:
    try:
        asked = json.loads(frame)
    except ValueError:
        asked = {}
    correlation = asked.get("correlationID", "") if isinstance(asked, dict) else ""
    return json.dumps({"correlationID": correlation, "errorCode": code, "errorMessage": text})
