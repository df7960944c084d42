"""A state dir with what is set in its environment, and processes wired from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from executor import bootstrap
from executor.bootstrap import login, setup, trader, web
from executor.bootstrap.setup import upgrade_database
from executor.config.environment import Settings, open_settings
from executor.domain.strategy import AccountKind
from executor.store.store import Store

FIRST, SECOND, THIRD = ("a" * 32, "b" * 32, "c" * 32)
LOGIN = {
    "SMARTAPI_API_KEY": "k" * 8,
    "SMARTAPI_CLIENT_CODE": "S000001",
    "SMARTAPI_PIN": "1234",
    "SMARTAPI_TOTP_SECRET": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
}
LOCAL = {"SMARTAPI_BASE_URL": "http://127.0.0.1:9", "SMARTAPI_MASTER_URL": "http://127.0.0.1:9/master.json"}


class Site:
    """A state dir and what is set in its environment."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.environ = {"EXECUTOR_STATE_DIR": str(state_dir), "SECRET_KEY": FIRST}

    def settings(self, **changes: str | None) -> Settings:
        environ = {**self.environ, **{name: value for name, value in changes.items() if value is not None}}
        return open_settings(environ)

    def upgrade(self, **changes: str | None) -> str:
        return upgrade_database(self.settings(**changes))

    def look(self, see: Callable[[Store], Any], **changes: str | None) -> Any:
        store = bootstrap.open_store(self.settings(**changes))
        try:
            return see(store)
        finally:
            store.database.close()

    def kinds(self) -> dict[str, AccountKind]:
        found: dict[str, AccountKind] = self.look(
            lambda store: {account.name: account.kind for account in store.people.accounts()}
        )
        return found


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder of its own; what a process would leave to its end is closed after the test."""
    monkeypatch.chdir(tmp_path)
    with ExitStack() as at_the_end:
        for places, name, close in (
            ((bootstrap, setup, trader, web), "open_store", lambda store: store.database.close()),
            ((login,), "Wire", lambda wire: wire.close()),
            ((bootstrap,), "DatagramBell", lambda bell: bell._socket.close()),
        ):
            made = kept(getattr(places[0], name), close, at_the_end)
            for place in places:
                monkeypatch.setattr(place, name, made)
        yield Site(tmp_path / "var")


def kept(make: Callable[..., Any], close: Callable[[Any], None], at_the_end: ExitStack) -> Callable[..., Any]:
    def made(*args: Any, **kwargs: Any) -> Any:
        found = make(*args, **kwargs)
        at_the_end.callback(close, found)
        return found

    return made
