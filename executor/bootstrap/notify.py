"""The notifier, wired: one thread beside the accounts, with a database of its own, or nothing where nobody is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from threading import Event as Flag
from threading import Thread
from typing import assert_never

from executor.bootstrap import clock_of, expected_accounts, open_store
from executor.clock import Clock
from executor.config.calendar import load_calendar
from executor.config.charges import load_tariff
from executor.config.environment import Settings
from executor.config.notices import Address, Mail, Other, Telegram, Webhook, labels
from executor.config.secrets import mark
from executor.domain.calendar import Calendar
from executor.domain.instrument import Instrument
from executor.domain.option import OptionChain
from executor.domain.refusal import Refusal
from executor.errors import NotRecorded
from executor.instruments.resolve import Asked, resolve
from executor.notify.channel import Channel
from executor.notify.follower import Follower, Heartbeat
from executor.notify.message import Notifier
from executor.notify.states import States
from executor.store.notices import Notices, Progress, Turn
from executor.store.store import Store

log = logging.getLogger(__name__)

#: How soon it is tried again to begin.
_AGAIN_S = 5.0


def start_notices(settings: Settings, stop: Flag) -> None:
    """Begin to tell, until `stop`, on a thread that nobody waits for; whatever fails in it, trading goes on."""
    if settings.notify_urls or settings.heartbeat_url is not None:
        Thread(target=_tell, args=[settings, stop], name="notifier", daemon=True).start()


def _tell(settings: Settings, stop: Flag) -> None:
    """Begin as soon as the database answers: it may be away for the moment in which a trader starts."""
    while not stop.is_set():
        try:
            follower = build_follower(settings)
        except NotRecorded as error:
            log.warning("notices_not_begun again_in=%.0fs why=%s", _AGAIN_S, error)
            stop.wait(_AGAIN_S)
        else:
            follower.run(stop)


def build_follower(settings: Settings) -> Follower:
    """Wire everything that tells."""
    store, clock, calendar = open_store(settings), clock_of(settings), load_calendar(settings.calendar_file)
    notices = Notices(store.database)
    return Follower(
        channels=[
            Channel(key, notifier_of(address), notices, clock, Progress(label, 0))
            for key, label, address in named(settings)
        ],
        heartbeat=_heartbeat(settings, notices),
        notices=notices,
        pages=store.pages,
        states=States(
            notices,
            store.pages,
            calendar,
            load_tariff(),
            clock,
            _meanings(store, clock, calendar),
            expected=partial(expected_accounts, settings, store),
        ),
        turn=Turn(store.database),
        clock=clock,
        link=settings.public_url,
    )


def named(settings: Settings) -> list[tuple[str, str, Address]]:
    """The addresses with their marks and labels."""
    found = settings.notify_urls
    marks = [mark(settings.secret_key, address.url) for address in found]
    return list(zip(marks, labels(found), found, strict=True))


def notifier_of(address: Address) -> Notifier:
    match address:
        case Telegram():
            from executor.notify.http import TelegramNotifier

            return TelegramNotifier(address)
        case Webhook():
            from executor.notify.http import WebhookNotifier

            return WebhookNotifier(address)
        case Mail():
            from executor.notify.mail import MailNotifier

            return MailNotifier(address)
        case Other():
            from executor.notify.other import OtherNotifier

            return OtherNotifier(address)
        case _:
            assert_never(address)


def _meanings(store: Store, clock: Clock, calendar: Calendar) -> Callable[[str], list[str]]:
    """What NIFTY1! and the like stand for now, for the strategies of an account."""

    def meanings(account: str) -> list[str]:
        strategies = [one for one in store.people.strategies() if one.account == account and one.enabled]
        asked = {
            ticker: Asked(ticker.partition(":")[0], ticker.partition(":")[2], roll=strategy.roll)
            for strategy in strategies
            for ticker in sorted(strategy.rails.tickers)
            if ticker.endswith("!") and ":" in ticker
        }
        found = {one: resolve(what, store.master, now=clock.now(), calendar=calendar) for one, what in asked.items()}
        return [f"{ticker} is {_meant(what)}" for ticker, what in found.items()]

    return meanings


def _meant(found: Instrument | OptionChain | Refusal) -> str:
    match found:
        case Instrument():
            return found.symbol
        case Refusal():
            return f"NOTHING ({found.sentence})"
        case OptionChain():  # no rule was asked
            return f"options on {found.underlying.symbol}"


def _heartbeat(settings: Settings, notices: Notices) -> Heartbeat | None:
    if settings.heartbeat_url is None:
        return None
    from executor.notify.http import HeartbeatCall

    return Heartbeat(HeartbeatCall(settings.heartbeat_url), notices, clock_of(settings))
