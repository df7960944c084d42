"""A web over a real store on SQLite, senders that post to it, and a person at its pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from executor.alerts.address import hook_secret
from executor.alerts.template import Style, build
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.doorbell import EVERYBODY
from executor.store import schema
from executor.store.engine import open_database
from executor.store.store import Store
from executor.web.app import create_app
from executor.web.authenticity import Floods
from executor.web.floods import FloodWriter
from executor.web.parts import WebParts
from tests.alerts.sending import KEYS, STRATEGY, a_message
from tests.builders import NOW, a_store, a_strategy
from tests.house import House
from tests.web.browser import Browser, a_browser
from tests.web.whole import a_person, a_whole_web


@dataclass
class Bell:
    """Counts rings, and keeps what was in the store when it rang."""

    store: Store
    signals: list[int] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)

    def ring(self, account: str = EVERYBODY) -> None:
        self.accounts.append(account)
        with self.store.database.read() as connection:
            self.signals.append(len(connection.execute(select(schema.signal)).all()))


@dataclass
class Web:
    """One web process; `post` sends to the strategy's address unless told otherwise."""

    parts: WebParts
    bell: Bell
    clock: ManualClock
    store: Store
    message: bytes

    def post(
        self, body: bytes | None = None, *, path: str | None = None, client: FlaskClient | None = None, **more: Any
    ) -> TestResponse:
        address = f"/hook/trend/{hook_secret(KEYS, 'trend', 1)}" if path is None else path
        return (client or self.client()).post(address, data=self.message if body is None else body, **more)

    def writer(self) -> FloodWriter:
        """What writes down the counts of floods, as the server starts and stops it."""
        return FloodWriter(self.parts.floods, self.store.intake, self.clock, every_s=0.01)

    def client(self) -> FlaskClient:
        return create_app(self.parts).test_client()

    def rows(self, name: str) -> list[Any]:
        with self.store.database.read() as connection:
            return list(connection.execute(select(schema.metadata.tables[name])).all())


@pytest.fixture
def store(sqlite_url: str, ids: Ids) -> Iterator[Store]:
    database = open_database(sqlite_url)
    yield a_store(database, new_id=ids.new)
    database.close()


@pytest.fixture
def house(store: Store, clock: ManualClock, ids: Ids) -> House:
    house = House(store, clock, ids)
    house.price("800")
    house.run(3)
    return house


@pytest.fixture
def accounts(store: Store, clock: ManualClock, ids: Ids) -> None:
    """One account of each kind: paper, a simulator's, a live one."""
    kinds = {"paper": AccountKind.PAPER, "sim": AccountKind.SIMULATOR, "mine": AccountKind.LIVE}
    for name, kind in kinds.items():
        store.people.add_account(Account(name, kind), by="settings", at=clock.now(), new_id=ids.new)


@pytest.fixture
def browser(store: Store, clock: ManualClock) -> Browser:
    return a_browser(store, clock)


@pytest.fixture
def web(store: Store, clock: ManualClock, ids: Ids) -> Web:
    store.people.save_strategy(STRATEGY, by="test", at=clock.now())
    template = build(STRATEGY, style=Style.STRATEGY, settings={}, keys=KEYS, alert_id=ids.new(), now=clock.now())
    store.people.issue_alert(template.issued)
    bell = Bell(store)
    parts = WebParts(store=store, keys=KEYS, clock=clock, new_id=ids.new, doorbell=bell, floods=Floods("web-1"))
    return Web(parts, bell, clock, store, a_message(template))


@pytest.fixture
def app(store: Store, clock: ManualClock) -> Flask:
    """Webhook, pages and API together."""
    if store.people.strategy("trend") is None:  # a whole house has one
        store.people.save_strategy(a_strategy(), by="test", at=NOW)
    return a_whole_web(store, clock)


@pytest.fixture
def trader(app: Flask) -> Browser:
    """Somebody who is logged in."""
    return a_person(app)


@pytest.fixture
def stranger(app: Flask) -> Browser:
    return a_person(app, entered=False)
