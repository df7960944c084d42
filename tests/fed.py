"""A house with both feeds: the simulator's streams in this process, through the parsers and lines of the product."""

from __future__ import annotations

from dataclasses import dataclass
from queue import Empty
from random import Random
from typing import Any

from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.order_feed import OrderFrames, feed_headers
from executor.broker.smartapi.price_feed import PriceFeed
from executor.domain.instrument import InstrumentKey
from executor.domain.messages import Event, FeedFailed, PricesSeen, SessionChanged
from executor.errors import FeedLost, FeedRefused
from executor.simulator.wire.streams import OrderStream, PriceStream, Stream
from executor.trader.feeds import Line, OrderTalk, Talk
from executor.trader.loop import SWEEP_S
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


class InlineFeeds:
    """The lines of a process that has no threads: `hear` gives each a round."""

    def __init__(self, *, orders: Line, prices: Line, source: PriceFeed) -> None:
        self.orders = orders
        self._prices = prices
        self._source = source
        self._begun = False

    def tend(self, *, is_open: bool, doubted: bool, watching: frozenset[InstrumentKey]) -> None:
        self._begun = self._begun or is_open
        self.orders.doubt(doubted)
        self._source.watch(watching)

    def news(self) -> Event | None:
        prices = self._source.changed()
        return PricesSeen(prices) if prices else None

    def hear(self) -> None:
        if self._begun:
            self.orders.round(0)
            self._prices.round(0)

    def is_up(self, feed: str) -> bool:
        """Whether a feed is connected."""
        return next(line for line in (self.orders, self._prices) if line.name == feed).is_up

    def close(self) -> None:
        """The process has ended, and its connections with it."""
        self.orders.close()
        self._prices.close()


class Fed:
    """What a house becomes that hears both feeds of its simulator."""

    lines: InlineFeeds | None = None

    def a_client(self: Any, epoch: int) -> SmartApi:
        self._client = super().a_client(epoch)  # type: ignore[misc]
        found: SmartApi = self._client
        return found

    def feeds(self: Any) -> InlineFeeds:
        """The lines of a new life; those of the one before have ended with it."""
        if self.lines is not None:
            self.lines.close()
        simulation, source = self.app.extensions["simulation"], PriceFeed(self.clock.now)
        talk, client, chance = OrderTalk(OrderFrames().read, self.inbox), self._client, Random(f"{self.seed}/feeds")
        self.lines = InlineFeeds(
            orders=self._line(OrderStream(simulation), talk, client, chance),
            prices=self._line(PriceStream(simulation), source, client, chance),
            source=source,
        )
        return self.lines

    def _line(self: Any, stream: Stream, talk: Talk, client: SmartApi, chance: Random) -> Line:
        login, inbox = self.secrets, self.inbox

        def connect() -> StreamFrames:
            assert client.session is not None
            return StreamFrames(
                stream, feed_headers(client.session, api_key=login.api_key, client_code=login.client_code)
            )

        return Line(
            stream.route,
            connect=connect,
            token=lambda: client.session.jwt if client.session else None,
            talk=talk,
            refused=lambda: inbox.put(SessionChanged(open=False)),
            failed=lambda: inbox.put(FeedFailed(stream.route)),
            clock=self.clock,
            chance=chance,
        )


@dataclass
class FedHouse(Fed, House):
    """Its time passes in quarters of a second, and with each both feeds are heard."""

    seed: int = 7

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / SWEEP_S)):
            self.clock.advance(SWEEP_S)
            self.workers.deliver()
            self.hear()
            while self.loop.round(self.stop, wait_s=0):
                self.hear()

    def hear(self) -> None:
        assert self.lines is not None
        self.lines.hear()

    @property
    def is_up(self) -> bool:
        """Whether the order feed is connected."""
        return self.lines is not None and self.lines.orders.is_up

    def books(self) -> int:
        """How often the order book was asked for."""
        return len(self.requests("getOrderBook"))
