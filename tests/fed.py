"""A house with both feeds: the simulator's streams in this process, through the parsers and lines of the product."""

from __future__ import annotations

from dataclasses import dataclass, field
from queue import Empty
from random import Random
from typing import Any

from executor.broker.smartapi.order_feed import OrderFrames, feed_headers
from executor.broker.smartapi.price_feed import PriceFeed
from executor.domain.messages import Event, PricesSeen, SessionChanged
from executor.errors import FeedLost, FeedRefused
from executor.simulator.wire.streams import OrderStream, PriceStream, Stream
from executor.trader.feeds import Line, OrderTalk, Talk
from executor.trader.loop import SWEEP_S, Feeds
from tests.house import House


class StreamFrames:
    """A simulator's stream as `Frames`: what its socket would carry."""

    def __init__(self, stream: Stream, headers: dict[str, str]) -> None:
        refused = stream.refusal(headers)
        if refused is not None:
            raise FeedRefused(refused[1], refused[0])
        self._stream = stream
        self._listener = stream.open()

    def receive(self, timeout_s: float) -> bytes | str | None:
        self._stream.pump()
        if self._listener.cut:
            raise FeedLost("cut")
        try:
            return self._listener.outbox.get_nowait()
        except Empty:
            return None

    def send(self, frame: bytes | str) -> None:
        self._stream.take(self._listener, frame)

    def close(self) -> None:
        self._stream.close(self._listener)


@dataclass
class InlineFeeds:
    """The lines of a house, a round each time they are asked for."""

    orders: Line
    prices: Line
    source: PriceFeed
    is_open: bool = False

    def tend(self, *, is_open: bool, doubted: bool, watching: frozenset[Any]) -> None:
        self.is_open = self.is_open or is_open
        self.orders.doubt(doubted)
        self.source.watch(watching)

    def news(self) -> Event | None:
        prices = self.source.changed()
        return PricesSeen(prices) if prices else None

    def round(self) -> None:
        if self.is_open:
            self.orders.round(0)
            self.prices.round(0)


@dataclass
class FedHouse(House):
    """Its time passes in quarters of a second, and with each both feeds are heard."""

    seed: int = 7
    lines: list[InlineFeeds] = field(default_factory=list)

    def feeds(self) -> Feeds:
        """Lines of a new process; the connections of the one before have ended with it."""
        for before in self.lines:
            before.orders.close()
            before.prices.close()
        simulation = self.app.extensions["simulation"]
        chance, source = Random(self.seed), PriceFeed(self.clock.now)
        orders = self._line("orders", OrderStream(simulation), OrderTalk(OrderFrames().read, self.inbox), chance)
        self.lines = [InlineFeeds(orders, self._line("prices", PriceStream(simulation), source, chance), source)]
        return self.lines[0]

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / SWEEP_S)):
            self.clock.advance(SWEEP_S)
            self.workers.deliver()
            self.lines[0].round()
            while self.loop.round(self.stop, wait_s=0):
                self.lines[0].round()

    def books(self) -> int:
        """How often the order book was asked for."""
        return len(self.requests("getOrderBook"))

    def _line(self, name: str, stream: Stream, talk: Talk, chance: Random) -> Line:
        return Line(
            name,
            connect=lambda: StreamFrames(stream, self._headers()),
            token=self._token,
            talk=talk,
            refused=lambda: self.inbox.put(SessionChanged(open=False)),
            clock=self.clock,
            chance=chance,
        )

    def _headers(self) -> dict[str, str]:
        login = self.secrets
        return feed_headers(self._session(), api_key=login.api_key, client_code=login.client_code)

    def _session(self) -> Any:
        return self.client_of().session

    def _token(self) -> str | None:
        session = self._session()
        return session.jwt if session else None

    def client_of(self) -> Any:
        """The client of the process that lives now."""
        return self.broker
