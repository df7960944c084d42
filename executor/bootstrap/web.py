"""What gunicorn serves, wired: no broker, no desk, no scheduler in it (15 MB that it need not hold)."""

from __future__ import annotations

import os
import socket
from functools import partial

from flask import Flask
from gunicorn.errors import AppImportError

from executor.alerts.strategies import Strategies
from executor.bootstrap import (
    clock_of,
    expected_accounts,
    make_ids,
    open_bell,
    open_keys,
    open_store,
)
from executor.broker.limits import load_limits
from executor.clock import SystemClock
from executor.config.calendar import load_calendar
from executor.config.environment import open_settings
from executor.errors import ExecutorError
from executor.logs import start_logging
from executor.web.api import ApiParts, mount_api
from executor.web.app import create_app
from executor.web.authenticity import Floods
from executor.web.pages import PageParts, register_pages
from executor.web.parts import WebParts


def create_web_app() -> Flask:
    """What gunicorn serves, one a worker process."""
    start_logging()
    try:
        settings = open_settings()
        clock, store = clock_of(settings), open_store(settings)
    except ExecutorError as error:
        raise AppImportError(f"executor: {error}") from error  # gunicorn tells it in a line, all else in a traceback
    ids = make_ids(clock, store.recovery)
    parts = WebParts(
        store=store,
        keys=open_keys(settings),
        clock=clock,
        new_id=ids.new,
        doorbell=open_bell(settings, store),
        floods=Floods(f"{socket.gethostname()}:{os.getpid()}"),
        trusted_proxies=settings.trusted_proxies,
        certificates=settings.client_certificates,
        expected=partial(expected_accounts, settings, store),
        windows=[(window.count, window.span) for window in load_limits().write],
    )
    strategies = Strategies(store.people, parts.keys, clock, public_url=settings.public_url, new_id=ids.new)
    calendar = load_calendar(settings.calendar_file)
    app = create_app(parts)
    mount_api(app, ApiParts(parts, strategies, calendar, settings.public_url, settings.port))
    register_pages(
        app,
        PageParts(
            store=store,
            pages=store.pages,
            people=store.people,
            strategies=strategies,
            commands=store.commands,
            master=store.master,
            loads=store.loads,
            calendar=calendar,
            doorbell=parts.doorbell,
            clock=clock,
            system=SystemClock(),
            keys=parts.keys,
            public_url=settings.public_url,
            port=settings.port,
            trusted_proxies=settings.trusted_proxies,
            expected=parts.expected,
            windows=parts.windows,
        ),
    )
    return app
