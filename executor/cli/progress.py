"""How far long work has come, for a person at a terminal; nothing is printed where nobody looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from executor.store.chain import Seen


@contextmanager
def progress(what: str) -> Iterator[Seen]:
    """A bar on standard error while the work goes on; it goes away with it. Of 0 means: nobody knows of how much."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def seen(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of or None)

        yield seen
