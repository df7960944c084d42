"""`executor run`, `web`, `trader`: the processes."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Event as Flag

import click

from executor import bootstrap, supervise
from executor.clock import SystemClock


@click.command()
def run() -> None:
    """Upgrade the database, then run web and trader under one supervisor until stopped (Ctrl-C)."""
    bootstrap.start_logging()
    settings = bootstrap.open_settings()
    bootstrap.upgrade_database(settings)
    click.echo(f"pages and hooks: {settings.public_url}   state: {settings.state_dir}")
    sys.exit(supervise.run_all([("web",), ("trader",)], stop=_stop_on_signals(), clock=SystemClock()))


@click.command()
def web() -> None:
    """Serve hooks and pages with gunicorn on HOST:PORT. Put nginx or Caddy in front of it."""
    settings = bootstrap.open_settings()  # a wrong setting is told here, not in a worker
    os.environ.update(HOST=settings.host, PORT=str(settings.port), WEB_CONCURRENCY=str(settings.web_concurrency))
    config = Path(__file__).parent.parent / "web" / "gunicorn_conf.py"
    os.execv(
        sys.executable, [sys.executable, "-m", "gunicorn", "-c", str(config), "executor.bootstrap:create_web_app()"]
    )


@click.command()
def trader() -> None:
    """Run the trader: broker session, desk, limits, due work. One a state dir; a second one refuses to start."""
    bootstrap.start_logging()
    bootstrap.build_trader(bootstrap.open_settings()).run(_stop_on_signals())


def _stop_on_signals() -> Flag:
    stop = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
