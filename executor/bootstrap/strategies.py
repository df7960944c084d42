"""Strategies as people keep them, wired for a command that makes one thing and ends."""

from __future__ import annotations

from executor.alerts.strategies import Strategies
from executor.bootstrap import clock_of, make_ids, open_keys
from executor.config.environment import Settings
from executor.store.store import Store


def strategies_of(settings: Settings, store: Store) -> Strategies:
    clock = clock_of(settings)

    def new_id() -> str:
        return make_ids(clock, store.recovery).new()

    return Strategies(store.people, open_keys(settings), clock, public_url=settings.public_url, new_id=new_id)
