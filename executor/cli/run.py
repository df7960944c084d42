"""`executor run`: the supervisor. It lives as long as the house, so it imports next to nothing."""

from __future__ import annotations

import sys

import click

from executor import supervise
from executor.cli.stopping import stop_on_signals
from executor.clock import SystemClock
from executor.config.environment import open_settings
from executor.logs import start_logging


@click.command()
def run() -> None:
    """Upgrade the database, then run web and trader under one supervisor until stopped (Ctrl-C)."""
    start_logging()
    settings = open_settings()
    stop = stop_on_signals()
    if not supervise.run_once(("db", "upgrade"), stop=stop):  # apart: its libraries would stay here for ever
        sys.exit(1)
    click.echo(f"pages and hooks: {settings.public_url}   state: {settings.state_dir}")
    sys.exit(supervise.run_all([("web",), ("trader",)], stop=stop, clock=SystemClock()))
