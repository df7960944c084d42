"""The notifier, wired: one thread beside the accounts, with a database of its own, or nothing where nobody is told."""

from __future__ import annotations

from threading import Event as Flag
from threading import Thread
from typing import assert_never

from executor.bootstrap import clock_of, open_store
from executor.config.calendar import load_calendar
from executor.config.charges import load_tariff
from executor.config.environment import Settings
from executor.config.notices import Address, Mail, Other, Telegram, Webhook, labels
from executor.config.secrets import mark
from executor.notify.channel import Channel
from executor.notify.follower import Follower, Heartbeat
from executor.notify.message import Notifier
from executor.notify.states import States
from executor.store.notices import Notices, Progress, Turn


def start_notices(settings: Settings, stop: Flag) -> None:
    """Begin to tell, until `stop`, on a thread that nobody waits for; whatever fails in it, trading goes on."""
    if settings.notify_addresses or settings.heartbeat_url is not None:
        Thread(target=lambda: build_follower(settings).run(stop), name="notifier", daemon=True).start()


def build_follower(settings: Settings) -> Follower:
    """Wire everything that tells."""
    store, clock = open_store(settings), clock_of(settings)
    notices = Notices(store.database)
    return Follower(
        channels=[
            Channel(key, notifier_of(address), notices, clock, Progress(label, 0))
            for key, label, address in named(settings)
        ],
        heartbeat=_heartbeat(settings, notices),
        notices=notices,
        pages=store.pages,
        states=States(notices, store.pages, load_calendar(settings.calendar_file), load_tariff(), clock),
        turn=Turn(store.database),
        clock=clock,
        link=settings.public_url,
    )


def named(settings: Settings) -> list[tuple[str, str, Address]]:
    """The addresses with their marks and labels."""
    found = settings.notify_addresses
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


def _heartbeat(settings: Settings, notices: Notices) -> Heartbeat | None:
    if settings.heartbeat_url is None:
        return None
    from executor.notify.http import HeartbeatCall

    return Heartbeat(HeartbeatCall(settings.heartbeat_url), notices, clock_of(settings))
