"""Fresh databases of each store. Postgres is the one the tests use: TEST_DATABASE_URL, or a cluster of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.postgres import running_server

FreshUrl = Callable[[Path], str]


@contextmanager
def _sqlite() -> Iterator[FreshUrl]:
    """A file in the folder that is named."""
    yield lambda folder: f"sqlite:///{folder / 'executor.db'}"


@contextmanager
def _postgres() -> Iterator[FreshUrl]:
    """A database without a table on the server, dropped at the end."""
    with running_server() as server, ExitStack() as databases:
        yield lambda _folder: databases.enter_context(server.empty())


#: By name, what makes the URLs of fresh databases while it is open.
STORES = {"sqlite": _sqlite, "postgres": _postgres}
