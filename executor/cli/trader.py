"""`executor trader`."""

from __future__ import annotations

import click

from executor.bootstrap.trader import build_trader
from executor.cli.stopping import stop_on_signals
from executor.config.environment import open_settings
from executor.logs import start_logging


@click.command()
def trader() -> None:
    """Run the trader: broker session, desk, limits, due work. One a state dir; a second one refuses to start."""
    start_logging()
    build_trader(open_settings()).run(stop_on_signals())
