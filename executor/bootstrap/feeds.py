"""The feeds of an account with a login, wired: those whose address is set. A simulator's are off unless given."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from random import Random

from executor.broker.port import Frames
from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.order_feed import OrderFrames, feed_headers
from executor.broker.smartapi.price_feed import PriceFeed
from executor.clock import Clock
from executor.config.broker import BrokerSettings
from executor.domain.messages import FeedFailed, SessionChanged
from executor.errors import FeedLost
from executor.trader.feeds import Line, OrderTalk, Talk, ThreadFeeds
from executor.trader.workers import Inbox

#: Prices may gather so long: what is decided by them is decided four times a second.
GATHER_S = 0.05


def open_feeds(login: BrokerSettings, client: SmartApi, clock: Clock) -> Callable[[Inbox], ThreadFeeds]:
    """What makes an account's feeds for the inbox of its loop."""

    def feeds(inbox: Inbox) -> ThreadFeeds:
        a_line = partial(_line, login, client, clock, inbox)
        orders, prices = login.order_feed_url, login.price_feed_url
        source = PriceFeed(clock.now)
        return ThreadFeeds(
            orders=a_line("orders", orders, OrderTalk(OrderFrames().read, inbox)) if orders else None,
            prices=(a_line("prices", prices, source, pause_s=GATHER_S), source) if prices else None,
        )

    return feeds


def _line(
    login: BrokerSettings,
    client: SmartApi,
    clock: Clock,
    inbox: Inbox,
    name: str,
    url: str,
    talk: Talk,
    *,
    pause_s: float = 0.0,
) -> Line:
    from executor.broker.smartapi.socket import open_socket  # the library with it: for who has a feed, once

    def connect() -> Frames:
        session = client.session
        if session is None:
            raise FeedLost("the session has ended")
        return open_socket(url, feed_headers(session, api_key=login.api_key, client_code=login.client_code))

    def token() -> str | None:
        session = client.session
        return session.jwt if session is not None and clock.now() < session.ends_at else None

    return Line(
        name,
        connect=connect,
        token=token,
        talk=talk,
        refused=lambda: inbox.put(SessionChanged(open=False)),
        failed=lambda: inbox.put(FeedFailed(name)),
        clock=clock,
        chance=Random(secrets.randbits(128)),
        pause_s=pause_s,
    )
